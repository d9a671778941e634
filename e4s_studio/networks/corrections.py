"""The taps that see another region: taken from the input, multiplied, added to the output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function

from e4s_studio.networks.config import REGIONS

if TYPE_CHECKING:
    from e4s_studio.networks.layout import Chunk, Corrections, Segment


def spread(per_slot: Tensor, slots: Tensor) -> Tensor:
    """Give every pixel its slot's row: (B·12, C) and (…) int64 to (…, C)."""
    if torch.is_grad_enabled():
        # A product with the one-hot map: its gradient is a product too, where that of an
        # index is a slow scatter.
        return F.one_hot(slots, per_slot.shape[0]).to(per_slot.dtype) @ per_slot
    chosen = per_slot.index_select(0, slots.flatten())
    return chosen.view(*slots.shape, per_slot.shape[1])


def correct(y: Tensor, x: Tensor, s: Tensor, corrections: Corrections, weights: Tensor) -> Tensor:
    """Add Σ (s_p − s_q) ⊙ x_q · W_t over the taps that see another region.

    Parameters
    ----------
    y
        (B, R, R, out): the dense pass's result; changed in place without gradients.
    x
        (B, r, r, in): the layer's input.
    s
        (B·12, in): the modulation of each slot.
    corrections
        What to correct.
    weights
        (9 or 36, in, out): one for each tap, or for each tap and phase.

    Returns
    -------
    Tensor
        The corrected (B, R, R, out).
    """
    if torch.is_grad_enabled():
        return _differentiable(y, x, s, corrections, weights)
    regions = s.view(-1, 1, REGIONS, s.shape[1])
    differences = (s.view(-1, REGIONS, 1, s.shape[1]) - regions).flatten(0, 2)  # (B·12·12, in)
    flat, source = y.flatten(0, 2), x.flatten(0, 2)
    for chunk in corrections.chunks:
        rows = slice(chunk.start, chunk.stop)
        scaled = differences.index_select(0, corrections.pairs[rows])
        scaled *= source.index_select(0, corrections.sources[rows])
        products = _products(scaled, chunk, weights)
        pixels = corrections.pixels[rows]
        for start, stop in _runs(chunk, len(weights) // 9):
            at = pixels[start:stop]
            flat.index_copy_(0, at, flat.index_select(0, at).add_(products[start:stop]))
    return y


def _products(rows: Tensor, chunk: Chunk, weights: Tensor) -> Tensor:
    products = rows.new_empty(rows.shape[0], weights.shape[2])
    for segment in chunk.segments:
        part = slice(segment.start - chunk.start, segment.stop - chunk.start)
        torch.mm(rows[part], weights[segment.weight], out=products[part])
    return products


def _runs(chunk: Chunk, phases: int) -> list[tuple[int, int]]:
    """List runs of a chunk's rows, (start, stop), in which no pixel occurs twice.

    That is so within a tap: its phases are different pixels.
    """
    runs: list[tuple[int, int]] = []
    last = -1
    for segment in chunk.segments:
        start, stop = segment.start - chunk.start, segment.stop - chunk.start
        tap = segment.weight // phases
        if tap == last:
            start = runs.pop()[0]
        runs.append((start, stop))
        last = tap
    return runs


def _differentiable(
    y: Tensor, x: Tensor, s: Tensor, corrections: Corrections, weights: Tensor
) -> Tensor:
    segments = corrections.segments
    if not segments:
        return y
    slots = corrections.pairs // REGIONS
    own = F.one_hot(slots, s.shape[0])
    other = F.one_hot(slots // REGIONS * REGIONS + corrections.pairs % REGIONS, s.shape[0])
    taken: Tensor = _Take.apply(x.flatten(0, 2), corrections.sources, segments)
    rows = taken * ((own - other).to(s.dtype) @ s)
    # Split and unbound at once: a slice's gradient is a whole tensor of zeros each time.
    parts = torch.split(rows, [g.stop - g.start for g in segments])
    taps = weights.unbind()
    products = torch.cat([part @ taps[g.weight] for part, g in zip(parts, segments, strict=True)])
    put: Tensor = _Put.apply(y.flatten(0, 2), products, corrections.pixels, segments)
    return put.view_as(y)


def _add_rows(target: Tensor, rows: Tensor, at: Tensor, segments: tuple[Segment, ...]) -> None:
    """Add rows to `target[at]`; within a segment no index occurs twice.

    So the sums have one order, and no atomic operation or serial loop is needed.
    """
    for segment in segments:
        part = slice(segment.start, segment.stop)
        target.index_copy_(0, at[part], target.index_select(0, at[part]).add_(rows[part]))


class _Take(Function):
    """Select rows by index."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, at: Tensor, segments: tuple[Segment, ...]) -> Tensor:
        ctx.save_for_backward(at)
        ctx.segments, ctx.shape = segments, x.shape
        return x.index_select(0, at)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (at,) = ctx.saved_tensors
        total = gradients[0].new_zeros(ctx.shape)
        _add_rows(total, gradients[0], at, ctx.segments)
        return total, None, None


class _Put(Function):
    """Add rows by index."""

    @staticmethod
    def forward(
        ctx: Any, y: Tensor, rows: Tensor, at: Tensor, segments: tuple[Segment, ...]
    ) -> Tensor:
        ctx.save_for_backward(at)
        total = y.clone()
        _add_rows(total, rows, at, segments)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None]:
        (at,) = ctx.saved_tensors
        return gradients[0], gradients[0].index_select(0, at), None, None
