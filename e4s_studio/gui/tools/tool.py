"""What every tool is given and does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from e4s_studio.core.geometry import Line
from e4s_studio.gui.tools.options import ToolOptions
from e4s_studio.gui.tools.steps import english

if TYPE_CHECKING:
    from collections.abc import Callable

    from e4s_studio.core.brush import Stencil
    from e4s_studio.core.document import Document
    from e4s_studio.core.geometry import Box
    from e4s_studio.gui.tools.steps import Deed, NameStep

Point = tuple[float, float]


@dataclass(frozen=True)
class Pointer:
    """Where the pointer is and what is held down with it.

    Attributes
    ----------
    x, y
        Image coordinates; they may lie outside the picture.
    pressure
        A pen's pressure, 0 to 1; 1 for a mouse.
    shift, ctrl
        Whether that key is held.
    scale
        Picture pixels per screen pixel, for tolerances that the hand feels.
    across
        Screen pixels from the pane's left edge, whether or not the view is mirrored.
    """

    x: float
    y: float
    pressure: float = 1.0
    shift: bool = False
    ctrl: bool = False
    scale: float = 1.0
    across: float = 0.0

    def distance(self, other: Pointer) -> float:
        """Return the distance to another pointer in screen pixels."""
        return float(((self.x - other.x) ** 2 + (self.y - other.y) ** 2) ** 0.5) / self.scale


@dataclass(frozen=True, eq=False)
class Preview:
    """What a tool wants to be seen over the canvas, in image coordinates.

    Attributes
    ----------
    cursor
        Radius of the brush outline around the pointer; None draws none.
    anchor
        Where the brush outline stands instead of at the pointer, while its size is dragged.
    outline
        Points of a path under way.
    box
        A rectangle under way.
    proposal
        Pixels that wait for the artist's word.
    """

    cursor: float | None = None
    anchor: Point | None = None
    outline: tuple[Point, ...] = ()
    box: Box | None = None
    proposal: Stencil | None = None


class Workbench:
    """What the tools share: the document, the artist's options and the face's midline.

    Parameters
    ----------
    document
        What is painted on.
    options
        The options to start with.
    name_step
        Names the undo steps.
    """

    def __init__(
        self,
        document: Document,
        options: ToolOptions | None = None,
        name_step: NameStep = english,
    ) -> None:
        self.document = document
        self._name_step = name_step
        self._options = options or ToolOptions()
        self.midline = Line(0.0, 0.0, 0.0, 1.0)
        self._listeners: list[Callable[[], None]] = []

    @property
    def options(self) -> ToolOptions:
        """The artist's options."""
        return self._options

    def step_name(self, deed: Deed) -> str:
        """Return the name of an undo step that is done with the present options."""
        return self._name_step(deed, self._options)

    def set_options(self, options: ToolOptions) -> None:
        """Take other options and tell those who listen."""
        if options != self._options:
            self._options = options
            self.notify()

    def change(self, **options: Any) -> None:
        """Change some options by name."""
        self.set_options(replace(self._options, **options))

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever the options or the tool changed; call the result to end that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def notify(self) -> None:
        """Tell those who listen."""
        for listener in tuple(self._listeners):
            listener()

    def mirrored(self, *points: Point) -> list[Point]:
        """Return points on the other side of the midline."""
        return [(float(x), float(y)) for x, y in self.midline.mirrored(points)]


class Tool:
    """A tool: it is told where the pointer goes and speaks to the document.

    Every method but `press`, `drag` and `release` may come at any time.
    """

    def __init__(self, bench: Workbench) -> None:
        self.bench = bench

    @property
    def document(self) -> Document:
        """What is painted on."""
        return self.bench.document

    @property
    def options(self) -> ToolOptions:
        """The artist's options."""
        return self.bench.options

    @property
    def is_busy(self) -> bool:
        """Whether a gesture or a proposal is under way."""
        return False

    def press(self, pointer: Pointer) -> None:
        """Begin a gesture."""

    def drag(self, pointer: Pointer) -> None:
        """Go on with it, the button held."""

    def release(self, pointer: Pointer) -> None:
        """End it."""

    def hover(self, pointer: Pointer) -> None:
        """Follow the pointer without a button."""

    def double_click(self, pointer: Pointer) -> None:
        """End a gesture that is made of clicks."""

    def accept(self) -> bool:
        """Take what is proposed or under way (Enter); False where there is nothing to take."""
        return False

    def cancel(self) -> bool:
        """Drop what is proposed or under way (Esc); False where there is nothing to drop."""
        return False

    def preview(self) -> Preview:
        """Return what is to be seen over the canvas."""
        return Preview()


@dataclass(frozen=True)
class Resize:
    """Dragging the brush size: to the right grows, to the left shrinks.

    Attributes
    ----------
    start
        Where the drag began; the brush outline stays there.
    options
        The options as they were then.
    """

    start: Pointer
    options: ToolOptions

    def at(self, pointer: Pointer) -> ToolOptions:
        """Return the options for where the pointer is now; the radius follows the hand."""
        moved = (pointer.across - self.start.across) * pointer.scale
        return self.options.with_size(self.options.size + 2 * moved)
