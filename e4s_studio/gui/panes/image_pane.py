"""A pane that shows one photograph in the shared view, and accepts dropped files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from e4s_studio.gui.canvas.photograph import Picture
from e4s_studio.gui.canvas.view import Navigator
from e4s_studio.gui.widgets.pane_filters import Drops, FocusFrame

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PySide6.QtGui import QMouseEvent, QPaintEvent

    from e4s_studio.gui.canvas.view import ViewTransform


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
