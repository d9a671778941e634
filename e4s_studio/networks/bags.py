"""Sums of rows picked by index: sparse matrices, which run in one pass forwards and backwards."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, eq=False)
class Bags:
    """A sparse matrix that maps n rows to P sums of some of them.

    No sum depends on the order in which threads run, so the same input gives the same bits.

    Attributes
    ----------
    index
        (E,) int32: a row for each entry.
    offsets
        (P,) int32: where each sum's entries start.
    rows
        n.
    weights
        (E,) float32: what each entry is multiplied by; None where that is 1.
    """

    index: Tensor
    offsets: Tensor
    rows: int
    weights: Tensor | None = None

    @classmethod
    def picking(cls, index: Tensor, rows: int) -> Bags:
        """Return the matrix that picks a row for each of (P,) int32."""
        return cls(index, torch.arange(len(index), dtype=index.dtype, device=index.device), rows)

    def sum(self, rows: Tensor) -> Tensor:
        """Map (n, C) to (P, C), without gradients."""
        weights = None if self.weights is None else self.weights.to(rows.dtype)
        return F.embedding_bag(
            self.index, rows, self.offsets, mode="sum", per_sample_weights=weights
        )

    @cached_property
    def adjoint(self) -> Bags:
        """The transposed matrix."""
        ordered, entry = torch.sort(self.index, stable=True)
        every = torch.arange(self.rows, dtype=ordered.dtype, device=ordered.device)
        offsets = torch.searchsorted(ordered, every, out_int32=True)
        sums = torch.searchsorted(self.offsets, entry.int(), right=True, out_int32=True) - 1
        weights = None if self.weights is None else self.weights.index_select(0, entry)
        return Bags(sums, offsets, len(self.offsets), weights)

    def map(self, change: Callable[[Tensor], Tensor]) -> Bags:
        """Return the same matrix with its tensors changed, to another device for one."""
        weights = None if self.weights is None else change(self.weights)
        return Bags(change(self.index), change(self.offsets), self.rows, weights)


class PickAndSum(Function):
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
