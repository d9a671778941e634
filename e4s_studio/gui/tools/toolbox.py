"""Which tool is in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from e4s_studio.core.geometry import midline_of
from e4s_studio.gui.tools.midline import MidlineTool
from e4s_studio.gui.tools.options import ToolKind, ToolOptions
from e4s_studio.gui.tools.shapes import FillTool, LassoTool, PickTool
from e4s_studio.gui.tools.smart import Runner, SmartTool, run_now
from e4s_studio.gui.tools.steps import NameStep, english
from e4s_studio.gui.tools.strokes import AmountTool, BrushTool, EraserTool, OriginalTool
from e4s_studio.gui.tools.tool import Pointer, Tool, Workbench

if TYPE_CHECKING:
    from e4s_studio.core.document import Document
    from e4s_studio.core.events import Change


class Toolbox(Workbench):
    """All tools over one document, and the one in hand.

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
        """The tool in hand: the one held for the moment, else the chosen one."""
        return self._held or self._kind

    @property
    def chosen(self) -> ToolKind:
        """The chosen tool, whatever is held for the moment."""
        return self._kind

    @property
    def tool(self) -> Tool:
        """The tool in hand."""
        return self.midline_tool if self._on_midline else self._tools[self.kind]

    def reach_for(self, pointer: Pointer) -> None:
        """Take the midline's handle if the pointer is over one, else the tool in hand."""
        if not self.tool.is_busy:
            self._on_midline = self.options.symmetric and self.midline_tool.is_near(pointer)

    def choose(self, kind: ToolKind) -> None:
        """Take a tool; what the last one had under way is dropped."""
        if kind is not self._kind:
            self.tool.cancel()
            self._kind = kind
            self.notify()

    def hold(self, kind: ToolKind) -> bool:
        """Take a tool for as long as a key is held; False while a gesture is under way."""
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
