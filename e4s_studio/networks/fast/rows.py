"""Rows of channels-last features (B, R, R, C), in bands that fit the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch.nn.functional as F

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

BAND_FLOATS: Final = 1 << 21
"""Floats of a band's output, unless told otherwise."""


def bands(height: int, row_floats: int, floats: int = BAND_FLOATS) -> list[slice]:
    """Cut rows of so many floats into bands of an even height."""
    rows = 2 * max(1, floats // row_floats // 2)
    return [slice(start, min(start + rows, height)) for start in range(0, height, rows)]


def ring(x: Tensor, rows: slice, write: Callable[[slice, Tensor], object]) -> Tensor:
    """Return rows of x with one more pixel on each side, zeros outside of the picture.

    Parameters
    ----------
    x
        (B, r, w, C).
    rows
        Which rows.
    write
        Writes rows of x, changed as the layer wants them, into (B, rows, w, C).

    Returns
    -------
    Tensor
        (B, rows + 2, w + 2, C).
    """
    batch, height, width, channels = x.shape
    top, bottom = max(rows.start - 1, 0), min(rows.stop + 1, height)
    ringed = x.new_empty(batch, rows.stop - rows.start + 2, width + 2, channels)
    clear_border(ringed, top=rows.start == 0, bottom=rows.stop == height)
    inside = ringed[:, top - rows.start + 1 : bottom - rows.start + 1, 1:-1]
    write(slice(top, bottom), inside)
    return ringed


def clear_border(ringed: Tensor, *, top: bool, bottom: bool) -> None:
    """Zero the outer columns of (B, h, w, C), and its first and last row where they are outside."""
    ringed[:, :, 0].zero_()
    ringed[:, :, -1].zero_()
    if top:
        ringed[:, 0].zero_()
    if bottom:
        ringed[:, -1].zero_()


def valid(ringed: Tensor, weight: Tensor, bias: Tensor | None = None, groups: int = 1) -> Tensor:
    """Convolve (B, h, w, C) without padding."""
    return F.conv2d(ringed.permute(0, 3, 1, 2), weight, bias, groups=groups).permute(0, 2, 3, 1)
