"""The colours of a region in a few numbers: what instance normalisation takes from an encoder.

The published encoder (2211.14068, section 3.1) normalises each picture's features from its first
layer on, so that how dark or red a face is reaches its texture vectors only in relation to the
rest of the picture. The fitted generator makes up for that; a network that is to be right without
a fit has to be told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from e4s_studio.networks.config import REGIONS
from e4s_studio.networks.layout import resize_labels

if TYPE_CHECKING:
    from collections.abc import Callable

GAIN: Final = 4.0
"""Lifts colours, which are few and small, among the many pooled features."""
LEAST_EXTENT: Final = 0.01
"""Added to a region's extent, in half pictures: one of a single pixel has no gradients."""
LEAST_VARIANCE: Final = 1e-4


def colour_moments(image: Tensor, labels: Tensor) -> Tensor:
    """Describe the colours of each region, and how they change across it.

    Parameters
    ----------
    image
        (B, 3, R, R) in [−1, 1], RGB.
    labels
        (B, h, w) int64.

    Returns
    -------
    Tensor
        (B, 12, 21): mean and standard deviation of R, G, B; then the mean products of R, G, B
        with u, v, u² − 1, v² − 1 and u·v, where u and v are the place across and down, from the
        region's centre, in standard deviations of its pixels. Zeros where a region has no pixel.
    """
    size = image.shape[-1]
    onehot = F.one_hot(resize_labels(labels, size).flatten(1), REGIONS).to(image.dtype)
    counts = onehot.sum(1)[:, :, None]

    def means(values: Tensor) -> Tensor:  # (B, R², C) to (B, 12, C)
        return onehot.transpose(1, 2) @ values / counts.clamp(min=1)

    colours = image.flatten(2).transpose(1, 2)
    mean = means(colours)
    deviation = (means(colours.square()) - mean.square()).clamp(min=0).add(LEAST_VARIANCE).sqrt()
    u, v = _places(onehot, means, size).unbind(2)
    waves = torch.stack([u, v, u.square() - 1, v.square() - 1, u * v], dim=2)
    centred = colours - onehot @ mean
    products = means((waves[..., None] * centred[:, :, None]).flatten(2))
    return GAIN * torch.cat([mean, deviation, products], dim=2) * (counts > 0)


def _places(onehot: Tensor, means: Callable[[Tensor], Tensor], size: int) -> Tensor:
    """Return u and v of each pixel in its region, (B, R², 2)."""
    line = torch.linspace(-1, 1, size, dtype=onehot.dtype, device=onehot.device)
    grid = torch.stack(torch.meshgrid(line, line, indexing="xy"), dim=-1).flatten(0, 1)
    grid = grid.expand(onehot.shape[0], -1, -1)
    centre = means(grid)
    extent = (means(grid.square()) - centre.square()).clamp(min=0).sqrt() + LEAST_EXTENT
    return (grid - onehot @ centre) / (onehot @ extent)
