"""All tools of the canvas, and which one is current."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from e4s_studio.core.geometry import Line, midline_of
from e4s_studio.gui.tools.painting import (
    AmountTool,
    BrushTool,
    EraserTool,
    FillTool,
    LassoTool,
    OriginalTool,
    PickTool,
)
from e4s_studio.gui.tools.smart import Runner, SmartTool, run_now
from e4s_studio.gui.tools.tool import (
    NameStep,
    Point,
    Pointer,
    Tool,
    ToolKind,
    ToolOptions,
    Workbench,
    english,
)

if TYPE_CHECKING:
    from e4s_studio.core.document import Document
    from e4s_studio.core.events import Change

_HANDLES: Final = (0.05, 0.95)
"""Heights of the two handles, as parts of the picture's."""

REACH: Final = 9.0
"""Screen pixels within which a handle can be grabbed."""


class MidlineTool(Tool):
    """Moves the midline of symmetric strokes: two handles near its ends, which go sideways."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._grabbed: int | None = None
        self._before = bench.midline

    @property
    def is_busy(self) -> bool:
        """Whether a handle is grabbed."""
        return self._grabbed is not None

    def handles(self) -> tuple[Point, Point]:
        """Return where the two handles are, in image coordinates."""
        line, height = self.bench.midline, self.document.box.height
        slope = (line.x1 - line.x0) / (line.y1 - line.y0)
        upper, lower = (
            (line.x0 + (part * height - line.y0) * slope, part * height) for part in _HANDLES
        )
        return upper, lower

    def is_near(self, pointer: Pointer) -> bool:
        """Tell whether the pointer is over a handle."""
        return any(pointer.distance(Pointer(x, y)) <= REACH for x, y in self.handles())

    def press(self, pointer: Pointer) -> None:
        """Grab the nearer handle."""
        distances = [pointer.distance(Pointer(x, y)) for x, y in self.handles()]
        self._grabbed = distances.index(min(distances))
        self._before = self.bench.midline

    def drag(self, pointer: Pointer) -> None:
        """Move the handle sideways, within the picture."""
        if self._grabbed is None:
            return
        places = list(self.handles())
        x = min(max(pointer.x, 0.0), float(self.document.box.width))
        places[self._grabbed] = (x, places[self._grabbed][1])
        self._set(Line(*places[0], *places[1]))

    def release(self, pointer: Pointer) -> None:
        """Release the handle."""
        self.drag(pointer)
        self._grabbed = None

    def cancel(self) -> bool:
        """Move the midline back to where it was."""
        if self._grabbed is None:
            return False
        self._grabbed = None
        self._set(self._before)
        return True

    def _set(self, line: Line) -> None:
        self.bench.midline = line
        self.bench.notify()


class Toolbox(Workbench):
    """All tools for one document, and the current one.

    Parameters
    ----------
    document
        What is painted on.
    options
        The options to start with.
    run
        How the smart tool computes.
    name_step
        Names the undo steps.
    """

    def __init__(
        self,
        document: Document,
        options: ToolOptions | None = None,
        run: Runner = run_now,
        name_step: NameStep = english,
    ) -> None:
        super().__init__(document, options, name_step)
        self._tools: dict[ToolKind, Tool] = {
            ToolKind.BRUSH: BrushTool(self),
            ToolKind.ERASER: EraserTool(self),
            ToolKind.FILL: FillTool(self),
            ToolKind.LASSO: LassoTool(self),
            ToolKind.PICK: PickTool(self),
            ToolKind.PAN: Tool(self),
            ToolKind.SMART: SmartTool(self, run),
            ToolKind.ORIGINAL: OriginalTool(self),
            ToolKind.AMOUNT: AmountTool(self),
        }
        self._kind = ToolKind.BRUSH
        self._held: ToolKind | None = None
        self.midline_tool = MidlineTool(self)
        self._on_midline = False
        self._find_midline()
        document.subscribe(self._on_change)

    @property
    def kind(self) -> ToolKind:
        """The current tool: the one held for a moment, else the chosen one."""
        return self._held or self._kind

    @property
    def chosen(self) -> ToolKind:
        """The chosen tool, whichever is held for a moment."""
        return self._kind

    @property
    def tool(self) -> Tool:
        """The current tool."""
        return self.midline_tool if self._on_midline else self._tools[self.kind]

    def reach_for(self, pointer: Pointer) -> None:
        """Let the midline have the pointer while it is over a handle of it."""
        if not self.tool.is_busy:
            self._on_midline = self.options.symmetric and self.midline_tool.is_near(pointer)

    def choose(self, kind: ToolKind) -> None:
        """Choose a tool; this cancels what the last one has not finished."""
        if kind is not self._kind:
            self.tool.cancel()
            self._kind = kind
            self.notify()

    def hold(self, kind: ToolKind) -> bool:
        """Use a tool for as long as a key is held; False during a gesture."""
        if self.tool.is_busy:
            return False
        self._held = kind
        self.notify()
        return True

    def let_go(self) -> None:
        """Return to the chosen tool."""
        if self._held is not None:
            self._held = None
            self.notify()

    def _on_change(self, change: Change) -> None:
        if change.portraits:
            self.tool.cancel()
            self._find_midline()

    def _find_midline(self) -> None:
        if self.document.target is not None:
            self.midline = midline_of(self.document.target.labels)
