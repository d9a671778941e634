"""The picture being painted: linear light with its label map, layer over layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from e4s_studio.core.regions import Region

if TYPE_CHECKING:
    from e4s_studio.train.portraits.fields import Field
    from e4s_studio.train.portraits.geometry import Box, Frame
    from e4s_studio.train.portraits.lighting import Scene

Labels: TypeAlias = NDArray[np.uint8]


EXPOSURE: Final = 1.02
"""Gain before the shoulder."""

SHOULDER: Final = 0.20
"""How early highlights are compressed."""

CONTRAST: Final = 0.40
"""Strength of the S-curve on the displayed value."""


class Canvas:
    """A square of linear light and the region of each of its pixels."""

    def __init__(self, size: int) -> None:
        self.light: Field = np.zeros((size, size, 3), dtype=np.float32)
        self.labels: Labels = np.full((size, size), Region.BACKGROUND, dtype=np.uint8)

    def over(self, box: Box, colour: Field, alpha: Field) -> None:
        """Lay `colour` (H, W, 3) over the part `box` with the coverage `alpha` (H, W)."""
        below = self.light[box]
        below += (colour - below) * cv2.merge([alpha, alpha, alpha])

    def shade(self, box: Box, factor: Field) -> None:
        """Multiply the part `box` by `factor`, (H, W) or (H, W, 3)."""
        self.light[box] *= factor if factor.ndim == 3 else factor[..., None]

    def add(self, box: Box, light: Field) -> None:
        """Add `light` (H, W, 3) to the part `box`."""
        self.light[box] += light

    def mark(self, box: Box, inside: np.ndarray, region: Region) -> None:
        """Give the pixels where `inside` holds to a region."""
        self.labels[box][inside] = region

    def developed(self) -> np.ndarray:
        """Return the picture as (H, W, 3) uint8: a film's shoulder and contrast over gamma 2."""
        light = np.maximum(self.light, 0.0)
        light *= EXPOSURE / (1.0 + SHOULDER * light)
        shown = np.sqrt(np.minimum(light, 1.0))
        shown += CONTRAST * shown * (1.0 - shown) * (2.0 * shown - 1.0)
        return (shown * 255.0 + 0.5).astype(np.uint8)


@dataclass(frozen=True)
class Easel:
    """What the painter of a part needs: where its pixels lie, their light, and the canvas."""

    at: Frame
    scene: Scene
    canvas: Canvas

    def crop(self, at: Frame) -> Easel:
        """Return the easel of a part of the whole picture."""
        return Easel(at, self.scene.crop(at.box), self.canvas)
