"""The panes that show pictures: the source, and the result with its comparisons."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from e4s_studio.gui.canvas.photograph import Picture
from e4s_studio.gui.canvas.view import Navigator, ViewTransform
from e4s_studio.gui.widgets.pane_filters import Drops, FocusFrame

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QMouseEvent, QPaintEvent

_GRIP: Final = 10
"""Radius of the divider's knob, and the distance within which the divider can be dragged."""
_GAP: Final = 2
_FULL_HEAT: Final = 48
"""Difference, in 8-bit levels of the channel that differs most, that gets the hottest colour."""
_DIMMED: Final = 0.35
"""Brightness of the picture under the heat map, in parts of its own."""


class ImagePane(QWidget):
    """A photograph in the shared view.

    Parameters
    ----------
    view
        The view that all panes share.
    invitation
        The text of the empty pane.

    Signals
    -------
    dropped(list[Path]), asked()
        Files were dropped here; the empty pane was clicked.
    """

    dropped = Signal(object)
    asked = Signal()

    def __init__(self, view: ViewTransform, invitation: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = view
        self._invitation = invitation
        self._picture: Picture | None = None
        self._held: QPointF | None = None
        self.navigator = Navigator(self, view)
        view.changed.connect(self.update)
        Drops(self).dropped.connect(self.dropped)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.focus_frame = FocusFrame(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def picture(self) -> Picture | None:
        """What the pane shows."""
        return self._picture

    def show_pixels(self, pixels: NDArray[np.uint8] | None) -> None:
        """Show a (h, w, 3) uint8 RGB picture over the whole crop; None empties the pane."""
        self._picture = None if pixels is None else Picture(pixels)
        self.update()

    def sizeHint(self) -> QSize:
        """Return a comfortable size."""
        return QSize(420, 420)

    def minimumSizeHint(self) -> QSize:
        """Return the smallest useful size."""
        return QSize(120, 120)

    def crop(self) -> QRectF:
        """Return the rectangle that a picture covers, in picture points."""
        return QRectF(QPointF(0, 0), self.view.picture)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Draw the picture on its neutral surround."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Dark))
        if self._picture is None:
            self._draw_invitation(painter)
        else:
            self.draw(painter, self._picture)
        painter.end()

    def draw(self, painter: QPainter, picture: Picture) -> None:
        """Draw `picture`; panes that compare draw more."""
        picture.draw(painter, self.view.transform(QSizeF(self.size())), self.crop())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Grab the picture; without one, ask for a photograph."""
        if event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
        elif self._picture is None:
            self.asked.emit()
        else:
            self._held = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the picture."""
        if self._held is not None:
            self.navigator.view.pan_by(event.position() - self._held, QSizeF(self.size()))
            self._held = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Release the picture."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = None
            self.unsetCursor()

    def _draw_invitation(self, painter: QPainter) -> None:
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(self.rect().adjusted(24, 24, -24, -24), flags, self._invitation)


class Compare(StrEnum):
    """How the result is shown."""

    RESULT = "result"
    WIPE = "wipe"
    SIDE = "side"
    WHOLE = "whole"
    HEAT = "heat"


class ResultPane(ImagePane):
    """The newest result, alone or compared with the original.

    Attributes
    ----------
    photograph_view
        The view of the whole photograph; the shared view is that of the crop.
    """

    def __init__(self, view: ViewTransform, invitation: str, parent: QWidget | None = None) -> None:
        super().__init__(view, invitation, parent)
        self._mode = Compare.RESULT
        self._original: Picture | None = None
        self._before: NDArray[np.uint8] | None = None
        self._heat: Picture | None = None
        self._photograph: Picture | None = None
        self._whole_original: Picture | None = None
        self._kept: tuple[str, Picture] | None = None
        self._reduced = 1.0
        self.photograph_view = ViewTransform(self)
        self.photograph_view.changed.connect(self.update)
        self._only_original = False
        self._divider = 0.5
        self._dragging = False
        self.setMouseTracking(True)

    @property
    def mode(self) -> Compare:
        """How the result is shown."""
        return self._mode

    @property
    def divider(self) -> float:
        """Place of the wipe's divider, 0 (left) to 1."""
        return self._divider

    def set_mode(self, mode: Compare) -> None:
        """Choose how the result is shown."""
        self._mode = mode
        self._choose_view()

    def set_divider(self, share: float) -> None:
        """Move the wipe's divider, 0 (left) to 1."""
        self._divider = min(max(share, 0.0), 1.0)
        self.update()

    def show_original(self, pixels: NDArray[np.uint8] | None) -> None:
        """Compare the result with an (h, w, 3) uint8 RGB picture."""
        self._original = None if pixels is None else Picture(pixels)
        self.update()

    def hold_original(self, *, held: bool) -> None:
        """Show only the original while the artist holds a key."""
        self._only_original = held
        self.update()

    def show_pixels(self, pixels: NDArray[np.uint8] | None) -> None:
        """Show a newer result."""
        self._heat = None
        super().show_pixels(pixels)

    def show_photograph(
        self,
        pixels: NDArray[np.uint8] | None,
        original: NDArray[np.uint8] | None = None,
        reduced: float = 1.0,
    ) -> None:
        """Set the whole target photograph, with and without the swap; None removes it.

        Parameters
        ----------
        pixels, original
            (H0, W0, 3) uint8 RGB.
        reduced
            Their width in parts of the photograph's own width, at most 1.
        """
        self._photograph = None if pixels is None else Picture(pixels)
        self._whole_original = None if original is None else Picture(original)
        self._reduced = reduced
        if self._photograph is not None:
            self.photograph_view.set_picture(self._photograph.image.size().toSizeF())
        self._choose_view()

    def show_before(self, pixels: NDArray[np.uint8] | None) -> None:
        """Set the (h, w, 3) uint8 RGB result from before the last edit, for the heat map."""
        self._before = pixels
        self._heat = None
        self.update()

    def show_kept(self, slot: str, pixels: NDArray[np.uint8] | None) -> None:
        """Show a snapshot's picture instead of the result; None shows the result again."""
        self._kept = None if pixels is None else (slot, Picture(pixels))
        self._choose_view()

    def draw(self, painter: QPainter, picture: Picture) -> None:
        """Draw the result in the present mode."""
        whole = QRectF(self.rect())
        original = self._original or picture
        photograph = self._whole_original if self._only_original else self._photograph
        if self._shows_photograph and photograph is not None:
            self._draw_photograph(painter, photograph)
        elif self._only_original:
            self._draw_part(painter, original, whole, self.tr("Original"))
        elif self._kept is not None:
            slot, kept = self._kept
            self._draw_part(painter, kept, whole, self.tr("Snapshot {0}").format(slot))
        elif self._mode is Compare.WIPE:
            self._draw_wipe(painter, original, picture)
        elif self._mode is Compare.SIDE:
            self._draw_side(painter, original, picture)
        elif self._mode is Compare.HEAT:
            self._draw_part(painter, self._heat_of(picture), whole, self.tr("Last change"))
        else:
            super().draw(painter, picture)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Grab the divider, or the picture."""
        if event.button() == Qt.MouseButton.LeftButton and self._is_at_divider(event.position()):
            self._dragging = True
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the divider, or show that it can be dragged."""
        if self._dragging:
            self.set_divider(event.position().x() / max(1, self.width()))
        elif self._held is not None:
            super().mouseMoveEvent(event)
        elif self._is_at_divider(event.position()):
            self.setCursor(Qt.CursorShape.SplitHCursor)
        else:
            self.unsetCursor()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Release the divider or the picture."""
        self._dragging = self._dragging and event.button() != Qt.MouseButton.LeftButton
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Move the divider back to the middle."""
        if self._is_at_divider(event.position()):
            self.set_divider(0.5)

    @property
    def _shows_photograph(self) -> bool:
        whole = self._mode is Compare.WHOLE and self._photograph is not None
        return whole and self._kept is None

    def _choose_view(self) -> None:
        """Let wheel, mouse and keys move the shown picture."""
        self.navigator.view = self.photograph_view if self._shows_photograph else self.view
        self.update()

    def _is_at_divider(self, point: QPointF) -> bool:
        wiping = self._mode is Compare.WIPE and self._picture is not None
        return wiping and abs(point.x() - self._divider * self.width()) <= _GRIP

    def _heat_of(self, picture: Picture) -> Picture:
        if self._heat is None:
            before = picture.pixels if self._before is None else self._before
            self._heat = Picture(heat_picture(before, picture.pixels))
        return self._heat

    def _draw_wipe(self, painter: QPainter, original: Picture, picture: Picture) -> None:
        x = self._divider * self.width()
        transform = self.view.transform(QSizeF(self.size()))
        for part, left, right in ((original, 0.0, x), (picture, x, float(self.width()))):
            painter.setClipRect(QRectF(left, 0, right - left, self.height()))
            part.draw(painter, transform, self.crop())
        painter.setClipping(False)
        self._draw_divider(painter, x)
        _draw_tag(painter, QRectF(0, 0, x, self.height()), self.tr("Original"))
        after = QRectF(x, 0, self.width() - x, self.height())
        _draw_tag(painter, after, self.tr("Result"), right=True)

    def _draw_photograph(self, painter: QPainter, photograph: Picture) -> None:
        view, whole = self.photograph_view, QRectF(self.rect())
        place = view.transform(whole.size())
        photograph.draw(painter, place, QRectF(QPointF(0, 0), view.picture))
        if self._only_original:
            _draw_tag(painter, whole, self.tr("Original"))
        if self._reduced < 1:
            share = self.tr("Preview at {0} % of the photograph's size")
            _draw_tag(painter, whole, share.format(round(self._reduced * 100)), right=True)

    def _draw_divider(self, painter: QPainter, x: float) -> None:
        middle = self.height() / 2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((QColor(0, 0, 0, 120), 3.0), (QColor(255, 255, 255), 1.5)):
            painter.setPen(QPen(colour, width))
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
        painter.setPen(QPen(QColor(0, 0, 0, 120), 1))
        painter.setBrush(QColor(255, 255, 255))
        painter.drawEllipse(QPointF(x, middle), _GRIP, _GRIP)
        painter.setPen(QPen(QColor(60, 60, 60), 1.6))
        for side in (-1, 1):
            tip = QPointF(x + side * 6, middle)
            for height in (-3, 3):
                painter.drawLine(tip, QPointF(x + side * 3, middle + height))

    def _draw_side(self, painter: QPainter, original: Picture, picture: Picture) -> None:
        first, second = self._halves()
        self._draw_part(painter, original, first, self.tr("Original"))
        self._draw_part(painter, picture, second, self.tr("Result"))

    def _halves(self) -> tuple[QRectF, QRectF]:
        """Return the halves of the pane, side by side if it is wide, else one above the other."""
        if self.width() >= self.height():
            half = (self.width() - _GAP) / 2
            first = QRectF(0, 0, half, self.height())
            return first, first.translated(half + _GAP, 0)
        half = (self.height() - _GAP) / 2
        first = QRectF(0, 0, self.width(), half)
        return first, first.translated(0, half + _GAP)

    def _draw_part(self, painter: QPainter, picture: Picture, place: QRectF, tag: str) -> None:
        """Draw a picture into a part of the pane as into a pane of that size."""
        painter.save()
        painter.setClipRect(place)
        painter.translate(place.topLeft())
        picture.draw(painter, self.view.transform(place.size()), self.crop())
        painter.restore()
        _draw_tag(painter, place, tag)


def _draw_tag(painter: QPainter, place: QRectF, text: str, *, right: bool = False) -> None:
    """Write what a part shows into its upper corner, on a dark background."""
    metrics = painter.fontMetrics()
    size = QSizeF(metrics.horizontalAdvance(text) + 14, metrics.height() + 6)
    if size.width() + 16 > place.width():
        return
    x = place.right() - size.width() - 8 if right else place.left() + 8
    tag = QRectF(QPointF(x, place.top() + 8), size)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 150))
    painter.drawRoundedRect(tag, 4, 4)
    painter.setPen(QColor(240, 240, 240))
    painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, text)


def heat_picture(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a heat map of the changes over the picture `after`, grey and dimmed.

    Parameters
    ----------
    before, after
        (h, w, 3) uint8 RGB, of any two sizes; the map has the size of `after`.

    Returns
    -------
    (h, w, 3) uint8 RGB
    """
    height, width = after.shape[:2]
    if before.shape != after.shape:
        resized = cv2.resize(before, (width, height), interpolation=cv2.INTER_AREA)
        before = np.asarray(resized, dtype=np.uint8)
    red, green, blue = cv2.split(cv2.absdiff(before, after))
    change = cv2.max(cv2.max(red, green), blue)
    heat = cv2.convertScaleAbs(change, alpha=255 / _FULL_HEAT)
    glow = cv2.cvtColor(cv2.applyColorMap(heat, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    grey = cv2.cvtColor(after, cv2.COLOR_RGB2GRAY)
    dimmed = cv2.convertScaleAbs(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), alpha=_DIMMED)
    share = heat.astype(np.float32) / 255
    return np.asarray(cv2.blendLinear(glow, dimmed, share, 1 - share), dtype=np.uint8)
