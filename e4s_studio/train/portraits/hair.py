"""Hair: where it lies, how its strands run, and their sheen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from e4s_studio.train.portraits.fields import Field, Profile, noise, step
from e4s_studio.train.portraits.geometry import OUTSIDE, SKULL_TOP, Box, Frame, Outline, window

if TYPE_CHECKING:
    from e4s_studio.train.portraits.shape import Shape

EAR_LEVEL = 0.05


class Fall(NamedTuple):
    """Strand coordinates: `across` is constant along a strand, `along` runs from the root."""

    across: Field
    along: Field


@dataclass(frozen=True)
class Mane:
    """Hair before (`front`) and behind (`back`) the head: distances to the edge; and its form."""

    front: Field
    inside: Field
    outer: Field
    back: Field
    height: Field
    fall: Fall

    def crop(self, box: Box) -> Mane:
        """Return a part of the picture."""
        fall = Fall(self.fall.across[box], self.fall.along[box])
        return Mane(
            self.front[box],
            self.inside[box],
            self.outer[box],
            self.back[box],
            self.height[box],
            fall,
        )


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


def _fall(shape: Shape, at: Frame, inside: Field) -> Fall:
    """Run strands from the parting out and down, or back from the brow, or in curls."""
    hair = shape.hair
    if hair.length > 0 or hair.bangs < 0:
        top = SKULL_TOP - hair.volume - 0.03
        t = np.clip((EAR_LEVEL - at.v) / (EAR_LEVEL - top), 0.0, 0.995)
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
    return Fall(across, along)


def _without_specks(distance: Field, pixel: float, reach: float) -> Field:
    """Keep what ragged edges leave only where it is near a body of hair.

    Islands of 0.2 % of the picture or less, and wisps further than `reach` from larger ones, go.
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


def mane(shape: Shape, at: Frame) -> Mane:
    """Lay out the hair over the whole picture."""
    hair = shape.hair
    wide = shape.head.cheek + hair.sides + 0.12 * hair.flare + 0.05
    bottom = max(hair.length, hair.sideburn) + 0.08
    near = window(at, shape, (-wide, -0.75), (wide, bottom))
    part = _mane(shape, near)
    whole = np.full((7, *at.u.shape), OUTSIDE, dtype=np.float32)
    planes = (part.front, part.inside, part.outer, part.back, part.height, *part.fall)
    for plane, own in zip(whole, planes, strict=True):
        plane[near.box] = own
    front, inside, outer, back, height, across, along = whole
    return Mane(front, inside, outer, back, height, Fall(across, along))


def _mane(shape: Shape, at: Frame) -> Mane:
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
    fall = _fall(shape, at, inside)
    gone = -1.0 if hair.bald > 0.5 else 0.0
    front = np.minimum(outer, inside) + gone
    if ragged:
        front = _without_specks(front, at.pixel, 0.045)
    back = outer + gone if hair.length > 0 else np.full_like(outer, OUTSIDE)
    return Mane(front, inside + gone, outer + gone, back, _form(shape, at, share, fall), fall)


def _bumps(shape: Shape, at: Frame) -> Field:
    """How far locks reach beyond the smooth contour."""
    hair = shape.hair
    wide = noise(at.u * 11, at.v * 11, hair.seed)
    if hair.curl == 0:
        return 0.0035 * hair.rough * wide
    narrow = noise(at.u * 24, at.v * 24, hair.seed)
    return (0.0035 * hair.rough + 0.010 * hair.curl) * (wide + 0.7 * narrow)


def _form(shape: Shape, at: Frame, share: Field, fall: Fall) -> Field:
    """Return the hair's height: a dome with locks, and the grain of coils."""
    hair = shape.hair
    locks = noise(fall.across * 15, fall.along * 3.0, hair.seed)
    height: Field = 0.30 * np.sqrt(np.clip(share, 0.0, 1.0))
    if hair.coil > 0:
        height += 0.004 * locks
        height -= 0.006 * hair.coil * np.abs(noise(at.u * 26, at.v * 26, hair.seed))
        height -= 0.002 * hair.coil * np.abs(noise(at.u * 60, at.v * 60, hair.seed))
    else:
        height += 0.010 * (0.6 + hair.wave) * locks
        height += 0.0035 * noise(fall.across * 38, fall.along * 4.5, hair.seed)
    return height
