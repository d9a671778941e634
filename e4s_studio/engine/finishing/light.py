"""Following the target's light: the side that a face is lit from, not its height or its colour.

How a face darkens downwards says more of its form and its make-up than of the light: between what
a swap shows and its painted truth it has nothing in common with the target's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from e4s_studio.core.regions import Region
from e4s_studio.engine.pictures import among, resize_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLES: Final = 128
"""The light is estimated on a picture of this size."""
_ROUNDS: Final = 8
_TUKEY: Final = 4.685
"""Residuals beyond this many standard deviations do not count (Tukey's biweight)."""
_BRIGHTEST: Final = 1.35
"""No pixel is lit or darkened by more than this factor."""


@dataclass(frozen=True)
class Slope:
    """How the logarithm of a face's luminance changes, per crop side, to the right."""

    across: float

    def gain_to(self, other: Slope, size: int) -> NDArray[np.float32]:
        """Return the (N, N) float32 factors, around 1, from this light to another."""
        axis = (np.arange(size) + 0.5) / size - 0.5
        columns = np.exp((other.across - self.across) * axis).clip(1 / _BRIGHTEST, _BRIGHTEST)
        return np.tile(columns.astype(np.float32), (size, 1))


def light_slope(image: NDArray[Any], labels: NDArray[np.uint8]) -> Slope:
    """Estimate which way a face is lit.

    The logarithm of its luminance is fitted by a plane, robustly, over skin and nose above the
    mouth: beards, make-up and shadows of single features do not count. The mean is the skin's own.

    Parameters
    ----------
    image
        (H, W, 3) RGB levels of about 0 to 255.
    labels
        (H, W) uint8.
    """
    across, _, _ = _plane(image, labels)
    return Slope(float(across))


def _plane(image: NDArray[Any], labels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Fit log-luminance = a·x + b·y + c over the lit skin; return (a, b, c), per crop side."""
    small = cv2.resize(image, (SAMPLES, SAMPLES), interpolation=cv2.INTER_AREA)
    luminance = np.log((small.astype(np.float64) @ (0.2126, 0.7152, 0.0722)).clip(0) + 8)
    sampled = resize_labels(labels, SAMPLES)
    skin = among(sampled, {Region.SKIN, Region.NOSE})
    mouth = among(sampled, {Region.LIP, Region.MOUTH}).any(axis=1)
    if mouth.any():
        skin[int(np.argmax(mouth)) :] = False
    ys, xs = np.nonzero(skin)
    if ys.size < SAMPLES:
        return np.zeros(3)
    terms = np.stack([xs / SAMPLES - 0.5, ys / SAMPLES - 0.5, np.ones(ys.size)], axis=1)
    values = luminance[ys, xs]
    weights = np.ones(ys.size)
    for _ in range(_ROUNDS):
        root = np.sqrt(weights)
        fit = np.linalg.lstsq(terms * root[:, None], values * root, rcond=None)[0]
        error = values - terms @ fit
        spread = 1.4826 * np.median(np.abs(error)) + 1e-6  # the MAD of a normal distribution
        weights = np.clip(1 - (error / (_TUKEY * spread)) ** 2, 0, None) ** 2
    return np.asarray(fit, np.float64)
