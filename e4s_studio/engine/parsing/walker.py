"""Smoothing probabilities along a picture but not across its edges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import coo_matrix, diags, identity
from scipy.sparse.linalg import splu

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]

_CONTRAST: Final = 3.0
"""How fast a step in colour stops the walk, against the picture's mean squared step."""
_STAY: Final = 0.02
"""How much a pixel's own evidence counts against one neighbour of equal colour."""
_LEAST: Final = 1e-4


class RandomWalker:
    """Random walks with priors (Grady 2005, section 3): (L + γ) x = γ p, factored once.

    Parameters
    ----------
    lab
        (H, W, 3) float32 picture whose edges stop the walk.
    """

    def __init__(self, lab: Plane) -> None:
        height, width = self._shape = lab.shape[:2]
        index = np.arange(height * width).reshape(height, width)
        steps = [_squared(lab[:, 1:] - lab[:, :-1]), _squared(lab[1:] - lab[:-1])]
        mean = max(float(np.concatenate(steps).mean()), 1e-6)
        weight = np.exp(-_CONTRAST * np.concatenate(steps) / mean) + _LEAST
        here = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
        there = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
        ends = np.concatenate([here, there]), np.concatenate([there, here])
        joined = coo_matrix((np.tile(weight, 2), ends), shape=(index.size, index.size)).tocsr()
        laplacian = diags(np.asarray(joined.sum(axis=1)).ravel()) - joined
        # Symmetric and positive definite: no pivoting, and an ordering that keeps it sparse.
        self._solver = splu(
            (laplacian + _STAY * identity(index.size)).tocsc(),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )

    def smooth(self, evidence: Plane) -> Plane:
        """Return probabilities, (H, W, K) float32 summing to 1, from noisy ones of that shape."""
        solved = self._solver.solve(_STAY * evidence.reshape(-1, evidence.shape[2]).astype(float))
        spread = solved.reshape(*self._shape, -1).clip(1e-6, None)
        return np.asarray(spread / spread.sum(axis=-1, keepdims=True), np.float32)


def _squared(step: Plane) -> NDArray[np.float64]:
    return np.asarray((step.astype(np.float64) ** 2).sum(axis=-1).ravel(), np.float64)
