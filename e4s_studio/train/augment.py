"""Augmentation: random warps, flips, blur and colours, equal for a portrait and its ground truth.

Rendered portraits are cleaner than photographs. Colours change by region, and in a swap by the
portrait that a region's texture comes from, so that the ground truth stays exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from e4s_studio.core.regions import REGION_COUNT

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    Image = NDArray[np.float32]
    Labels = NDArray[np.uint8]

_TURN_SIGMA: Final = 0.06
"""Standard deviation of rotation (radians), of the logarithm of the scale, and of the shift
(half pictures)."""
_BEND_SIGMA: Final = 0.025
"""Standard deviation of the elastic bend at its knots, in half pictures."""
_KNOTS: Final = 5
_GAIN_SIGMA: Final = 0.15
_CROSSTALK_SIGMA: Final = 0.06
_OFFSET_SIGMA: Final = 14.0
_BLUR_SIGMA: Final = (0.3, 1.3)
"""In pixels at 256², proportional at other sizes."""
_NOISE_SIGMA: Final = (1.0, 8.0)


@dataclass(frozen=True)
class Warp:
    """The source coordinates of each pixel: (S, S) float32 columns and rows."""

    columns: NDArray[np.float32]
    rows: NDArray[np.float32]

    def image(self, image: Image) -> Image:
        """Warp levels (S, S, C), bilinear, mirrored at the border."""
        return np.asarray(self._remapped(image, cv2.INTER_LINEAR), np.float32)

    def labels(self, labels: Labels) -> Labels:
        """Warp a label map (S, S) likewise, by nearest pixel."""
        return np.asarray(self._remapped(labels, cv2.INTER_NEAREST), np.uint8)

    def _remapped(self, array: NDArray[Any], interpolation: int) -> NDArray[Any]:
        border = cv2.BORDER_REFLECT_101
        return cv2.remap(array, self.columns, self.rows, interpolation, borderMode=border)


def random_warp(rng: Generator, size: int, *, bent: bool, flipped: bool) -> Warp:
    """Sample a warp: rotated, scaled, shifted and bent if `bent`, mirrored if `flipped`."""
    line = (np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1
    x, y = np.meshgrid(line, line)
    if flipped:
        x = -x
    if bent:
        angle, log_scale = rng.normal(0, _TURN_SIGMA, 2)
        shift = rng.normal(0, _TURN_SIGMA, 2)
        cos, sin = (math.exp(log_scale) * f(angle) for f in (math.cos, math.sin))
        knots = rng.normal(0, _BEND_SIGMA, (_KNOTS, _KNOTS, 2)).astype(np.float32)
        bend = cv2.resize(knots, (size, size), interpolation=cv2.INTER_CUBIC)
        x, y = (
            cos * x - sin * y + shift[0] + bend[..., 0],
            sin * x + cos * y + shift[1] + bend[..., 1],
        )
    columns, rows = (((axis + 1) * size / 2 - 0.5).astype(np.float32) for axis in (x, y))
    return Warp(columns, rows)


@dataclass(frozen=True)
class Recolouring:
    """A colour change for each region: levels·matrix + offset.

    Attributes
    ----------
    matrices
        (12, 3, 3) float32.
    offsets
        (12, 3) float32, in levels.
    """

    matrices: NDArray[np.float32]
    offsets: NDArray[np.float32]

    def __call__(self, image: Image, labels: Labels) -> Image:
        """Recolour levels (S, S, 3) by their labels (S, S); returns 0 to 255."""
        changed = np.einsum("yxc,yxcd->yxd", image, self.matrices[labels]) + self.offsets[labels]
        return np.asarray(np.clip(changed, 0, 255), np.float32)

    def towards(self, other: Recolouring, amounts: NDArray[np.float32]) -> Recolouring:
        """Interpolate towards another recolouring by the amounts (12,) of the regions."""
        share = amounts[:, None].astype(np.float32)
        return Recolouring(
            self.matrices + share[..., None] * (other.matrices - self.matrices),
            self.offsets + share * (other.offsets - self.offsets),
        )


def random_recolouring(rng: Generator, *, changed: bool) -> Recolouring:
    """Sample a colour change of each region, or none."""
    identity = np.tile(np.eye(3, dtype=np.float32), (REGION_COUNT, 1, 1))
    if not changed:
        return Recolouring(identity, np.zeros((REGION_COUNT, 3), np.float32))
    gains = np.exp(rng.normal(0, _GAIN_SIGMA, (REGION_COUNT, 1, 3)))
    crosstalk = rng.normal(0, _CROSSTALK_SIGMA, (REGION_COUNT, 3, 3))
    # Every row of the crosstalk sums to zero, so that grey stays nearly grey.
    crosstalk -= crosstalk.mean(axis=1, keepdims=True)
    offsets = rng.normal(0, _OFFSET_SIGMA, (REGION_COUNT, 3))
    return Recolouring(
        (identity * gains + crosstalk).astype(np.float32), offsets.astype(np.float32)
    )


def blurred(image: Image, sigma: float) -> Image:
    """Blur levels (S, S, 3) with a Gaussian of `sigma` pixels; none for 0."""
    if sigma == 0:
        return image
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32)


def random_blur(rng: Generator, size: int, *, changed: bool) -> float:
    """Sample the sigma of a blur in pixels, or 0."""
    return float(rng.uniform(*_BLUR_SIGMA)) * size / 256 if changed else 0.0


def noisy(rng: Generator, image: Image, *, changed: bool) -> Image:
    """Add sensor noise to levels, or none. It is for the encoder's input only."""
    if not changed:
        return image
    noise = rng.standard_normal(image.shape, np.float32) * rng.uniform(*_NOISE_SIGMA)
    return np.asarray(np.clip(image + noise, 0, 255), np.float32)
