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

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from e4s_studio.networks.bags import AddRows, Bags, PickAndSum, add_rows
from e4s_studio.networks.config import REGIONS
from e4s_studio.networks.ops import spread
from e4s_studio.networks.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

NO_REGION: Final = REGIONS
"""Stands beside a region whose product is wanted whole."""

TAPS: Final = ((-1, -1), (-1, 1), (1, -1), (1, 1), (-1, 0), (0, -1), (0, 1), (1, 0), (0, 0))
"""The 3×3 neighbourhood as (dy, dx): corners, edges, centre. Within each of these groups the
number of corrections is about the same."""
TAP_GROUPS: Final = ((0, 4), (4, 8), (8, 9))


@dataclass(frozen=True)
class Run:
    """Products of consecutive taps, `rows` for each: one batch of matrix products.

    Attributes
    ----------
    first, stop
        The taps, 0 to 9, in the order of `TAPS`.
    start
        The first of the products.
    rows
        How many each tap has; those that have fewer are filled up.
    """

    first: int
    stop: int
    start: int
    rows: int

    @property
    def end(self) -> int:
        """One past the last of the products."""
        return self.start + (self.stop - self.first) * self.rows


@dataclass(frozen=True, eq=False)
class Chunk:
    """Products of one part of the picture, and the pixels that they belong to.

    Attributes
    ----------
    sources
        (Q,) int32: indices into the flattened (B, r, r) input.
    pairs
        (Q,) int32: 13·(slot of the pixels) + (region of the source, or NO_REGION).
    factors
        (N,) int32: which of the Q inputs, scaled for its pair, each product is of.
    runs
        Which tap each product is by.
    pixels
        (P,) int64: indices into the flattened (B, R, R) output, all different.
    bags
        From the products to what is added to the pixels.
    """

    sources: Tensor
    pairs: Tensor
    factors: Tensor
    runs: tuple[Run, ...]
    pixels: Tensor
    bags: Bags
    _picking: dict[str, Bags] = field(default_factory=dict, init=False, repr=False)

    def picking(self, what: Literal["sources", "pairs", "factors"], rows: int) -> Bags:
        """Return the matrix that picks `sources`, `pairs` or `factors` among so many rows.

        It is kept, and with it the transposed one that gradients need.
        """
        if what not in self._picking:
            self._picking[what] = Bags.picking(getattr(self, what), rows)
        return self._picking[what]

    def map(self, change: Callable[[Tensor], Tensor]) -> Chunk:
        """Return the same chunk with its tensors changed."""
        sources, pairs, factors = (change(t) for t in (self.sources, self.pairs, self.factors))
        return Chunk(sources, pairs, factors, self.runs, change(self.pixels), self.bags.map(change))


@dataclass(frozen=True)
class Corrections:
    """What a layer needs beside its dense pass; if complete, all that it needs."""

    chunks: tuple[Chunk, ...]
    complete: bool = False

    def map(self, change: Callable[[Tensor], Tensor]) -> Corrections:
        """Return the same corrections with their tensors changed."""
        return Corrections(tuple(chunk.map(change) for chunk in self.chunks), self.complete)

    def add_to(
        self,
        y: Tensor,
        x: Tensor,
        s: Tensor,
        weights: Tensor,
        space: Workspace | None = None,
    ) -> Tensor:
        """Add Σ (s_p − s_q) ⊙ x_q · W_t over the taps that see another region.

        Parameters
        ----------
        y
            (B, R, R, out): the dense pass's result, or zeros where these are complete; changed in
            place without gradients.
        x
            (B, r, r, in): the layer's input.
        s
            (B·12, in): the modulation of each slot.
        weights
            (9, in, out): one for each of `TAPS`.
        space
            Where intermediate results go, unless gradients are wanted.

        Returns
        -------
        Tensor
            The corrected (B, R, R, out).
        """
        flat, source, scales = y.flatten(0, 2), x.flatten(0, 2), _differences(s)
        if torch.is_grad_enabled() and self.chunks:
            sums = [_differentiable(source, scales, chunk, weights) for chunk in self.chunks]
            pixels = torch.cat([chunk.pixels for chunk in self.chunks])
            return cast("Tensor", AddRows.apply(flat, torch.cat(sums), pixels)).view_as(y)
        space = Workspace() if space is None else space
        for chunk in self.chunks:
            scaled = scales.index_select(0, chunk.pairs)
            scaled *= source.index_select(0, chunk.sources)
            factors = space.take("factors", (len(chunk.factors), x.shape[3]), x)
            torch.index_select(scaled, 0, chunk.factors, out=factors)
            products = space.take("products", (len(chunk.factors), y.shape[3]), x)
            for run in chunk.runs:
                torch.bmm(*_factors(factors, run, weights), out=_part(products, run))
            add_rows(flat, chunk.bags.sum(products), chunk.pixels)
        return y


def every_tap(x: Tensor, s: Tensor, slots: Tensor, weights: Tensor) -> Tensor:
    """Compute a plain layer pixel by pixel, each with its own region's code for all that it sees.

    Parameters
    ----------
    x
        (B, R, R, in).
    s
        (B·12, in): the modulation of each slot.
    slots
        (B, R, R): each pixel's row of s.
    weights
        (9, in, out): one for each of `TAPS`.

    Returns
    -------
    Tensor
        (B, R, R, out).
    """
    height, width = slots.shape[1:]
    ring = F.pad(x, (0, 0, 1, 1, 1, 1))
    seen = [ring[:, dy + 1 : dy + 1 + height, dx + 1 : dx + 1 + width] for dy, dx in TAPS]
    scaled = torch.stack(seen, dim=3) * spread(s, slots)[:, :, :, None]
    return (scaled.flatten(0, 2).flatten(1) @ weights.flatten(0, 1)).view(*slots.shape, -1)


def _differences(s: Tensor) -> Tensor:
    """Return s_p − s_q for the 12 regions q of p's sample, and s_p itself: (B·12·13, in)."""
    per_sample = s.view(-1, REGIONS, s.shape[1])
    others = torch.cat([per_sample, torch.zeros_like(per_sample[:, :1])], dim=1)
    return (per_sample[:, :, None] - others[:, None]).flatten(0, 2)


def _part(products: Tensor, run: Run) -> Tensor:
    """Return a run of (N, C) as (taps, rows, C)."""
    return products[run.start : run.end].view(run.stop - run.first, run.rows, -1)


def _factors(factors: Tensor, run: Run, weights: Tensor) -> tuple[Tensor, Tensor]:
    return _part(factors, run), weights[run.first : run.stop]


def _differentiable(source: Tensor, scales: Tensor, chunk: Chunk, weights: Tensor) -> Tensor:
    taken: Tensor = PickAndSum.apply(source, chunk.picking("sources", len(source)))
    scaled = taken * PickAndSum.apply(scales, chunk.picking("pairs", len(scales)))
    factors: Tensor = PickAndSum.apply(scaled, chunk.picking("factors", len(scaled)))
    products = [torch.bmm(*_factors(factors, run, weights)).flatten(0, 1) for run in chunk.runs]
    return cast("Tensor", PickAndSum.apply(torch.cat(products), chunk.bags))
