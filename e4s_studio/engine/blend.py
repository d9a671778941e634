"""Blending the drawn face into the target's crop, so that the seam cannot be seen.

The published Laplacian path gives the ring around the seam to the target's pixels, which leaves
a rim of the old face. Here the two pictures meet outside the matte, where the drawn picture shows
the target's own regions too: nothing of the old face gets in, and there is hardly a step to hide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIDDLE: Final = 0.5
SMALLEST_BAND: Final = 8
"""The pyramid ends before a side gets shorter than this."""


def face_matte(
    labels: NDArray[np.uint8], target_labels: NDArray[np.uint8], alpha: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Say which pixels a swap changes: those with any of the source's texture, or a new label.

    All are (N, N). Where it is False the target's own photograph is the picture.
    """
    return np.asarray((alpha > 0) | (labels != target_labels))


def seam_ramp(matte: NDArray[np.bool_], width: float) -> NDArray[np.float32]:
    """Fall from 1 in the matte to exactly 0 beyond `width` pixels outside it: (N, N) float32."""
    if not matte.any() or matte.all():
        return matte.astype(np.float32)
    distance = cv2.distanceTransform((~matte).astype(np.uint8), cv2.DIST_L2, 5)
    ramp = np.clip(1 - distance / (width + 1), 0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp), np.float32)


def blend(
    target: NDArray[np.float32],
    face: NDArray[np.float32],
    matte: NDArray[np.bool_],
    width: float,
) -> NDArray[np.float32]:
    """Lay a face over the target with a multi-band seam.

    Parameters
    ----------
    target, face
        (N, N, 3) float32 levels.
    matte
        (N, N) bool: where the face is seen.
    width
        Pixels that the seam reaches beyond the matte. Farther out the result equals the target.

    Returns
    -------
    (N, N, 3) float32 levels.
    """
    ramp = seam_ramp(matte, width)
    result = target.copy()
    rows, columns = np.nonzero(ramp.any(axis=1))[0], np.nonzero(ramp.any(axis=0))[0]
    if not rows.size:
        return result
    margin = round(width) + 2
    box = (
        slice(max(rows[0] - margin, 0), rows[-1] + margin + 1),
        slice(max(columns[0] - margin, 0), columns[-1] + margin + 1),
    )
    # The seam lies in the middle of the ring, and its widest band reaches about to the ring's
    # edges: not into the face, where the target's old one would shine through.
    seam = (ramp[box] > MIDDLE).astype(np.float32)
    levels = max(1, int(np.log2(max(width / 4, 1))))
    mixed = _multi_band(target[box], face[box], seam, levels)
    result[box] += ramp[box][..., None] * (mixed - target[box])
    return result


def _multi_band(
    under: NDArray[np.float32],
    over: NDArray[np.float32],
    mask: NDArray[np.float32],
    levels: int,
) -> NDArray[np.float32]:
    """Blend each octave of the two pictures over its own width (Burt and Adelson)."""
    difference = over - under
    bands: list[NDArray[np.float32]] = []
    masks = [mask]
    while len(bands) < levels and min(difference.shape[:2]) >= SMALLEST_BAND:
        smaller = np.asarray(cv2.pyrDown(difference), np.float32)
        size = (difference.shape[1], difference.shape[0])
        bands.append(difference - np.asarray(cv2.pyrUp(smaller, dstsize=size), np.float32))
        masks.append(np.asarray(cv2.pyrDown(masks[-1]), np.float32))
        difference = smaller
    mixed = difference * masks[-1][..., None]
    for band, level_mask in zip(reversed(bands), reversed(masks[:-1]), strict=True):
        size = (band.shape[1], band.shape[0])
        mixed = cv2.pyrUp(mixed, dstsize=size) + band * level_mask[..., None]
    return np.asarray(under + mixed, np.float32)
