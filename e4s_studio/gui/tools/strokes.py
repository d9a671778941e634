"""The tools that paint by strokes: brush, eraser, original pixels and soft amount."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from e4s_studio.core import brush
from e4s_studio.core.brush import Dab
from e4s_studio.core.commands import Layer
from e4s_studio.gui.tools.steps import Deed
from e4s_studio.gui.tools.tool import Pointer, Preview, Resize, Tool, Workbench

if TYPE_CHECKING:
    from e4s_studio.core.brush import Stencil

DRAG_STARTS: Final = 4.0
"""Screen pixels that tell a drag from a click."""

CLOSING: Final = 10.0
"""Screen pixels within which an outline's end meets its start."""


class StrokeTool(Tool):
    """A stroke: press, drag, release. Subclasses say what a piece of it does.

    With Shift held a click draws a straight line from where the last stroke ended, and a drag
    changes the brush's size.
    """

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self.path: list[Dab] = []
        self._last: Dab | None = None
        self._inverted = False
        self._resize: Resize | None = None
        self._shift_press: Pointer | None = None
        self._pressure = 1.0

    @property
    def is_busy(self) -> bool:
        """Whether a stroke or a change of size is under way."""
        return bool(self.path) or self._shift_press is not None

    def press(self, pointer: Pointer) -> None:
        """Begin a stroke, or wait whether Shift means a line or a size."""
        if pointer.shift:
            self._shift_press = pointer
            return
        self._begin(pointer)
        dab = self._dab(pointer)
        self._extend(dab, dab)

    def drag(self, pointer: Pointer) -> None:
        """Extend the stroke to the pointer, or the brush's size."""
        if self._shift_press is not None:
            self._drag_size(pointer)
        elif self._is_open():
            self._extend(self.path[-1], self._dab(pointer))

    def release(self, pointer: Pointer) -> None:
        """End the stroke, or draw the straight line."""
        if self._shift_press is not None:
            resized, self._resize = self._resize, None
            self._shift_press = None
            if resized is None:
                self._straight_line(pointer)
        elif self._is_open():
            self._extend(self.path[-1], self._dab(pointer, self._pressure))
            self._finish(pointer)

    def cancel(self) -> bool:
        """Take the stroke under way back."""
        if not self.is_busy:
            return False
        if self._resize is not None:
            self.bench.set_options(self._resize.options)
        if self.path:
            self.document.abort()
        self.path, self._resize, self._shift_press = [], None, None
        return True

    def preview(self) -> Preview:
        """Return the brush's outline."""
        pressure = self._pressure if self.path else 1.0
        radius = self.options.dab(0, 0, pressure).radius
        if self._resize is not None:
            return Preview(cursor=radius, anchor=(self._resize.start.x, self._resize.start.y))
        return Preview(cursor=radius)

    def deed(self, *, inverted: bool) -> Deed:
        """Return what the stroke does. `inverted`: it began with Ctrl held."""
        raise NotImplementedError

    def mark(self, start: Dab, end: Dab, *, inverted: bool) -> None:
        """Apply the piece of a stroke between two dabs to the document."""
        raise NotImplementedError

    def close(self, path: list[Dab], tolerance: float, *, inverted: bool) -> None:
        """Do what a finished stroke does beyond its own pixels; nothing, unless it encircles."""

    def _begin(self, pointer: Pointer) -> None:
        self._inverted = pointer.ctrl
        self.document.begin(self.bench.step_name(self.deed(inverted=self._inverted)))
        self.path = []

    def _finish(self, pointer: Pointer) -> None:
        tolerance = max(self.path[-1].radius, CLOSING * pointer.scale)
        self.close(self.path, tolerance, inverted=self._inverted)
        self.document.commit()
        self._last, self.path = self.path[-1], []

    def _straight_line(self, pointer: Pointer) -> None:
        self._begin(pointer)
        dab = self._dab(pointer)
        start = dab if self._last is None else self._last._replace(radius=dab.radius)
        self._extend(start, dab)
        self.document.commit()
        self._last, self.path = dab, []

    def _drag_size(self, pointer: Pointer) -> None:
        start = self._shift_press
        if start is None:
            return
        if self._resize is None and pointer.distance(start) > DRAG_STARTS:
            self._resize = Resize(start, self.options)
        if self._resize is not None:
            self.bench.set_options(self._resize.at(pointer))

    def _is_open(self) -> bool:
        """Tell whether the stroke still is; undo or a new photograph may have ended it."""
        if self.path and not self.document.in_stroke:
            self.path = []
        return bool(self.path)

    def _dab(self, pointer: Pointer, pressure: float | None = None) -> Dab:
        # A pen reports no pressure as it lifts; the stroke must not end in a point there.
        self._pressure = pointer.pressure if pressure is None else pressure
        return self.options.dab(pointer.x, pointer.y, self._pressure)

    def _extend(self, start: Dab, end: Dab) -> None:
        self.path.append(end)
        self.mark(start, end, inverted=self._inverted)
        if self.options.symmetric:
            first, second = self.bench.mirrored((start.x, start.y), (end.x, end.y))
            self.mark(Dab(*first, start.radius), Dab(*second, end.radius), inverted=self._inverted)


class HardTool(StrokeTool):
    """A stroke with a hard edge. An outline that closes is filled as well."""

    def apply(self, stencil: Stencil, *, inverted: bool) -> None:
        """Apply a stencil to the document."""
        raise NotImplementedError

    def mark(self, start: Dab, end: Dab, *, inverted: bool) -> None:
        """Apply a piece."""
        self.apply(brush.line(start, end, self.document.box), inverted=inverted)

    def close(self, path: list[Dab], tolerance: float, *, inverted: bool) -> None:
        """Fill what the stroke encircles."""
        if not self.options.encircle or not brush.closes(path, tolerance):
            return
        points = [(dab.x, dab.y) for dab in path]
        outlines = [points, self.bench.mirrored(*points)] if self.options.symmetric else [points]
        for outline in outlines:
            self.apply(brush.polygon(outline, self.document.box), inverted=inverted)


class BrushTool(HardTool):
    """Paints the chosen region; with Ctrl held, puts back what was there."""

    def deed(self, *, inverted: bool) -> Deed:
        """Return what the stroke does."""
        return Deed.ERASE if inverted else Deed.PAINT

    def apply(self, stencil: Stencil, *, inverted: bool) -> None:
        """Paint, or put back."""
        if inverted:
            self.document.erase(stencil)
        else:
            self.document.paint(stencil, self.options.region)


class EraserTool(HardTool):
    """Puts back what was there before the first edit."""

    def deed(self, *, inverted: bool) -> Deed:  # noqa: ARG002 - Ctrl changes nothing here
        """Return what the stroke does."""
        return Deed.ERASE

    def apply(self, stencil: Stencil, *, inverted: bool) -> None:  # noqa: ARG002
        """Erase."""
        self.document.erase(stencil)


class OriginalTool(StrokeTool):
    """Paints the target's own pixels back with a soft brush; with Ctrl held, takes them away."""

    def deed(self, *, inverted: bool) -> Deed:
        """Return what the stroke does."""
        return Deed.HIDE_ORIGINAL if inverted else Deed.SHOW_ORIGINAL

    def mark(self, start: Dab, end: Dab, *, inverted: bool) -> None:
        """Cover a piece of the occluder matte."""
        stencil = brush.soft_line(start, end, self.document.box, self.options.hardness)
        self.document.cover(Layer.OCCLUDER, stencil, 0.0 if inverted else 1.0)


class AmountTool(StrokeTool):
    """Paints the texture amount inside a region with a soft brush; with Ctrl held, resets it."""

    def deed(self, *, inverted: bool) -> Deed:
        """Return what the stroke does."""
        return Deed.RESET_AMOUNT if inverted else Deed.AMOUNT

    def mark(self, start: Dab, end: Dab, *, inverted: bool) -> None:
        """Cover a piece of the amount matte."""
        stencil = brush.soft_line(start, end, self.document.box, self.options.hardness)
        within = self.options.region if self.options.inside_region else None
        value = 1.0 if inverted else self.options.amount
        self.document.cover(Layer.AMOUNT, stencil, value, within=within)
