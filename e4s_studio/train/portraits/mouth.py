"""Lips, teeth and the dark between them; the nostrils."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from e4s_studio.core.regions import Region
from e4s_studio.train.portraits.fields import Field, bump, cover, fine, noise, ridge, step
from e4s_studio.train.portraits.lighting import Normals, gloss, lit
from e4s_studio.train.portraits.relief import nostrils

if TYPE_CHECKING:
    from e4s_studio.train.portraits.canvas import Easel
    from e4s_studio.train.portraits.geometry import Frame
    from e4s_studio.train.portraits.shape import Shape
    from e4s_studio.train.portraits.texture import LipTexture, MouthTexture


@dataclass(frozen=True)
class Lips:
    """Edges of the lips as heights v: top, the two inner ones, bottom; (H, W) each."""

    a: Field
    top: Field
    inner_top: Field
    inner_bottom: Field
    bottom: Field
    distance: Field


def lips(shape: Shape, at: Frame) -> Lips:
    """Find the lips' edges."""
    mouth = shape.mouth
    a = at.u / mouth.width
    inside = np.maximum(1.0 - a * a, 0.0)
    beyond = np.maximum(np.abs(a) - 1.0, 0.0)
    base = mouth.centre - mouth.lift * a * a + 0.0025 * (np.cos(a * 7.0) - 1.0) * inside
    bow = 0.30 * np.exp(-(((np.abs(a) - 0.27) / 0.17) ** 2)) - 0.32 * np.exp(-((a / 0.11) ** 2))
    inner_top = base - 0.22 * mouth.gap * inside**0.8
    inner_bottom = base + 0.78 * mouth.gap * inside**0.7
    top = inner_top - mouth.upper * inside**0.9 * (1.0 + mouth.bow * bow)
    bottom = inner_bottom + mouth.lower * inside**0.62
    distance = np.minimum(at.v - top, bottom - at.v) - beyond * mouth.width
    return Lips(a, top, inner_top, inner_bottom, bottom, distance)


def _lip_normals(edges: Lips, v: Field, facing: Normals) -> Normals:
    """Both lips as rolls: what faces up is bright, what faces down dark."""
    upper = np.clip((v - edges.top) / np.maximum(edges.inner_top - edges.top, 1e-4), 0, 1)
    lower = np.clip(
        (v - edges.inner_bottom) / np.maximum(edges.bottom - edges.inner_bottom, 1e-4), 0, 1
    )
    is_upper = v < 0.5 * (edges.inner_top + edges.inner_bottom)
    tilt = np.where(is_upper, -0.20 + 0.85 * upper, -0.62 + 1.25 * lower)
    nx = 0.35 * edges.a + 0.5 * facing.x
    z = np.ones_like(tilt)
    length = 1.0 / np.sqrt(nx * nx + tilt * tilt + 1.0)
    return Normals(nx * length, tilt * length, z * length)


def paint_lips(
    shape: Shape, easel: Easel, edges: Lips, texture: LipTexture, facing: Normals
) -> None:
    """Lay both lips over the skin."""
    at, scene, canvas = easel.at, easel.scene, easel.canvas
    rolled = _lip_normals(edges, at.v, facing)
    creases = noise(at.u * 120, at.v * 18, texture.phase) * fine(at.pixel, 110)
    creases += 0.6 * noise(at.u * 45, at.v * 12, texture.phase)
    tone = np.array(texture.tone, dtype=np.float32)
    albedo = tone * (1.0 + 0.10 * texture.creases * creases)[..., None]
    rim = step(edges.distance, 0.0, 0.006)
    albedo = albedo * (0.88 + 0.12 * rim)[..., None]
    image = albedo * lit(scene, rolled, (0.30, 0.12, 0.10))
    shine = texture.gloss * (0.10 * gloss(scene, rolled, 12.0) + 0.34 * gloss(scene, rolled, 70.0))
    image += (shine * np.clip(1.0 + 0.4 * creases, 0.0, 2.0))[..., None]
    closed = step(np.full_like(at.u, shape.mouth.gap), 0.006, 0.001)
    between = 0.5 * (edges.inner_top + edges.inner_bottom)
    seam = ridge(at.v - between, 0.0024) * closed * step(np.abs(edges.a), 1.05, 0.9)
    corner = bump(np.abs(edges.a), at.v - between, (0.985, 0.0), (0.05, 0.004))
    dark = np.clip(0.80 * seam + 0.75 * corner, 0.0, 1.0)
    image *= 1.0 - dark[..., None] * np.array((0.86, 0.95, 0.95), np.float32)
    canvas.over(at.box, image, cover(edges.distance, max(0.0045, 1.4 * at.pixel)))
    canvas.mark(at.box, edges.distance > 0, Region.LIP)


def paint_inside(shape: Shape, easel: Easel, edges: Lips, texture: MouthTexture) -> None:
    """Lay teeth and tongue into the opening."""
    at, scene, canvas = easel.at, easel.scene, easel.canvas
    gap = shape.mouth.gap
    distance = np.minimum(at.v - edges.inner_top, edges.inner_bottom - at.v)
    distance = np.minimum(distance, (0.97 - np.abs(edges.a)) * shape.mouth.width)
    image = np.broadcast_to(np.array((0.030, 0.008, 0.008), np.float32), (*at.u.shape, 3)).copy()
    image *= np.float32(1.6 - texture.dark)
    tongue = bump(at.u, at.v - edges.inner_bottom, (0.0, 0.0), (0.05, 0.30 * gap))
    image += tongue[..., None] * np.array((0.16, 0.045, 0.045), np.float32)
    image = _teeth(shape, at, edges, texture, image)
    light = 0.35 * np.mean(scene.light.key) + 0.75 * np.mean(scene.light.sky)
    shadow = 1.0 - 0.55 * np.exp(-np.maximum(at.v - edges.inner_top, 0.0) / 0.006)
    shadow = shadow * step(np.abs(edges.a), 1.05, 0.45)
    image = image * (np.float32(1.5 * light) * shadow)[..., None]
    canvas.over(at.box, image, cover(distance, 1.4 * at.pixel))
    canvas.mark(at.box, distance > 0, Region.MOUTH)


def _teeth(shape: Shape, at: Frame, edges: Lips, texture: MouthTexture, image: Field) -> Field:
    """Paint the upper row: wide in the middle, narrower to the sides, parted by thin lines."""
    bent = np.abs(at.u) / (1.0 + 2.2 * np.abs(at.u))
    place = bent / 0.0205
    within = np.abs(place - np.floor(place) - 0.5) * 2.0
    lines = step(within, 0.86, 1.0) * texture.gaps * fine(at.pixel, 60)
    length = min(0.034, (1.0 - 0.5 * shape.mouth.bite) * shape.mouth.gap + 0.004)
    tips = edges.inner_top + length * (1.0 - 0.5 * edges.a**2) - 0.0016 * within**4
    tone = np.array(texture.tone, dtype=np.float32) * (1.0 - 0.45 * lines)[..., None]
    tone = tone * (1.0 - 0.28 * np.abs(edges.a) ** 2)[..., None]
    return image + (tone - image) * cover(tips - at.v, max(0.0018, 1.3 * at.pixel))[..., None]


def paint_nostrils(shape: Shape, easel: Easel) -> None:
    """Darken the holes, the shade under the tip and the crease round the wings."""
    at, canvas = easel.at, easel.canvas
    place, side = nostrils(shape), np.abs(at.u)
    tilt = at.v - 0.35 * (side - place.hole[0])
    hole = bump(side, tilt, place.hole, (0.0100, 0.0042))
    wing = np.hypot((side - place.wing[0]) / 0.026, (at.v - place.wing[1]) / 0.024)
    outer = step(side, place.wing[0], place.wing[0] + 0.014) * step(
        at.v, place.wing[1] - 0.022, place.wing[1] + 0.004
    )
    crease = ridge(wing - 1.0, 0.13) * outer * step(at.v, shape.nose.base + 0.016, shape.nose.base)
    dark = np.clip(0.92 * hole * 1.15, 0.0, 0.92) + 0.30 * crease
    under = ridge(at.v - shape.nose.base - 0.012, 0.010) * step(
        side, shape.nose.width, 0.2 * shape.nose.width
    )
    factor = 1.0 - np.clip(dark + 0.16 * under, 0.0, 0.95)[..., None] * np.array(
        (0.88, 0.97, 0.97), np.float32
    )
    canvas.shade(at.box, factor)
