"""Moving the midline that symmetric strokes are mirrored about."""

from __future__ import annotations

from typing import Final

from e4s_studio.core.geometry import Line
from e4s_studio.gui.tools.tool import Point, Pointer, Preview, Tool, Workbench

HANDLES: Final = (0.05, 0.95)
"""Heights of the two handles, as parts of the picture's."""

REACH: Final = 9.0
"""Screen pixels within which a handle is caught."""


class MidlineTool(Tool):
    """Two handles on the midline, near the upper and the lower edge; each moves sideways."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._caught: int | None = None
        self._before = bench.midline

    @property
    def is_busy(self) -> bool:
        """Whether a handle is held."""
        return self._caught is not None

    def handles(self) -> tuple[Point, Point]:
        """Return the two handles' places in image coordinates."""
        line, height = self.bench.midline, self.document.box.height
        upper, lower = (part * height for part in HANDLES)
        slope = (line.x1 - line.x0) / (line.y1 - line.y0)
        return (line.x0 + (upper - line.y0) * slope, upper), (
            line.x0 + (lower - line.y0) * slope,
            lower,
        )

    def is_near(self, pointer: Pointer) -> bool:
        """Tell whether the pointer is over a handle."""
        return any(pointer.distance(Pointer(x, y)) <= REACH for x, y in self.handles())

    def press(self, pointer: Pointer) -> None:
        """Catch the nearer handle."""
        distances = [pointer.distance(Pointer(x, y)) for x, y in self.handles()]
        self._caught = distances.index(min(distances))
        self._before = self.bench.midline

    def drag(self, pointer: Pointer) -> None:
        """Move the handle sideways, within the picture."""
        if self._caught is None:
            return
        places = list(self.handles())
        x = min(max(pointer.x, 0.0), float(self.document.box.width))
        places[self._caught] = (x, places[self._caught][1])
        self._set(Line(*places[0], *places[1]))

    def release(self, pointer: Pointer) -> None:
        """Let the handle go."""
        self.drag(pointer)
        self._caught = None

    def cancel(self) -> bool:
        """Put the midline back to where it was."""
        if self._caught is None:
            return False
        self._caught = None
        self._set(self._before)
        return True

    def preview(self) -> Preview:
        """Show no brush."""
        return Preview()

    def _set(self, line: Line) -> None:
        self.bench.midline = line
        self.bench.notify()
