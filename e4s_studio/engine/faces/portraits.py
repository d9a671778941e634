"""From a photograph to the portrait that the network works on, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.core.portrait import Portrait
from e4s_studio.core.quad import Quad
from e4s_studio.engine.faces.align import crop, crop_labels
from e4s_studio.engine.pictures import resize_labels

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


CROP_SIZE: Final = 1024
"""Side of the crop that is shown and painted on."""
LARGEST_CROP: Final = 3072
"""Side of the largest crop that is composed for export; faces beyond it lose a little detail."""


def aligned_portrait(
    photograph: NDArray[np.uint8], labels: NDArray[np.uint8], *, path: Path | None = None
) -> Portrait:
    """Return the portrait of a photograph that is an aligned crop already.

    Parameters
    ----------
    photograph
        (H, H, 3) uint8 RGB.
    labels
        (h, w) uint8 label map of the whole photograph, of any size.
    path
        Its file.
    """
    quad = Quad.whole(photograph.shape[1], photograph.shape[0])
    return portrait_in(photograph, quad, resize_labels(labels, CROP_SIZE), path=path)


def portrait_in(
    photograph: NDArray[np.uint8],
    quad: Quad,
    labels: NDArray[np.uint8],
    *,
    path: Path | None = None,
) -> Portrait:
    """Return the portrait that a quad cuts out of a photograph, with the crop's label map."""
    return Portrait(
        image=cut(photograph, quad, CROP_SIZE),
        labels=labels,
        path=path,
        photograph=photograph,
        quad=quad.points,
    )


def labels_in(labels: NDArray[np.uint8], quad: Quad) -> NDArray[np.uint8]:
    """Cut the crop's label map out of one of the whole photograph, at the photograph's size."""
    return crop_labels(labels, quad, CROP_SIZE)


def cut(photograph: NDArray[np.uint8], quad: Quad, size: int) -> NDArray[np.uint8]:
    """Cut a crop out of a photograph; one that is the crop already is only resized."""
    height, width = photograph.shape[:2]
    if quad == Quad.whole(width, height):
        if width == height == size:
            return photograph
        smooth = cv2.INTER_AREA if size < width else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(photograph, (size, size), interpolation=smooth), np.uint8)
    return crop(photograph, quad, size)


def crop_at(portrait: Portrait, size: int) -> NDArray[np.uint8]:
    """Return a portrait's crop at a size, (size, size, 3) uint8, from the photograph itself."""
    if size == portrait.shape[0]:
        return portrait.image
    return cut(portrait.photograph, Quad.of(portrait.quad), size)


def native_size(portrait: Portrait) -> int:
    """Return the crop size that shows the photograph's own pixels, at most `LARGEST_CROP`."""
    return min(max(round(Quad.of(portrait.quad).side), 1), LARGEST_CROP)
