"""Draws one resolution of the generator without gradients, on a CPU.

Differences from the modules: the work goes in bands of rows that fit the cache, dense float32
convolutions take Winograd's way, and the transposed convolution runs as four small convolutions.
Where one code serves the whole picture, everything per channel is folded into the kernels, and
the finest features are never stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import torch
import torch.nn.functional as F

from e4s_studio.networks.corrections import taps_of
from e4s_studio.networks.fast import winograd
from e4s_studio.networks.fast.rows import bands, clear_border, ring, valid
from e4s_studio.networks.layers import LRELU_SLOPE, SQRT2, demodulation, energy_of
from e4s_studio.networks.ops import FIR_TAPS, spread

if TYPE_CHECKING:
    from torch import Tensor

    from e4s_studio.networks.fast.cache import WeightCache
    from e4s_studio.networks.layers import Block, ModulatedConv, StyledConv
    from e4s_studio.networks.layout import Grid

ONE_CODE_BAND_FLOATS: Final = 3 << 19
"""Floats of a band where the features of several layers are in the cache at a time."""


def draw(block: Block, x: Tensor, rgb: Tensor, cache: WeightCache) -> tuple[Tensor, Tensor]:
    """Compute what calling the block does."""
    if block.grid is None:
        features, part = _one_code(block, x)
        return features, block.to_rgb.add_to(rgb, part)
    for layer, code, noise in zip((block.up, block.plain), (0, 1), block.noises, strict=True):
        x = Styled(layer, cache)(x, block.codes[:, :, code], noise, block.grid)
    return x, block.to_rgb(x, block.codes[:, :, 2], block.rgb_grid, rgb)


@dataclass(frozen=True)
class Styled:
    """A layer with a code for each region, called as `StyledConv` is."""

    layer: StyledConv
    cache: WeightCache

    def __call__(self, x: Tensor, codes: Tensor, noise: Tensor, grid: Grid) -> Tensor:
        """Compute what `StyledConv.forward` does."""
        conv, once, dtype = self.layer.conv, self.cache.once, x.dtype
        energy = once(conv, "energy", lambda: energy_of(conv.equalised()).contiguous())
        taps = once(conv, ("taps", dtype), lambda: taps_of(conv.equalised()).to(dtype))
        s = conv.modulation(codes.flatten(0, 1))
        d = (SQRT2 * demodulation(s, energy)).to(dtype)
        s = s.to(dtype)
        y = x.new_empty(*grid.slots.shape, taps.shape[2])
        slots, corrections = (grid.coarse_slots, grid.up) if conv.up else (grid.slots, grid.plain)
        (_upsample if conv.up else _convolve)(conv, Rows(x, s, slots), y, self.cache)
        corrections.add_to(y, x, s, taps)
        bias, strength = _bias_and_noise(self.layer, noise, dtype)
        torch.addcmul(bias, y, spread(d, grid.slots), out=y)
        return F.leaky_relu_(y.add_(strength), LRELU_SLOPE)


def _bias_and_noise(layer: StyledConv, noise: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return √2·bias (out,) and √2·strength·noise (R, R, 1)."""
    strength = SQRT2 * layer.noise.weight * noise[0, 0, :, :, None]
    return (SQRT2 * layer.activate.bias).to(dtype), strength.to(dtype)


def _convolve(conv: ModulatedConv, rows: Rows, y: Tensor, cache: WeightCache) -> None:
    """Run the dense 3×3 convolution, into y (B, R, R, out)."""
    once = cache.once
    batch, height, width, channels = rows.x.shape
    scheme = winograd.scheme_of(conv.weight[0], height, width)
    if scheme is not None and y.dtype == torch.float32:
        weight = once(conv, "winograd", lambda: scheme.transform(conv.equalised()))
        with cache.workspace() as space:
            for band in scheme.bands(height, batch * width, channels):
                scheme.convolve(rows.ring(band), weight, y[:, band], space)
        return
    layout = torch.channels_last
    weight = once(
        conv, y.dtype, lambda: conv.equalised().to(y.dtype).contiguous(memory_format=layout)
    )
    for band in bands(height, y[:, 0].numel()):
        y[:, band] = valid(rows.ring(band), weight)


def _upsample(conv: ModulatedConv, rows: Rows, y: Tensor, cache: WeightCache) -> None:
    """Run the dense transposed convolution and the FIR filter, into y (B, R, R, out)."""
    kernels = cache.once(conv, y.dtype, lambda: Upsampling.of(conv.equalised().to(y.dtype)))
    for band in bands(y.shape[1], y[:, 0].numel()):
        y[:, band] = kernels.apply(rows.ring(slice(band.start // 2, band.stop // 2)))


@dataclass(frozen=True)
class Rows:
    """A layer's input (B, r, r, in), scaled at each pixel with the modulation of its region.

    Attributes
    ----------
    x
        (B, r, r, in).
    s
        (B·12, in); None where the kernel carries the scale.
    slots
        (B, r, r): each pixel's row of s; None likewise.
    """

    x: Tensor
    s: Tensor | None = None
    slots: Tensor | None = None

    def ring(self, rows: slice) -> Tensor:
        """Return rows with one more pixel on each side: (B, rows + 2, r + 2, in)."""
        return ring(self.x, rows, self._write)

    def _write(self, rows: slice, inside: Tensor) -> None:
        x = self.x[:, rows]
        if self.s is None or self.slots is None:
            inside.copy_(x)
        else:
            torch.mul(x, spread(self.s, self.slots[:, rows]), out=inside)


class Upsampling(NamedTuple):
    """A transposed convolution by 2, split by the parities of its output, and the FIR after it.

    Attributes
    ----------
    phases
        The kernels (out, in, 1 or 2, 1 or 2) of (odd, odd), (odd, even), (even, odd) and
        (even, even) rows and columns.
    fir
        (out, 1, 4, 4).
    """

    phases: tuple[Tensor, ...]
    fir: Tensor

    @classmethod
    def of(cls, weight: Tensor) -> Upsampling:
        """Split a weight (out, in, 3, 3).

        With z[q] = Σ x[i] w[q − 2i] the odd rows z[2i + 1] see x[i] alone, the even rows z[2i]
        see x[i − 1] and x[i]; likewise the columns.
        """
        odd, even = weight[:, :, 1:2], weight[:, :, [2, 0]]
        kernels = [k for rows in (odd, even) for k in (rows[..., 1:2], rows[..., [2, 0]])]
        phases = tuple(k.contiguous(memory_format=torch.channels_last) for k in kernels)
        taps = torch.tensor(FIR_TAPS, dtype=weight.dtype)
        return cls(phases, torch.outer(taps, taps).repeat(weight.shape[0], 1, 1, 1))

    def apply(self, ring: Tensor, bias: Tensor | None = None) -> Tensor:
        """Upsample rows: their ring (B, h + 2, w + 2, in) to (B, 2h, 2w, out).

        Output row p is Σ f[t] z[p + t − 1]: z starts a row and a column before the output, with
        odd ones.
        """
        batch, height, width = ring.shape[:3]
        z = ring.new_empty(batch, 2 * height - 1, 2 * width - 1, len(self.fir))
        z[:, ::2, ::2] = ring @ self.phases[0][:, :, 0, 0].t()
        z[:, ::2, 1::2] = valid(ring, self.phases[1])
        z[:, 1::2, ::2] = valid(ring, self.phases[2])
        z[:, 1::2, 1::2] = valid(ring, self.phases[3])
        return valid(z, self.fir, bias, groups=len(self.fir))


@dataclass(frozen=True)
class Folded:
    """A layer with one code for the whole picture: √2, s and d are in its kernels.

    Attributes
    ----------
    kernels
        (out, in, 3, 3), or of an upsampling layer.
    bias
        (out,).
    noise
        (R, R, 1).
    """

    kernels: Tensor | Upsampling
    bias: Tensor
    noise: Tensor

    @classmethod
    def of(cls, layer: StyledConv, code: Tensor, noise: Tensor, dtype: torch.dtype) -> Folded:
        """Fold a layer for a code (style_dim,) and noise (1, 1, R, R)."""
        weight = layer.conv.equalised()
        s = layer.conv.modulation(code[None])
        d = SQRT2 * demodulation(s, energy_of(weight))
        weight = (weight * s[0, :, None, None] * d[0, :, None, None, None]).to(dtype)
        kernels = (
            Upsampling.of(weight)
            if layer.conv.up
            else weight.contiguous(memory_format=torch.channels_last)
        )
        return cls(kernels, *_bias_and_noise(layer, noise, dtype))

    def rows(self, ring: Tensor, rows: slice, out: Tensor | None = None) -> Tensor:
        """Compute output rows from the ring of the input around them: (B, rows, R, out).

        They are written into `out` if given.
        """
        if isinstance(self.kernels, Upsampling):
            y = self.kernels.apply(ring, self.bias)
        else:
            y = valid(ring, self.kernels, self.bias)
        y.add_(self.noise[rows])
        out = y if out is None else out
        torch.ops.aten.leaky_relu.out(y, LRELU_SLOPE, out=out)
        return out


def _one_code(block: Block, x: Tensor) -> tuple[Tensor, Tensor]:
    """Draw one resolution with region 0's code for the whole picture.

    Returns
    -------
    tuple
        The features (B, R, R, C), empty at the last resolution; RGB (B, R, R, 3).
    """
    batch, resolution = len(x), 2 * x.shape[1]
    channels = block.plain.conv.weight.shape[1]
    shape = (batch, resolution, resolution, channels)
    features = x.new_empty(0 if block.last else shape)
    pictures = []
    for b in range(batch):
        codes = block.codes[b, 0]
        weight = block.to_rgb.conv.equalised()[:, :, 0, 0] * block.to_rgb.conv.modulation(codes[2])
        sweep = Sweep(
            Folded.of(block.up, codes[0], block.noises[0], x.dtype),
            Folded.of(block.plain, codes[1], block.noises[1], x.dtype),
            weight.t().to(x.dtype),
        )
        pictures.append(sweep.draw(x[b : b + 1], None if block.last else features[b : b + 1]))
    return features, pictures[0] if batch == 1 else torch.cat(pictures)


@dataclass(frozen=True)
class Sweep:
    """Upsampling, convolution and toRGB (C, 3) of one sample, band by band."""

    up: Folded
    plain: Folded
    rgb: Tensor

    def draw(self, x: Tensor, features: Tensor | None) -> Tensor:
        """Draw x (1, r, r, in): RGB (1, R, R, 3); write the features (1, R, R, C) if wanted."""
        resolution = 2 * x.shape[1]
        picture = x.new_empty(1, resolution, resolution, 3)
        source, before = Rows(x), None
        for band in bands(resolution, resolution * len(self.rgb), ONE_CODE_BAND_FLOATS):
            ringed, rows = self._ring(source, band, before)
            before = ringed[:, -2:]
            y = self.plain.rows(ringed, rows, None if features is None else features[:, rows])
            picture[:, rows] = y @ self.rgb
        return picture

    def _ring(self, source: Rows, band: slice, before: Tensor | None) -> tuple[Tensor, slice]:
        """Upsample a band, under the last two rows of the ring before it.

        A row can be convolved once the row under it is there: the rows that are ready lag the band
        by one, except at the end.

        Returns
        -------
        tuple
            The ring (1, rows + 2, R + 2, C) and its rows.
        """
        resolution, height = 2 * source.x.shape[1], band.stop - band.start
        above, below = (1 if before is None else 2), int(band.stop == resolution)
        ringed = source.x.new_empty(1, above + height + below, resolution + 2, len(self.rgb))
        clear_border(ringed, top=before is None, bottom=bool(below))
        if before is not None:
            ringed[:, :2] = before
        inside = ringed[:, above : above + height, 1:-1]
        self.up.rows(source.ring(slice(band.start // 2, band.stop // 2)), band, out=inside)
        start = band.start + 1 - above
        return ringed, slice(start, start + ringed.shape[1] - 2)
