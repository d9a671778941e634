"""Outlines of brows, eyes, lips and nose with a few parameters, and fitting them to evidence.

Each function returns about the signed distance to its outline, negative inside, in eye distances.
t is u seen from an eye's middle, growing towards the temple.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import minimize

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Plane = NDArray[np.float32]
    Values = NDArray[np.float64]
    Outline = Callable[[Values, Plane, Plane], Plane]

_SOFTNESS: Final = 0.02
_EVALUATIONS: Final = 260


def eye(values: Values, t: Plane, v: Plane) -> Plane:
    """Outline an eye: centre t, centre v, half width, upper and lower lid, tilt."""
    centre, height, half, upper, lower, tilt = values
    x = np.abs(t - centre) / half
    y = v - height + tilt * (t - centre)
    lids = np.where(y < 0, -y - upper * _dome(x, 2.3), y - lower * _dome(x, 2.0))
    return np.asarray(np.where(x > 1, np.maximum(lids, (x - 1) * half), lids))


def brow(values: Values, t: Plane, v: Plane) -> Plane:
    """Outline a brow: height, slope, arch, half thickness, inner and outer end."""
    height, slope, arch, half, inner, outer = values
    along = (t - inner) / (outer - inner)
    middle = height + slope * (along - 0.5) - arch * (1 - ((along - 0.62) / 0.62) ** 2)
    taper = (1.12 - 0.75 * (along - 0.35).clip(0, None)).clip(0.2, 1)
    thick = half * taper * (along / 0.06).clip(0.55, 1)
    ends = np.maximum(inner - t, t - outer)
    return np.asarray(np.maximum(np.abs(v - middle) - thick, ends))


def lips(values: Values, u: Plane, v: Plane) -> Plane:
    """Outline both lips: centre u, corners' v, half width, upper, lower lip, sag of the middle."""
    centre, corners, half, upper, lower, sag = values
    x = np.abs(u - centre) / half
    y = v - corners - sag * (1 - x**2)
    notch = 0.018 * np.exp(-(((u - centre) / 0.06) ** 2))
    rims = np.where(y < 0, -y - (upper * _dome(x, 1.8) - notch), y - lower * _dome(x, 2.2))
    return np.asarray(np.where(x > 1, np.maximum(rims, (x - 1) * half), rims))


def opening(values: Values, u: Plane, v: Plane) -> Plane:
    """Outline the open mouth: centre u, v, half width, its upper and lower half."""
    centre, height, half, upper, lower = values
    x = np.abs(u - centre) / half
    y = v - height
    rims = np.where(y < 0, -y - upper * _dome(x, 2.0), y - lower * _dome(x, 2.0))
    return np.asarray(np.where(x > 1, np.maximum(rims, (x - 1) * half), rims))


def nose(base: float, u: Plane, v: Plane) -> Plane:
    """Outline the nose from the eyes down to its base (v), u along the face's axis."""
    heights = [-0.12, 0.10, 0.35, base - 0.24, base - 0.12, base - 0.03, base + 0.04]
    halves = [0.085, 0.115, 0.17, 0.25, 0.315, 0.27, 0.12]
    flank = np.abs(u) - np.interp(v, heights, halves)
    return np.asarray(np.maximum(flank, np.maximum(heights[0] - v, v - heights[-1])), np.float32)


@dataclass(frozen=True)
class Shape:
    """An outline with what is usual for its parameters, to be fitted to evidence.

    Parameters
    ----------
    outline
        The function of the shape.
    usual, spread
        Means and standard deviations of its parameters.
    weight
        How much evidence counts against what is usual.
    """

    outline: Outline
    usual: Values
    spread: Values
    weight: float

    def fitted(self, evidence: Plane, near: NDArray[np.bool_], at: tuple[Plane, Plane]) -> Values:
        """Return the parameters with which the outline best holds what speaks for it.

        Minimises ½ Σ ((values - usual) / spread)² - weight · Σ inside · evidence / N, with N a
        twelfth of the usual outline's area, by Nelder and Mead's simplex on every third pixel.

        Parameters
        ----------
        evidence
            (H, W): above 0 speaks for inside.
        near
            (H, W): where evidence counts.
        at
            The coordinates of the pixels, (H, W) each.
        """
        rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
        box = np.s_[rows[0] : rows[-1] + 1 : 3, columns[0] : columns[-1] + 1 : 3]
        here, seen = (at[0][box], at[1][box]), (evidence * near)[box]
        area = _inside(self.outline, self.usual, here).sum() / 12

        def cost(steps: Values) -> float:
            inside = _inside(self.outline, self.usual + steps * self.spread, here)
            return float(0.5 * (steps**2).sum() - self.weight * (inside * seen).sum() / area)

        start = np.vstack([np.zeros(len(self.usual)), 0.8 * np.eye(len(self.usual))])
        options = {"maxfev": _EVALUATIONS, "initial_simplex": start, "xatol": 0.02, "fatol": 0.002}
        best = minimize(cost, start[0], method="Nelder-Mead", options=options)
        return np.asarray(self.usual + best.x * self.spread, np.float64)

    def around(self, usual: Values) -> Shape:
        """Return the same shape where other values are usual."""
        return replace(self, usual=usual)


def _inside(outline: Outline, values: Values, at: tuple[Plane, Plane]) -> Values:
    steepness = (outline(values, *at) / _SOFTNESS).clip(-30, 30)
    return np.asarray(1 / (1 + np.exp(steepness)), np.float64)


def _dome(x: Plane, power: float) -> Plane:
    return np.asarray((1 - x**power).clip(0, None))
