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

_MIDDLE: Final = 0.5
_SMALLEST_BAND: Final = 8
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
    ramp = matte.astype(np.float32)
    box = _around(matte, round(width) + 2)
    if box is None or matte[box].all():
        return ramp
    distance = cv2.distanceTransform((~matte[box]).astype(np.uint8), cv2.DIST_L2, 5)
    fallen = np.asarray(distance, np.float32)
    fallen *= -1 / (width + 1)
    fallen += 1
    np.clip(fallen, 0, 1, out=fallen)
    smooth = ramp[box]  # x²(3 − 2x), in place
    np.multiply(fallen, -2, out=smooth)
    smooth += 3
    smooth *= fallen
    smooth *= fallen
    return ramp


def blend(
    target: NDArray[np.float32],
    face: NDArray[np.float32],
    ramp: NDArray[np.float32],
    width: float,
) -> NDArray[np.float32]:
    """Lay a face over the target with a multi-band seam.

    Parameters
    ----------
    target, face
        (N, N, 3) float32 levels.
    ramp
        (N, N) float32: the seam's, how far the face is seen. Where it is 0 the result equals the
        target.
    width
        Pixels that the seam reaches.

    Returns
    -------
    (N, N, 3) float32 levels.
    """
    result = target.copy()
    box = _around(ramp > 0, round(width) + 2)
    if box is None:
        return result
    # The seam lies in the middle of the ring, and its widest band reaches about to the ring's
    # edges: not into the face, where the target's old one would shine through.
    seam = (ramp[box] > _MIDDLE).astype(np.float32)
    levels = max(1, int(np.log2(max(width / 4, 1))))
    change = _multi_band(np.subtract(face[box], target[box]), seam, levels)
    result[box] += cv2.multiply(change, thrice(ramp[box]))
    return result


def _around(area: NDArray[np.bool_], margin: int) -> tuple[slice, slice] | None:
    """Return the box that holds an area and a margin around it; None if there is no area."""
    rows, columns = (np.flatnonzero(area.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return None
    return (
        slice(max(rows[0] - margin, 0), rows[-1] + margin + 1),
        slice(max(columns[0] - margin, 0), columns[-1] + margin + 1),
    )


def _multi_band(
    difference: NDArray[np.float32], mask: NDArray[np.float32], levels: int
) -> NDArray[np.float32]:
    """Blend each octave of a difference with nothing over its own width (Burt and Adelson)."""
    bands: list[NDArray[np.float32]] = []
    masks = [mask]
    while len(bands) < levels and min(difference.shape[:2]) >= _SMALLEST_BAND:
        smaller = np.asarray(cv2.pyrDown(difference), np.float32)
        size = (difference.shape[1], difference.shape[0])
        larger = np.asarray(cv2.pyrUp(smaller, dstsize=size), np.float32)
        bands.append(np.subtract(difference, larger, out=larger))
        masks.append(np.asarray(cv2.pyrDown(masks[-1]), np.float32))
        difference = smaller
    mixed = cv2.multiply(difference, thrice(masks[-1]))
    for band, level_mask in zip(reversed(bands), reversed(masks[:-1]), strict=True):
        size = (band.shape[1], band.shape[0])
        mixed = cv2.add(
            cv2.pyrUp(mixed, dstsize=size), cv2.multiply(band, thrice(level_mask), dst=band)
        )
    return np.asarray(mixed, np.float32)


def thrice(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (H, W) weights for each of three channels: faster than multiplying by (H, W, 1)."""
    return np.asarray(cv2.merge([weights] * 3), np.float32)
