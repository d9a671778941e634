"""How well each pixel's colour fits each region: smoothed histograms in CIE Lab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]

_BINS: Final = (20, 24, 24)
_SMOOTHING: Final = 1.2
"""Bins: neighbouring colours count for each other."""


def lab_of(crop: NDArray[np.uint8]) -> Plane:
    """Return an RGB crop, (H, W, 3) uint8, in 8-bit Lab as float32, its grain smoothed."""
    smooth = cv2.bilateralFilter(crop, 5, 20, 3)
    return np.asarray(cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB), np.float32)


class Colours:
    """The colours of one picture, sorted into bins once.

    Parameters
    ----------
    lab
        (H, W, 3) float32, 8-bit Lab: 0 to 255 with a, b neutral at 128.
    """

    def __init__(self, lab: Plane) -> None:
        self._shape = lab.shape[:2]
        # a and b of photographs lie in the middle half of their range.
        low, span = np.array([0, 64, 64]), np.array([256, 128, 128])
        bins = ((lab - low) / span * _BINS).astype(int).clip(0, np.array(_BINS) - 1)
        self._bin = np.ravel_multi_index(tuple(bins.reshape(-1, 3).T), _BINS)

    def likelihood(self, weight: NDArray[np.floating]) -> Plane:
        """Return how likely each pixel's colour is among the weighted pixels.

        Parameters
        ----------
        weight
            (H, W): how much each pixel belongs.

        Returns
        -------
        (H, W) float32; the likelihoods of all colours sum to 1.
        """
        counts = np.bincount(self._bin, weights=weight.ravel(), minlength=int(np.prod(_BINS)))
        smooth = gaussian_filter(counts.reshape(_BINS), _SMOOTHING).ravel()
        share = smooth / max(smooth.sum(), 1e-9)
        return np.asarray(share[self._bin].reshape(self._shape), np.float32)

    def log_ratio(self, inside: NDArray[np.floating], outside: NDArray[np.floating]) -> Plane:
        """Return log p(colour | inside) - log p(colour | outside), (H, W), within ±2.5."""
        ratio = np.log(self.likelihood(inside) + 1e-6) - np.log(self.likelihood(outside) + 1e-6)
        return np.asarray(ratio.clip(-2.5, 2.5), np.float32)
