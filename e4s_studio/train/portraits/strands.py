"""Hair as it looks: strands, locks and sheen, laid behind and over the head."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from e4s_studio.core.regions import Region
from e4s_studio.train.portraits.fields import Field, cover, detail, noise, ridge, step
from e4s_studio.train.portraits.lighting import Normals, Scene, lit, normals

if TYPE_CHECKING:
    from e4s_studio.train.portraits.canvas import Easel
    from e4s_studio.train.portraits.geometry import Frame
    from e4s_studio.train.portraits.hair import Fall, Mane
    from e4s_studio.train.portraits.shape import Shape
    from e4s_studio.train.portraits.texture import HairTexture


def _tones(hair: HairTexture, shape: Shape, form: Mane, at: Frame) -> Field:
    """Light and dark strands, about -1 to 1; coils instead of strands where hair is coiled."""
    across, along = form.fall.across, form.fall.along
    tone = 0.32 * noise(across * 20, along * 2.0, hair.phase)
    stretch = 3.0 + 5.0 * shape.hair.rough
    for frequency, weight in ((55, 0.40), (120, 0.42), (250, 0.40), (480, 0.35)):
        tone += weight * detail(across, along, (frequency, stretch), at.pixel, hair.phase)
    if shape.hair.coil > 0:
        swirl_u = at.u + 0.022 * noise(at.u * 30, at.v * 30, hair.phase)
        swirl_v = at.v + 0.022 * noise(at.u * 30 + 40, at.v * 30, hair.phase)
        coils = 0.25 * noise(at.u * 18, at.v * 18, hair.phase)
        for frequency, weight in ((60, 0.30), (120, 0.36), (240, 0.36), (420, 0.30)):
            winding = (frequency, 0.6 * frequency)
            coils += weight * detail(swirl_u, swirl_v, winding, at.pixel, hair.phase)
        tone += (coils - tone) * (0.85 * shape.hair.coil)
    return tone


def _sheen(scene: Scene, facing: Normals, fall: Fall, strands: Field) -> Field:
    """Kajiya and Kay's highlight: strongest where strands lie square to the half vector."""
    across = np.ascontiguousarray(fall.across)
    dx = cv2.Sobel(across, cv2.CV_32F, 1, 0, ksize=3)
    dy = cv2.Sobel(across, cv2.CV_32F, 0, 1, ksize=3)
    length = 1.0 / np.sqrt(dx * dx + dy * dy + 1e-12)
    tx, ty = -dy * length, dx * length
    tz = -(tx * facing.x + ty * facing.y) / np.maximum(facing.z, 0.25)
    half = scene.half
    along = (tx * half[0] + ty * half[1] + tz * half[2]) / np.sqrt(1.0 + tz * tz)
    along += 0.13 * strands
    return np.exp(-(along * along) * 22.0) * np.maximum(facing.towards(scene.key) * 0.7 + 0.3, 0.0)


def shade_hair(shape: Shape, easel: Easel, form: Mane, texture: HairTexture) -> Field:
    """Return the hair's picture, (H, W, 3), wherever it may lie."""
    at, scene = easel.at, easel.scene
    facing = normals(form.height, at.pixel, 0.0012)
    strands = _tones(texture, shape, form, at)
    body = np.array(texture.colour, dtype=np.float32)
    tips = np.array(texture.tips, dtype=np.float32)
    light = np.clip(0.26 + 0.30 * texture.strands * strands, 0.0, 1.0)
    dark = np.exp(0.46 * texture.strands * np.clip(strands, -1.8, 1.2))
    albedo = (body + (tips - body) * light[..., None]) * dark[..., None]
    image = albedo * lit(scene, facing, (0.28, 0.28, 0.28))
    matt = 1.0 - 0.7 * shape.hair.coil
    sheen = matt * texture.sheen * _sheen(scene, facing, form.fall, strands) * scene.visible
    sheen *= np.clip(0.6 + 0.6 * strands, 0.0, 1.6)
    glint = 0.55 * tips + np.float32(0.05)
    return image + (0.60 * sheen)[..., None] * glint


def paint_back(easel: Easel, form: Mane, picture: Field) -> None:
    """Lay the hair behind neck and ears, in the head's shade."""
    at, canvas = easel.at, easel.canvas
    wisps = 0.004 * noise(form.fall.across * 70, form.fall.along * 5)
    depth = 0.38 + 0.62 * step(np.abs(at.u), 0.20, 0.33)
    canvas.over(at.box, picture * depth[..., None], cover(form.back + wisps, 0.007))
    canvas.mark(at.box, form.back > 0, Region.HAIR)


def paint_front(shape: Shape, easel: Easel, form: Mane, picture: Field) -> None:
    """Lay the hair over the face, thin at the hairline."""
    at, canvas = easel.at, easel.canvas
    across, along = form.fall.across, form.fall.along
    wisps = np.zeros_like(across)
    for frequency, reach in ((80, 0.0030), (190, 0.0042), (400, 0.0046)):
        wisps += reach * detail(across, along, (frequency, 8.0), at.pixel, (0.3, 0.1))
    soft = 0.022 if shape.hair.style == "crop" else 0.014
    inner = cover(form.inside + wisps * shape.hair.rough, soft)
    alpha = np.minimum(inner, cover(form.outer + 0.5 * wisps, 0.006))
    alpha *= cover(form.front + 0.02, 0.02)
    canvas.over(at.box, picture, alpha)
    canvas.mark(at.box, form.front > 0, Region.HAIR)


def root_shade(distance: Field) -> Field:
    """How much light the skin keeps at a `distance` from the hair's edge (negative), 0 to 1."""
    return 1.0 - 0.38 * ridge(np.minimum(distance, 0.0), 0.011)
