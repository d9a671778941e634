"""Eyes, eyebrows, lips, teeth and nostrils."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from e4s_studio.core.regions import Region
from e4s_studio.train.portraits.body import nostrils
from e4s_studio.train.portraits.fields import Field, bump, cover, detail, fine, noise, ridge, step
from e4s_studio.train.portraits.geometry import EYE_LINE, Frame, eye_axes, lids
from e4s_studio.train.portraits.lighting import LitScene, Normals, gloss, lit

if TYPE_CHECKING:
    from e4s_studio.train.portraits.geometry import Frame
    from e4s_studio.train.portraits.lighting import Canvas, PaintContext
    from e4s_studio.train.portraits.shape import Shape
    from e4s_studio.train.portraits.skin import SkinMap
    from e4s_studio.train.portraits.texture import BrowTexture, EyeTexture, LipTexture, MouthTexture

_SHADE: Final = np.array((0.66, 0.84, 0.88), dtype=np.float32)
"""How much of each colour a crease of the lids absorbs."""

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


def paint_lids(shape: Shape, context: PaintContext, eye: Opening, skin_map: SkinMap) -> None:
    """Paint crease, eyeliner and lashes on the skin around an eye."""
    at, canvas = context.at, context.canvas
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
    _paint_lashes(at, eye, skin_map, canvas)


def _paint_lashes(at: Frame, eye: Opening, skin_map: SkinMap, canvas: Canvas) -> None:
    """Darken the upper lid's edge, more so outwards, and add lashes that fan out from it."""
    a, above, below = eye.a, eye.upper - eye.b, eye.b - eye.lower
    amount, liner = skin_map.number("lashes"), skin_map.number("liner")
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
    """Return the iris's colour; `radius` is 1 at its edge."""
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


def paint_eye(
    shape: Shape, context: PaintContext, eye: Opening, texture: EyeTexture, side: int
) -> None:
    """Paint one eyeball in its opening. `side` is the sign of u in the unmirrored picture."""
    at, scene, canvas = context.at, context.scene, context.canvas
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


def _catchlights(scene: LitScene, dx: Field, dy: Field, soft: float) -> Field:
    """Return the reflections of the key light and, faintly, the fill light in the cornea."""
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


def paint_brow(shape: Shape, context: PaintContext, texture: BrowTexture) -> None:
    """Paint a brow's hairs, upright at its inner end and flat along its tail."""
    at, scene, canvas = context.at, context.scene, context.canvas
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
    light = scene.mean(0.45, 0.6)
    colour = np.array(texture.colour, np.float32) * np.float32(light)
    colour = colour * (1.0 + 0.5 * np.clip(hairs, -1.2, 2.0))[..., None]
    canvas.over(at.box, colour.astype(np.float32), alpha)


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
    """Return the normals of both lips, each curved like a cylinder."""
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
    shape: Shape, context: PaintContext, edges: Lips, texture: LipTexture, facing: Normals
) -> None:
    """Paint both lips over the skin."""
    at, scene, canvas = context.at, context.scene, context.canvas
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


def paint_inside(shape: Shape, context: PaintContext, edges: Lips, texture: MouthTexture) -> None:
    """Paint the inside of the mouth: teeth and tongue."""
    at, scene, canvas = context.at, context.scene, context.canvas
    gap = shape.mouth.gap
    distance = np.minimum(at.v - edges.inner_top, edges.inner_bottom - at.v)
    distance = np.minimum(distance, (0.97 - np.abs(edges.a)) * shape.mouth.width)
    image = np.broadcast_to(np.array((0.030, 0.008, 0.008), np.float32), (*at.u.shape, 3)).copy()
    image *= np.float32(1.6 - texture.dark)
    tongue = bump(at.u, at.v - edges.inner_bottom, (0.0, 0.0), (0.05, 0.30 * gap))
    image += tongue[..., None] * np.array((0.16, 0.045, 0.045), np.float32)
    image = _teeth(shape, at, edges, texture, image)
    light = scene.mean(0.35, 0.75)
    shadow = 1.0 - 0.55 * np.exp(-np.maximum(at.v - edges.inner_top, 0.0) / 0.006)
    shadow = shadow * step(np.abs(edges.a), 1.05, 0.45)
    image = image * (np.float32(1.5 * light) * shadow)[..., None]
    canvas.over(at.box, image, cover(distance, 1.4 * at.pixel))
    canvas.mark(at.box, distance > 0, Region.MOUTH)


def _teeth(shape: Shape, at: Frame, edges: Lips, texture: MouthTexture, image: Field) -> Field:
    """Paint the upper teeth, wider in the middle, with thin gaps."""
    bent = np.abs(at.u) / (1.0 + 2.2 * np.abs(at.u))
    place = bent / 0.0205
    within = np.abs(place - np.floor(place) - 0.5) * 2.0
    lines = step(within, 0.86, 1.0) * texture.gaps * fine(at.pixel, 60)
    length = min(0.034, (1.0 - 0.5 * shape.mouth.bite) * shape.mouth.gap + 0.004)
    tips = edges.inner_top + length * (1.0 - 0.5 * edges.a**2) - 0.0016 * within**4
    tone = np.array(texture.tone, dtype=np.float32) * (1.0 - 0.45 * lines)[..., None]
    tone = tone * (1.0 - 0.28 * np.abs(edges.a) ** 2)[..., None]
    return image + (tone - image) * cover(tips - at.v, max(0.0018, 1.3 * at.pixel))[..., None]


def paint_nostrils(shape: Shape, context: PaintContext) -> None:
    """Darken the nostrils, the area under the tip and the crease around the wings."""
    at, canvas = context.at, context.canvas
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
