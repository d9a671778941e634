"""Layers of the mask-guided StyleGAN2 generator (E4S, section 3.2).

Features are (B, R, R, C): channels last. A masked layer is Σ_r M_r ⊙ conv(x; w_r), where the code
of region r modulates the weight w_r and M_r is the region's mask at the layer's output
resolution. Noise, bias and activation follow the sum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from e4s_studio.networks.corrections import taps_of
from e4s_studio.networks.ops import FIR, EqualLinear, spread, upsample_rgb

if TYPE_CHECKING:
    from e4s_studio.networks.layout import Grid

DEMODULATION_EPS: Final = 1e-8
LRELU_SLOPE: Final = 0.2
SQRT2: Final = math.sqrt(2.0)


class ModulatedConv(nn.Module):
    """StyleGAN2's modulated convolution, with one code for each region.

    With the modulation s_r and the demodulation d_r of a code, the layer of region r is
    d_r ⊙ conv(x ⊙ s_r; W). The weight W is common to all regions, so one convolution serves them
    all: its input is scaled at each pixel with s of the pixel's own region, its output with d.
    `corrections` repairs the outputs whose neighbourhood reaches into another region.
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

    def forward(
        self, x: Tensor, codes: Tensor, grid: Grid | None, *, demodulate: bool = True
    ) -> Tensor:
        """Convolve each pixel with the code of its region.

        Parameters
        ----------
        x
            (B, r, r, in): features, r = R/2 if the layer upsamples, else R.
        codes
            (B, 12, style_dim): the layer's latent of each region.
        grid
            The layout at R, or None where region 0's code serves the whole picture.
        demodulate
            Whether to normalise the modulated weight (all layers but toRGB).

        Returns
        -------
        Tensor
            (B, R, R, out) in the type of x.
        """
        weight = self.equalised()
        s = self.modulation(codes if grid is not None else codes[:, :1]).flatten(0, 1)
        if grid is None:
            scaled = x * s[:, None, None].to(x.dtype)
        else:
            scaled = x * spread(s.to(x.dtype), grid.coarse_slots if self.up else grid.slots)
        y = self._convolve(scaled, weight.to(x.dtype))
        if grid is not None and weight.shape[-1] > 1:
            corrections = grid.up if self.up else grid.plain
            y = corrections.add_to(y, x, s.to(x.dtype), taps_of(weight).to(x.dtype))
        if not demodulate:
            return y
        d = demodulation(s, energy_of(weight)).to(x.dtype)
        return y * (d[:, None, None] if grid is None else spread(d, grid.slots))

    def equalised(self) -> Tensor:
        """Return the weight scaled by 1/√(in·k²), (out, in, k, k)."""
        return self.weight[0] * self.scale

    def _convolve(self, x: Tensor, weight: Tensor) -> Tensor:
        """Convolve (B, r, r, in), or upsample: transposed convolution by 2, then the FIR filter."""
        if weight.shape[-1] == 1:
            return x @ weight[:, :, 0, 0].t()
        x = x.permute(0, 3, 1, 2)
        if not self.up:
            return F.conv2d(x, weight, padding=1).permute(0, 2, 3, 1)
        z = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
        fir = self.get_buffer("blur.kernel").to(z.dtype).expand(z.shape[1], 1, 4, 4)
        return F.conv2d(z, fir, padding=1, groups=z.shape[1]).permute(0, 2, 3, 1)


def energy_of(weight: Tensor) -> Tensor:
    """Return the squares of a weight (out, in, k, k) summed over its taps, (in, out)."""
    return weight.square().sum((2, 3)).t()


def demodulation(s: Tensor, energy: Tensor) -> Tensor:
    """Return d (N, out) = 1/√(Σ (W·s)² + ε) for the modulations s (N, in)."""
    return torch.rsqrt(s.square() @ energy + DEMODULATION_EPS)


class Noise(nn.Module):
    """Adds the stored noise with a learned strength, (1,)."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor, noise: Tensor) -> Tensor:
        """Add noise (1, 1, R, R) to (B, R, R, C), in place."""
        return x.add_((self.weight * noise[0, 0, :, :, None]).to(x.dtype))


class Activation(nn.Module):
    """√2·lrelu₀.₂(x + bias)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Activate (B, R, R, C); x is overwritten."""
        return SQRT2 * F.leaky_relu_(x.add_(self.bias.to(x.dtype)), LRELU_SLOPE)


class StyledConv(nn.Module):
    """Convolution, noise, activation."""

    def __init__(self, in_channels: int, out_channels: int, style_dim: int, *, up: bool) -> None:
        super().__init__()
        self.conv = ModulatedConv(in_channels, out_channels, 3, style_dim, up=up)
        self.noise = Noise()
        self.activate = Activation(out_channels)

    def forward(self, x: Tensor, codes: Tensor, noise: Tensor, grid: Grid | None) -> Tensor:
        """Compute the layer: see `ModulatedConv.forward`; noise is (1, 1, R, R) float32."""
        y = self.conv(x, codes, grid)
        y = self.noise(y, noise)
        return self.activate(y)  # type: ignore[no-any-return]


class ToRGB(nn.Module):
    """A modulated 1×1 convolution to RGB, without demodulation."""

    def __init__(self, in_channels: int, style_dim: int) -> None:
        super().__init__()
        self.conv = ModulatedConv(in_channels, 3, 1, style_dim)
        self.bias = nn.Parameter(torch.zeros(1, 3, 1, 1))

    def forward(
        self, x: Tensor, codes: Tensor, grid: Grid | None, skip: Tensor | None = None
    ) -> Tensor:
        """Map features (B, R, R, C) to RGB, and add the picture so far.

        Parameters
        ----------
        x, codes, grid
            As in `ModulatedConv.forward`.
        skip
            (B, 3, R/2, R/2) float32: the picture of the resolution before, if there is one.

        Returns
        -------
        Tensor
            (B, 3, R, R) float32.
        """
        return self.add_to(skip, self.conv(x, codes, grid, demodulate=False))

    def add_to(self, skip: Tensor | None, rgb: Tensor) -> Tensor:
        """Add RGB (B, R, R, 3) and the bias to the picture so far: (B, 3, R, R) float32."""
        rgb = rgb.float().permute(0, 3, 1, 2)
        return rgb + self.bias if skip is None else upsample_rgb(skip).add_(rgb).add_(self.bias)


class SkipRGB(ToRGB):
    """ToRGB of a later resolution: the picture so far is upsampled with the FIR and added."""

    def __init__(self, in_channels: int, style_dim: int) -> None:
        super().__init__(in_channels, style_dim)
        self.upsample = FIR()


@dataclass(frozen=True)
class Block:
    """The layers of one resolution R, with what they take.

    Attributes
    ----------
    up, plain, to_rgb
        In the order in which they run.
    codes
        (B, 12, 3, style_dim): the latent of each layer.
    noises
        (1, 1, R, R) of `up` and of `plain`.
    grid, rgb_grid
        The layout at R for the convolutions and for toRGB; None where region 0's code serves the
        whole picture.
    last
        Whether no finer resolution follows.
    """

    up: StyledConv
    plain: StyledConv
    to_rgb: ToRGB
    codes: Tensor
    noises: tuple[Tensor, Tensor]
    grid: Grid | None
    rgb_grid: Grid | None
    last: bool

    def __call__(self, x: Tensor, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """Double the resolution of features (B, r, r, in) and the picture so far (B, 3, r, r)."""
        x = self.up(x, self.codes[:, :, 0], self.noises[0], self.grid)
        x = self.plain(x, self.codes[:, :, 1], self.noises[1], self.grid)
        return x, self.to_rgb(x, self.codes[:, :, 2], self.rgb_grid, rgb)


class ConstantInput(nn.Module):
    """The learned 4² input, (1, C, 4, 4)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.input = nn.Parameter(torch.randn(1, channels, 4, 4))

    def forward(self, batch: int, dtype: torch.dtype) -> Tensor:
        """Return it for each sample of a batch: (B, 4, 4, C)."""
        constant = self.input.permute(0, 2, 3, 1).to(dtype)
        return constant.expand(batch, -1, -1, -1).contiguous()


class Noises(nn.Module):
    """The stored noise: buffers noise_{i} of (1, 1, R, R) for R = 4, 8, 8, 16, 16 and so on."""

    def __init__(self, log_size: int) -> None:
        super().__init__()
        for i in range(2 * log_size - 3):
            resolution = 2 ** ((i + 5) // 2)
            self.register_buffer(f"noise_{i}", torch.randn(1, 1, resolution, resolution))

    def __getitem__(self, index: int) -> Tensor:
        """Return the noise of conv1 (0) or of convs[index − 1]."""
        return self.get_buffer(f"noise_{index}")
