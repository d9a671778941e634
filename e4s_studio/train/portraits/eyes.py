"""Eyes and what surrounds them: lids, creases, lashes; and the eyebrows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from e4s_studio.core.regions import Region
from e4s_studio.train.portraits.fields import Field, bump, cover, detail, fine, noise, ridge, step
from e4s_studio.train.portraits.geometry import EYE_LINE, Frame, eye_axes, lids
from e4s_studio.train.portraits.lighting import Normals, Scene, lit

if TYPE_CHECKING:
    from e4s_studio.train.portraits.canvas import Canvas, Easel
    from e4s_studio.train.portraits.shape import Shape
    from e4s_studio.train.portraits.skin import Tissue
    from e4s_studio.train.portraits.texture import BrowTexture, EyeTexture


_SHADE: Final = np.array((0.66, 0.84, 0.88), dtype=np.float32)
"""How much of each colour a fold of the lids swallows."""

_INK: Final = np.array((0.012, 0.008, 0.007), dtype=np.float32)
"""Colour of lashes."""


@dataclass(frozen=True)
class Opening:
    """An eye's own coordinates: a along (±1 the corners), b down, and its lids' edges."""

    a: Field
    b: Field
    upper: Field
    lower: Field
    distance: Field


def opening(shape: Shape, at: Frame) -> Opening:
    """Find the eye at u > 0; mirror the frame for the other."""
    eyes = shape.eyes
    cosine, sine = eye_axes(eyes)
    du, dv = at.u - eyes.spacing, at.v - EYE_LINE
    a = (du * cosine - dv * sine) / eyes.width
    b = du * sine + dv * cosine
    upper, lower = lids(eyes, a)
    beyond = np.maximum(np.abs(a) - 1.0, 0.0) * eyes.width
    return Opening(a, b, upper, lower, np.minimum(b - upper, lower - b) - beyond)


def paint_lids(shape: Shape, easel: Easel, eye: Opening, tissue: Tissue) -> None:
    """Crease, liner and lashes on the skin round an eye."""
    at, canvas = easel.at, easel.canvas
    eyes = shape.eyes
    a, above, below = eye.a, eye.upper - eye.b, eye.b - eye.lower
    near = step(np.abs(a), 1.40, 0.70)
    height = above - eyes.crease * (1.0 - 0.30 * a * a) - 0.003
    dark = near * (0.50 * ridge(height, 0.0022) + 0.30 * ridge(height - 0.004, 0.0065))
    dark += 0.25 * near * ridge(above, 0.0045)
    dark += step(np.abs(a), 1.2, 0.6) * (0.20 * ridge(below - 0.003, 0.003))
    dark += 0.13 * near * ridge(below - 0.013, 0.0045)
    canvas.shade(at.box, 1.0 - dark[..., None] * _SHADE)
    lid = near * ridge(above - 0.5 * eyes.crease - 0.001, 0.35 * eyes.crease + 0.001)
    canvas.shade(at.box, 1.0 + 0.16 * lid)
    _paint_lashes(at, eye, tissue, canvas)


def _paint_lashes(at: Frame, eye: Opening, tissue: Tissue, canvas: Canvas) -> None:
    """Darken the upper lid's edge, more so outwards, and fan hairs out from it."""
    a, above, below = eye.a, eye.upper - eye.b, eye.b - eye.lower
    amount, liner = tissue.number("lashes"), tissue.number("liner")
    outer = step(a, -1.0, 0.9)
    ends = step(a, -1.0, -0.55) * step(a, 1.16, 0.98)
    line = ridge(above - 0.0008, 0.0024 + 0.0022 * outer * liner)
    line = line * ends * (0.62 + 0.36 * np.maximum(amount, liner))
    comb = detail(a - above * (22.0 * a + 4.0), above, (15.0, 25.0), 18.0 * at.pixel)
    reach = (0.0065 + 0.0100 * outer) * ends + 1e-5
    hairs = step(comb, -0.2, 0.9) * step(above / reach, 1.0, 0.15) * (above > -0.001) * ends
    under = ridge(below - 0.0008, 0.0014) * np.maximum(liner, 0.35 * amount)
    under = 0.55 * under * step(a, -0.9, 0.0) * step(a, 1.02, 0.9)
    dark = np.clip(line + 0.75 * hairs * amount + under, 0.0, 0.95)
    canvas.over(at.box, np.broadcast_to(_INK, (*dark.shape, 3)), dark)


def _iris(texture: EyeTexture, radius: Field, dx: Field, dy: Field, pixel: float) -> Field:
    """Colour inside the iris; `radius` is 1 at its edge."""
    outer = np.array(texture.colour, dtype=np.float32)
    inner = np.array(texture.inner, dtype=np.float32)
    safe = np.maximum(radius, 0.05)
    fibres = noise(dx / safe * 7 + 40, dy / safe * 7 + 40, texture.phase)
    fibres = fibres + 0.7 * noise(dx / safe * 15, dy / safe * 15, texture.phase) * fine(pixel, 120)
    colour = outer + (inner - outer) * step(radius + 0.08 * fibres, 0.85, 0.42)[..., None]
    colour = colour * (1.0 + 0.30 * texture.fibres * fibres * step(radius, 1.0, 0.8))[..., None]
    colour = colour * (1.25 + 0.75 * dy)[..., None]
    ring = 1.0 - 0.72 * step(radius, 0.74, 0.98)
    return np.asarray(np.maximum(colour, 0.0) * ring[..., None])


def _sclera(texture: EyeTexture, eye: Opening) -> Field:
    white = np.array((0.66, 0.62, 0.59), dtype=np.float32) * texture.white
    corner = step(np.abs(eye.a), 0.45, 1.0)
    veins = 1.0 - (corner * (0.18 + 0.25 * texture.veins))[..., None] * np.array(
        (0.2, 1.0, 1.0), np.float32
    )
    duct = step(eye.a, -0.80, -0.97)
    pink = np.array((0.62, 0.33, 0.30), dtype=np.float32)
    base = white * veins
    rim = np.maximum(duct, 0.75 * ridge(eye.lower - eye.b, 0.0018))
    return (base + (pink - base) * rim[..., None]).astype(np.float32)


def paint_eye(shape: Shape, easel: Easel, eye: Opening, texture: EyeTexture, side: int) -> None:
    """Paint one eyeball in its opening. `side` is the sign of u in the unmirrored picture."""
    at, scene, canvas = easel.at, easel.scene, easel.canvas
    eyes, ball = shape.eyes, 0.062
    along = eye.a * eyes.width
    nx, ny = np.clip(along / ball, -0.95, 0.95), np.clip(eye.b / ball, -0.95, 0.95)
    facing = Normals(nx * side, ny, np.sqrt(np.maximum(1.0 - nx * nx - ny * ny, 0.05)))
    gaze = (eyes.gaze[0] * side, eyes.gaze[1])
    dx, dy = (along - gaze[0]) / eyes.iris, (eye.b - gaze[1]) / eyes.iris
    radius = np.sqrt(dx * dx + dy * dy)
    soft = at.pixel / eyes.iris
    colour = _sclera(texture, eye)
    iris = _iris(texture, radius, dx, dy, at.pixel)
    colour = colour + (iris - colour) * cover(1.0 - radius, max(1.5 * soft, 0.10))[..., None]
    colour *= (1.0 - 0.97 * cover(texture.pupil - radius, max(1.5 * soft, 0.05)))[..., None]
    shadow = 1.0 - 0.75 * np.exp(-np.maximum(eye.b - eye.upper, 0.0) / 0.0075)
    shadow = shadow * (1.0 - 0.25 * np.exp(-np.maximum(eye.lower - eye.b, 0.0) / 0.003))
    image = colour * lit(scene, facing, (0.3, 0.3, 0.3)) * shadow[..., None]
    image += _catchlights(scene, dx * side, dy, soft)[..., None]
    wet = 0.06 * ridge(eye.lower - eye.b - 0.0015, 0.0012) * step(np.abs(eye.a), 1.0, 0.7)
    canvas.over(
        at.box,
        image + wet[..., None],
        cover(eye.distance - 0.0002, 1.4 * at.pixel) * (np.abs(eye.a) < 1.0),
    )
    canvas.mark(at.box, eye.distance > 0, Region.EYES)


def _catchlights(scene: Scene, dx: Field, dy: Field, soft: float) -> Field:
    """Mirror the key light in the cornea, and faintly the fill."""
    x, y = 0.62 * scene.key[0], 0.62 * scene.key[1] + 0.05
    square = np.maximum(np.abs(dx - x), np.abs(dy - y) * 0.85)
    key = cover(0.14 - square, max(1.6 * soft, 0.10))
    return 0.95 * key + 0.10 * bump(dx, dy, (-x * 0.8, 0.35), (0.16, 0.12))


def brow_distance(shape: Shape, at: Frame) -> tuple[Field, Field, Field]:
    """Return distance to the brow's edge (positive inside), place along it (0 to 1), across."""
    brows = shape.brows
    along = (np.abs(at.u) - brows.inner) / (brows.outer - brows.inner)
    t = np.clip(along, -0.1, 1.1)
    past = t - brows.peak
    tail = np.maximum(past, 0.0) / (1.35 * (1.0 - brows.peak))
    rise = brows.arch * (1.0 - (np.minimum(past, 0.0) / 0.95) ** 2 - tail * tail)
    line = EYE_LINE - brows.height - rise + brows.slant * (0.5 - t)
    thick = brows.thickness * step(t, -0.12, 0.22) * (0.30 + 0.70 * step(t, 1.02, 0.45))
    across = at.v - line
    ends = np.minimum(along, 1.0 - along) * (brows.outer - brows.inner)
    return np.minimum(thick - np.abs(across), ends + 0.004), t, across


def paint_brow(shape: Shape, easel: Easel, texture: BrowTexture) -> None:
    """Hairs that stand up at the brow's inner end and lie down along its tail."""
    at, scene, canvas = easel.at, easel.scene, easel.canvas
    distance, t, across = brow_distance(shape, at)
    side = np.abs(at.u)
    upright = step(t, 0.55, -0.05)
    comb = side * (230 - 60 * upright) + across * (90 + 300 * upright)
    hairs = 0.6 * noise(comb, across * 30 + side * 12, texture.phase) * fine(at.pixel, 170)
    hairs += 0.6 * noise(comb * 1.9, across * 34 + 9.0, texture.phase) * fine(at.pixel, 330)
    hairs += 0.3 * noise(side * 40, across * 50, texture.phase)
    body = step(distance + 0.0011 * hairs, -0.0045, 0.0075)
    alpha = np.clip(
        body * texture.density * (1.10 + 0.26 * hairs) * (0.72 + 0.4 * step(t, 0.0, 0.35)),
        0.0,
        0.96,
    )
    light = np.mean(scene.light.key) * 0.45 + np.mean(scene.light.sky) * 0.6
    colour = np.array(texture.colour, np.float32) * np.float32(light)
    colour = colour * (1.0 + 0.5 * np.clip(hairs, -1.2, 2.0))[..., None]
    canvas.over(at.box, colour.astype(np.float32), alpha)
