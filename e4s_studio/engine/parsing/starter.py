"""The starter map: a face parsed without a download, for the artist to go on from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.core.regions import REGION_COUNT, Region
from e4s_studio.engine.doubt import doubt_of
from e4s_studio.engine.parsing import places
from e4s_studio.engine.parsing.colour import lab_of
from e4s_studio.engine.parsing.features import feature_chances, window_of
from e4s_studio.engine.parsing.frame import frame_of
from e4s_studio.engine.parsing.head import head_regions
from e4s_studio.engine.parsing.learned import learned_chances
from e4s_studio.engine.parsing.parsing import Parsing
from e4s_studio.engine.resample import resized, shrunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.engine.parsing.frame import FaceFrame

    Plane = NDArray[np.float32]

_HEAD_SIDE: Final = 192
_FEATURE_SIDE: Final = 512
_SMALL_SHARE: Final = 0.12
"""Of a region's largest patch: smaller ones are taken for specks."""
_HEAD_REGIONS: Final = {
    Region.SKIN: places.FACE,
    Region.HAIR: places.HAIR,
    Region.BACKGROUND: places.BACKGROUND,
    Region.BELOWFACE: places.NECK,
    Region.EARS: places.EARS,
}


def starter_map(crop: NDArray[np.uint8]) -> Parsing:
    """Parse an aligned face with what ships.

    Outlines of an average face are fitted to the eyes and the mouth; colours, learned from this
    picture alone, decide where hair, background, neck and ears begin; the built-in parser counts
    in both. Glasses and earrings are not told from what they lie on.

    Parameters
    ----------
    crop
        (S, S, 3) uint8 RGB, aligned (`e4s_studio.engine.faces.align.crop`).

    Returns
    -------
    Labels and doubt at the crop's size.

    Raises
    ------
    CheckpointError
        If the weights of the built-in parser are missing or damaged.
    """
    size = crop.shape[0]
    frame = frame_of(crop)
    chances = resized(_chances(crop, frame, learned_chances(crop)), size)
    labels = _without_specks(chances)
    return Parsing(labels, doubt_of(chances))


def _chances(crop: NDArray[np.uint8], frame: FaceFrame, learned: Plane) -> Plane:
    """Return the probability of every region, (FEATURE_SIDE, FEATURE_SIDE, 12)."""
    seen = resized(_head_of(learned), _HEAD_SIDE)
    rough = head_regions(lab_of(_sized(crop, _HEAD_SIDE)), frame, seen)
    rough = np.asarray(cv2.GaussianBlur(rough, (0, 0), _HEAD_SIDE / 200), np.float32)
    rough = resized(rough, _FEATURE_SIDE)
    chances = np.zeros((_FEATURE_SIDE, _FEATURE_SIDE, REGION_COUNT), np.float32)
    for region, index in _HEAD_REGIONS.items():
        chances[..., region] = rough[..., index]
    learned = resized(learned, _FEATURE_SIDE)
    window = window_of(lab_of(_sized(crop, _FEATURE_SIDE)), frame, learned)
    inner = chances[window.place]
    for region, chance in feature_chances(window, frame).items():
        covered = chance * rough[window.place][..., places.FACE]
        inner *= (1 - covered)[..., None]
        inner[..., region] += covered
    return chances


def _head_of(learned: Plane) -> Plane:
    """Return the network's chances in the order of `places`: what lies on the face is face."""
    head = np.zeros((*learned.shape[:2], len(_HEAD_REGIONS)), np.float32)
    for region in Region:
        beside = places.BACKGROUND if region == Region.EAR_RINGS else places.FACE
        head[..., _HEAD_REGIONS.get(region, beside)] += learned[..., region]
    return head


def _without_specks(chances: Plane) -> NDArray[np.uint8]:
    """Return the likeliest regions; specks go to the likeliest other one."""
    labels = np.asarray(chances.argmax(axis=-1), np.uint8)
    specks = np.zeros(labels.shape, np.bool_)
    for region in np.unique(labels):
        specks |= _specks(labels == region)
    others = chances[specks]
    others[np.arange(len(others)), labels[specks]] = -1
    labels[specks] = others.argmax(axis=-1)
    return labels


def _specks(region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    _, patches, stats, _ = cv2.connectedComponentsWithStats(region.astype(np.uint8))
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    small = areas < _SMALL_SHARE * areas.max()
    return np.asarray(region & small[patches], np.bool_)


def _sized(crop: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    small = shrunk(crop, crop.shape[0] / size)[0].round().clip(0, 255).astype(np.uint8)
    if small.shape[0] == size:
        return small
    return np.asarray(cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC), np.uint8)
