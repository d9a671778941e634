"""Smooth functions on arrays: steps, bumps, bands, sampled profiles and tiled noise."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Field: TypeAlias = NDArray[Any]
"""An array of float32, (H, W) unless said otherwise (stubs do not follow its type)."""

_TILE: Final = 512
"""Pixels on a side of the periodic noise tile."""

_GRAIN: Final = 4.0
"""Tile pixels per unit of noise coordinates: the noise changes over about one unit."""


def step(x: Field, low: float, high: float) -> Field:
    """Rise smoothly from 0 at `low` to 1 at `high` (fall, where `low` is greater)."""
    t = np.clip((x - low) * (1.0 / (high - low)), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def bump(u: Field, v: Field, centre: tuple[float, float], radii: tuple[float, float]) -> Field:
    """Gaussian of height 1 with the given centre and standard deviations."""
    du = (u - centre[0]) * (0.70710678 / radii[0])
    dv = (v - centre[1]) * (0.70710678 / radii[1])
    return np.exp(-(du * du + dv * dv))


def ridge(distance: Field, width: float | Field) -> Field:
    """Gaussian of height 1 across a line, from the distance to it."""
    t = distance * (0.70710678 / width)
    return np.exp(-(t * t))


def cover(distance: Field, width: float) -> Field:
    """Coverage in [0, 1] of what lies where `distance` > 0, with an edge `width` wide."""
    return np.clip(distance * (1.0 / width) + 0.5, 0.0, 1.0)


class Profile:
    """A smooth function of one variable through given points, sampled once and looked up."""

    _SAMPLES: Final = 512
    _ENTRIES: Final = 4096

    def __init__(self, points: Sequence[tuple[float, float]], blur: float = 0.0) -> None:
        """Pass through `points` (x ascending, y), smoothed over `blur` units of x."""
        xs, ys = (np.asarray(column, dtype=np.float64) for column in zip(*points, strict=True))
        self._low = float(xs[0])
        self._scale = self._ENTRIES / float(xs[-1] - xs[0])
        grid = np.linspace(xs[0], xs[-1], self._SAMPLES)
        table: Field = np.interp(grid, xs, ys)[None]
        if blur > 0:
            sigma = blur * self._SAMPLES / float(xs[-1] - xs[0])
            table = cv2.GaussianBlur(table, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        size = (self._ENTRIES, 1)
        self._table = cv2.resize(table.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)[0]

    def __call__(self, x: Field) -> Field:
        """Evaluate at every element of `x`; beyond the ends the end values hold."""
        index = np.clip((x - self._low) * self._scale, 0, self._ENTRIES - 1).astype(np.int32)
        return np.take(self._table, index)


@cache
def _tile() -> Field:
    """(2·TILE, 2·TILE): periodic noise, mean 0, deviation 1, twice each way."""
    white = np.random.default_rng(5).standard_normal((_TILE, _TILE))
    axis = np.fft.fftfreq(_TILE)
    radius = np.hypot(axis[:, None], axis[None, :])
    spectrum = np.fft.fft2(white) * np.exp(-((radius * _GRAIN * 1.6) ** 2))
    smooth = np.fft.ifft2(spectrum).real
    smooth = (smooth - smooth.mean()) / smooth.std()
    tile = np.tile(smooth.astype(np.float32), (2, 2))
    tile.setflags(write=False)
    return tile


def noise(x: Field, y: Field, phase: tuple[float, float] = (0.0, 0.0)) -> Field:
    """Smooth noise of mean 0 and deviation 1 that changes over about one unit of x and y.

    `phase` in [0, 1) chooses a place on a fixed periodic tile.
    """
    tx, ty = _wrapped(x, phase[0]), _wrapped(y, phase[1])
    return cv2.remap(_tile(), tx, ty, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _wrapped(x: Field, phase: float) -> Field:
    """Return positions on the doubled tile, shifted together if they fit, else one by one."""
    t = x * _GRAIN + phase * _TILE
    low, high = float(t.min()), float(t.max())
    if high - low < _TILE - 1:
        t -= math.floor(low / _TILE) * _TILE
    else:
        t -= np.floor(t * (1.0 / _TILE)) * _TILE
    return t


def detail(
    x: Field,
    y: Field,
    frequency: tuple[float, float],
    pixel: float,
    phase: tuple[float, float] = (0.0, 0.0),
) -> Field:
    """Noise that changes over 1 / `frequency` of x and y, faded where pixels cannot resolve it."""
    share = fine(pixel, 0.6 * max(frequency))
    if share == 0.0:
        return np.zeros_like(x)
    return share * noise(x * frequency[0], y * frequency[1], phase)


def fine(pixel: float, frequency: float) -> float:
    """Return the share of noise at `frequency` that this pixel size can resolve, 0 to 1."""
    return float(np.clip(1.6 - 3.2 * pixel * frequency, 0.0, 1.0))
