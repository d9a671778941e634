"""What all tools share: their options, the pointer, the workbench, and the tool's interface."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, Final, Self

from e4s_studio.core.brush import Dab
from e4s_studio.core.commands import Layer
from e4s_studio.core.geometry import Line
from e4s_studio.core.regions import Region

if TYPE_CHECKING:
    from e4s_studio.core.brush import Stencil
    from e4s_studio.core.document import Document
    from e4s_studio.core.geometry import Box

_SMALLEST_SIZE: Final = 1.0
LARGEST_SIZE: Final = 512.0
_SIZE_STEP: Final = 1.2

Point = tuple[float, float]


class ToolKind(StrEnum):
    """The tools of the canvas."""

    BRUSH = "brush"
    ERASER = "eraser"
    FILL = "fill"
    LASSO = "lasso"
    PICK = "pick"
    PAN = "pan"
    SMART = "smart"
    ORIGINAL = "original"
    AMOUNT = "amount"


SOFT: Final = frozenset({ToolKind.ORIGINAL, ToolKind.AMOUNT})
"""The tools with a soft brush."""
HARD: Final = frozenset({ToolKind.BRUSH, ToolKind.ERASER})
"""The tools with a hard brush."""
PAINTING: Final = frozenset({ToolKind.BRUSH, ToolKind.FILL, ToolKind.LASSO, ToolKind.SMART})
"""The tools that give pixels to the chosen region: locks and paint-over rules stop them."""


class StepKind(Enum):
    """What an undo step did. The value is its English name, with {region} and {amount} %."""

    PAINT = "Paint: {region}"
    ERASE = "Erase"
    FILL = "Fill: {region}"
    OUTLINE = "Outline: {region}"
    SMART = "Smart edges: {region}"
    SHOW_ORIGINAL = "Paint original pixels"
    HIDE_ORIGINAL = "Hide original pixels"
    AMOUNT = "Paint amount: {amount} %"
    RESET_AMOUNT = "Reset painted amount"


@dataclass(frozen=True)
class ToolOptions:
    """The options of all tools.

    Attributes
    ----------
    region
        The region to paint with.
    size
        Diameter of the brush in pixels of the crop, 1 to 512.
    hardness
        Edge of the soft brushes: 0 (soft from the centre on) to 1 (hard).
    amount
        What the amount brush sets: 0 (the target's texture) to 1 (the slider's full amount).
    inside_region
        Whether the amount brush stays inside `region`.
    pressure
        Whether a pen's pressure sets the size.
    encircle
        Whether a brush stroke that closes an outline fills it.
    symmetric
        Whether everything is also painted on the other side of the face's midline.
    everywhere
        Whether fill takes all pixels of the clicked region, connected or not.
    """

    region: Region = Region.SKIN
    size: float = 40.0
    hardness: float = 0.5
    amount: float = 0.5
    inside_region: bool = True
    pressure: bool = True
    encircle: bool = True
    symmetric: bool = False
    everywhere: bool = False

    def with_size(self, size: float) -> Self:
        """Return the options with a brush size, kept within its limits."""
        return replace(self, size=min(max(size, _SMALLEST_SIZE), LARGEST_SIZE))

    def stepped(self, steps: int) -> Self:
        """Return the options with the size some steps larger, or smaller where negative."""
        grown = self.size * _SIZE_STEP**steps
        # Rounding would undo a step of a small brush; a step is at least one pixel.
        one_up = self.size + steps
        return self.with_size(round(max(grown, one_up) if steps > 0 else min(grown, one_up)))

    def dab(self, x: float, y: float, pressure: float) -> Dab:
        """Return the brush at a point under a pressure of 0 to 1."""
        return Dab(x, y, max(_SMALLEST_SIZE, self.size * (pressure if self.pressure else 1.0)) / 2)


NameStep = Callable[[StepKind, ToolOptions], str]
"""Returns the name of an undo step, in the window's language."""


def english(kind: StepKind, options: ToolOptions) -> str:
    """Return the English name of an undo step."""
    region = options.region.title.capitalize()
    return kind.value.format(region=region, amount=round(options.amount * 100))


@dataclass(frozen=True)
class Pointer:
    """Where the pointer is, and which keys are held.

    Attributes
    ----------
    x, y
        Image coordinates; they may lie outside the picture.
    pressure
        A pen's pressure, 0 to 1; 1 for a mouse.
    shift, ctrl
        Whether that key is held.
    scale
        Picture pixels per screen pixel, for tolerances on the screen.
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
    """What the canvas draws for a tool, in image coordinates.

    Attributes
    ----------
    cursor
        Radius of the brush outline around the pointer; None draws none.
    anchor
        Where the brush outline is drawn instead, while a drag changes its size.
    outline
        Points of an unfinished path.
    box
        An unfinished rectangle.
    proposal
        Pixels that the artist may accept.
    """

    cursor: float | None = None
    anchor: Point | None = None
    outline: tuple[Point, ...] = ()
    box: Box | None = None
    proposal: Stencil | None = None


class Workbench:
    """What the tools share: the document, the options and the face's midline.

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
        """The tools' options."""
        return self._options

    def begin(self, kind: StepKind) -> None:
        """Begin an undo step of the document, named after its kind and the options."""
        self.document.begin(self._name_step(kind, self._options))

    def paint(self, kind: StepKind, *stencils: Stencil) -> None:
        """Give stencils to the chosen region, as one undo step."""
        self.begin(kind)
        for stencil in stencils:
            self.document.paint(stencil, self._options.region)
        self.document.commit()

    def set_options(self, options: ToolOptions) -> None:
        """Replace the options and call the listeners."""
        if options != self._options:
            self._options = options
            self.notify()

    def change(self, **options: Any) -> None:
        """Change some options by name."""
        self.set_options(replace(self._options, **options))

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever the options or the tool change; the result ends that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def notify(self) -> None:
        """Call the listeners."""
        for listener in tuple(self._listeners):
            listener()

    def region_at(self, x: float, y: float) -> Region | None:
        """Return the region of the pixel at a point; None outside the picture."""
        row, column = math.floor(y), math.floor(x)
        box = self.document.box
        inside = 0 <= row < box.height and 0 <= column < box.width
        return Region(int(self.document.pixels(Layer.LABELS)[row, column])) if inside else None

    def mirrored(self, *points: Point) -> list[Point]:
        """Return points on the other side of the midline."""
        return [(float(x), float(y)) for x, y in self.midline.mirrored(points)]

    def with_mirrored(self, points: list[Point]) -> list[list[Point]]:
        """Return the points, and their mirror image where the options ask for symmetry."""
        both = self._options.symmetric and points
        return [points, self.mirrored(*points)] if both else [points]


class Tool:
    """A tool: it receives the pointer's events and edits the document.

    `press`, `drag` and `release` come in that order; every other method may be called any time.
    """

    def __init__(self, bench: Workbench) -> None:
        self.bench = bench

    @property
    def document(self) -> Document:
        """What is painted on."""
        return self.bench.document

    @property
    def options(self) -> ToolOptions:
        """The tools' options."""
        return self.bench.options

    @property
    def is_busy(self) -> bool:
        """Whether a gesture is unfinished or a proposal is open."""
        return False

    def press(self, pointer: Pointer) -> None:
        """Begin a gesture."""

    def drag(self, pointer: Pointer) -> None:
        """Continue the gesture, the button held."""

    def release(self, pointer: Pointer) -> None:
        """End the gesture."""

    def hover(self, pointer: Pointer) -> None:
        """Follow the pointer without a button."""

    def double_click(self, pointer: Pointer) -> None:
        """End a gesture that is made of clicks."""

    def accept(self) -> bool:
        """Apply what is proposed or unfinished (Enter); False if there is nothing."""
        return False

    def cancel(self) -> bool:
        """Drop what is proposed or unfinished (Esc); False if there is nothing."""
        return False

    def preview(self) -> Preview:
        """Return what the canvas draws for the tool."""
        return Preview()
