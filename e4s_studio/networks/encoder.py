"""The multi-scale mask-guided encoder (E4S, section 3.1): IR-SE units and masked pooling.

Training runs the modules as they are written down. Without gradients the same arithmetic is done
on channels-last features (B, R, R, C) in bands that fit the cache, with Winograd's convolution
where it pays, and each normalisation folded into what follows it.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
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
from e4s_studio.networks.workspace import SpareWorkspace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from e4s_studio.networks.config import RGIConfig
    from e4s_studio.networks.winograd import Scheme
    from e4s_studio.networks.workspace import Workspace

SQUEEZE: Final = 16
INSTANCE_EPS: Final = 1e-5
KEPT_FLOATS: Final = 190_000_000
"""Transformed weights are kept, the smallest ones first, up to this many numbers in all."""
GROUPS: Final = 8
"""Measured: in more groups of pixels the moments of features are no faster to take."""
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
        if x.device.type == "cpu":
            variance, mean = (torch.stack(part) for part in zip(*map(_moments, x), strict=True))
        else:
            variance, mean = torch.var_mean(x, (1, 2), correction=0)
        scale = gain * torch.rsqrt(variance + INSTANCE_EPS)[:, None, None]
        return cls(scale, -mean[:, None, None] * scale)

    def __call__(self, x: Tensor, out: Tensor | None = None) -> Tensor:
        """Normalise (B, …, C), into `out` if given."""
        return torch.addcmul(self.offset, x, self.scale, out=out)


def _moments(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Return the variance and the mean (C,) of features (R, R, C), on a CPU.

    Batch normalisation's statistics take a twentieth of `torch.var_mean`'s time. The pixels are
    dealt into groups, which are measured side by side as if they were channels: sums of fewer
    numbers are more exact, and longer rows are faster.
    """
    channels = picture.shape[-1]
    groups = math.gcd(picture[..., 0].numel(), GROUPS)
    dealt = picture.reshape(1, -1, 1, groups * channels).permute(0, 3, 1, 2)
    means, variances = (
        part.view(groups, channels)
        for part in torch.batch_norm_update_stats(dealt, None, None, 0.0)
    )
    mean = means.mean(0)
    return variances.mean(0) + (means - mean).square().mean(0), mean


class Conv3x3(nn.Conv2d):
    """A 3×3 convolution with a ring of zeros and without bias."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__(in_channels, out_channels, 3, stride, 1, bias=False)
        self._cache = WeightCache()

    def scheme(self, height: int, width: int) -> Scheme | None:
        """Return how to convolve to an output of this size; None if directly is faster."""
        if self.stride != (1, 1):
            pays = winograd.pays_halving(self.weight, height, width)
            return winograd.halving() if pays else None
        pays = winograd.pays(self.weight, height, width)
        return winograd.plain(height, width) if pays else None

    def infer(
        self, job: Job, space: Workspace, *, keep: bool, slopes: Tensor | None = None
    ) -> Iterator[slice]:
        """Convolve band after band, and say which rows are done; a PReLU of `slopes` follows."""
        scheme = self.scheme(job.height, job.width)
        if scheme is None:
            rows = slice(0, job.height)
            y = F.conv2d(job.read(rows).permute(0, 3, 1, 2), self.weight, stride=self.stride)
            y = y if slopes is None else F.prelu(y, slopes)
            job.write(rows).copy_(y.permute(0, 2, 3, 1))
            yield rows
            return
        weight = self._transformed(scheme, keep=keep)
        for rows in job.bands(scheme, self.in_channels, whole=not keep):
            scheme.convolve(job.read(rows), weight, job.write(rows), space, slopes)
            yield rows

    def _transformed(self, scheme: Scheme, *, keep: bool) -> Tensor:
        """Return the weight as `Scheme.convolve` takes it."""
        if not keep:
            return winograd.taps_of(self.weight)

        def make() -> Tensor:
            return scheme.transformed(winograd.taps_of(self.weight), self.in_channels)

        return self._cache.get(self.weight, scheme.products, make)

    def lay_out(self) -> None:
        """Order the weight in memory as it is read: by taps where it may be transformed."""
        order = self.weight.data.permute(2, 3, 1, 0)
        if self.stride == (1, 1) or order[0, 0].numel() >= winograd.LEAST_HALVING:
            self.weight.data = order.contiguous().permute(3, 2, 0, 1)

    def free_memory(self) -> None:
        """Forget what can be made again from the weight."""
        self._cache.clear()


@dataclass(frozen=True)
class Job:
    """Where a convolution reads rows, and where it writes them.

    Attributes
    ----------
    batch, height, width
        Of its output.
    read
        Rows to the input for them, in a ring of neighbours, or zeros at the border.
    write
        Rows to where they belong.
    """

    batch: int
    height: int
    width: int
    read: Callable[[slice], Tensor]
    write: Callable[[slice], Tensor]

    def bands(self, scheme: Scheme, channels: int, *, whole: bool) -> list[slice]:
        """Cut the rows so that a band of this many channels fits the cache, or not at all."""
        down, across = self.height // scheme.size, self.batch * self.width // scheme.size
        bands = [slice(0, down)] if whole else scheme.bands(down, across, channels)
        return [slice(scheme.size * band.start, scheme.size * band.stop) for band in bands]


@dataclass(frozen=True)
class Normalised:
    """Features (B, R, R, C) that are normalised when they are read."""

    x: Tensor
    norm: Affine
    space: Workspace

    def ring(self, rows: slice) -> Tensor:
        """Return rows in a ring of neighbours, or zeros at the border."""
        batch, height, width, channels = self.x.shape
        top, bottom = max(rows.start - 1, 0), min(rows.stop + 1, height)
        shape = (batch, rows.stop - rows.start, width, channels)
        ring = _ring("ring", shape, self.x, self.space)
        inside = ring[:, top - rows.start + 1 : bottom - rows.start + 1, 1:-1]
        self.norm(self.x[:, top:bottom], out=inside)
        return ring


def _ring(purpose: str, shape: tuple[int, ...], like: Tensor, space: Workspace) -> Tensor:
    """Return memory for (B, h, w, C) with a ring of zeros around it."""
    batch, height, width, channels = shape
    ring = space.take(purpose, (batch, height + 2, width + 2, channels), like)
    for edge in (ring[:, 0], ring[:, -1], ring[:, :, 0], ring[:, :, -1]):
        edge.zero_()
    return ring


def _seen(ring: Tensor, stride: int, rows: slice) -> Tensor:
    """Return what output rows see of a ring (B, h + 2, w + 2, C), whose end stride 2 leaves out."""
    if stride == 1:
        return ring[:, rows.start : rows.stop + 2]
    return ring[:, stride * rows.start : stride * rows.stop + 1, :-1]


def _in_bands(x: Tensor) -> tuple[Tensor, ...]:
    """Split (B, R, R, C) into rows that fit the cache."""
    return torch.split(x, max(1, winograd.BAND_FLOATS // x[:, 0].numel()), dim=1)


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

    def infer(self, x: Tensor, space: Workspace, kept: Collection[Conv3x3]) -> Tensor:
        """Map (B, R, R, in) to (B, R/stride, R/stride, out) without gradients, in x if it fits.

        `kept` are the convolutions whose transformed weights are kept.
        """
        source = Normalised(x, Affine.normalising(x), space)
        height, width = (-(-side // self.stride) for side in x.shape[1:3])
        second = self.convolutions()[1]
        at_once = self.stride == 1 or second.scheme(height, width) is not None
        y = (self._in_turn if at_once else self._together)(source, height, width, kept)
        residual = Affine.normalising(y, gain=GATE)
        change = self.shortcut_layer[0]
        if isinstance(change, nn.Conv2d):
            sampled = x[:, :: self.stride, :: self.stride].reshape(-1, x.shape[3])
            z = torch.mm(sampled, change.weight[:, :, 0, 0].t()).view(y.shape)
            shortcut = Affine.normalising(z)
            z.mul_(shortcut.scale).addcmul_(y, residual.scale)
            return z.add_(residual.offset + shortcut.offset)
        if self.stride == 1:
            return x.addcmul_(y, residual.scale).add_(residual.offset)
        x = x[:, :: self.stride, :: self.stride]
        return torch.addcmul(x, y, residual.scale).add_(residual.offset)

    def convolutions(self) -> tuple[Conv3x3, Conv3x3]:
        """Return both 3×3 convolutions."""
        return cast("Conv3x3", self.res_layer[1]), cast("Conv3x3", self.res_layer[3])

    def _slopes(self) -> Tensor:
        return cast("nn.PReLU", self.res_layer[2]).weight

    def _in_turn(
        self, source: Normalised, height: int, width: int, kept: Collection[Conv3x3]
    ) -> Tensor:
        """Convolve twice, to a height and a width: what is between lies in a ring."""
        first, second = self.convolutions()
        space, (batch, fine, across) = source.space, source.x.shape[:3]
        between = _ring("between", (batch, fine, across, first.out_channels), source.x, space)
        inside = between[:, 1:-1, 1:-1]
        job = Job(batch, fine, across, source.ring, lambda rows: inside[:, rows])
        deque(first.infer(job, space, keep=first in kept, slopes=self._slopes()), maxlen=0)
        y = space.take("residual", (batch, height, width, second.out_channels), source.x)
        seen = partial(_seen, between, self.stride)
        job = Job(batch, height, width, seen, lambda rows: y[:, rows])
        deque(second.infer(job, space, keep=second in kept), maxlen=0)
        return y

    def _together(
        self, source: Normalised, height: int, width: int, kept: Collection[Conv3x3]
    ) -> Tensor:
        """Convolve, and at once with stride 2, so that the fine features never are all there."""
        first, second = self.convolutions()
        space, (batch, fine, across) = source.space, source.x.shape[:3]
        channels = first.out_channels
        y = space.take("residual", (batch, height, width, second.out_channels), source.x)

        def between(rows: slice) -> Tensor:
            shape = (batch, rows.stop - rows.start, across, channels)
            return _ring("between", shape, source.x, space)

        job = Job(batch, fine, across, source.ring, lambda rows: between(rows)[:, 1:-1, 1:-1])
        last = source.x.new_zeros(batch, across, channels)
        for rows in first.infer(job, space, keep=first in kept, slopes=self._slopes()):
            band = between(rows)
            band[:, 0, 1:-1] = last
            last = band[:, -2, 1:-1].clone()
            z = F.conv2d(band.permute(0, 3, 1, 2), second.weight, stride=2)
            y[:, rows.start // 2 : -(-rows.stop // 2)] = z.permute(0, 2, 3, 1)
        return y


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
        self._spare = SpareWorkspace()
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
        stem, prelu = cast("Conv3x3", self.input_layer[0]), cast("nn.PReLU", self.input_layer[2])
        x = F.conv2d(image, stem.weight, padding=1).permute(0, 2, 3, 1)
        features = []
        with self._spare.borrowed() as space:
            norm = Affine.normalising(x)
            for rows in _in_bands(x):
                y = F.prelu(norm(rows, out=rows).permute(0, 3, 1, 2), prelu.weight)
                rows.copy_(y.permute(0, 2, 3, 1))
            kept = self._kept()
            for index, unit in enumerate(self.body):
                x = cast("IRSEUnit", unit).infer(x, space, kept)
                if index in self.taps:
                    features.append(x)
        return features

    def lay_out(self) -> None:
        """Order the weights in memory as they are read. What they are does not change."""
        self.to(memory_format=torch.channels_last)
        for module in self.modules():
            if isinstance(module, Conv3x3):
                module.lay_out()

    def _kept(self) -> set[Conv3x3]:
        """Return the convolutions whose transformed weights there is room for."""
        side, sizes = self.size, []
        for module in self.body:
            unit = cast("IRSEUnit", module)
            first, second = unit.convolutions()
            for convolution, to in ((first, side), (second, side // unit.stride)):
                scheme = convolution.scheme(to, to)
                if scheme is not None:
                    size = scheme.products * convolution.weight[..., 0, 0].numel()
                    sizes.append((size, convolution))
            side //= unit.stride
        kept, used = set(), 0
        for size, convolution in sorted(sizes, key=itemgetter(0)):
            used += size
            if used <= KEPT_FLOATS:
                kept.add(convolution)
        return kept

    def free_memory(self) -> None:
        """Forget what can be made again. The next encoding makes it, and takes longer."""
        self._spare.clear()
        for module in self.modules():
            if isinstance(module, Conv3x3):
                module.free_memory()


def _region_means(features: Tensor, labels: Tensor) -> Tensor:
    """Average (B, R, R, C) over each region: (B, 12, C)."""
    resized = resize_labels(labels, features.shape[1]).flatten(1)
    onehot = F.one_hot(resized, REGIONS).to(features.dtype)  # (B, R², 12)
    sums = onehot.transpose(1, 2) @ features.flatten(1, 2)
    counts = onehot.sum(1).clamp(min=1)[:, :, None]
    return sums / counts
