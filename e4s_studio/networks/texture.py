"""What a texture vector says beside pooled features: a region's colours, and the light.

The published encoder (2211.14068, section 3.1) normalises each picture's features from its first
layer on, so that how dark or red a face is reaches its texture vectors only in relation to the
rest of the picture. A fit of the generator makes up for that. A network that works without a fit
needs the colours themselves: the *colour moments* of each region.

A region's colours are those of its texture in the light of its photograph. A swap takes the
texture along and leaves the light: the face comes into the target's. Nothing in the published
network separates the two (2310.15081 adds a network that recolours). Here a texture vector ends
with two descriptions of a light: that in which the region was seen, which mixes as the rest of the
vector does, and that in which it is drawn, which a swap keeps from the target.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from e4s_studio.networks.config import REGIONS
from e4s_studio.networks.layout import resize_labels
from e4s_studio.networks.ops import EqualLinear

if TYPE_CHECKING:
    from collections.abc import Callable

    from e4s_studio.networks.config import RGIConfig

GAIN: Final = 4.0
"""Scales the colours, which are few and small, to weigh among the many pooled features."""
LEAST_EXTENT: Final = 0.01
"""Added to a region's extent, in half pictures: one of a single pixel has no gradients."""
LEAST_VARIANCE: Final = 1e-4
HIDDEN: Final = 64
SLOPE: Final = 0.2


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


class Light(nn.Module):
    """Describes the light of a picture by what is seen in all its regions together."""

    def __init__(self, config: RGIConfig) -> None:
        super().__init__()
        self.mlp = nn.Sequential(
            EqualLinear(REGIONS * config.seen_dim, HIDDEN),
            nn.LeakyReLU(SLOPE),
            EqualLinear(HIDDEN, config.light),
        )

    def forward(self, seen: Tensor) -> Tensor:
        """Append the light, twice, to what is seen of each region.

        Parameters
        ----------
        seen
            (B, 12, seen_dim); all zeros where the picture lacks a region.

        Returns
        -------
        Tensor
            (B, 12, vector_dim), all zeros where `seen` is.
        """
        light = self.mlp(seen.flatten(1))[:, None].expand(-1, REGIONS, -1)
        there = (seen != 0).any(dim=2, keepdim=True)
        return torch.cat([seen, light * there, light * there], dim=2)


def mix_vectors(source: Tensor, target: Tensor, amounts: Tensor, light: int) -> Tensor:
    """Interpolate texture vectors per region: (1 − α)·target + α·source (E4S, section 3.3).

    A region that the source lacks (an all-zero vector) keeps the target's vector, whatever its
    amount, and the other way round; the published code halves the ears' vector there. The light
    to draw in stays the target's.

    Parameters
    ----------
    source, target
        (B, 12, vector_dim).
    amounts
        (12,), or (B, 12): α of each region, 0 to 1.
    light
        How many numbers describe the light to draw in, at the end of a vector.

    Returns
    -------
    Tensor
        (B, 12, vector_dim).
    """
    alpha = amounts.to(source).view(-1, REGIONS, 1)
    source_lacks, target_lacks = (
        (vectors == 0).all(dim=2, keepdim=True) for vectors in (source, target)
    )
    alpha = torch.where(target_lacks, 1.0, alpha)
    mixed = torch.lerp(target, source, torch.where(source_lacks, 0.0, alpha))
    if not light:
        return mixed
    own = target[..., -light:]
    usual = own.sum(1, keepdim=True) / (~target_lacks).sum(1, keepdim=True).clamp(min=1)
    return torch.cat([mixed[..., :-light], torch.where(target_lacks, usual, own)], dim=2)
