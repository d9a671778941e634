"""Muon: momentum whose every direction counts the same, for the kernels of convolutions.

A gradient of a few pictures is nearly of low rank: an entry-wise optimiser follows its strongest
directions again and again, and the fine ones, which draw stubble and lashes, hardly move. Muon
(Jordan et al., 2024) takes the nearest matrix with orthogonal rows in place of the momentum.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

_MOMENTUM: Final = 0.9
_ROUNDS: Final = 5
_POLYNOMIAL: Final = (3.4445, -4.7750, 2.0315)
"""Of the odd polynomial a·x + b·x³ + c·x⁵ that brings singular values from 0.01 to 1 near 1 in five
rounds (the published coefficients)."""
_LEAST_NORM: Final = 1e-12
ADAM_LIKE: Final = 0.2
"""The root mean square of Adam's typical change, at a rate of 1: rates mean about the same."""


class Muon(torch.optim.Optimizer):
    """Muon for weights (1, out, in, k, k), each taken as a matrix of `out` rows.

    torch's own computes in bfloat16, which most CPUs emulate: six times as slow as this.

    Parameters
    ----------
    weights
        The weights, or groups of them, as for any optimiser of torch.
    lr
        Learning rate.
    """

    def __init__(self, weights: Iterable[Tensor] | Iterable[dict[str, Any]], lr: float = 0) -> None:
        super().__init__(weights, {"lr": lr})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        """Change the weights that have gradients."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["momentum"] = torch.zeros_like(weight)
                momentum = state["momentum"].lerp_(weight.grad, 1 - _MOMENTUM)
                ahead = torch.lerp(weight.grad, momentum, _MOMENTUM)  # Nesterov's
                matrix = ahead.flatten(0, 1).flatten(1)
                change = orthogonalised(matrix).view_as(weight)
                size = ADAM_LIKE * math.sqrt(max(matrix.shape))
                weight.add_(change, alpha=-size * group["lr"])


def orthogonalised(matrix: Tensor) -> Tensor:
    """Bring the singular values of a matrix (rows, columns) near 1, by Newton-Schulz iteration.

    Every round multiplies from the left by a polynomial of X·Xᵀ, so that all of them are done on
    that small square, and the matrix itself is multiplied once.
    """
    if matrix.shape[0] > matrix.shape[1]:
        return orthogonalised(matrix.t()).t()
    first, third, fifth = _POLYNOMIAL
    norm = matrix.norm().clamp(min=_LEAST_NORM)
    identity = torch.eye(len(matrix), dtype=matrix.dtype, device=matrix.device)
    square, product = matrix @ matrix.t() / norm**2, identity
    for _ in range(_ROUNDS):
        factor = torch.addmm(square, square, square, beta=third, alpha=fifth) + first * identity
        product = factor @ product
        square = factor @ square @ factor
    return (product @ matrix).div_(norm)
