"""Swapping shapes, that is label maps: E4S, section 3.3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.core.errors import LabelMapError
from e4s_studio.core.regions import FACE, Region
from e4s_studio.core.settings import EditSettings, ShapeSource
from e4s_studio.engine.pictures import among

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KEPT_ON_SKIN = (Region.HAIR, Region.EARS, Region.BELOWFACE, Region.EAR_RINGS)
"""Target regions that stay wherever the source's inner face does not cover them."""

_FEATURES: Final = FACE - {Region.SKIN}
"""What lies on the skin, and so goes over it."""

_OTHERS: Final = frozenset(Region) - FACE


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
    kept = among(target, _KEPT_ON_SKIN)
    swapped[kept] = target[kept]
    swapped[from_source] = source[from_source]
    on_top = {Region.BACKGROUND, Region.EYE_GLASS} | (set() if face_over_hair else {Region.HAIR})
    covered = among(target, on_top)
    swapped[covered] = target[covered]
    hole = among(target, FACE) & ~from_source
    return swapped, hole


def start_map(
    source: NDArray[np.uint8], target: NDArray[np.uint8], settings: EditSettings
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the swap rule's label map with every region's shape from where it was chosen.

    The published rule (`swap_label_maps`) takes the inner face from the source and all else from
    the target. A region whose choice differs loses the pixels that the rule gave it and gets those
    that it has in the other photograph. With all shapes from one photograph the map is that
    photograph's own.

    Parameters
    ----------
    source, target
        (H, W) uint8 label maps of the 12 regions, aligned to each other.
    settings
        `shapes` and `face_over_hair` count; a painted shape is the rule's, under the paint.

    Returns
    -------
    tuple
        (H, W) uint8 label map, and (H, W) bool holes: neither photograph shows there what the map
        asks for.

    Raises
    ------
    LabelMapError
        If the maps differ in size.
    """
    swapped, hole = swap_label_maps(source, target, face_over_hair=settings.face_over_hair)
    to_target = {r for r in FACE if settings.shape(r) is ShapeSource.TARGET}
    to_source = {r for r in _OTHERS if settings.shape(r) is ShapeSource.SOURCE}
    if not to_target | to_source:
        return swapped, hole
    moved = to_target | to_source
    mapped, free = swapped.copy(), among(swapped, moved)

    def put(where: NDArray[np.bool_], labels: NDArray[np.uint8] | Region) -> None:
        np.copyto(mapped, np.asarray(labels, dtype=np.uint8), where=where)
        free[where] = False

    on_feature = free & among(swapped, _FEATURES)
    if Region.SKIN in to_target:
        # The target's features have its skin beneath them.
        put(free & among(target, FACE), Region.SKIN)
    else:
        put(on_feature, Region.SKIN)
    put(among(target, to_target & _FEATURES) & among(mapped, FACE), target)
    put(among(source, to_source) & (free | (mapped != Region.EYE_GLASS)), source)
    # Beneath what went away lies what the other photograph has there, where that is its to give.
    put(free & among(target, _OTHERS - to_source), target)
    put(free & ~among(source, to_target), source)
    mapped = _filled_from_around(mapped, free, ~free & ~among(mapped, moved))
    unseen = (mapped != target) & (mapped != source)
    # With the target's skin there is no gap between the faces for the rule to fill.
    rule_holds = (mapped == swapped) & (Region.SKIN not in to_target)
    return mapped, np.where(rule_holds, hole, unseen)


def _filled_from_around(
    labels: NDArray[np.uint8], gaps: NDArray[np.bool_], givers: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Return (H, W) labels whose gaps have the nearest giver's region; skin where none gives."""
    if not gaps.any():
        return labels
    _, nearest = cv2.distanceTransformWithLabels(
        (~givers).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    region_of = np.full(int(nearest.max()) + 1, Region.SKIN, dtype=np.uint8)
    region_of[nearest[givers]] = labels[givers]
    return np.where(gaps, region_of[nearest], labels)
