"""Computes the encoder's features without gradients, on a CPU.

Features are (B, R, R, C). Each instance normalisation is folded into what follows it, and the
convolutions take Winograd's way in bands that fit the cache. Squeeze-and-excite after an instance
normalisation is the constant ½: each channel's mean is 0 there, so its layers see zeros.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from e4s_studio.networks.fast import winograd
from e4s_studio.networks.fast.rows import ring

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from e4s_studio.networks.fast.cache import WeightCache, Workspace
    from e4s_studio.networks.irse import IRSEUnit

INSTANCE_EPS: Final = 1e-5
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
        variance, mean = (torch.stack(part) for part in zip(*map(moments, x), strict=True))
        scale = gain * torch.rsqrt(variance + INSTANCE_EPS)[:, None, None]
        return cls(scale, -mean[:, None, None] * scale)

    def __call__(self, x: Tensor, out: Tensor | None = None) -> Tensor:
        """Normalise (B, …, C), into `out` if given."""
        return torch.addcmul(self.offset, x, self.scale, out=out)


def moments(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Return the variance and the mean (C,) of features (R, R, C).

    Batch normalisation's statistics take a twentieth of `torch.var_mean`'s time. The pixels are
    dealt into groups, which are measured side by side as if they were channels: sums of fewer
    numbers are more exact.
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


def encode(
    stem: nn.Sequential, units: Iterable[nn.Module], image: Tensor, cache: WeightCache
) -> Iterator[Tensor]:
    """Yield the features (B, R, R, C) after each unit, of an image (B, 3, S, S) channels last.

    A unit may overwrite the features of the one before.
    """
    convolution, _, prelu = stem
    x = convolution(image).permute(0, 2, 3, 1)
    x = prelu(Affine.normalising(x)(x, out=x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    with cache.workspace() as space:
        for unit in units:
            x = _unit(cast("IRSEUnit", unit), x, space)
            yield x


def _unit(unit: IRSEUnit, x: Tensor, space: Workspace) -> Tensor:
    """Compute a unit: (B, R, R, in) to (B, R/stride, R/stride, out), in x if it fits."""
    first, second = (cast("nn.Conv2d", unit.res_layer[i]) for i in (1, 3))
    slopes = cast("nn.PReLU", unit.res_layer[2]).weight
    y = _convolve(first, x, space, Affine.normalising(x), slopes)
    y = _convolve(second, y, space)
    residual = Affine.normalising(y, gain=GATE)
    change, stride = unit.shortcut_layer[0], unit.stride
    if isinstance(change, nn.Conv2d):
        sampled = x[:, ::stride, ::stride].reshape(-1, x.shape[3])
        z = torch.mm(sampled, change.weight[:, :, 0, 0].t()).view(y.shape)
        shortcut = Affine.normalising(z)
        z.mul_(shortcut.scale).addcmul_(y, residual.scale)
        return z.add_(residual.offset + shortcut.offset)
    if stride == 1:
        return x.addcmul_(y, residual.scale).add_(residual.offset)
    return torch.addcmul(x[:, ::stride, ::stride], y, residual.scale).add_(residual.offset)


def _convolve(
    conv: nn.Conv2d,
    x: Tensor,
    space: Workspace,
    norm: Affine | None = None,
    slopes: Tensor | None = None,
) -> Tensor:
    """Convolve 3×3 a unit's features: normalised before, with a PReLU of `slopes` after, or not."""
    batch, outputs, stride = len(x), conv.out_channels, conv.stride[0]
    height, width = (-(-side // stride) for side in x.shape[1:3])
    scheme = winograd.scheme_of(conv.weight, height, width, stride)
    if scheme is None:
        y = conv((x if norm is None else norm(x)).permute(0, 3, 1, 2))
        return (y if slopes is None else F.prelu(y, slopes)).permute(0, 2, 3, 1)

    def write(rows: slice, inside: Tensor) -> None:
        if norm is None:
            inside.copy_(x[:, rows])
        else:
            norm(x[:, rows], out=inside)

    weight = _transformed(conv, scheme, space.cache)
    purpose = "first" if slopes is not None else "second"
    y = space.take(purpose, (batch, height, width, outputs), x)
    for band in scheme.bands(height, batch * width, conv.in_channels):
        seen = ring(x, slice(stride * band.start, stride * band.stop), write)
        if stride == 2:  # it looks no further than the last input
            seen = seen[:, :-1, :-1]
        scheme.convolve(seen, weight, y[:, band], space, slopes)
    return y


def _transformed(conv: nn.Conv2d, scheme: winograd.Scheme, cache: WeightCache) -> Tensor:
    """Return the transformed weight while there is room to keep it, else the weight itself."""
    count = len(scheme.kernel) * conv.in_channels * conv.out_channels
    if cache.room(conv, count):
        return cache.once(conv, "winograd", lambda: scheme.transform(conv.weight))
    return conv.weight


def lay_out(conv: nn.Conv2d) -> None:
    """Order a 3×3 weight in memory by taps if it may be transformed, as it is read then."""
    order = conv.weight.data.permute(2, 3, 1, 0)
    if conv.stride == (1, 1) or order[0, 0].numel() >= winograd.LEAST_HALVING:
        conv.weight.data = order.contiguous().permute(3, 2, 0, 1)
