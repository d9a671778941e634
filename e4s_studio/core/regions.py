"""The twelve regions of a label map, their colours, groups and foreign label orders."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


class Region(IntEnum):
    """A facial region: the value of its pixels in a label map (E4S, 12 classes)."""

    BACKGROUND = 0
    LIP = 1
    EYEBROWS = 2
    EYES = 3
    HAIR = 4
    NOSE = 5
    SKIN = 6
    EARS = 7
    BELOWFACE = 8
    MOUTH = 9
    EYE_GLASS = 10
    EAR_RINGS = 11

    @property
    def label(self) -> str:
        """The region's published name, used in files, recipes and data sets ("eye_glass")."""
        return self.name.lower()

    @property
    def title(self) -> str:
        """The region's name for people, in English ("glasses")."""
        return _TITLES.get(self, self.label)

    @property
    def colour(self) -> tuple[int, int, int]:
        """The region's palette colour, RGB 0 to 255."""
        r, g, b = PALETTE[self]
        return int(r), int(g), int(b)


REGION_COUNT: Final = len(Region)

_TITLES: Final = {
    Region.LIP: "lips",
    Region.BELOWFACE: "neck",
    Region.EYE_GLASS: "glasses",
    Region.EAR_RINGS: "earrings",
}
"""The titles of regions whose published label is not the word that people use."""

PALETTE: Final[NDArray[np.uint8]] = np.array(
    [
        (0, 0, 0),
        (204, 0, 0),
        (76, 153, 0),
        (204, 204, 0),
        (51, 51, 255),
        (204, 0, 204),
        (0, 255, 255),
        (255, 204, 204),
        (102, 51, 0),
        (255, 0, 0),
        (102, 204, 0),
        (255, 255, 0),
    ],
    dtype=np.uint8,
)
"""(12, 3) uint8: the RGB colour of each region."""
PALETTE.setflags(write=False)

FACE: Final = frozenset(
    {Region.LIP, Region.EYEBROWS, Region.EYES, Region.NOSE, Region.SKIN, Region.MOUTH}
)
"""The inner face: the regions whose shape the swap takes from the source."""

SWAPPED_TEXTURE: Final = FACE | {Region.EARS, Region.BELOWFACE}
"""The regions whose texture a full swap takes from the source (ears and neck follow the skin)."""

GROUPS: Final[dict[str, frozenset[Region]]] = {
    "inner_face": FACE,
    "swapped": frozenset(SWAPPED_TEXTURE),
    "all": frozenset(Region),
}
"""Names of groups, usable wherever a region can be named."""

CELEBAMASK_COUNT: Final = 19


def _conversion(pairs: dict[Region, tuple[int, ...]]) -> NDArray[np.uint8]:
    table = np.zeros(CELEBAMASK_COUNT, dtype=np.uint8)
    for region, labels in pairs.items():
        table[list(labels)] = region
    table.setflags(write=False)
    return table


FROM_CELEBAMASK: Final = _conversion(
    {
        Region.SKIN: (1,),
        Region.NOSE: (2,),
        Region.EYE_GLASS: (3,),
        Region.EYES: (4, 5),
        Region.EYEBROWS: (6, 7),
        Region.EARS: (8, 9),
        Region.MOUTH: (10,),
        Region.LIP: (11, 12),
        Region.HAIR: (13,),
        Region.EAR_RINGS: (15,),
        Region.BELOWFACE: (17,),
    }
)
"""(19,) uint8: region of each CelebAMask-HQ label; hat, necklace and cloth are background."""

FROM_BISENET: Final = _conversion(
    {
        Region.SKIN: (1,),
        Region.EYEBROWS: (2, 3),
        Region.EYES: (4, 5),
        Region.EYE_GLASS: (6,),
        Region.EARS: (7, 8),
        Region.EAR_RINGS: (9,),
        Region.NOSE: (10,),
        Region.MOUTH: (11,),
        Region.LIP: (12, 13),
        Region.BELOWFACE: (14,),
        Region.HAIR: (17,),
    }
)
"""(19,) uint8: region of each BiSeNet label (zllrunning, facexlib); not in CelebAMask's order."""


def region_table(regions: Iterable[Region]) -> NDArray[np.bool_]:
    """Return a (12,) bool table that is true for some regions; index it with a label map."""
    table = np.zeros(REGION_COUNT, dtype=np.bool_)
    table[[int(region) for region in regions]] = True
    return table


def region_named(name: str) -> frozenset[Region]:
    """Return the regions that `name` stands for: a region's title or label, or a group's name.

    Case and the choice of "-", " " or "_" do not matter.

    Raises
    ------
    KeyError
        If no region or group has that name.
    """
    key = name.strip().lower().replace("-", "_").replace(" ", "_")
    if key in GROUPS:
        return GROUPS[key]
    for region in Region:
        if key in {region.title, region.label}:
            return frozenset({region})
    raise KeyError(name)
