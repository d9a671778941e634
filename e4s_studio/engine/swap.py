"""Swapping shapes, that is label maps: E4S, section 3.3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from e4s_studio.core.errors import LabelMapError
from e4s_studio.core.regions import FACE, Region
from e4s_studio.engine.pictures import among

if TYPE_CHECKING:
    from numpy.typing import NDArray

KEPT_ON_SKIN = (Region.HAIR, Region.EARS, Region.BELOWFACE, Region.EAR_RINGS)
"""Target regions that stay wherever the source's inner face does not cover them."""


def swap_label_maps(
    source: NDArray[np.uint8], target: NDArray[np.uint8], *, face_over_hair: bool
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Put the source's inner face into the target's label map (the published rule).

    For each pixel the first that fits counts: the target's glasses; the target's background; with
    hair over face, the target's hair; the source's inner face; the target's hair, ears, neck and
    earrings; skin, where the target's face was and the source's is not (a hole).

    Parameters
    ----------
    source, target
        (H, W) uint8 label maps of the 12 regions, aligned to each other.
    face_over_hair
        Whether the source's face covers the target's hair (the published `hair_first=True`).

    Returns
    -------
    tuple
        (H, W) uint8 label map of the swap, and (H, W) bool holes.

    Raises
    ------
    LabelMapError
        If the maps differ in size.
    """
    if source.shape != target.shape:
        raise LabelMapError(
            f"The label maps differ in size ({source.shape} and {target.shape}); "
            "give both at the same size."
        )
    from_source = among(source, FACE)
    swapped = np.full_like(target, Region.SKIN)
    kept = among(target, KEPT_ON_SKIN)
    swapped[kept] = target[kept]
    swapped[from_source] = source[from_source]
    on_top = {Region.BACKGROUND, Region.EYE_GLASS} | (set() if face_over_hair else {Region.HAIR})
    covered = among(target, on_top)
    swapped[covered] = target[covered]
    hole = among(target, FACE) & ~from_source
    return swapped, hole
