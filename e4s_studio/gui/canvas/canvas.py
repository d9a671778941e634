"""The mask canvas: the target photograph under the coloured label map, and the tools over it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPalette, QRegion
from PySide6.QtWidgets import QSizePolicy, QWidget

from e4s_studio.core.brush import Dab
from e4s_studio.gui.canvas import marks
from e4s_studio.gui.canvas.input import CanvasInput
from e4s_studio.gui.canvas.overlay import DoubtOverlay, Overlay, OverlayStyle
from e4s_studio.gui.canvas.photograph import PhotographPainter, image_of
from e4s_studio.gui.canvas.view import Navigator
from e4s_studio.gui.tools.tool import HARD, PAINTING, Preview, ToolKind
from e4s_studio.gui.widgets.pane_filters import FocusFrame

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PySide6.QtGui import QPaintEvent, QResizeEvent, QTransform

    from e4s_studio.core.events import Change
    from e4s_studio.core.geometry import Box, Line
    from e4s_studio.gui.canvas.view import ViewTransform
    from e4s_studio.gui.tools.tool import Point
    from e4s_studio.gui.tools.toolbox import Toolbox

_RING: Final = 1 / 24
"""Radius of the ring around a doubtful spot, in parts of the crop's side."""


class MaskCanvas(QWidget):
    """Shows the target photograph with the label map over it, and passes events to the tools.

    The document is the state. A change of it updates and repaints only the changed rectangle of
    the overlay; nothing here waits for a result.

    Attributes
    ----------
    doubt
        The overlay of the parser's doubt.

    Signals
    -------
    style_changed()
        The overlay's style changed.
    pointed(object)
        The pointer is over this `Region`, or over none (None).
    """

    style_changed = Signal()
    pointed = Signal(object)

    def __init__(
        self, toolbox: Toolbox, view: ViewTransform, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._toolbox = toolbox
        self._document = toolbox.document
        self._view = view
        self._style = OverlayStyle()
        self._overlay = Overlay()
        self.doubt = DoubtOverlay()
        self._spot: Point | None = None
        self._photograph = PhotographPainter()
        self._preview = Preview()
        self._proposal = QImage()
        self._midline: Line | None = None
        self._marked = QRegion()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_TabletTracking)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 160)
        self.setAccessibleName(self.tr("Mask canvas"))
        self._input = CanvasInput(self, toolbox, view)
        # Qt asks the last filter first: events that pan never reach a tool.
        self.navigator = Navigator(self, view)
        self.navigator.panned.connect(self._input.point_at)
        self.focus_frame = FocusFrame(self)
        self._input.moved.connect(self._on_moved)
        self._input.pointed.connect(self.pointed)
        view.changed.connect(self._on_view)
        for unsubscribe in (
            toolbox.subscribe(self._on_toolbox),
            self._document.subscribe(self._on_change),
        ):
            self.destroyed.connect(unsubscribe)
        self._open()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Update a fitted view."""
        super().resizeEvent(event)
        self._on_view()

    # The overlay

    @property
    def style_of_overlay(self) -> OverlayStyle:
        """How the overlay is shown."""
        return self._style

    def change_style(self, **changes: Any) -> None:
        """Change attributes of the overlay's style by name."""
        before, self._style = self._style, replace(self._style, **changes)
        if self._style == before:
            return
        if _drawn_by(before) != _drawn_by(self._style):
            self._refresh(self._document.box)
        self.update()
        self.style_changed.emit()

    def show_doubt(self, doubt: NDArray[np.float32] | None) -> None:
        """Show the parser's doubt, (S, S) from 0 to 1, over the map; None hides it."""
        self.doubt.show(doubt)
        self.doubt.refresh(self._document, self._document.box)
        self._spot = None
        self.update()

    @property
    def spot(self) -> Point | None:
        """The doubtful spot that is marked, in image coordinates."""
        return self._spot

    def mark_spot(self, x: float, y: float) -> None:
        """Mark a doubtful spot, in image coordinates."""
        self._spot = (x, y)
        self.update()

    def sizeHint(self) -> QSize:
        """Return a comfortable size."""
        return QSize(640, 640)

    # Changes

    def _open(self) -> None:
        target = self._document.target
        self._photograph.set_image(QImage() if target is None else image_of(target.image))
        if target is not None:
            self._view.set_picture(QSizeF(target.shape[1], target.shape[0]))
            self._refresh(self._document.box)
        self._on_toolbox()
        self._on_view()

    def _on_change(self, change: Change) -> None:
        if change.portraits:
            self._open()
            return
        box = change.labels.union(change.mattes)
        if not box.is_empty:
            self._update_picture(self._refresh(box))
        if change.rules:
            self._choose_cursor()

    def _refresh(self, box: Box) -> Box:
        if self._document.is_empty:
            return box
        self.doubt.refresh(self._document, box)
        return self._overlay.refresh(self._document, box, self._style)

    def _on_view(self) -> None:
        # Scaling down would make an outline one pixel wide nearly invisible.
        reduced = self._view.zoom(QSizeF(self.size())) * self.devicePixelRatioF() < 1
        self.change_style(outline_width=2 if reduced else 1)
        self._input.follow()
        self.update()

    def _on_toolbox(self) -> None:
        panning = self._toolbox.kind is ToolKind.PAN
        left, middle = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
        self.navigator.pan_button = left if panning else middle
        self._choose_cursor()
        self._show_marks()
        midline = self._toolbox.midline if self._toolbox.options.symmetric else None
        if midline != self._midline:
            self._midline = midline
            self.update()

    def _on_moved(self) -> None:
        self._choose_cursor()
        self._show_marks()

    def _choose_cursor(self) -> None:
        shape = self._cursor_shape()
        if shape is not self.cursor().shape():
            self.setCursor(shape)

    def _cursor_shape(self) -> Qt.CursorShape:
        """Return the cursor for what a press would do; none if the brush outline is drawn."""
        toolbox, tool = self._toolbox, self._toolbox.tool
        if self._document.is_empty:
            return Qt.CursorShape.ArrowCursor
        if tool is toolbox.midline_tool:
            return Qt.CursorShape.SizeHorCursor
        if toolbox.kind is ToolKind.PAN:
            return Qt.CursorShape.OpenHandCursor
        covered = self._document.rules.may_cover(toolbox.options.region)
        if toolbox.kind in PAINTING and not covered.any():
            return Qt.CursorShape.ForbiddenCursor
        outlined = tool.preview().cursor is not None
        return Qt.CursorShape.BlankCursor if outlined else Qt.CursorShape.CrossCursor

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw photograph, overlay, doubt and the tool's marks."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), self.palette().color(QPalette.ColorRole.Dark))
        if self._document.is_empty:
            painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
            text = self.tr("Open a target photograph to paint on")
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text)
            return
        transform = self._transform()
        picture = marks.rectangle(self._document.box)
        self._photograph.paint(painter, transform, picture, self.devicePixelRatioF())
        if self._style.shown:
            self._paint_overlay(painter, transform, picture)
        if not self.doubt.image.isNull():
            self._paint_doubt(painter, transform, picture)
        self._paint_marks(painter, transform)

    def _paint_overlay(self, painter: QPainter, transform: QTransform, picture: QRectF) -> None:
        painter.save()
        painter.setTransform(transform, combine=True)
        painter.setOpacity(1.0 if self._style.outlines else self._style.opacity)
        # Average the overlay's pixels when it is scaled down; keep them sharp when magnified.
        reduced = abs(transform.m11()) * self.devicePixelRatioF() < 1
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, reduced)
        painter.drawImage(picture, self._overlay.image)
        painter.restore()

    def _paint_doubt(self, painter: QPainter, transform: QTransform, picture: QRectF) -> None:
        painter.save()
        painter.setTransform(transform, combine=True)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(picture, self.doubt.image)
        painter.restore()
        if self._spot is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            ring = marks.ring_path(self._spot, self._document.box.width * _RING, transform)
            marks.draw_path(painter, ring, dashed=True)

    def _paint_marks(self, painter: QPainter, transform: QTransform) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._proposal.isNull() and self._preview.proposal is not None:
            place = transform.mapRect(marks.rectangle(self._preview.proposal.box))
            painter.drawImage(place, self._mirrored_like_view(self._proposal))
        if self._midline is not None:
            middle = marks.midline_path(self._midline, transform, QSizeF(self.size()))
            marks.draw_path(painter, middle, dashed=True)
            marks.draw_path(painter, marks.handles_path(self._toolbox.midline_tool, transform))
        marks.draw_path(painter, marks.outline_path(self._preview, transform), dashed=True)
        for path in self._cursors(transform):
            marks.draw_path(painter, path)

    def _mirrored_like_view(self, image: QImage) -> QImage:
        return image.flipped(Qt.Orientation.Horizontal) if self._view.is_mirrored else image

    def _cursors(self, transform: QTransform) -> list[QPainterPath]:
        """Return the outline of the brush, and of its mirror image."""
        place = self._preview.anchor or self._input.place
        if self._preview.cursor is None or place is None:
            return []
        places = [place]
        if self._toolbox.options.symmetric:
            places += self._toolbox.mirrored(place)
        hard = self._toolbox.kind in HARD
        return [
            marks.cursor_path(Dab(x, y, self._preview.cursor), transform, pixels=hard)
            for x, y in places
        ]

    def _show_marks(self) -> None:
        """Repaint where the tool's marks were and where they are now."""
        before, self._preview = self._preview, self._toolbox.tool.preview()
        if self._preview.proposal is not before.proposal:
            proposal, self._proposal = self._preview.proposal, QImage()
            if proposal is not None and not proposal.box.is_empty:
                colour = QColor(*self._toolbox.options.region.colour)
                self._proposal = marks.proposal_image(proposal, colour)
        now = self._marks_region()
        self.update(self._marked.united(now))
        self._marked = now

    def _marks_region(self) -> QRegion:
        """Return where marks are drawn: one rectangle each, as two cursors may be far apart."""
        transform = self._transform()
        places = [path.boundingRect() for path in self._cursors(transform)]
        places.append(marks.outline_path(self._preview, transform).boundingRect())
        if self._preview.proposal is not None:
            places.append(transform.mapRect(marks.rectangle(self._preview.proposal.box)))
        edge, region = marks.MARGIN, QRegion()
        for place in places:
            if not place.isNull():
                region += place.adjusted(-edge, -edge, edge, edge).toAlignedRect()
        return region

    def _transform(self) -> QTransform:
        return self._view.transform(QSizeF(self.size()))

    def _update_picture(self, box: Box) -> None:
        """Repaint a box of the picture."""
        place = self._transform().mapRect(marks.rectangle(box))
        # Smooth scaling spreads a pixel by one further pixel of the screen.
        self.update(place.adjusted(-2, -2, 2, 2).toAlignedRect())


def _drawn_by(style: OverlayStyle) -> tuple[object, ...]:
    """Return what the overlay's own pixels depend on."""
    return style.outlines, style.outline_width, style.hidden
