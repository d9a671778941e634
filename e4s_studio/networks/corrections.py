"""The taps that see another region: taken from the input, multiplied, added to the output.

A mask-guided layer is Σ_r M_r ⊙ conv(x; w_r) (E4S, section 3.2): an output pixel p belongs to one
region, and takes that region's code s_p for *all* the inputs that it sees. One ordinary convolution
of the scaled input x ⊙ s is right wherever a neighbourhood lies in one region. Where a neighbour q
belongs to another, its tap W_t came with the wrong scale, and (s_p − s_q) ⊙ x_q · W_t is missing:
a *correction*. Few pixels need any, and those need it for a few of their nine taps.

An upsampling layer filters what its transposed convolution gives. Filtering is linear: pixels of a
region share the products of their inputs, and the filter's weights go into the sum of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function

from e4s_studio.networks.config import REGIONS

if TYPE_CHECKING:
    from collections.abc import Callable

TAPS: Final = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1))
"""The 3×3 neighbourhood as (dy, dx), in the order of a kernel's weights."""


def taps_of(weight: Tensor) -> Tensor:
    """Order a weight (out, in, 3, 3) by `TAPS`: (9, in, out)."""
    return weight.flatten(2).permute(2, 1, 0).contiguous()


@dataclass(frozen=True, eq=False)
class Bags:
    """A sparse matrix that maps n rows to P sums of some of them.

    No sum depends on the order in which threads run, so the same input gives the same bits.

    Attributes
    ----------
    index
        (E,) int32: a row for each entry.
    rows
        n.
    offsets
        (P,) int32: where each sum's entries start; None where each sum has one entry.
    weights
        (E,) float32: what each entry is multiplied by; None where that is 1.
    """

    index: Tensor
    rows: int
    offsets: Tensor | None = None
    weights: Tensor | None = None

    def __call__(self, rows: Tensor) -> Tensor:
        """Map (n, C) to (P, C)."""
        if torch.is_grad_enabled() and rows.requires_grad:
            return cast("Tensor", _Sum.apply(rows, self))
        return self.sum(rows)

    def sum(self, rows: Tensor) -> Tensor:
        """Map (n, C) to (P, C), without gradients."""
        if self.offsets is None:
            return rows.index_select(0, self.index)
        weights = None if self.weights is None else self.weights.to(rows.dtype)
        return F.embedding_bag(
            self.index, rows, self.offsets, mode="sum", per_sample_weights=weights
        )

    @cached_property
    def adjoint(self) -> Bags:
        """The transposed matrix, in which the gradients are sums."""
        ordered, entry = torch.sort(self.index, stable=True)
        every = torch.arange(self.rows, dtype=ordered.dtype, device=ordered.device)
        offsets = torch.searchsorted(ordered, every, out_int32=True)
        weights = None if self.weights is None else self.weights.index_select(0, entry)
        if self.offsets is None:
            return Bags(entry.int(), len(entry), offsets, weights)
        sums = torch.searchsorted(self.offsets, entry.int(), right=True, out_int32=True) - 1
        return Bags(sums, len(self.offsets), offsets, weights)

    def map(self, change: Callable[[Tensor], Tensor]) -> Bags:
        """Return the same matrix with its tensors changed, to another device for one."""
        offsets, weights = (
            None if part is None else change(part) for part in (self.offsets, self.weights)
        )
        return Bags(change(self.index), self.rows, offsets, weights)


class _Sum(Function):
    """`Bags.sum` with gradients."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, bags: Bags) -> Tensor:
        """Map (n, C) to (P, C)."""
        ctx.bags = bags
        return bags.sum(rows)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """Map (P, C) to (n, C)."""
        return ctx.bags.adjoint.sum(gradients[0].contiguous()), None


class AddRows(Function):
    """Add rows at indices that are all different."""

    @staticmethod
    def forward(ctx: Any, target: Tensor, rows: Tensor, at: Tensor) -> Tensor:
        """Add (P, C) to (n, C) at (P,) int64."""
        ctx.save_for_backward(at)
        return add_rows(target.clone(), rows, at)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        """Pass (n, C) on, and pick (P, C) of it."""
        (at,) = ctx.saved_tensors
        return gradients[0], gradients[0].index_select(0, at), None


def add_rows(target: Tensor, rows: Tensor, at: Tensor) -> Tensor:
    """Add (P, C) to (n, C) in place, at (P,) int64 that are all different."""
    return target.index_copy_(0, at, target.index_select(0, at).add_(rows))


@dataclass(frozen=True, eq=False)
class Chunk:
    """Products of one part of the picture, and the pixels that they belong to.

    Attributes
    ----------
    sources
        Picks Q rows of the flattened (B, r, r) input.
    pairs
        Picks Q scales: (slot of the pixels)·12 + (region of the source).
    factors
        Picks which of the Q inputs, scaled for its pair, each of N products is of.
    counts
        How many of the products each tap has, in the order of `TAPS`.
    sums
        From the N products to what is added to P pixels.
    pixels
        (P,) int64: indices into the flattened (B, R, R) output, all different.
    """

    sources: Bags
    pairs: Bags
    factors: Bags
    counts: tuple[int, ...]
    sums: Bags
    pixels: Tensor

    def correct(self, source: Tensor, scales: Tensor, weights: Tensor) -> Tensor:
        """Return what is added to the pixels, (P, out).

        Parameters are the flattened input (B·r², in), the scales of all pairs (B·12·12, in) and
        the weights by taps (9, in, out).
        """
        factors = self.factors(self.sources(source).mul(self.pairs(scales)))
        parts = torch.split(factors, list(self.counts))
        if torch.is_grad_enabled():
            products = [part @ weight for part, weight in zip(parts, weights, strict=True)]
            return self.sums(torch.cat(products))
        product = factors.new_empty(len(factors), weights.shape[2])
        places = torch.split(product, list(self.counts))
        for part, weight, place in zip(parts, weights, places, strict=True):
            torch.mm(part, weight, out=place)
        return self.sums(product)

    def map(self, change: Callable[[Tensor], Tensor]) -> Chunk:
        """Return the same chunk with its tensors changed."""
        sources, pairs, factors, sums = (
            bags.map(change) for bags in (self.sources, self.pairs, self.factors, self.sums)
        )
        return Chunk(sources, pairs, factors, self.counts, sums, change(self.pixels))


@dataclass(frozen=True)
class Corrections:
    """What a layer needs beside its dense convolution."""

    chunks: tuple[Chunk, ...]

    def map(self, change: Callable[[Tensor], Tensor]) -> Corrections:
        """Return the same corrections with their tensors changed."""
        return Corrections(tuple(chunk.map(change) for chunk in self.chunks))

    def add_to(self, y: Tensor, x: Tensor, s: Tensor, weights: Tensor) -> Tensor:
        """Add Σ (s_p − s_q) ⊙ x_q · W_t over the taps that see another region.

        Parameters
        ----------
        y
            (B, R, R, out): the result of the dense convolution; changed in place without gradients.
        x
            (B, r, r, in): the layer's input.
        s
            (B·12, in): the modulation of each slot.
        weights
            (9, in, out): one for each of `TAPS`.

        Returns
        -------
        Tensor
            The corrected (B, R, R, out).
        """
        if not self.chunks:
            return y
        flat, source, scales = y.flatten(0, 2), x.flatten(0, 2), _differences(s)
        if torch.is_grad_enabled():
            sums = torch.cat([chunk.correct(source, scales, weights) for chunk in self.chunks])
            pixels = torch.cat([chunk.pixels for chunk in self.chunks])
            return cast("Tensor", AddRows.apply(flat, sums, pixels)).view_as(y)
        for chunk in self.chunks:
            add_rows(flat, chunk.correct(source, scales, weights), chunk.pixels)
        return y


def _differences(s: Tensor) -> Tensor:
    """Return s_p − s_q for the 12 regions q of p's sample: (B·12·12, in)."""
    per_sample = s.view(-1, REGIONS, s.shape[1])
    return (per_sample[:, :, None] - per_sample[:, None]).flatten(0, 2)
