"""The multi-scale mask-guided encoder (E4S, section 3.1): IR-SE units and masked pooling.

Training runs the modules as they are written down. Without gradients the same arithmetic is done
on channels-last features (B, R, R, C) in bands that fit the cache, with Winograd's convolution
where it pays, and each normalisation folded into what follows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from e4s_studio.networks import winograd
from e4s_studio.networks.config import REGIONS
from e4s_studio.networks.layout import resize_labels
from e4s_studio.networks.light import Light
from e4s_studio.networks.moments import colour_moments
from e4s_studio.networks.ops import WeightCache

if TYPE_CHECKING:
    from e4s_studio.networks.config import RGIConfig

SQUEEZE: Final = 16
INSTANCE_EPS: Final = 1e-5
KEPT_WEIGHTS: Final = 1 << 20
"""Weights of up to this many numbers are kept as Winograd's convolution needs them."""
GATE: Final = 0.5
"""The gate of squeeze-and-excite after a normalisation: the sigmoid of the channels' mean, 0."""


@dataclass(frozen=True)
class Affine:
    """Instance normalisation as one multiplication and one addition per channel, (B, 1, 1, C)."""

    scale: Tensor
    offset: Tensor

    @classmethod
    def normalising(cls, x: Tensor, gain: float = 1.0) -> Affine:
        """Measure features (B, R, R, C)."""
        count = x.shape[1] * x.shape[2]
        mean = x.flatten(1, 2).sum(1)[:, None, None] / count
        squares = torch.zeros_like(mean)
        for rows in torch.split(x, max(1, winograd.BAND_FLOATS // x[:, 0].numel()), dim=1):
            squares += (rows - mean).square_().flatten(1, 2).sum(1)[:, None, None]
        scale = gain * torch.rsqrt(squares / count + INSTANCE_EPS)
        return cls(scale, -mean * scale)

    def __call__(self, x: Tensor, out: Tensor | None = None) -> Tensor:
        """Normalise (B, …, C), into `out` if given."""
        return torch.addcmul(self.offset, x, self.scale, out=out)


class Conv3x3(nn.Conv2d):
    """A 3×3 convolution with a ring of zeros and without bias."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__(in_channels, out_channels, 3, stride, 1, bias=False)
        self._cache = WeightCache()

    def infer(self, x: Tensor, scratch: Tensor, norm: Affine | None = None) -> Tensor:
        """Convolve features (B, R, R, C), normalised first if so wished."""
        if self.stride[0] != 1 or not winograd.pays(self.weight, *x.shape[1:3]):
            x = x if norm is None else norm(x)
            return F.conv2d(
                x.permute(0, 3, 1, 2), self.weight, stride=self.stride, padding=1
            ).permute(0, 2, 3, 1)
        weight = self._transformed(scratch)
        y = x.new_empty(*x.shape[:3], self.out_channels)
        for rows in winograd.bands(x.shape[1], x.shape[2], self.in_channels, x.shape[0]):
            winograd.convolve(_padded(x, rows, norm), weight, out=y[:, rows])
        return y

    def _transformed(self, scratch: Tensor) -> Tensor:
        """Return the weight for `winograd.convolve`, (36, in, out).

        Small ones are kept. All large ones together would take a gigabyte: they are made anew
        each time, in a buffer that is common to all layers.
        """

        def taps() -> Tensor:
            return winograd.taps_of(self.weight)

        def transformed() -> Tensor:
            return winograd.transformed(taps(), self.in_channels)

        if self.weight.numel() <= KEPT_WEIGHTS:
            return self._cache.get(self.weight, "transformed", transformed)
        buffer = scratch[: 4 * self.weight.numel()].view(36, -1)
        ordered = self._cache.get(self.weight, "taps", taps)
        return winograd.transformed(ordered, self.in_channels, out=buffer)


def _padded(x: Tensor, rows: slice, norm: Affine | None) -> Tensor:
    """Return rows of (B, R, R, C), normalised, in a ring of neighbours, or zeros at the border."""
    batch, height, width, channels = x.shape
    top, bottom = max(rows.start - 1, 0), min(rows.stop + 1, height)
    padded = x.new_empty(batch, rows.stop - rows.start + 2, width + 2, channels)
    for edge in (padded[:, 0], padded[:, -1], padded[:, :, 0], padded[:, :, -1]):
        edge.zero_()
    inside = padded[:, top - rows.start + 1 : bottom - rows.start + 1, 1:-1]
    if norm is None:
        inside.copy_(x[:, top:bottom])
    else:
        norm(x[:, top:bottom], out=inside)
    return padded


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
            Conv3x3(in_channels, out_channels),
            nn.PReLU(out_channels),
            Conv3x3(out_channels, out_channels, stride),
            nn.InstanceNorm2d(out_channels),
            SqueezeExcite(out_channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, in, R, R) to (B, out, R/stride, R/stride)."""
        shortcut: Tensor = self.shortcut_layer(x)
        residual: Tensor = self.res_layer(x)
        return shortcut + residual

    def infer(self, x: Tensor, scratch: Tensor) -> Tensor:
        """Map (B, R, R, in) to (B, R/stride, R/stride, out) without gradients."""
        first = cast("Conv3x3", self.res_layer[1])
        second = cast("Conv3x3", self.res_layer[3])
        y = first.infer(x, scratch, Affine.normalising(x))
        y = second.infer(_prelu(y, self.res_layer[2]), scratch)
        residual = Affine.normalising(y, gain=GATE)
        return torch.addcmul(self._shortcut(x), y, residual.scale).add_(residual.offset)

    def _shortcut(self, x: Tensor) -> Tensor:
        x = x[:, :: self.stride, :: self.stride]
        change = self.shortcut_layer[0]
        if not isinstance(change, nn.Conv2d):
            return x
        y = x @ change.weight[:, :, 0, 0].t()
        return Affine.normalising(y)(y)


def _prelu(x: Tensor, layer: nn.Module) -> Tensor:
    """Apply a PReLU to (B, R, R, C)."""
    y: Tensor = layer(x.permute(0, 3, 1, 2))
    return y.permute(0, 2, 3, 1)


class Encoder(nn.Module):
    """Three scales of features, pooled over each region into its texture vector."""

    def __init__(self, config: RGIConfig) -> None:
        super().__init__()
        self.size, self.colour_moments = config.encoder_input, config.colour_moments
        self.input_layer = nn.Sequential(
            Conv3x3(3, config.stem), nn.InstanceNorm2d(config.stem), nn.PReLU(config.stem)
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
        self.light = Light(config) if config.light else nn.Identity()

    def forward(self, image: Tensor, labels: Tensor) -> Tensor:
        """Encode images (B, 3, H, W) in [−1, 1] with labels (B, h, w) int64.

        Returns
        -------
        Tensor
            (B, 12, vector_dim): at each of three scales the mean feature of each region, zeros
            where the region has no pixel at that scale; then its colours and the light, if the
            configuration wants them.
        """
        size = (self.size, self.size)
        x = F.interpolate(image, size=size, mode="bilinear", align_corners=False)
        x = x.contiguous(memory_format=torch.channels_last)
        features = self._train(x) if torch.is_grad_enabled() else self._infer(x)
        parts = [_region_means(tap, labels) for tap in features]
        if self.colour_moments:
            parts.append(colour_moments(x, labels))
        vectors: Tensor = self.light(torch.cat(parts, dim=2))
        return vectors

    def _train(self, x: Tensor) -> list[Tensor]:
        x = self.input_layer(x)
        features = []
        for index, unit in enumerate(self.body):
            x = unit(x)
            if index in self.taps:
                features.append(x.permute(0, 2, 3, 1))
        return features

    def _infer(self, image: Tensor) -> list[Tensor]:
        stem = cast("Conv3x3", self.input_layer[0])
        largest = max(p.numel() for p in self.parameters())
        scratch = image.new_empty(4 * largest)  # for one transformed weight
        x = stem.infer(image.permute(0, 2, 3, 1), scratch)
        x = _prelu(Affine.normalising(x)(x), self.input_layer[2])
        features = []
        for index, unit in enumerate(self.body):
            x = cast("IRSEUnit", unit).infer(x, scratch)
            if index in self.taps:
                features.append(x)
        return features


def _region_means(features: Tensor, labels: Tensor) -> Tensor:
    """Average (B, R, R, C) over each region: (B, 12, C)."""
    resized = resize_labels(labels, features.shape[1]).flatten(1)
    onehot = F.one_hot(resized, REGIONS).to(features.dtype)  # (B, R², 12)
    sums = onehot.transpose(1, 2) @ features.flatten(1, 2)
    counts = onehot.sum(1).clamp(min=1)[:, :, None]
    return sums / counts
