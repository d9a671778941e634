"""Modulated layers of the generator: one code per region, or one code for the whole picture.

Features are (B, R, R, C), channels last. With the modulation s and the demodulation d of
StyleGAN2 the layer of one code is d ⊙ conv(x ⊙ s; W): scaling channels replaces scaling the
weight, so that twelve codes share one weight, one dense pass and one matrix product.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from e4s_studio.networks.ops import (
    FIR,
    FIR_TAPS,
    LRELU_SLOPE,
    SQRT2,
    EqualLinear,
    fused_upsampling_kernels,
    upsample_rgb,
)

if TYPE_CHECKING:
    from e4s_studio.networks.layout import Gather, Grid

DEMODULATION_EPS: Final = 1e-8
GATHER_FLOATS: Final = 1 << 21
"""Gathered neighbourhoods are multiplied in pieces of about this many floats, to stay in cache."""
BAND_FLOATS: Final = 1 << 21
"""Dense passes run in bands of rows of about this many output floats, for the same reason."""


@dataclass(frozen=True)
class ConvConstants:
    """What a convolution needs of its weight alone, whatever the codes are.

    Attributes
    ----------
    dense
        The scaled weight, (out, in, k, k), channels last; for upsampling layers (in, out, k, k).
    gathered
        (9·in, out) per output phase (one phase, or four), for neighbourhoods of rows · channels.
    energy
        (in, out): Σ of the squared scaled weight over the taps, for the demodulation.
    up
        Whether the layer doubles the resolution.
    """

    dense: Tensor
    gathered: tuple[Tensor, ...]
    energy: Tensor
    up: bool


class ModulatedConv(nn.Module):
    """The weight and modulation of one StyleGAN2 convolution, named as in the checkpoints."""

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
        self._cached: tuple[object, ConvConstants] | None = None

    def constants(self, dtype: torch.dtype) -> ConvConstants:
        """Return the weight's constants in `dtype`, made once per weight outside training."""
        if torch.is_grad_enabled() and self.weight.requires_grad:
            return self._make_constants(dtype)
        weight = self.weight
        # torch counts in-place changes, except of tensors that were made in inference mode.
        version = 0 if weight.is_inference() else weight._version  # noqa: SLF001
        key = (id(weight), weight.data_ptr(), version, dtype)
        if self._cached is None or self._cached[0] != key:
            # Made here in inference mode, they could not serve a later gradient of the codes.
            with torch.inference_mode(mode=False), torch.no_grad():
                self._cached = (key, self._make_constants(dtype))
        return self._cached[1]

    def _make_constants(self, dtype: torch.dtype) -> ConvConstants:
        weight = self.weight[0] * self.scale
        energy = weight.square().sum((2, 3)).t().contiguous()
        kernels = fused_upsampling_kernels(weight) if self.up else weight[None]
        gathered = tuple(
            k.permute(2, 3, 1, 0).flatten(0, 2).to(dtype).contiguous() for k in kernels
        )
        dense = weight.transpose(0, 1) if self.up else weight
        dense = dense.to(dtype).contiguous(memory_format=torch.channels_last)
        return ConvConstants(dense, gathered, energy, self.up)


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


class StyledConv(nn.Module):
    """Convolution, noise, bias and activation: √2·lrelu₀.₂(conv + weight·noise + bias)."""

    def __init__(self, in_channels: int, out_channels: int, style_dim: int, *, up: bool) -> None:
        super().__init__()
        self.conv = ModulatedConv(in_channels, out_channels, 3, style_dim, up=up)
        self.noise = Noise()
        self.activate = ActivationBias(out_channels)

    def forward(self, x: Tensor, codes: Tensor, noise: Tensor, grid: Grid | None) -> Tensor:
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

        Returns
        -------
        Tensor
            (B, R, R, out) in the type of x.
        """
        constants = self.conv.constants(x.dtype)
        if grid is None:
            codes = codes[:, :1]
        s = self.conv.modulation(codes.flatten(0, 1))  # (B·12, in)
        d = SQRT2 * torch.rsqrt(s.square() @ constants.energy + DEMODULATION_EPS)  # (B·12, out)
        after = _After(
            d.to(x.dtype),
            (SQRT2 * self.noise.weight * noise[0, 0, :, :, None]).to(x.dtype),
            (SQRT2 * self.activate.bias).to(x.dtype),
        )
        s = s.to(x.dtype)
        if grid is None:
            return _uniform(x, s, constants, after)
        return _masked(x, s, constants, after, grid)


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
        weight = self.conv.weight[0, :, :, 0, 0] * self.conv.scale  # (3, C)
        if grid is None:
            s = self.conv.modulation(codes[:, 0])  # (B, C)
            scaled = (weight * s[:, None]).to(x.dtype)  # (B, 3, C)
            rgb = (x.flatten(1, 2) @ scaled.transpose(1, 2)).view(*x.shape[:3], 3)
        else:
            s = self.conv.modulation(codes.flatten(0, 1)).to(x.dtype)
            rgb = (x * _spread(s, grid.slots)) @ weight.t().to(x.dtype)
        picture: Tensor = rgb.float().permute(0, 3, 1, 2) + self.bias
        return picture if skip is None else picture + upsample_rgb(skip)


class SkipRGB(ToRGB):
    """ToRGB of a later resolution: the picture so far is doubled with the FIR and added."""

    def __init__(self, in_channels: int, style_dim: int) -> None:
        super().__init__(in_channels, style_dim)
        self.upsample = FIR()


@dataclass(frozen=True)
class _After:
    """What follows the convolution, all scaled by √2: demodulation, noise, bias."""

    d: Tensor  # (B·12, out), or (B, out) where one code serves the picture
    noise: Tensor  # (R, R, 1)
    bias: Tensor  # (out,)

    def __call__(self, y: Tensor, d: Tensor, rows: slice) -> Tensor:
        """Finish rows of the convolution's output, (B, rows, R, out); in place outside training."""
        out = None if torch.is_grad_enabled() else y
        y = torch.addcmul(self.bias, y, d, out=out)
        y.add_(self.noise[rows])
        return F.leaky_relu_(y, LRELU_SLOPE)


def _spread(per_slot: Tensor, slots: Tensor) -> Tensor:
    """Give every pixel its slot's row: (B·12, C) and (...) int64 to (..., C)."""
    if torch.is_grad_enabled():
        # A product with the one-hot map: its gradient is a product too, where that of an
        # index is a slow scatter.
        return F.one_hot(slots, per_slot.shape[0]).to(per_slot.dtype) @ per_slot
    return per_slot.index_select(0, slots.flatten()).view(*slots.shape, per_slot.shape[1])


def _bands(rows: int, floats_per_row: int) -> list[slice]:
    """Cut rows into bands of even height that fit the cache; training takes them whole."""
    if torch.is_grad_enabled():
        return [slice(0, rows)]
    height = max(8, BAND_FLOATS // floats_per_row // 2 * 2)
    return [slice(top, min(top + height, rows)) for top in range(0, rows, height)]


def _conv_rows(scaled: _Rows, weight: Tensor, rows: slice) -> Tensor:
    """Convolve 3×3 for the output rows: (B, rows, R, out)."""
    top, bottom = max(rows.start - 1, 0), min(rows.stop + 1, scaled.height)
    y = F.conv2d(scaled(top, bottom).permute(0, 3, 1, 2), weight, padding=1)
    return y.permute(0, 2, 3, 1)[:, rows.start - top : rows.stop - top]


def _up_rows(scaled: _Rows, weight: Tensor, rows: slice) -> Tensor:
    """Transposed convolution by 2 and FIR for the (even) output rows: (B, rows, R, out)."""
    top, bottom = max(rows.start // 2 - 1, 0), min(rows.stop // 2 + 1, scaled.height)
    z = F.conv_transpose2d(scaled(top, bottom).permute(0, 3, 1, 2), weight, stride=2)
    channels = z.shape[1]
    taps = torch.tensor(FIR_TAPS, dtype=z.dtype, device=z.device)
    kernel = torch.outer(taps, taps).expand(channels, 1, 4, 4)
    y = F.conv2d(z, kernel, padding=1, groups=channels)
    return y.permute(0, 2, 3, 1)[:, rows.start - 2 * top : rows.stop - 2 * top]


@dataclass(frozen=True)
class _Rows:
    """Rows of a layer's input, scaled by the code of the region that each pixel lies in."""

    x: Tensor  # (B, r, r, in)
    s: Tensor | None  # (B·12, in); None where the weight carries the scale
    slots: Tensor | None  # (B, r, r)

    @property
    def height(self) -> int:
        return self.x.shape[1]

    def __call__(self, top: int, bottom: int) -> Tensor:
        rows = self.x[:, top:bottom]
        if self.s is None or self.slots is None:
            return rows
        return rows * _spread(self.s, self.slots[:, top:bottom])


def _uniform(x: Tensor, s: Tensor, constants: ConvConstants, after: _After) -> Tensor:
    """One code for each whole picture: here scaling the small weight is the cheaper way."""
    rows_of, channels = (_up_rows, (-1, 1, 1, 1)) if constants.up else (_conv_rows, (1, -1, 1, 1))
    resolution = x.shape[1] * (2 if constants.up else 1)
    pictures = []
    for b in range(x.shape[0]):
        weight = constants.dense * s[b].view(channels)
        scaled = _Rows(x[b : b + 1], None, None)
        bands = [
            after(rows_of(scaled, weight, rows), after.d[b], rows)
            for rows in _bands(resolution, resolution * after.d.shape[1])
        ]
        pictures.append(torch.cat(bands, dim=1))
    return torch.cat(pictures)


def _masked(x: Tensor, s: Tensor, constants: ConvConstants, after: _After, grid: Grid) -> Tensor:
    """One code per region: a dense pass for the regions' insides, a gather for their edges."""
    up = constants.up
    batch, resolution, out = x.shape[0], grid.resolution, after.d.shape[1]
    bands = _bands(resolution, batch * resolution * out)
    if grid.up_dense if up else grid.dense:
        # Pixels whose neighbourhood holds another region come out wrong here; all of them
        # are among the edges below.
        scaled = _Rows(x, s, grid.slots[:, ::2, ::2] if up else grid.slots)
        rows_of = _up_rows if up else _conv_rows
        y = torch.cat([rows_of(scaled, constants.dense, rows) for rows in bands], dim=1)
    else:
        y = x.new_empty(batch, resolution, resolution, out)
    flat = y.flatten(0, 2)
    gathers = grid.up_edges if up else (grid.edges,)
    for gather, weight in zip(gathers, constants.gathered, strict=True):
        if not gather.pixels.shape[0]:
            continue
        flat.index_copy_(0, gather.pixels, _gathered(x, s, gather, grid.slots, weight))
    y = flat.view(batch, resolution, resolution, out)
    finished = [after(y[:, rows], _spread(after.d, grid.slots[:, rows]), rows) for rows in bands]
    return finished[0] if torch.is_grad_enabled() else y


def _gathered(x: Tensor, s: Tensor, gather: Gather, slots: Tensor, weight: Tensor) -> Tensor:
    """Compute single pixels: (N, out) from their scaled 3×3 neighbourhoods."""
    channels = x.shape[-1]
    flat = x.flatten(0, 2)
    pixel_slots = slots.flatten()[gather.pixels]
    taps = flat.index_select(0, gather.taps.flatten()).index_fill_(0, gather.outside, 0.0)
    scaled = taps.view(-1, 9, channels) * _spread(s, pixel_slots)[:, None]
    return scaled.flatten(1) @ weight
