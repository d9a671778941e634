"""The light of a picture, apart from the textures that it falls on.

A region's colours are those of its texture in the light of its photograph. A swap takes the
texture along and leaves the light: the face comes into the target's. The published network has
nothing that would tell one from the other, and its fit to the target makes up for that
(2310.15081 adds a network that recolours). Here a texture vector ends with two descriptions of a
light: of the one that the region was seen in, which mixes as the rest of the vector does, and of
the one that it is to be drawn in, which a swap leaves as it is in the target.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn

from e4s_studio.networks.config import REGIONS
from e4s_studio.networks.ops import EqualLinear

if TYPE_CHECKING:
    from e4s_studio.networks.config import RGIConfig

HIDDEN: Final = 64
SLOPE: Final = 0.2


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
