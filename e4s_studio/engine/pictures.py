"""Between the artist's pictures (numpy, uint8) and the network's (torch, −1 to 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
import torch

from e4s_studio.core.regions import REGION_COUNT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from e4s_studio.core.regions import Region

_BYTES: Final = 256
"""Entries of a table of all labels that fit a byte."""


def to_network(image: NDArray[np.uint8], size: int) -> torch.Tensor:
    """Return an (H, W, 3) RGB picture as (1, 3, size, size) float32 in [−1, 1], area-averaged."""
    smooth = cv2.INTER_AREA if size <= image.shape[0] else cv2.INTER_CUBIC
    resized = cv2.resize(image, (size, size), interpolation=smooth)
    return torch.from_numpy(resized).permute(2, 0, 1)[None].float() / 127.5 - 1


def to_labels(labels: NDArray[np.uint8], size: int | None = None) -> torch.Tensor:
    """Return an (H, W) label map as (1, H, W) int64, resized to (size, size) by nearest pixel."""
    if size is not None:
        labels = resize_labels(labels, size)
    return torch.from_numpy(labels.astype(np.int64))[None]


def to_levels(rgb: torch.Tensor) -> NDArray[np.float32]:
    """Return one picture (1, 3, S, S) in [−1, 1] as (S, S, 3) float32 levels of 0 to 255."""
    levels = (rgb[0].detach().float().clamp(-1, 1) + 1) * 127.5
    return np.ascontiguousarray(levels.permute(1, 2, 0).cpu().numpy(), np.float32)


def to_image(levels: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Round levels of 0 to 255, (H, W, 3), to a picture."""
    # Rounds halves to even and saturates, in one pass.
    return np.asarray(cv2.add(levels, np.zeros(4), dtype=cv2.CV_8U), np.uint8)


def resize(levels: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Resize (H, W, C) levels to (size, size, C): area-averaged down, cubic up."""
    if levels.shape[0] == size:
        return levels
    smooth = cv2.INTER_AREA if size < levels.shape[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(levels, (size, size), interpolation=smooth), np.float32)


def resize_labels(
    labels: NDArray[np.uint8], width: int, height: int | None = None
) -> NDArray[np.uint8]:
    """Resize (H, W) labels to (height, width), without a height to a square.

    A pixel in row i is that of row ⌊i · H / height⌋, as the network takes it.
    """
    height = width if height is None else height
    if labels.shape == (height, width):
        return labels
    rows = np.arange(height) * labels.shape[0] // height
    columns = np.arange(width) * labels.shape[1] // width
    return np.asarray(labels[rows[:, None], columns[None]], np.uint8)


def among(labels: NDArray[np.uint8], regions: Iterable[Region]) -> NDArray[np.bool_]:
    """Return which pixels of (H, W) labels are of some regions; a search takes longer."""
    table = np.zeros(_BYTES, np.uint8)
    table[list(regions)] = 1
    return np.asarray(cv2.LUT(labels, table)).view(np.bool_)


def by_region(labels: NDArray[np.uint8], values: NDArray[Any]) -> NDArray[np.float32]:
    """Give each pixel of (H, W) labels its region's value, of (12,)."""
    table = np.zeros(_BYTES, np.float32)
    table[:REGION_COUNT] = values
    return np.asarray(cv2.LUT(labels, table), np.float32)
