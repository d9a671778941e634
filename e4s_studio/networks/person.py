"""The person network: which pixels belong to the person in a picture (MediaPipe Selfie)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import torch
import torch.nn.functional as F
from torch import nn

from e4s_studio.networks.mobile import FaceNetwork, SameConv2d

if TYPE_CHECKING:
    from torch import Tensor

SIDE: Final = 256
"""Pixels of the square picture that the network sees."""

Activation = Callable[["Tensor"], "Tensor"]


class PersonNetwork(FaceNetwork):
    """A small MobileNetV3 (Howard et al. 2019, arXiv 1905.02244) with a decoder of three steps."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConv2d(3, 16, 3, 2)
        self.quarter = _Inverted(16, 16, 16, 3, 2, attention=8, activation=F.relu)
        self.eighth = nn.Sequential(
            _Inverted(16, 72, 24, 3, 2, activation=F.relu), _Inverted(24, 88, 24, activation=F.relu)
        )
        self.sixteenth = nn.Sequential(
            _Inverted(24, 96, 32, 5, 2, attention=24),
            _Inverted(32, 128, 32, 5, attention=32),
            _Inverted(32, 128, 32, 5, attention=32),
            _Inverted(32, 96, 32, 5, attention=24),
            _Inverted(32, 96, 32, 5, attention=24),
        )
        self.widen = SameConv2d(32, 128, 1)
        self.context = SameConv2d(32, 128, 1)
        self.up = nn.ModuleList([_Up(128, 24), _Up(24, 16), _Up(16, 16)])
        self.out = nn.ConvTranspose2d(16, 1, 2, 2)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return how likely each pixel is a person's.

        Parameters
        ----------
        pictures
            (B, 3, 256, 256) float32 RGB, 0 to 1.

        Returns
        -------
        (B, 256, 256) float32, 0 to 1.
        """
        half = F.hardswish(self.stem(pictures))  # (B, 16, 128, 128)
        quarter = self.quarter(half)  # (B, 16, 64, 64)
        eighth = self.eighth(quarter)  # (B, 24, 32, 32)
        x = self.sixteenth(eighth)  # (B, 32, 16, 16)
        x = torch.relu(self.widen(x)) * torch.sigmoid(self.context(_mean(x)))
        for up, beside in zip(self.up, (eighth, quarter, half), strict=True):
            x = up(x, beside)
        return torch.sigmoid(self.out(x))[:, 0]


class _Attention(nn.Module):
    """A factor for each channel, from the channels' means."""

    def __init__(self, width: int, middle: int) -> None:
        super().__init__()
        self.reduce = SameConv2d(width, middle, 1)
        self.expand = SameConv2d(middle, width, 1)

    def forward(self, x: Tensor) -> Tensor:  # (B, width, H, W)
        """Return (B, width, 1, 1), 0 to 1."""
        return torch.sigmoid(self.expand(torch.relu(self.reduce(_mean(x)))))


class _Inverted(nn.Module):
    """1×1, depthwise, attention where there is one, 1×1; a residue where the shapes agree."""

    def __init__(  # noqa: PLR0913 - the numbers of the architecture's table
        self,
        given: int,
        middle: int,
        width: int,
        kernel: int = 3,
        stride: int = 1,
        *,
        attention: int = 0,
        activation: Activation = F.hardswish,
    ) -> None:
        super().__init__()
        self.expand = SameConv2d(given, middle, 1)
        self.depthwise = SameConv2d(middle, middle, kernel, stride, depthwise=True)
        self.attention = _Attention(middle, attention) if attention else None
        self.project = SameConv2d(middle, width, 1)
        self._activation = activation
        self._adds = given == width and stride == 1

    def forward(self, x: Tensor) -> Tensor:  # (B, given, H, W)
        """Return (B, width, H / stride, W / stride)."""
        y = self._activation(self.depthwise(self._activation(self.expand(x))))
        if self.attention is not None:
            y = y * self.attention(y)
        y = self.project(y)
        out: Tensor = y + x if self._adds else y
        return out


class _Up(nn.Module):
    """Doubles the resolution and joins the encoder's features of that size."""

    def __init__(self, given: int, width: int) -> None:
        super().__init__()
        self.reduce = SameConv2d(given, width, 1)
        self.attention = _Attention(width, width)
        self.pointwise = SameConv2d(width, width, 1)
        self.depthwise = SameConv2d(width, width, 3, depthwise=True)

    def forward(self, x: Tensor, beside: Tensor) -> Tensor:  # (B, given, H, W)
        """Return (B, width, 2 H, 2 W)."""
        wide = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        x = self.reduce(wide)
        x = beside * self.attention(beside + x) + x
        y = torch.relu(self.pointwise(x))
        return y + torch.relu(self.depthwise(y))


def _mean(x: Tensor) -> Tensor:
    return x.mean(dim=(2, 3), keepdim=True)
