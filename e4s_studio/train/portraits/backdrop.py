"""What lies behind the head, and the clothes below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.core.regions import Region
from e4s_studio.train.portraits.fields import Field, cover, fine, noise, ridge, step
from e4s_studio.train.portraits.lighting import Normals, lit

if TYPE_CHECKING:
    from e4s_studio.train.portraits.canvas import Canvas, Easel
    from e4s_studio.train.portraits.geometry import Frame
    from e4s_studio.train.portraits.texture import Surroundings

SOFT_GRID: Final = 96
"""Side of the grid on which the backdrop is drawn."""


def paint_backdrop(at: Frame, surroundings: Surroundings, canvas: Canvas) -> None:
    """Paint a lit wall, or foliage and sky out of focus: soft, hence drawn small."""
    x, y = at.place.to_plane(SOFT_GRID)
    top, bottom, accent = (
        np.array(c, np.float32)
        for c in (surroundings.top, surroundings.bottom, surroundings.accent)
    )
    px, py = surroundings.phase
    blur = noise(x * 3.2, y * 3.2, (px, py))
    wide = noise(x * 1.3 + 7, y * 1.3, (py, px))
    fall = np.clip(y + 0.5 + 0.16 * surroundings.landscape * blur, 0.0, 1.0)
    image = top + (bottom - top) * fall[..., None]
    leaves = step(blur + 0.5 * wide, -1.0, 2.0) * surroundings.landscape
    image = image + (accent * 0.8 - image) * (0.5 * leaves)[..., None]
    discs = step(noise(x * 6, y * 6, (py, px)), 0.5, 2.2) * surroundings.spots
    image = image + (0.22 * discs)[..., None] * (0.4 + accent)
    side = x * (1.0 if surroundings.light.azimuth > 0 else -1.0)
    glow = 1.0 + 0.25 * side - 1.1 * surroundings.vignette * (x**2 + y**2)
    image = np.maximum(image * (glow * (1.0 + 0.03 * wide))[..., None], 0.0)
    size = (at.u.shape[1], at.u.shape[0])
    canvas.light[:] = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)


def paint_cloth(easel: Easel, distance: Field, surroundings: Surroundings, facing: Normals) -> None:
    """Clothes with folds, a weave and a seam along the collar."""
    at, scene, canvas = easel.at, easel.scene, easel.canvas
    px, py = surroundings.phase
    folds = noise(at.x * 7 + at.y * 5, at.y * 4 - at.x * 2, (px, py))
    weave = noise(at.x * 150, at.y * 150, (py, px)) * fine(at.pixel, 130)
    stripes = np.sin(at.x * 190.0 + 2.0 * folds)
    tone = 1.0 + 0.16 * folds + 0.06 * surroundings.weave * weave
    tone = tone + surroundings.pattern * step(stripes, 0.2, 0.8)
    seam = 1.0 - 0.35 * ridge(distance - 0.012, 0.0022) - 0.25 * ridge(distance, 0.004)
    cloth = np.array(surroundings.cloth, dtype=np.float32) * (tone * seam)[..., None]
    image = cloth * lit(scene, facing, (0.1, 0.1, 0.1))
    canvas.over(at.box, image, cover(distance, 1.4 * at.pixel))
    canvas.mark(at.box, distance > 0, Region.BACKGROUND)
