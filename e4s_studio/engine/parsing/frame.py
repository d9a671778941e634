"""The face's own coordinates in an aligned crop: eye distances from the eyes' middle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from e4s_studio.engine.faces.landmarks import landmarks_of_crop
from e4s_studio.engine.resample import shrunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]

_MEASURED_SIDE = 512


@dataclass(frozen=True)
class FaceFrame:
    """Where eyes and mouth lie in a crop, in shares of its side: the same at any resolution.

    Parameters
    ----------
    eyes
        (x, y) of the eye at the left and the one at the right.
    mouth
        (x, y) of the middle between the mouth's corners.
    """

    eyes: tuple[tuple[float, float], tuple[float, float]]
    mouth: tuple[float, float]

    @property
    def distance(self) -> float:
        """The eye distance as a share of the crop's side."""
        return float(np.hypot(*np.subtract(self.eyes[1], self.eyes[0])))

    @property
    def drop(self) -> float:
        """How far the mouth lies below the eyes, in eye distances."""
        return float(self._of(np.array([self.mouth]))[1][0])

    @property
    def lean(self) -> float:
        """How far the mouth lies to the right of the eyes' middle, in eye distances."""
        return float(self._of(np.array([self.mouth]))[0][0])

    def grid(self, size: int) -> tuple[Plane, Plane]:
        """Return (u, v) of every pixel of a crop, each (size, size) float32.

        u runs along the line of the eyes to the right, v downwards, both in eye distances; the
        eyes' middle is (0, 0).
        """
        steps = (np.arange(size) + 0.5) / size
        x, y = np.meshgrid(steps, steps)
        u, v = self._of(np.stack([x, y], axis=-1).reshape(-1, 2))
        return u.reshape(size, size), v.reshape(size, size)

    def _of(self, points: NDArray[np.float64]) -> tuple[Plane, Plane]:
        left, right = np.array(self.eyes)
        along = (right - left) / self.distance**2
        away = points - (left + right) / 2
        u = away @ along
        v = away @ (-along[1], along[0])
        return u.astype(np.float32), v.astype(np.float32)


def frame_of(crop: NDArray[np.uint8]) -> FaceFrame:
    """Measure the frame of an aligned crop, (S, S, 3) uint8 RGB."""
    grey = np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.uint8)
    small = shrunk(grey, grey.shape[0] / _MEASURED_SIDE)[0].round().clip(0, 255).astype(np.uint8)
    seen = landmarks_of_crop(small)
    share = (np.vstack([seen.eyes, seen.mouth]) + 0.5) / small.shape[0]
    left, right, below = ((float(x), float(y)) for x, y in share)
    return FaceFrame((left, right), below)
