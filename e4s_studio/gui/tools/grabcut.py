"""Smart edges: from a rough mark to what it meant, by GrabCut."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.core.brush import Stencil
from e4s_studio.core.geometry import Box

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORKING_SIZE: Final = 384
"""Longest side, in pixels, of the picture that GrabCut sees; it keeps a proposal under a second."""

ROUNDS: Final = 4
SEED: Final = 20231


class Mark(IntEnum):
    """What the artist said about a pixel, in OpenCV's numbers."""

    OUTSIDE = cv2.GC_BGD
    INSIDE = cv2.GC_FGD
    MAYBE_OUTSIDE = cv2.GC_PR_BGD
    MAYBE_INSIDE = cv2.GC_PR_FGD


def propose(image: NDArray[np.uint8], marks: NDArray[np.uint8], box: Box) -> Stencil:
    """Return the pixels inside a box that belong together with what is marked.

    Parameters
    ----------
    image
        (H, W, 3) uint8 RGB.
    marks
        (H, W) uint8 of `Mark`.
    box
        Where to look; all outside it is outside.

    Returns
    -------
    Stencil
        Empty where the marks leave nothing to tell apart.
    """
    margin = max(8, max(box.shape) // 6)
    seen = Box(
        box.left - margin, box.top - margin, box.right + margin, box.bottom + margin
    ).intersection(Box.of(image))
    scale = min(1.0, WORKING_SIZE / max(seen.shape))
    size = (max(1, round(seen.width * scale)), max(1, round(seen.height * scale)))
    small = cv2.resize(image[seen.slices], size, interpolation=cv2.INTER_AREA)
    small_marks = cv2.resize(marks[seen.slices], size, interpolation=cv2.INTER_NEAREST)
    found = _cut(small.astype(np.uint8), small_marks.astype(np.uint8))
    full = cv2.resize(found, (seen.width, seen.height), interpolation=cv2.INTER_CUBIC)
    inside = box.intersection(seen)
    mask = full[inside.shifted(-seen.left, -seen.top).slices] > 0.5
    return Stencil(inside, mask & (marks[inside.slices] != Mark.OUTSIDE))


def _cut(image: NDArray[np.uint8], marks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return (h, w) float32, 1 inside and 0 outside."""
    outside = np.isin(marks, (Mark.OUTSIDE, Mark.MAYBE_OUTSIDE))
    if outside.all() or not outside.any():
        return (~outside).astype(np.float32)
    cut = marks.copy()
    cv2.setRNGSeed(SEED)  # GrabCut starts from random colour clusters
    models = np.zeros((1, 65)), np.zeros((1, 65))
    unused = (0, 0, 1, 1)
    cv2.grabCut(image, cut, unused, *models, ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.isin(cut, (Mark.INSIDE, Mark.MAYBE_INSIDE)).astype(np.float32)
