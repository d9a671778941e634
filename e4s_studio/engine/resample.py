"""Other sizes: shrinking without aliasing, and planes of probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray


def shrunk(
    image: NDArray[np.generic], factor: float
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Shrink an image so that one of its pixels becomes one of the picture it is warped to.

    Lanczos over three lobes, widened by the factor: the filter of the published crop.

    Parameters
    ----------
    image
        (H, W) or (H, W, C), any real dtype.
    factor
        How many pixels become one. At 1 or below the image keeps its size.

    Returns
    -------
    The image as float32 in the same value range, and the (2,) ratios new / old width and height.
    """
    height, width = image.shape[:2]
    size = max(round(width / factor), 1), max(round(height / factor), 1)
    if factor <= 1 or size == (width, height):
        return image.astype(np.float32), np.ones(2)
    planes = image.reshape(height, width, -1).astype(np.float32)
    small = [
        np.asarray(Image.fromarray(planes[:, :, i]).resize(size, Image.Resampling.LANCZOS))
        for i in range(planes.shape[2])
    ]
    shape = (size[1], size[0], *image.shape[2:])
    return np.stack(small, axis=-1).reshape(shape), np.array(size) / (width, height)


def resized(planes: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Resize smooth planes, (H, W, K) float32, to (size, size, K), bilinearly."""
    if planes.shape[:2] == (size, size):
        return planes
    step = 4  # OpenCV resizes up to four channels at a time
    parts = [
        cv2.resize(planes[..., k : k + step], (size, size), interpolation=cv2.INTER_LINEAR)
        for k in range(0, planes.shape[2], step)
    ]
    return np.dstack(parts).astype(np.float32)
