"""Glasses, earrings, clothes and the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.core.regions import Region
from e4s_studio.train.portraits.body import ear_place
from e4s_studio.train.portraits.fields import Field, cover, fine, noise, ridge, step
from e4s_studio.train.portraits.geometry import EYE_LINE
from e4s_studio.train.portraits.lighting import Normals, lit

if TYPE_CHECKING:
    from e4s_studio.train.portraits.geometry import Frame
    from e4s_studio.train.portraits.lighting import Canvas, PaintContext
    from e4s_studio.train.portraits.shape import Shape
    from e4s_studio.train.portraits.texture import GlassTexture, RingTexture, Surroundings


def lens_distance(shape: Shape, at: Frame) -> Field:
    """Distance to a lens's outer edge, positive inside."""
    wide, high = shape.accessories.lens
    power = shape.accessories.roundness
    du = np.abs(np.abs(at.u) - shape.eyes.spacing - 0.004) / wide
    dv = np.abs(at.v - EYE_LINE - 0.012) / high
    radius = (du**power + dv**power + 1e-9) ** (1.0 / power)
    return (1.0 - radius) * min(wide, high)


def _rim_distance(shape: Shape, at: Frame, lens: Field) -> Field:
    """Distance to the edge of rims, bridge and temples, positive inside."""
    half = 0.5 * shape.accessories.frame
    side = np.abs(at.u)
    rims = half - np.abs(lens - half)
    inner = shape.eyes.spacing + 0.004 - shape.accessories.lens[0]
    bridge = half - np.abs(at.v - EYE_LINE + 0.006 - 2.5 * at.u * at.u)
    bridge = np.minimum(bridge, inner + half - side)
    outer = shape.eyes.spacing + 0.004 + shape.accessories.lens[0]
    temple = np.minimum(half - np.abs(at.v - EYE_LINE + 0.012), side - outer + half)
    temple = np.minimum(temple, shape.head.temple + 0.006 - side)
    return np.maximum(np.maximum(rims, bridge), temple)


def paint_glasses(shape: Shape, context: PaintContext, texture: GlassTexture) -> None:
    """Paint tint and glare on the lenses where skin is seen through them, then the rims."""
    at, scene, canvas = context.at, context.scene, context.canvas
    lens = lens_distance(shape, at)
    seen = (canvas.labels[at.box] == Region.EYE_GLASS) * cover(lens, 2.0 * at.pixel)
    canvas.shade(at.box, 1.0 - 0.8 * texture.tint * seen)
    streak = step(np.sin((at.u * 0.8 + at.v * 0.6) * 26.0 + 1.0), 0.55, 0.95)
    glare = 0.10 * texture.glare * streak * seen
    canvas.add(at.box, np.repeat(glare[..., None], 3, axis=2).astype(np.float32))
    rim = _rim_distance(shape, at, lens)
    light = scene.mean(0.5, 1.0)
    edge = ridge(rim - 0.5 * shape.accessories.frame, 0.3 * shape.accessories.frame)
    colour = np.array(texture.colour, np.float32) * np.float32(light)
    image = colour * (0.75 + (0.5 + 0.9 * texture.metal) * edge * step(at.v, 0.1, -0.1))[..., None]
    canvas.over(at.box, image.astype(np.float32), cover(rim, 1.4 * at.pixel))
    canvas.mark(at.box, rim > 0, Region.EYE_GLASS)


def rim_shadow(shape: Shape, at: Frame) -> Field:
    """Return the shadow that the rims cast on the face, 0 to 1."""
    lens = lens_distance(shape, at)
    return ridge(lens + 0.006 - 0.5 * shape.accessories.frame, 0.006)


def paint_earring(shape: Shape, context: PaintContext, side: int, texture: RingTexture) -> None:
    """Paint an earring: a stud, and below it a drop or a hoop."""
    at, scene, canvas = context.at, context.scene, context.canvas
    u, v, turned = ear_place(shape, side)
    size, drop = shape.accessories.earring, shape.accessories.drop
    du = at.u - u - side * 0.006 * turned
    dv = at.v - v - 0.94 * shape.ears.length
    stud = 0.6 * size - np.sqrt(du * du + dv * dv)
    low = dv - 0.5 * drop - 0.4 * size
    oval = np.sqrt((du / 0.75) ** 2 + (low / (1.0 + 12.0 * drop)) ** 2)
    hung = size - oval
    hoop = 0.28 * size - np.abs(oval - 0.95 * size)
    body = hoop if drop > 0.05 else hung
    distance = np.maximum(stud, body)
    sparkle = noise(at.u * 140, at.v * 140, texture.phase)
    edge = np.clip(0.55 - 0.35 * (du * scene.key[0] + low * scene.key[1]) / -size, 0.2, 1.2)
    light = scene.mean(0.6, 1.0)
    tone = edge + texture.sparkle * (0.35 * sparkle + 0.9 * step(sparkle, 1.0, 1.8))
    image = (
        np.array(texture.colour, np.float32)
        * (np.float32(light) * np.maximum(tone, 0.1))[..., None]
    )
    canvas.over(at.box, image.astype(np.float32), cover(distance, 1.4 * at.pixel))
    canvas.mark(at.box, distance > 0, Region.EAR_RINGS)


_SOFT_GRID: Final = 96
"""Side of the grid on which the background is painted."""


def paint_background(at: Frame, surroundings: Surroundings, canvas: Canvas) -> None:
    """Paint a wall, or foliage and sky out of focus; it is smooth, so a small grid is enough."""
    x, y = at.place.to_plane(_SOFT_GRID)
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


def paint_cloth(
    context: PaintContext, distance: Field, surroundings: Surroundings, facing: Normals
) -> None:
    """Paint clothes with folds, a weave and a seam along the collar."""
    at, scene, canvas = context.at, context.scene, context.canvas
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
