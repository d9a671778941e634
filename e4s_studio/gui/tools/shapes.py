"""The tools that paint whole shapes: fill, lasso and polygon, and pick."""

from __future__ import annotations

from e4s_studio.core import brush
from e4s_studio.core.brush import Stencil
from e4s_studio.core.commands import Layer
from e4s_studio.core.geometry import Box
from e4s_studio.gui.tools.strokes import CLOSING, DRAG_STARTS
from e4s_studio.gui.tools.tool import Point, Pointer, Preview, StepKind, Tool, Workbench


class FillTool(Tool):
    """Gives the connected pixels of the clicked region to the chosen region."""

    def press(self, pointer: Pointer) -> None:
        """Fill at the pointer, and at its mirror image."""
        groups = self.bench.with_mirrored([(pointer.x, pointer.y)])
        self.bench.paint(StepKind.FILL, *(self._reach(point) for (point,) in groups))

    def _reach(self, point: Point) -> Stencil:
        labels = self.document.pixels(Layer.LABELS)
        found = brush.flood(labels, *point)
        if not self.options.everywhere or not found.mask.any():
            return found
        return Stencil(Box.of(labels), labels == self.bench.region_at(*point))


class PickTool(Tool):
    """Chooses the region under the pointer."""

    def press(self, pointer: Pointer) -> None:
        """Choose it."""
        region = self.bench.region_at(pointer.x, pointer.y)
        if region is not None:
            self.bench.change(region=region)

    def drag(self, pointer: Pointer) -> None:
        """Choose it."""
        self.press(pointer)


class LassoTool(Tool):
    """Fills an outline: drawn freely with the button held, or corner by corner with clicks.

    It closes on release, on a click at its first corner, on a double click or with Enter; Esc
    drops it. With Ctrl held as it closes, it restores what was there before instead.
    """

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._points: list[Point] = []
        self._pressed: Pointer | None = None
        self._freehand = False
        self._hover: Point | None = None

    @property
    def is_busy(self) -> bool:
        """Whether an outline is unfinished."""
        return bool(self._points)

    def press(self, pointer: Pointer) -> None:
        """Set a corner, or close at the first one."""
        self._pressed, self._freehand = pointer, False
        if len(self._points) >= 3 and self._is_first(pointer):
            self._close(erase=pointer.ctrl)
            self._pressed = None
        else:
            self._points.append((pointer.x, pointer.y))

    def drag(self, pointer: Pointer) -> None:
        """Draw freely."""
        if self._pressed is None:
            return
        self._freehand = self._freehand or pointer.distance(self._pressed) > DRAG_STARTS
        if self._freehand:
            self._points.append((pointer.x, pointer.y))
            self._hover = None

    def release(self, pointer: Pointer) -> None:
        """Close an outline that was drawn with the button held."""
        if self._pressed is not None and self._freehand:
            self._close(erase=pointer.ctrl)
        self._pressed = None

    def hover(self, pointer: Pointer) -> None:
        """Draw a line from the last corner to the pointer."""
        self._hover = (pointer.x, pointer.y) if self._points else None

    def double_click(self, pointer: Pointer) -> None:
        """Close the outline."""
        self._close(erase=pointer.ctrl)
        self._pressed = None

    def accept(self) -> bool:
        """Close the outline."""
        was_busy = self.is_busy
        self._close(erase=False)
        return was_busy

    def cancel(self) -> bool:
        """Drop the outline."""
        was_busy = self.is_busy
        self._points, self._pressed, self._hover = [], None, None
        return was_busy

    def preview(self) -> Preview:
        """Return the outline so far."""
        ahead = () if self._hover is None else (self._hover,)
        return Preview(outline=(*self._points, *ahead))

    def _is_first(self, pointer: Pointer) -> bool:
        x, y = self._points[0]
        return pointer.distance(Pointer(x, y)) <= CLOSING

    def _close(self, *, erase: bool) -> None:
        points, self._points, self._hover = self._points, [], None
        outlines = self.bench.with_mirrored(points)
        stencils = [brush.polygon(outline, self.document.box) for outline in outlines]
        if erase:
            self.bench.begin(StepKind.ERASE)
            for stencil in stencils:
                self.document.erase(stencil)
            self.document.commit()
        else:
            self.bench.paint(StepKind.OUTLINE, *stencils)
