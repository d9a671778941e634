"""Modulated layers of the generator: one code per region, or one code for the whole picture.

Features are (B, R, R, C), channels last. With the modulation s and the demodulation d of
StyleGAN2 the layer of one code is d ⊙ conv(x ⊙ s; W): scaling channels replaces scaling the
weight, so that twelve codes share one weight and one dense pass.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from e4s_studio.networks import dense, winograd
from e4s_studio.networks.config import REGIONS
from e4s_studio.networks.corrections import TAPS, every_tap
from e4s_studio.networks.ops import (
    FIR,
    LRELU_SLOPE,
    SQRT2,
    EqualLinear,
    WeightCache,
    spread,
    upsample_rgb,
)
from e4s_studio.networks.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from e4s_studio.networks.layout import Grid

T = TypeVar("T")

DEMODULATION_EPS: Final = 1e-8
FINISHED_FLOATS: Final = 1 << 18
"""On a CPU demodulation, noise and activation go over bands of about this many floats."""


class ModulatedConv(nn.Module):
    """The weight and modulation of one StyleGAN2 convolution, named as in the checkpoints.

    What follows from the weight alone is made once, and again when the weight changes.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int, style_dim: int, *, up: bool = False
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, out_channels, in_channels, kernel, kernel))
        self.modulation = EqualLinear(style_dim, in_channels, bias_init=1.0)
        if up:
            self.blur = FIR()
        self.up = up
        self.scale = 1 / math.sqrt(in_channels * kernel * kernel)
        self._cache = WeightCache()

    @property
    def out_channels(self) -> int:
        """C of the output."""
        return self.weight.shape[1]

    def scaled(self) -> Tensor:
        """Return the equalised weight, (out, in, k, k) float32."""
        return self.weight[0] * self.scale

    def energy(self) -> Tensor:
        """Return Σ of the squared weight over the taps, (in, out), for the demodulation."""
        return self._once("energy", lambda: self.scaled().square().sum((2, 3)).t().contiguous())

    def direct(self, dtype: torch.dtype) -> Tensor:
        """Return the weight (out, in, k, k), channels last."""
        layout = torch.channels_last
        return self._once(dtype, lambda: self.scaled().to(dtype).contiguous(memory_format=layout))

    def transformed(self, scheme: winograd.Scheme) -> Tensor:
        """Return the weight for Winograd's convolution, (n, in, out)."""
        taps, channels = winograd.taps_of, self.weight.shape[2]
        kind = "winograd", scheme.products
        return self._once(kind, lambda: scheme.transformed(taps(self.scaled()), channels))

    def fir(self, dtype: torch.dtype) -> Tensor:
        """Return the FIR of an upsampling layer, (out, 1, 4, 4)."""
        return self._once(("fir", dtype), lambda: dense.fir_of(self.weight[0].to(dtype)))

    def doubling(self, dtype: torch.dtype) -> dense.Doubling:
        """Return the kernels of the upsampling by phases."""
        return self._once(("doubling", dtype), lambda: dense.Doubling.of(self.scaled().to(dtype)))

    def taps(self, dtype: torch.dtype) -> Tensor:
        """Return the weights of the corrections, (9, in, out), in the order of `TAPS`."""
        return self._once(("taps", dtype), lambda: self._taps().to(dtype))

    def _taps(self) -> Tensor:
        # One pick of all taps: picked one by one, each gradient would fill a whole weight.
        order = torch.tensor([3 * dy + dx + 4 for dy, dx in TAPS], device=self.weight.device)
        return self.scaled().flatten(2).permute(2, 1, 0).index_select(0, order)

    def _once(self, kind: object, make: Callable[[], T]) -> T:
        if torch.is_grad_enabled() and self.weight.requires_grad:
            return make()
        return self._cache.get(self.weight, kind, make)


class Noise(nn.Module):
    """The strength of a layer's noise, (1,)."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))


class ActivationBias(nn.Module):
    """The bias in front of a layer's activation, (C,)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))


@dataclass(frozen=True)
class Folded:
    """A layer with one code for the whole picture, everything that can be in its kernels.

    Attributes
    ----------
    kernels
        (out, in, 3, 3), or a doubling.
    bias
        (out,).
    noise
        (R, R, 1).
    """

    kernels: Tensor | dense.Doubling
    bias: Tensor
    noise: Tensor

    def rows(self, ring: Tensor, rows: slice, out: Tensor | None = None) -> Tensor:
        """Compute output rows from the ring of the input around them: (B, rows, R, out).

        They are written into `out` if given.
        """
        if isinstance(self.kernels, Tensor):
            y = dense.valid(ring, self.kernels, self.bias)
        else:
            y = dense.doubled(ring, self.kernels, self.bias)
        y.add_(self.noise[rows])
        out = y if out is None else out
        torch.ops.aten.leaky_relu.out(y, LRELU_SLOPE, out=out)
        return out


class StyledConv(nn.Module):
    """Convolution, noise, bias and activation: √2·lrelu₀.₂(conv + weight·noise + bias)."""

    def __init__(self, in_channels: int, out_channels: int, style_dim: int, *, up: bool) -> None:
        super().__init__()
        self.conv = ModulatedConv(in_channels, out_channels, 3, style_dim, up=up)
        self.noise = Noise()
        self.activate = ActivationBias(out_channels)

    def forward(
        self,
        x: Tensor,
        codes: Tensor,
        noise: Tensor,
        grid: Grid | None,
        space: Workspace | None = None,
    ) -> Tensor:
        """Compute the layer.

        Parameters
        ----------
        x
            (B, r, r, in): features, r = R/2 for an upsampling layer, else R.
        codes
            (B, 12, style_dim): the layer's latent of each region.
        noise
            (1, 1, R, R) float32.
        grid
            The layout at R, or None where region 0's code serves the whole picture.
        space
            Where intermediate results go, and an upsampling layer's result, unless gradients are
            wanted.

        Returns
        -------
        Tensor
            (B, R, R, out) in the type of x.
        """
        s, d = self._modulation(codes.flatten(0, 1) if grid is not None else codes[:, 0])
        after = self._after(noise, x.dtype)
        if grid is None:
            y = self._whole(x * s[:, None, None].to(x.dtype))
            return _activate(y, d[:, None, None].to(x.dtype), after)
        s, d = s.to(x.dtype), d.to(x.dtype)
        taps = self.conv.taps(x.dtype)
        slots, corrections = grid.slots, grid.plain
        if self.conv.up:
            slots, corrections = grid.coarse_slots, grid.up
        if corrections is None:
            return _activate(every_tap(x, s, slots, taps), spread(d, slots), after)
        if torch.is_grad_enabled():
            if corrections.complete:
                y = x.new_zeros(*grid.slots.shape, self.conv.out_channels)
            else:
                y = self._whole(x * spread(s, slots))
            y = corrections.add_to(y, x, s, taps)
            return _activate(y, spread(d, grid.slots), after)
        space = Workspace() if space is None else space
        shape = (*grid.slots.shape, self.conv.out_channels)
        y = space.take("doubled", shape, x) if self.conv.up else x.new_empty(shape)
        if corrections.complete:
            y.zero_()
        else:
            self._dense(dense.Rows(x, s, slots), y, space)
        corrections.add_to(y, x, s, taps, space)
        row = y.numel() // y.shape[1]
        for band in dense.bands(y.shape[1], row, y.device, FINISHED_FLOATS):
            _activate(y[:, band], spread(d, grid.slots[:, band]), (after[0], after[1][band]))
        return y

    def folded(self, code: Tensor, noise: Tensor, dtype: torch.dtype) -> Folded:
        """Prepare the layer for one code (style_dim,) that serves the whole picture."""
        s, d = self._modulation(code[None])
        weight = self.conv.scaled() * s[0, :, None, None] * d[0, :, None, None, None]
        bias, strength = self._after(noise, dtype)
        if self.conv.up:
            return Folded(dense.Doubling.of(weight.to(dtype)), bias, strength)
        kernel = weight.to(dtype).contiguous(memory_format=torch.channels_last)
        return Folded(kernel, bias, strength)

    def _modulation(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Return s (N, in) and √2·d (N, out) of codes (N, style_dim)."""
        s = self.conv.modulation(codes)
        return s, SQRT2 * torch.rsqrt(s.square() @ self.conv.energy() + DEMODULATION_EPS)

    def _after(self, noise: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Return √2·bias (out,) and √2·weight·noise (R, R, 1)."""
        strength = SQRT2 * self.noise.weight * noise[0, 0, :, :, None]
        return (SQRT2 * self.activate.bias).to(dtype), strength.to(dtype)

    def _whole(self, scaled: Tensor) -> Tensor:
        """Run the dense pass at once, with gradients: (B, r, r, in) to (B, R, R, out)."""
        x, weight = scaled.permute(0, 3, 1, 2), self.conv.direct(scaled.dtype)
        if not self.conv.up:
            return F.conv2d(x, weight, padding=1).permute(0, 2, 3, 1)
        z = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
        fir = self.conv.get_buffer("blur.kernel").to(z.dtype).expand(z.shape[1], 1, 4, 4)
        return F.conv2d(z, fir, padding=1, groups=z.shape[1]).permute(0, 2, 3, 1)

    def _dense(self, rows: dense.Rows, y: Tensor, space: Workspace) -> None:
        """Run the dense pass in bands, into y (B, R, R, out)."""
        dtype = y.dtype
        if self.conv.up:
            if dtype == torch.float32 and winograd.pays_doubling(self.conv.weight[0]):
                weight = self.conv.transformed(winograd.doubling())
                dense.up_winograd(rows, weight, self.conv.fir(dtype), y, space)
            else:
                dense.up(rows, self.conv.doubling(dtype), y)
        elif dtype == torch.float32 and winograd.pays(self.conv.weight[0], *y.shape[1:3]):
            weight = self.conv.transformed(winograd.plain(*y.shape[1:3]))
            dense.plain_winograd(rows, weight, y, space)
        else:
            dense.plain_direct(rows, self.conv.direct(dtype), y)


def _activate(y: Tensor, d: Tensor, after: tuple[Tensor, Tensor]) -> Tensor:
    """Finish (B, rows, R, out): demodulation, bias, noise, activation; in place if it may."""
    bias, noise = after
    if torch.is_grad_enabled():
        y = (y * d).add_(bias)  # the gradient of addcmul takes twice as many passes
    else:
        torch.addcmul(bias, y, d, out=y)
    y.add_(noise)
    return F.leaky_relu_(y, LRELU_SLOPE)


def _own(x: Tensor, weights: Tensor, slots: Tensor) -> Tensor:
    """Map (B, h, w, C) to RGB (B, h, w, 3) with weights (B·12, C, 3), by each pixel's slot.

    All twelve regions' colours of a pixel cost less than its features scaled for its own.
    """
    batch, channels = len(x), x.shape[-1]
    beside = weights.view(batch, REGIONS, channels, 3).transpose(1, 2).flatten(2)
    every = (x.flatten(1, 2) @ beside).view(batch, -1, REGIONS, 3)
    own = (slots.flatten(1) % REGIONS)[:, :, None, None].expand(-1, -1, 1, 3)
    return every.gather(2, own).view(*slots.shape, 3)


class ToRGB(nn.Module):
    """A modulated 1×1 convolution to RGB, without demodulation."""

    def __init__(self, in_channels: int, style_dim: int) -> None:
        super().__init__()
        self.conv = ModulatedConv(in_channels, 3, 1, style_dim)
        self.bias = nn.Parameter(torch.zeros(1, 3, 1, 1))

    def forward(
        self, x: Tensor, codes: Tensor, grid: Grid | None, skip: Tensor | None = None
    ) -> Tensor:
        """Map features to RGB, and add the picture so far.

        Parameters
        ----------
        x
            (B, R, R, C).
        codes
            (B, 12, style_dim): the layer's latent of each region.
        grid
            The layout at R, or None where region 0's code serves the whole picture.
        skip
            (B, 3, R/2, R/2) float32: the picture of the resolution before, if there is one.

        Returns
        -------
        Tensor
            (B, 3, R, R) float32.
        """
        if grid is None:
            weight = self.folded(codes[:, 0], x.dtype)
            rgb = (x.flatten(1, 2) @ weight).view(*x.shape[:3], 3)
        else:
            weights = self.folded(codes.flatten(0, 1), x.dtype)
            parts = [_own(x[:, b], weights, grid.slots[:, b]) for b in dense.bands_of(x)]
            rgb = torch.cat(parts, dim=1)
        return self.picture(rgb, skip)

    def folded(self, codes: Tensor, dtype: torch.dtype) -> Tensor:
        """Return the weights (B, C, 3) of codes (B, style_dim)."""
        s: Tensor = self.conv.modulation(codes)
        return (self.conv.scaled()[:, :, 0, 0] * s[:, None]).transpose(1, 2).to(dtype)

    def picture(self, rgb: Tensor, skip: Tensor | None) -> Tensor:
        """Add the bias and the picture so far to (B, R, R, 3): (B, 3, R, R) float32."""
        rgb = rgb.float().permute(0, 3, 1, 2)
        return rgb + self.bias if skip is None else upsample_rgb(skip).add_(rgb).add_(self.bias)


class SkipRGB(ToRGB):
    """ToRGB of a later resolution: the picture so far is doubled with the FIR and added."""

    def __init__(self, in_channels: int, style_dim: int) -> None:
        super().__init__(in_channels, style_dim)
        self.upsample = FIR()
