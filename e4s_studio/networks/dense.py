"""Dense passes of the generator in bands of rows that fit the cache, without gradients.

Every pass reads a *ring*: rows of the scaled input with one more pixel on each side, zeros outside
the picture. Tensors of 32 MB and more would be mapped afresh by the allocator each time, which
costs more than the arithmetic on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import torch
import torch.nn.functional as F

from e4s_studio.networks import winograd
from e4s_studio.networks.ops import FIR_TAPS, spread

if TYPE_CHECKING:
    from torch import Tensor

    from e4s_studio.networks.workspace import Workspace

BAND_FLOATS: Final = 1 << 21
"""On a CPU a band has about this many floats of output; a GPU takes the picture whole."""


@dataclass(frozen=True)
class Rows:
    """Rows of a layer's input, scaled by the modulation of the region that each pixel lies in.

    Attributes
    ----------
    x
        (B, r, r, in).
    s
        (B·12, in); None where the weight carries the scale.
    slots
        (B, r, r): each pixel's row of s; None likewise.
    """

    x: Tensor
    s: Tensor | None = None
    slots: Tensor | None = None

    def ring(self, start: int, stop: int, width: int | None = None) -> Tensor:
        """Return rows start to stop with a ring around them: (B, stop − start + 2, r + 2, in).

        If a width is given, it is that wide, with zeros at the right.
        """
        batch, height, columns, channels = self.x.shape
        top, bottom = max(start - 1, 0), min(stop + 1, height)
        ring = self.x.new_empty(batch, stop - start + 2, width or columns + 2, channels)
        rows = slice(top - start + 1, bottom - start + 1)
        for outside in (ring[:, : rows.start], ring[:, rows.stop :]):
            outside.zero_()
        for outside in (ring[:, rows, :1], ring[:, rows, columns + 1 :]):
            outside.zero_()
        inside = ring[:, rows, 1 : columns + 1]
        x = self.x[:, top:bottom]
        if self.s is None or self.slots is None:
            inside.copy_(x)
        else:
            torch.mul(x, spread(self.s, self.slots[:, top:bottom]), out=inside)
        return ring


def bands(
    height: int, row_floats: int, device: torch.device, floats: int = BAND_FLOATS
) -> list[slice]:
    """Cut rows of so many floats into bands of an even height."""
    rows = height if device.type != "cpu" else 2 * max(1, floats // row_floats // 2)
    return [slice(start, min(start + rows, height)) for start in range(0, height, rows)]


def bands_of(y: Tensor) -> list[slice]:
    """Cut the rows of (B, R, R, C) into bands."""
    return bands(y.shape[1], y.numel() // y.shape[1], y.device)


def plain_direct(rows: Rows, weight: Tensor, y: Tensor) -> None:
    """Convolve 3×3, weight (out, in, 3, 3) channels last, into y (B, R, R, out)."""
    for band in bands_of(y):
        y[:, band] = valid(rows.ring(band.start, band.stop), weight)


def plain_winograd(rows: Rows, weight: Tensor, y: Tensor, space: Workspace) -> None:
    """Convolve 3×3, weight (n, in, out) transformed, into y (B, R, R, out)."""
    batch, height, width, channels = rows.x.shape
    scheme = winograd.plain(height, width)
    down, across = height // scheme.size, batch * width // scheme.size
    for band in scheme.bands(down, across, channels):
        done = slice(scheme.size * band.start, scheme.size * band.stop)
        ring = rows.ring(done.start, done.stop)
        scheme.convolve(ring, weight, y[:, done], space)


def up(rows: Rows, doubling: Doubling, y: Tensor) -> None:
    """Double the resolution: transposed convolution and FIR, into y (B, R, R, out)."""
    for band in bands_of(y):
        y[:, band] = doubled(rows.ring(band.start // 2, band.stop // 2), doubling)


def up_winograd(rows: Rows, weight: Tensor, fir: Tensor, y: Tensor, space: Workspace) -> None:
    """Do the same with a weight (49, in, out) transformed and the FIR (out, 1, 4, 4).

    Rows of the transposed convolution z come in bands of six for each row of tiles. The FIR needs
    one before an output row and two after it, so that three rows of each band wait for the next.
    """
    scheme = winograd.doubling()
    batch, height, width, channels = rows.x.shape
    down, across = (-(-(side + 1) // scheme.step) for side in (height, width))
    bands = scheme.bands(down, batch * across, channels)
    most = scheme.size * max(band.stop - band.start for band in bands)
    z = space.take("transposed", (batch, most + 3, scheme.size * across + 1, y.shape[3]), y)
    z[:, :3].zero_()
    z[:, :, 0].zero_()
    for band in bands:
        ring = rows.ring(
            scheme.step * band.start, scheme.step * band.stop - 1, scheme.step * across + 1
        )
        new = scheme.size * (band.stop - band.start)
        scheme.convolve(ring, weight, z[:, 3 : new + 3, 1:], space)
        first = scheme.size * band.start - 2
        done = slice(max(first, 0), min(first + new, 2 * height))
        filtered = valid(z[:, : new + 3], fir, groups=y.shape[3])
        y[:, done] = filtered[:, done.start - first : done.stop - first, : 2 * width]
        z[:, :3] = z[:, new : new + 3]


def valid(ring: Tensor, weight: Tensor, bias: Tensor | None = None, groups: int = 1) -> Tensor:
    """Convolve (B, h, w, C) without padding."""
    y = F.conv2d(ring.permute(0, 3, 1, 2), weight, bias, groups=groups)
    return y.permute(0, 2, 3, 1)


class Doubling(NamedTuple):
    """A transposed convolution by 2 split by its output's parities, and the FIR after it.

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
    def of(cls, weight: Tensor) -> Doubling:
        """Split a weight (out, in, 3, 3).

        With z[q] = Σ x[i] w[q − 2i] the odd rows z[2i + 1] see x[i] alone, the even rows z[2i]
        see x[i − 1] and x[i]; likewise the columns.
        """
        odd, even = weight[:, :, 1:2], weight[:, :, [2, 0]]
        kernels = [k for rows in (odd, even) for k in (rows[..., 1:2], rows[..., [2, 0]])]
        phases = tuple(k.contiguous(memory_format=torch.channels_last) for k in kernels)
        return cls(phases, fir_of(weight))


def fir_of(weight: Tensor) -> Tensor:
    """Return the FIR for the output of a weight (out, …), for each channel: (out, 1, 4, 4)."""
    taps = torch.tensor(FIR_TAPS, dtype=weight.dtype, device=weight.device)
    return torch.outer(taps, taps).repeat(weight.shape[0], 1, 1, 1)


def doubled(ring: Tensor, doubling: Doubling, bias: Tensor | None = None) -> Tensor:
    """Double rows: their ring (B, h + 2, w + 2, in) to (B, 2h, 2w, out).

    The transposed convolution is computed phase by phase, which is faster than at once. Output row
    p is Σ f[t] z[p + t − 1]: z starts a row and a column before the output, with odd ones.
    """
    batch, height, width = ring.shape[:3]
    out = doubling.fir.shape[0]
    z = ring.new_empty(batch, 2 * height - 1, 2 * width - 1, out)
    z[:, ::2, ::2] = ring @ doubling.phases[0][:, :, 0, 0].t()
    z[:, ::2, 1::2] = valid(ring, doubling.phases[1])
    z[:, 1::2, ::2] = valid(ring, doubling.phases[2])
    z[:, 1::2, 1::2] = valid(ring, doubling.phases[3])
    return valid(z, doubling.fir, bias, groups=out)
