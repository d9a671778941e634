"""A small residual discriminator for the built-in model's adversarial term."""

from __future__ import annotations

import math
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LRELU_SLOPE: Final = 0.2
WIDEST: Final = 128
"""Channels at 16² and below; each finer resolution has half as many, and at least `NARROWEST`."""
NARROWEST: Final = 16
LAST_RESOLUTION: Final = 4


def width_at(resolution: int) -> int:
    """Return the channels at a resolution."""
    return min(WIDEST, max(NARROWEST, WIDEST * 16 // resolution))


class ResidualBlock(nn.Module):
    """Two convolutions and a halving, beside a 1×1 shortcut; the sum keeps the variance."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(in_channels, in_channels, 3, padding=1)
        self.second = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.shortcut = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, in, R, R) to (B, out, R/2, R/2)."""
        y = F.leaky_relu(self.first(x), LRELU_SLOPE)
        y = F.leaky_relu(F.avg_pool2d(self.second(y), 2), LRELU_SLOPE)
        shortcut: Tensor = self.shortcut(F.avg_pool2d(x, 2))
        return (y + shortcut) / math.sqrt(2)


class Discriminator(nn.Module):
    """Tells rendered or photographed pictures from drawn ones.

    Parameters
    ----------
    size
        Pixels on a side of the pictures, a power of two from 8.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        resolutions = [size >> level for level in range(size.bit_length() - 2)]
        self.start = nn.Conv2d(3, width_at(size), 1)
        self.blocks = nn.Sequential(
            *(ResidualBlock(width_at(r), width_at(r // 2)) for r in resolutions[:-1])
        )
        last = width_at(LAST_RESOLUTION)
        self.hidden = nn.Linear(last * LAST_RESOLUTION**2, last)
        self.verdict = nn.Linear(last, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Judge pictures (B, 3, S, S) in [−1, 1]: (B, 1) logits, positive for real ones."""
        x = self.blocks(F.leaky_relu(self.start(pictures), LRELU_SLOPE))
        x = F.leaky_relu(self.hidden(x.flatten(1)), LRELU_SLOPE)
        return torch.as_tensor(self.verdict(x))
