"""Hair: where it lies, how its strands run, and how it looks in the light."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from e4s_studio.core.regions import Region
from e4s_studio.train.portraits.fields import Field, Profile, cover, detail, noise, ridge, step
from e4s_studio.train.portraits.geometry import OUTSIDE, SKULL_TOP, Box, Frame, Outline, window
from e4s_studio.train.portraits.lighting import LitScene, Normals, lit, normals

if TYPE_CHECKING:
    from e4s_studio.train.portraits.geometry import Frame
    from e4s_studio.train.portraits.lighting import PaintContext
    from e4s_studio.train.portraits.shape import Shape
    from e4s_studio.train.portraits.texture import HairTexture

_EAR_LEVEL = 0.05


class HairLayout(NamedTuple):
    """Where hair lies and how it runs, (H, W) each.

    `front`, `inside` (hairline), `outer` (contour) and `back` are distances to edges, positive on
    the hair. `across` is constant along a strand, `along` grows from its root.
    """

    front: Field
    inside: Field
    outer: Field
    back: Field
    height: Field
    across: Field
    along: Field

    def crop(self, box: Box) -> HairLayout:
        """Return a part of the picture."""
        return HairLayout(*(plane[box] for plane in self))


def _outline(shape: Shape) -> Outline:
    """Return the hair's outer contour."""
    hair, head = shape.hair, shape.head
    top, sides = SKULL_TOP - hair.volume, hair.sides
    crown = [
        (top - 0.12, -0.20),
        (top, 0.0),
        (top + 0.02, 0.145 + 0.5 * sides * (hair.curl > 0)),
        (top + 0.07, 0.218 + sides * (1.0 if hair.curl > 0 else 0.6)),
        (-0.36, 0.95 * head.temple + 0.9 * sides),
        (-0.22, head.temple + sides),
    ]
    if hair.length > 0:
        flare = 0.11 * hair.flare
        width = max(head.cheek, head.temple) + sides
        sides_down = [
            (0.02, width + 0.15 * flare),
            (0.5 * hair.length, width + 0.5 * flare),
            (hair.length - 0.04, width + flare),
            (hair.length, 0.6 * width),
            (hair.length + 0.04, -0.1),
        ]
        return Outline(crown + sides_down, 0.02)
    return Outline(
        [
            *crown,
            (-0.10, head.temple + 0.8 * sides),
            (hair.sideburn - 0.02, head.temple + 0.006),
            (hair.sideburn + 0.03, 0.92 * head.temple),
            (hair.sideburn + 0.05, -0.1),
        ],
        0.014,
    )


def _hairline(shape: Shape, at: Frame) -> Field:
    """Signed height above the hairline: positive where the scalp's hair grows."""
    hair, temple = shape.hair, shape.head.temple
    bare = 0.045 * hair.recession
    short = hair.length == 0 or hair.style == "curls"
    drop = 0.0 if short else 0.035
    line = Profile(
        [
            (0.0, hair.hairline + hair.peak),
            (0.05, hair.hairline - 0.3 * bare),
            (0.11, hair.hairline - bare + 0.5 * drop),
            (0.155, hair.hairline + 0.02 - bare + 1.5 * drop),
            (0.80 * temple, hair.hairline + 0.075 - 0.5 * bare + 2.0 * drop),
            (0.89 * temple, -0.13),
            (0.935 * temple, -0.05),
            (0.965 * temple, hair.sideburn),
            (1.02 * temple, hair.sideburn + 0.02),
            (1.15 * temple, hair.sideburn + 0.3),
        ],
        0.010,
    )
    shifted = np.abs(at.u - hair.part * 0.45 * step(at.v, -0.12, -0.28))
    ragged = 0.004 * noise(at.u * 22, at.v * 12, hair.seed) * hair.rough
    return line(shifted) - at.v + ragged + 0.10 * hair.sweep * at.u * step(at.v, -0.1, -0.3)


def _curtains(shape: Shape, at: Frame) -> Field:
    """Loose hair before the ears and cheeks: positive inside."""
    hair, cheek = shape.hair, shape.head.cheek
    inner = cheek + 0.030 - 0.075 * hair.curtain
    edge = Profile(
        [
            (-0.30, inner - 0.075),
            (-0.16, inner - 0.02),
            (0.0, inner),
            (0.20, inner + 0.004),
            (0.36, inner - 0.035),
            (0.60, inner - 0.06 + 0.05 * hair.flare),
        ],
        0.03,
    )
    sway = 0.010 * hair.wave * np.sin(at.v * 24.0 + 6.0 * hair.seed[0] + np.sign(at.u) * 1.3)
    return np.abs(at.u) - edge(at.v) + sway


def _fringe(shape: Shape, at: Frame) -> Field:
    hair = shape.hair
    ends = hair.bangs + 0.018 * hair.sweep * at.u / 0.1 + 0.25 * np.abs(at.u) ** 2
    locks = 0.012 * noise(at.u * 22, at.v * 2, hair.seed) * hair.rough
    wide = 0.93 * shape.head.temple - np.abs(at.u)
    return np.minimum(ends + locks - at.v, wide)


def _strands(shape: Shape, at: Frame, inside: Field) -> tuple[Field, Field]:
    """Return `across` and `along` of strands that run down from the parting, or back, or curl."""
    hair = shape.hair
    if hair.length > 0 or hair.bangs < 0:
        top = SKULL_TOP - hair.volume - 0.03
        t = np.clip((_EAR_LEVEL - at.v) / (_EAR_LEVEL - top), 0.0, 0.995)
        narrow = np.sqrt(1.0 - t * t)
        across = (at.u - hair.part) / narrow
        along = at.v - top + 0.25 * np.abs(at.u - hair.part)
        if hair.bangs == 0:  # parted: strands follow the hairline to both sides
            fold = 0.11 * np.exp(-np.maximum(inside, 0.0) / 0.055) * step(at.v, 0.10, -0.15)
            across = across - fold * np.sign(at.u - 0.45 * hair.part)
    else:
        cu, cv = 0.8 * hair.part, 0.26
        du, dv = at.u - cu, at.v - cv
        radius = np.sqrt(du * du + dv * dv + 1e-5)
        across = 0.60 * np.arctan2(du + 0.30 * hair.sweep * (radius - 0.5), -dv)
        along = radius - 0.3
    wiggle = noise(across * 6, along * 3.5, hair.seed)
    across = across + 0.010 * hair.wave * wiggle
    across = across + 0.008 * hair.wave * np.sin(
        along * 24.0 + 1.8 * noise(across * 6, along * 1.0)
    )
    if hair.curl > 0:
        turns = along * 50.0 + 2.2 * noise(across * 9, along * 1.5, hair.seed)
        across = across + 0.010 * hair.curl * np.sin(turns)
        across = across + 0.010 * hair.curl * noise(at.u * 13, at.v * 13, hair.seed)
    return across, along


def _without_specks(distance: Field, pixel: float, reach: float) -> Field:
    """Remove hair that ragged edges leave further than `reach` from a large connected part.

    A large part covers more than 0.2 % of the picture.
    """
    here = (distance > 0).astype(np.uint8)
    _, names, stats, _ = cv2.connectedComponentsWithStats(here, connectivity=4, ltype=cv2.CV_16U)
    large = stats[:, cv2.CC_STAT_AREA] > 0.002 * distance.size
    large[0] = False
    bodies = large[np.asarray(names)].astype(np.uint8)
    side = 2 * int(reach / pixel) + 1
    near = cv2.dilate(bodies, np.ones((side, side), np.uint8))
    kept = near > here - bodies
    return np.where(kept, distance, np.minimum(distance, -0.05))


def layout(shape: Shape, at: Frame) -> HairLayout:
    """Lay out the hair over the whole picture."""
    hair = shape.hair
    wide = shape.head.cheek + hair.sides + 0.12 * hair.flare + 0.05
    bottom = max(hair.length, hair.sideburn) + 0.08
    near = window(at, shape, (-wide, -0.75), (wide, bottom))
    part = _layout(shape, near)
    whole = np.full((7, *at.u.shape), OUTSIDE, dtype=np.float32)
    for plane, own in zip(whole, part, strict=True):
        plane[near.box] = own
    return HairLayout(*whole)


def _layout(shape: Shape, at: Frame) -> HairLayout:
    hair = shape.hair
    share, outer = _outline(shape).inside(at.u, at.v)
    outer = outer + _bumps(shape, at)
    ragged = hair.curl > 0 or hair.bangs < 0  # smoother edges leave no islands
    if ragged:
        outer = _without_specks(outer, at.pixel, 0.012)
    scalp = _hairline(shape, at)
    loose = hair.length > 0 and hair.curtain > 0.3
    inside = np.maximum(scalp, _curtains(shape, at)) if loose else scalp
    if hair.bangs < 0:
        inside = np.maximum(inside, _fringe(shape, at))
    strands = _strands(shape, at, inside)
    gone = -1.0 if hair.bald > 0.5 else 0.0
    front = np.minimum(outer, inside) + gone
    if ragged:
        front = _without_specks(front, at.pixel, 0.045)
    back = outer + gone if hair.length > 0 else np.full_like(outer, OUTSIDE)
    height = _height(shape, at, share, *strands)
    return HairLayout(front, inside + gone, outer + gone, back, height, *strands)


def _bumps(shape: Shape, at: Frame) -> Field:
    """Return how far locks reach beyond the smooth contour."""
    hair = shape.hair
    wide = noise(at.u * 11, at.v * 11, hair.seed)
    if hair.curl == 0:
        return 0.0035 * hair.rough * wide
    narrow = noise(at.u * 24, at.v * 24, hair.seed)
    return (0.0035 * hair.rough + 0.010 * hair.curl) * (wide + 0.7 * narrow)


def _height(shape: Shape, at: Frame, share: Field, across: Field, along: Field) -> Field:
    """Return the hair's height: a dome with locks, and the grain of coils."""
    hair = shape.hair
    locks = noise(across * 15, along * 3.0, hair.seed)
    height: Field = 0.30 * np.sqrt(np.clip(share, 0.0, 1.0))
    if hair.coil > 0:
        height += 0.004 * locks
        height -= 0.006 * hair.coil * np.abs(noise(at.u * 26, at.v * 26, hair.seed))
        height -= 0.002 * hair.coil * np.abs(noise(at.u * 60, at.v * 60, hair.seed))
    else:
        height += 0.010 * (0.6 + hair.wave) * locks
        height += 0.0035 * noise(across * 38, along * 4.5, hair.seed)
    return height


def _tones(hair: HairTexture, shape: Shape, form: HairLayout, at: Frame) -> Field:
    """Light and dark strands, about -1 to 1; coils instead of strands where hair is coiled."""
    across, along = form.across, form.along
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


def _sheen(scene: LitScene, facing: Normals, form: HairLayout, strands: Field) -> Field:
    """Return Kajiya and Kay's highlight: strongest where strands are normal to the half vector."""
    across = np.ascontiguousarray(form.across)
    dx = cv2.Sobel(across, cv2.CV_32F, 1, 0, ksize=3)
    dy = cv2.Sobel(across, cv2.CV_32F, 0, 1, ksize=3)
    length = 1.0 / np.sqrt(dx * dx + dy * dy + 1e-12)
    tx, ty = -dy * length, dx * length
    tz = -(tx * facing.x + ty * facing.y) / np.maximum(facing.z, 0.25)
    half = scene.half
    along = (tx * half[0] + ty * half[1] + tz * half[2]) / np.sqrt(1.0 + tz * tz)
    along += 0.13 * strands
    return np.exp(-(along * along) * 22.0) * np.maximum(facing.towards(scene.key) * 0.7 + 0.3, 0.0)


def shade_hair(
    shape: Shape, context: PaintContext, form: HairLayout, texture: HairTexture
) -> Field:
    """Return the hair's picture, (H, W, 3), wherever it may lie."""
    at, scene = context.at, context.scene
    facing = normals(form.height, at.pixel, 0.0012)
    strands = _tones(texture, shape, form, at)
    body = np.array(texture.colour, dtype=np.float32)
    tips = np.array(texture.tips, dtype=np.float32)
    light = np.clip(0.26 + 0.30 * texture.strands * strands, 0.0, 1.0)
    dark = np.exp(0.46 * texture.strands * np.clip(strands, -1.8, 1.2))
    albedo = (body + (tips - body) * light[..., None]) * dark[..., None]
    image = albedo * lit(scene, facing, (0.28, 0.28, 0.28))
    matt = 1.0 - 0.7 * shape.hair.coil
    sheen = matt * texture.sheen * _sheen(scene, facing, form, strands) * scene.visible
    sheen *= np.clip(0.6 + 0.6 * strands, 0.0, 1.6)
    glint = 0.55 * tips + np.float32(0.05)
    return image + (0.60 * sheen)[..., None] * glint


def paint_back(context: PaintContext, form: HairLayout, picture: Field) -> None:
    """Paint the hair behind neck and ears, shaded by the head."""
    at, canvas = context.at, context.canvas
    wisps = 0.004 * noise(form.across * 70, form.along * 5)
    depth = 0.38 + 0.62 * step(np.abs(at.u), 0.20, 0.33)
    canvas.over(at.box, picture * depth[..., None], cover(form.back + wisps, 0.007))
    canvas.mark(at.box, form.back > 0, Region.HAIR)


def paint_front(shape: Shape, context: PaintContext, form: HairLayout, picture: Field) -> None:
    """Paint the hair over the face, thin at the hairline."""
    at, canvas = context.at, context.canvas
    across, along = form.across, form.along
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
    """Return the share of light that skin keeps near hair, from the distance to its edge."""
    return 1.0 - 0.38 * ridge(np.minimum(distance, 0.0), 0.011)
