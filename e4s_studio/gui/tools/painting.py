"""The tools that paint: strokes with hard and soft brushes, fill, lasso; and the pick tool."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from e4s_studio.core import brush
from e4s_studio.core.brush import Dab, Stencil
from e4s_studio.core.commands import Layer
from e4s_studio.core.geometry import Box
from e4s_studio.gui.tools.tool import Point, Pointer, Preview, StepKind, Tool, Workbench

if TYPE_CHECKING:
    from e4s_studio.gui.tools.tool import ToolOptions

DRAG_STARTS: Final = 4.0
"""Screen pixels that tell a drag from a click."""

_CLOSING: Final = 10.0
"""Screen pixels within which an outline's end meets its start."""


class StrokeTool(Tool):
    """A stroke: press, drag, release. Subclasses say what a piece of it does.

    With Shift held, a click draws a straight line from the end of the last stroke, and a drag
    changes the brush's size.
    """

    kinds: ClassVar[tuple[StepKind, StepKind]]
    """The undo step of a stroke, and of one that began with Ctrl held."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self.path: list[Dab] = []
        self.inverted = False
        self._last: Dab | None = None
        self._shift_press: Pointer | None = None
        self._resized: ToolOptions | None = None
        self._pressure = 1.0

    @property
    def is_busy(self) -> bool:
        """Whether a stroke or a change of size is unfinished."""
        return bool(self.path) or self._shift_press is not None

    def press(self, pointer: Pointer) -> None:
        """Begin a stroke; with Shift held, wait whether it is a line or a change of size."""
        if pointer.shift:
            self._shift_press = pointer
            return
        self._begin(pointer)
        dab = self._dab(pointer)
        self._extend(dab, dab)

    def drag(self, pointer: Pointer) -> None:
        """Extend the stroke to the pointer, or change the brush's size."""
        if self._shift_press is not None:
            self._drag_size(self._shift_press, pointer)
        elif self._is_open():
            self._extend(self.path[-1], self._dab(pointer))

    def release(self, pointer: Pointer) -> None:
        """End the stroke, or draw the straight line."""
        if self._shift_press is not None:
            resized, self._resized = self._resized, None
            self._shift_press = None
            if resized is None:
                self._straight_line(pointer)
        elif self._is_open():
            self._extend(self.path[-1], self._dab(pointer, self._pressure))
            self.finish(max(self.path[-1].radius, _CLOSING * pointer.scale))
            self._commit()

    def cancel(self) -> bool:
        """Undo the unfinished stroke or change of size."""
        if not self.is_busy:
            return False
        if self._resized is not None:
            self.bench.set_options(self._resized)
        if self.path:
            self.document.abort()
        self.path, self._resized, self._shift_press = [], None, None
        return True

    def preview(self) -> Preview:
        """Return the brush's outline."""
        pressure = self._pressure if self.path else 1.0
        start = self._shift_press if self._resized is not None else None
        return Preview(
            cursor=self.options.dab(0, 0, pressure).radius,
            anchor=None if start is None else (start.x, start.y),
        )

    def mark(self, start: Dab, end: Dab) -> None:
        """Apply the piece of a stroke between two dabs to the document."""
        raise NotImplementedError

    def finish(self, tolerance: float) -> None:
        """Complete a stroke whose ends meet within `tolerance` pixels of the picture."""

    def _begin(self, pointer: Pointer) -> None:
        self.inverted = pointer.ctrl
        self.bench.begin(self.kinds[self.inverted])
        self.path = []

    def _commit(self) -> None:
        self.document.commit()
        self._last, self.path = self.path[-1], []

    def _straight_line(self, pointer: Pointer) -> None:
        self._begin(pointer)
        dab = self._dab(pointer)
        start = dab if self._last is None else self._last._replace(radius=dab.radius)
        self._extend(start, dab)
        self._commit()

    def _drag_size(self, start: Pointer, pointer: Pointer) -> None:
        """Let the brush's radius follow the pointer to the right."""
        if self._resized is None and pointer.distance(start) > DRAG_STARTS:
            self._resized = self.options
        if self._resized is not None:
            moved = (pointer.across - start.across) * pointer.scale
            self.bench.set_options(self._resized.with_size(self._resized.size + 2 * moved))

    def _is_open(self) -> bool:
        """Tell whether the stroke is still open; undo or a new photograph may have ended it."""
        if self.path and not self.document.in_stroke:
            self.path = []
        return bool(self.path)

    def _dab(self, pointer: Pointer, pressure: float | None = None) -> Dab:
        # A pen reports no pressure as it lifts; the stroke must not end in a point there.
        self._pressure = pointer.pressure if pressure is None else pressure
        return self.options.dab(pointer.x, pointer.y, self._pressure)

    def _extend(self, start: Dab, end: Dab) -> None:
        self.path.append(end)
        self.mark(start, end)
        if self.options.symmetric:
            first, second = self.bench.mirrored((start.x, start.y), (end.x, end.y))
            self.mark(Dab(*first, start.radius), Dab(*second, end.radius))


class BrushTool(StrokeTool):
    """Paints the chosen region with a hard edge; with Ctrl held, restores what was there.

    An outline that closes is filled as well, if the options say so.
    """

    kinds = (StepKind.PAINT, StepKind.ERASE)

    def mark(self, start: Dab, end: Dab) -> None:
        """Apply a piece."""
        self._apply(brush.line(start, end, self.document.box))

    def finish(self, tolerance: float) -> None:
        """Fill what the stroke encircles."""
        if self.options.encircle and brush.closes(self.path, tolerance):
            for outline in self.bench.with_mirrored([(dab.x, dab.y) for dab in self.path]):
                self._apply(brush.polygon(outline, self.document.box))

    def _apply(self, stencil: Stencil) -> None:
        if self.kinds[self.inverted] is StepKind.ERASE:
            self.document.erase(stencil)
        else:
            self.document.paint(stencil, self.options.region)


class EraserTool(BrushTool):
    """Restores what was there before the first edit."""

    kinds = (StepKind.ERASE, StepKind.ERASE)


class OriginalTool(StrokeTool):
    """Paints the target's own pixels back with a soft brush; with Ctrl held, removes them."""

    kinds = (StepKind.SHOW_ORIGINAL, StepKind.HIDE_ORIGINAL)

    def mark(self, start: Dab, end: Dab) -> None:
        """Cover a piece of the occluder matte."""
        stencil = brush.soft_line(start, end, self.document.box, self.options.hardness)
        self.document.cover(Layer.OCCLUDER, stencil, 0.0 if self.inverted else 1.0)


class AmountTool(StrokeTool):
    """Paints the texture amount inside a region with a soft brush; with Ctrl held, resets it."""

    kinds = (StepKind.AMOUNT, StepKind.RESET_AMOUNT)

    def mark(self, start: Dab, end: Dab) -> None:
        """Cover a piece of the amount matte."""
        stencil = brush.soft_line(start, end, self.document.box, self.options.hardness)
        within = self.options.region if self.options.inside_region else None
        value = 1.0 if self.inverted else self.options.amount
        self.document.cover(Layer.AMOUNT, stencil, value, within=within)


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
        return pointer.distance(Pointer(x, y)) <= _CLOSING

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
