"""The multi-scale mask-guided encoder (E4S, section 3.1): IR-SE units and masked pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from e4s_studio.networks.config import REGIONS
from e4s_studio.networks.layout import resize_labels

if TYPE_CHECKING:
    from e4s_studio.networks.config import RGIConfig

ENCODER_INPUT: Final = 256
SQUEEZE: Final = 16


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
            nn.Conv2d(in_channels, out_channels, 3, 1, 1, bias=False),
            nn.PReLU(out_channels),
            nn.Conv2d(out_channels, out_channels, 3, stride, 1, bias=False),
            nn.InstanceNorm2d(out_channels),
            SqueezeExcite(out_channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, in, R, R) to (B, out, R/stride, R/stride)."""
        shortcut: Tensor = self.shortcut_layer(x)
        residual: Tensor = self.res_layer(x)
        return shortcut + residual


class Encoder(nn.Module):
    """Three scales of features, pooled over each region into its texture vector."""

    def __init__(self, config: RGIConfig) -> None:
        super().__init__()
        self.input_layer = nn.Sequential(
            nn.Conv2d(3, config.stem, 3, 1, 1, bias=False),
            nn.InstanceNorm2d(config.stem),
            nn.PReLU(config.stem),
        )
        units: list[IRSEUnit] = []
        self.taps: list[int] = []
        channels = config.stem
        for count, width in config.encoder_groups:
            for unit in range(count):
                units.append(IRSEUnit(channels, width, 2 if unit == 0 else 1))
                channels = width
            self.taps.append(len(units) - 1)
        del self.taps[0]
        self.body = nn.Sequential(*units)

    def forward(self, image: Tensor, labels: Tensor) -> Tensor:
        """Encode images (B, 3, H, W) in [−1, 1] with labels (B, h, w) int64.

        Returns
        -------
        Tensor
            (B, 12, vector_dim): at each of three scales the mean feature of each region, zeros
            where the region has no pixel at that scale.
        """
        size = (ENCODER_INPUT, ENCODER_INPUT)
        x = F.interpolate(image, size=size, mode="bilinear", align_corners=False)
        x = self.input_layer(x.contiguous(memory_format=torch.channels_last))
        pooled = []
        for index, unit in enumerate(self.body):
            x = unit(x)
            if index in self.taps:
                pooled.append(_region_means(x, labels))
        return torch.cat(pooled, dim=2)


def _region_means(features: Tensor, labels: Tensor) -> Tensor:
    """Average (B, C, R, R) over each region: (B, 12, C)."""
    resized = resize_labels(labels, features.shape[-1]).flatten(1)
    onehot = F.one_hot(resized, REGIONS).to(features.dtype)  # (B, R², 12)
    sums = onehot.transpose(1, 2) @ features.flatten(2).transpose(1, 2)
    counts = onehot.sum(1).clamp(min=1)[:, :, None]
    return sums / counts
