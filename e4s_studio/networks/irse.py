"""IR-SE units of the encoder (E4S, section 3.1): residual units with squeeze-and-excite."""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SQUEEZE: Final = 16


def conv3x3(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    """Return a 3×3 convolution with zero padding and without bias."""
    return nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)


class SqueezeExcite(nn.Module):
    """Scale each channel by a gate computed from the channels' means."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = max(channels // SQUEEZE, 1)
        self.fc1 = nn.Conv2d(channels, squeezed, 1, bias=False)
        self.fc2 = nn.Conv2d(squeezed, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, R, R) to the same shape."""
        gate = self.fc2(F.relu(self.fc1(x.mean((2, 3), keepdim=True))))
        return x * torch.sigmoid(gate)


class IRSEUnit(nn.Module):
    """A residual unit with instance normalisation and squeeze-and-excite."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        if in_channels != out_channels:
            self.shortcut_layer = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
                nn.InstanceNorm2d(out_channels),
            )
        else:
            self.shortcut_layer = nn.Sequential(nn.MaxPool2d(1, stride))
        self.res_layer = nn.Sequential(
            nn.InstanceNorm2d(in_channels),
            conv3x3(in_channels, out_channels),
            nn.PReLU(out_channels),
            conv3x3(out_channels, out_channels, stride),
            nn.InstanceNorm2d(out_channels),
            SqueezeExcite(out_channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, in, R, R) to (B, out, R/stride, R/stride)."""
        shortcut: Tensor = self.shortcut_layer(x)
        residual: Tensor = self.res_layer(x)
        return shortcut + residual
