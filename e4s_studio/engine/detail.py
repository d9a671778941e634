"""Detail: what the photographs show and the network does not draw, put back.

The residual of a portrait is the photograph minus its reconstruction, at the crop's own
resolution. Where the swapped label equals the portrait's own label at the same pixel, that
portrait's residual belongs there, in the measure of its texture amount.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.core.regions import FACE, REGION_COUNT, Region

if TYPE_CHECKING:
    from numpy.typing import NDArray

SOURCE_FEATHER: Final = 10 / 1024
"""Width, in crop sides, over which detail fades towards pixels whose labels differ: the residual
of a soft reconstruction holds both sides of an edge, and one of them is not there any more."""
TARGET_FEATHER: Final = 3 / 1024
"""The same for the target, whose own pixels lie on the other side of most edges."""
FINE: Final = 5 / 1024
"""Standard deviation, in crop sides, that parts fine detail (pores, hairs) from coarse."""
GRAIN_MARGIN: Final = 16 / 1024
"""Grain is taken only this far, in crop sides, inside its region: not from hairs at its edge."""
GRAIN_LIMIT: Final = 2.5
"""Grain beyond this many standard deviations is a hair or a mole, and is clipped."""


@dataclass(frozen=True)
class Residual:
    """One portrait's residual at a crop's size.

    Attributes
    ----------
    labels
        (N, N) uint8: the portrait's own label map.
    full
        (N, N, 3) float32 levels: photograph − reconstruction.
    fine
        (N, N, 3) float32: the part of `full` finer than `FINE`.
    """

    labels: NDArray[np.uint8]
    full: NDArray[np.float32]
    fine: NDArray[np.float32]


def residual_of(
    photograph: NDArray[np.float32], reconstruction: NDArray[np.float32], labels: NDArray[np.uint8]
) -> Residual:
    """Compare a portrait's crop with its reconstruction, both (N, N, 3) levels of 0 to 255."""
    full = photograph - reconstruction
    coarse = cv2.GaussianBlur(full, (0, 0), FINE * full.shape[0])
    return Residual(labels, full, full - coarse)


def detail_of(
    labels: NDArray[np.uint8],
    alpha: NDArray[np.float32],
    source: Residual,
    target: Residual,
) -> NDArray[np.float32]:
    """Collect the detail of a swap.

    Parameters
    ----------
    labels
        (N, N) uint8: the swap's label map.
    alpha
        (N, N) float32: the texture amount at each pixel.
    source, target
        The portraits' residuals.

    Returns
    -------
    (N, N, 3) float32 levels to add to the drawn picture.
    """
    from_source = _agreement(labels, source.labels, SOURCE_FEATHER)
    from_target = _agreement(labels, target.labels, TARGET_FEATHER)
    # Away from face and neck a shape is the target's as a rule, so there the target's strands and
    # edges stay true whatever the texture; on the skin they would be a ghost of its features.
    inside = np.isin(labels, list(FACE | {Region.BELOWFACE}))
    owned = np.where(inside, from_source, from_source * (1 - from_target))
    detail = source.full * (alpha * owned)[..., None]
    detail += target.full * ((1 - alpha) * from_target)[..., None]
    detail += target.fine * (alpha * from_target * ~inside)[..., None]
    # Skin that neither photograph shows at this place takes its grain from the nearest skin of
    # the source that there is.
    lacking = alpha * (1 - from_source)
    lacking[~inside] = 0
    if lacking.any():
        detail += _grain(labels, source, lacking)
    return detail


def _agreement(
    labels: NDArray[np.uint8], own: NDArray[np.uint8], feather: float
) -> NDArray[np.float32]:
    """Weigh by whether the labels agree, fading to 0 inside the area that does."""
    agree = (labels == own).astype(np.float32)
    width = max(1, round(feather * labels.shape[0]))
    near = cv2.blur(agree, (2 * width + 1, 2 * width + 1), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(agree * np.clip(2 * near - 1, 0, 1), np.float32)


def _clipped(fine: NDArray[np.float32]) -> NDArray[np.float32]:
    """Clip (M, 3) fine detail to what skin's own grain reaches."""
    spread = 1.4826 * np.median(np.abs(fine), axis=0)  # the MAD of a normal distribution
    return np.asarray(np.clip(fine, -GRAIN_LIMIT * spread, GRAIN_LIMIT * spread), np.float32)


def _grain(
    labels: NDArray[np.uint8], source: Residual, lacking: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Mirror the source's fine detail about the border of the area where it is known."""
    grain = np.zeros_like(source.fine)
    for region in range(REGION_COUNT):
        wanted = (lacking > 0) & (labels == region)
        known = _inside(source.labels == region)
        if not wanted.any() or not known.any():
            continue
        ys, xs = np.nonzero(wanted)
        nearest_y, nearest_x = _nearest(known, ys, xs)
        mirror_y = np.clip(2 * nearest_y - ys, 0, labels.shape[0] - 1)
        mirror_x = np.clip(2 * nearest_x - xs, 0, labels.shape[1] - 1)
        inside = known[mirror_y, mirror_x]
        fine = source.fine[mirror_y[inside], mirror_x[inside]]
        grain[ys[inside], xs[inside]] = _clipped(fine) * lacking[ys[inside], xs[inside], None]
    return grain


def _inside(area: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Shrink an area by the grain's margin."""
    reach = 2 * max(1, round(GRAIN_MARGIN * area.shape[0])) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return np.asarray(cv2.erode(area.astype(np.uint8), kernel) > 0)


def _nearest(
    known: NDArray[np.bool_], ys: NDArray[np.intp], xs: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return, for each pixel, the nearest known one."""
    _, indices = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    known_y, known_x = np.nonzero(known)
    place = np.empty(known_y.size + 1, np.intp)
    place[indices[known_y, known_x]] = np.arange(known_y.size)
    chosen = place[indices[ys, xs]]
    return known_y[chosen], known_x[chosen]
