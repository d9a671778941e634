"""What the artist has chosen for the tools."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self

from e4s_studio.core.brush import Dab
from e4s_studio.core.regions import Region

SMALLEST_SIZE: Final = 1.0
LARGEST_SIZE: Final = 512.0
SIZE_STEP: Final = 1.2


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


@dataclass(frozen=True)
class ToolOptions:
    """One set of choices for all tools.

    Attributes
    ----------
    region
        The region painted with.
    size
        Diameter of the brush in pixels of the crop, 1 to 512.
    hardness
        Edge of the soft brushes: 0 (soft from the centre on) to 1 (hard).
    amount
        What the amount brush leaves: 0 (the target's texture) to 1 (the slider's full amount).
    inside_region
        Whether the amount brush stays inside `region`.
    pressure
        Whether a pen's pressure drives the size.
    encircle
        Whether a brush stroke that closes an outline fills it.
    symmetric
        Whether everything is painted on the other side of the face's midline as well.
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
        return replace(self, size=min(max(size, SMALLEST_SIZE), LARGEST_SIZE))

    def stepped(self, steps: int) -> Self:
        """Return the options with the size some steps up, or down where negative."""
        grown = self.size * SIZE_STEP**steps
        # Small sizes would round back to themselves; a step is one pixel at least.
        one_up = self.size + steps
        return self.with_size(round(max(grown, one_up) if steps > 0 else min(grown, one_up)))

    def dab(self, x: float, y: float, pressure: float) -> Dab:
        """Return the brush at a point under a pressure of 0 to 1."""
        return Dab(x, y, max(SMALLEST_SIZE, self.size * (pressure if self.pressure else 1.0)) / 2)
