"""Other sizes: shrinking without aliasing, and planes of probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import cv2
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Level = np.integer | np.floating


_LANCZOS_FROM: Final = 2.0
"""Whole squares of pixels are averaged first, as long as so many of what comes become one: in
photographs within a level of the filter over all pixels, at a fraction of its time."""
_AVERAGED: Final = frozenset({np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.float32)})
"""What OpenCV averages."""


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
    planes, box = _reduced(_known(image), int(factor / _LANCZOS_FROM))
    small = []
    for index in range(planes.shape[2]):
        plane = np.asarray(cv2.extractChannel(planes, index), np.float32)
        resampled = Image.fromarray(plane).resize(size, Image.Resampling.LANCZOS, box)
        small.append(np.asarray(resampled, np.float32))
    shape = (size[1], size[0], *image.shape[2:])
    return np.stack(small, axis=-1).reshape(shape), np.array(size) / (width, height)


def _known(image: NDArray[np.generic]) -> NDArray[Level]:
    """Return an image as (H, W, C), of a type that OpenCV knows."""
    planes = image.reshape(*image.shape[:2], -1)
    if planes.dtype in _AVERAGED:
        return cast("NDArray[Level]", planes)
    return planes.astype(np.float32)


def _reduced(
    planes: NDArray[Level], factor: int
) -> tuple[NDArray[Level], tuple[float, float, float, float]]:
    """Average (H, W, C) planes over squares; also return where the image lies in what comes."""
    height, width, channels = planes.shape
    if factor <= 1:
        return planes, (0.0, 0.0, float(width), float(height))
    bottom, right = -height % factor, -width % factor
    whole = cv2.copyMakeBorder(planes, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
    size = whole.shape[1] // factor, whole.shape[0] // factor
    small = np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA))
    box = (0.0, 0.0, width / factor, height / factor)
    return small.reshape(size[1], size[0], channels), box


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
