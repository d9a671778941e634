"""Glasses and earrings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from e4s_studio.core.regions import Region
from e4s_studio.train.portraits.body import ear_place
from e4s_studio.train.portraits.fields import Field, cover, noise, ridge, step
from e4s_studio.train.portraits.geometry import EYE_LINE

if TYPE_CHECKING:
    from e4s_studio.train.portraits.canvas import Easel
    from e4s_studio.train.portraits.geometry import Frame
    from e4s_studio.train.portraits.shape import Shape
    from e4s_studio.train.portraits.texture import GlassTexture, RingTexture


def lens_distance(shape: Shape, at: Frame) -> Field:
    """Distance to a lens's outer edge, positive inside."""
    wide, high = shape.accessories.lens
    power = shape.accessories.roundness
    du = np.abs(np.abs(at.u) - shape.eyes.spacing - 0.004) / wide
    dv = np.abs(at.v - EYE_LINE - 0.012) / high
    radius = (du**power + dv**power + 1e-9) ** (1.0 / power)
    return (1.0 - radius) * min(wide, high)


def rim_distance(shape: Shape, at: Frame, lens: Field) -> Field:
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


def paint_glasses(shape: Shape, easel: Easel, texture: GlassTexture) -> None:
    """Lay tint and glare on the lenses where they show skin, then the rims."""
    at, scene, canvas = easel.at, easel.scene, easel.canvas
    lens = lens_distance(shape, at)
    seen = (canvas.labels[at.box] == Region.EYE_GLASS) * cover(lens, 2.0 * at.pixel)
    canvas.shade(at.box, 1.0 - 0.8 * texture.tint * seen)
    streak = step(np.sin((at.u * 0.8 + at.v * 0.6) * 26.0 + 1.0), 0.55, 0.95)
    glare = 0.10 * texture.glare * streak * seen
    canvas.add(at.box, np.repeat(glare[..., None], 3, axis=2).astype(np.float32))
    rim = rim_distance(shape, at, lens)
    light = 0.5 * np.mean(scene.light.key) + np.mean(scene.light.sky)
    edge = ridge(rim - 0.5 * shape.accessories.frame, 0.3 * shape.accessories.frame)
    colour = np.array(texture.colour, np.float32) * np.float32(light)
    image = colour * (0.75 + (0.5 + 0.9 * texture.metal) * edge * step(at.v, 0.1, -0.1))[..., None]
    canvas.over(at.box, image.astype(np.float32), cover(rim, 1.4 * at.pixel))
    canvas.mark(at.box, rim > 0, Region.EYE_GLASS)


def cast_by_rims(shape: Shape, at: Frame) -> Field:
    """Return the thin shadow that rims throw on the face, 0 to 1."""
    lens = lens_distance(shape, at)
    return ridge(lens + 0.006 - 0.5 * shape.accessories.frame, 0.006)


def paint_earring(shape: Shape, easel: Easel, side: int, texture: RingTexture) -> None:
    """Paint a stud, and below it a drop or a hoop."""
    at, scene, canvas = easel.at, easel.scene, easel.canvas
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
    light = 0.6 * np.mean(scene.light.key) + np.mean(scene.light.sky)
    tone = edge + texture.sparkle * (0.35 * sparkle + 0.9 * step(sparkle, 1.0, 1.8))
    image = (
        np.array(texture.colour, np.float32)
        * (np.float32(light) * np.maximum(tone, 0.1))[..., None]
    )
    canvas.over(at.box, image.astype(np.float32), cover(distance, 1.4 * at.pixel))
    canvas.mark(at.box, distance > 0, Region.EAR_RINGS)
