"""Eyes and what surrounds them: lids, creases, lashes; and the eyebrows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from e4s_studio.core.regions import Region
from e4s_studio.train.portraits.fields import Field, bump, cover, fine, noise, ridge, step
from e4s_studio.train.portraits.geometry import EYE_LINE, Frame, eye_axes, lids
from e4s_studio.train.portraits.lighting import Normals, Scene, lit

if TYPE_CHECKING:
    from e4s_studio.train.portraits.canvas import Canvas
    from e4s_studio.train.portraits.shape import Shape
    from e4s_studio.train.portraits.skin import Tissue
    from e4s_studio.train.portraits.texture import BrowTexture, EyeTexture


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


def paint_lids(shape: Shape, at: Frame, eye: Opening, tissue: Tissue, canvas: Canvas) -> None:
    """Crease, liner and lashes on the skin round an eye."""
    eyes = shape.eyes
    a, above = eye.a, eye.upper - eye.b
    near = step(np.abs(a + 0.0), 1.35, 0.75)
    crease = ridge(above - eyes.crease * (1.0 - 0.35 * a * a) - 0.002, 0.0024) * near
    fold = ridge(above - eyes.crease * (1.0 - 0.35 * a * a) - 0.006, 0.007) * near
    dark = 0.55 * crease + 0.20 * fold
    below = eye.b - eye.lower
    dark += 0.22 * ridge(below - 0.0035, 0.0030) * step(np.abs(a), 1.2, 0.7)
    factor = 1.0 - dark[..., None] * np.array((0.62, 0.82, 0.86), dtype=np.float32)
    canvas.shade(at.box, factor)
    _paint_lashes(eyes.width, at, eye, tissue, canvas)


def _paint_lashes(width: float, at: Frame, eye: Opening, tissue: Tissue, canvas: Canvas) -> None:
    a, above = eye.a, eye.upper - eye.b
    amount, liner = tissue.number("lashes"), tissue.number("liner")
    outer = step(a, -1.1, 1.0)
    wing = np.maximum(np.abs(a) - 1.0, 0.0) * width
    lash_line = ridge(above - 0.0010 + wing, 0.0021 + 0.0022 * outer * liner)
    lash_line = (
        lash_line
        * (0.55 + 0.45 * np.maximum(amount, liner))
        * step(a, -1.05, -0.7)
        * step(a, 1.25, 1.02)
    )
    reach = (0.006 + 0.011 * outer) * step(a, -1.0, -0.6) * step(a, 1.35, 1.05)
    comb = noise(a * 17 - above * 420 * (a * 0.7 + 0.25), above * 30) * fine(at.pixel, 170)
    hairs = step(comb, -0.2, 0.8) * step(above, 1.0, 0.0) * step(above / (reach + 1e-5), 1.0, 0.2)
    hairs = hairs * (above > -0.001) * (np.abs(a) < 1.2) * amount
    lower = eye.b - eye.lower
    under = 0.45 * ridge(lower - 0.001, 0.0016) * np.maximum(liner, 0.4 * amount)
    under = under * step(a, -0.9, -0.2) * step(a, 1.1, 0.9)
    dark = np.clip(lash_line + 0.75 * hairs + under, 0.0, 0.95)
    ink = np.broadcast_to(np.array((0.012, 0.008, 0.007), np.float32), (*dark.shape, 3))
    canvas.over(at.box, ink, dark)


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
    return np.maximum(colour, 0.0) * ring[..., None]


def _sclera(texture: EyeTexture, eye: Opening) -> Field:
    white = np.array((0.66, 0.62, 0.59), dtype=np.float32) * texture.white
    corner = step(np.abs(eye.a), 0.45, 1.0)
    veins = 1.0 - (corner * (0.18 + 0.25 * texture.veins))[..., None] * np.array(
        (0.2, 1.0, 1.0), np.float32
    )
    duct = step(eye.a, -0.80, -0.97)
    pink = np.array((0.62, 0.33, 0.30), dtype=np.float32)
    base = white * veins
    return (base + (pink - base) * duct[..., None]).astype(np.float32)


def paint_eye(
    shape: Shape,
    at: Frame,
    eye: Opening,
    texture: EyeTexture,
    scene: Scene,
    side: int,
    canvas: Canvas,
) -> None:
    """Paint one eyeball in its opening. `side` is the sign of u in the unmirrored picture."""
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
    wet = 0.10 * ridge(eye.lower - eye.b - 0.0015, 0.0012) * step(np.abs(eye.a), 1.0, 0.7)
    canvas.over(at.box, image + wet[..., None], cover(eye.distance, 1.4 * at.pixel))
    canvas.mark(at.box, eye.distance > 0, Region.EYES)


def _catchlights(scene: Scene, dx: Field, dy: Field, soft: float) -> Field:
    """The key light mirrored in the cornea, and a faint one of the fill."""
    x, y = 0.62 * scene.key[0], 0.62 * scene.key[1] + 0.05
    square = np.maximum(np.abs(dx - x), np.abs(dy - y) * 0.85)
    key = cover(0.17 - square, max(1.6 * soft, 0.10))
    return 0.95 * key + 0.10 * bump(dx, dy, (-x * 0.8, 0.35), (0.16, 0.12))


def brow_distance(shape: Shape, at: Frame) -> tuple[Field, Field, Field]:
    """Return distance to the brow's edge (positive inside), place along it (0 to 1), across."""
    brows = shape.brows
    along = (np.abs(at.u) - brows.inner) / (brows.outer - brows.inner)
    t = np.clip(along, -0.1, 1.1)
    past = t - brows.peak
    tail = np.maximum(past, 0.0) / (1.15 * (1.0 - brows.peak))
    rise = brows.arch * (1.0 - (np.minimum(past, 0.0) / 0.95) ** 2 - tail * tail)
    line = EYE_LINE - brows.height - rise + brows.slant * (0.5 - t)
    thick = brows.thickness * step(t, -0.12, 0.22) * (0.30 + 0.70 * step(t, 1.02, 0.45))
    across = at.v - line
    ends = np.minimum(along, 1.0 - along) * (brows.outer - brows.inner)
    return np.minimum(thick - np.abs(across), ends + 0.004), t, across


def paint_brow(shape: Shape, at: Frame, texture: BrowTexture, scene: Scene, canvas: Canvas) -> None:
    """Hairs that stand up at the brow's inner end and lie down along its tail."""
    distance, t, across = brow_distance(shape, at)
    side = np.abs(at.u)
    upright = step(t, 0.55, -0.05)
    comb = side * (150 - 40 * upright) + across * (60 + 230 * upright)
    hairs = 0.7 * noise(comb, across * 60 + side * 25, texture.phase) * fine(at.pixel, 110)
    hairs += 0.5 * noise(comb * 2.0, across * 50 + 9.0, texture.phase) * fine(at.pixel, 220)
    body = step(distance + 0.0018 * hairs, -0.0035, 0.0065)
    alpha = np.clip(
        body * texture.density * (0.92 + 0.38 * hairs) * (0.72 + 0.4 * step(t, 0.0, 0.35)),
        0.0,
        0.96,
    )
    light = np.mean(scene.light.key) * 0.45 + np.mean(scene.light.sky) * 0.6
    colour = np.array(texture.colour, np.float32) * np.float32(light)
    colour = colour * (1.0 + 0.5 * np.clip(hairs, -1.2, 2.0))[..., None]
    canvas.over(at.box, colour.astype(np.float32), alpha)
