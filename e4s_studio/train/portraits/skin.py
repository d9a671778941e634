"""Skin: tone, blood, freckles, lines, make-up and beards, under light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from e4s_studio.core.regions import REGION_COUNT, Region
from e4s_studio.train.portraits.body import nostrils
from e4s_studio.train.portraits.fields import Field, Profile, bump, detail, fine, noise, ridge, step
from e4s_studio.train.portraits.geometry import EYE_LINE, Frame
from e4s_studio.train.portraits.lighting import Normals, gloss, lit

if TYPE_CHECKING:
    from e4s_studio.train.portraits.lighting import Labels, PaintContext
    from e4s_studio.train.portraits.shape import Shape
    from e4s_studio.train.portraits.texture import SkinTexture, Texture


@dataclass(frozen=True)
class SkinMap:
    """The skin parameters of each pixel, by its region in `labels` (H, W)."""

    skins: tuple[SkinTexture, ...]
    labels: Labels

    @classmethod
    def of(cls, texture: Texture, labels: Labels) -> SkinMap:
        """Take each region's skin from a texture; regions without one use the face's."""
        skins = [texture.skin] * REGION_COUNT
        skins[Region.NOSE] = texture.nose
        skins[Region.EARS] = texture.ears
        skins[Region.BELOWFACE] = texture.belowface
        skins[Region.EYEBROWS] = texture.eyebrows.skin
        skins[Region.EYE_GLASS] = texture.eye_glass.skin
        return cls(tuple(skins), labels)

    def crop(self, box: tuple[slice, slice]) -> SkinMap:
        """Return a part of the picture."""
        return SkinMap(self.skins, self.labels[box])

    def has(self, region: Region) -> bool:
        """Whether any pixel belongs to `region`."""
        return bool((self.labels == region).any())

    def any(self, *names: str) -> bool:
        """Whether any region has a positive amount of any of these; if not, painting is skipped."""
        return any(getattr(skin, name) > 0 for skin in self.skins for name in names)

    def number(self, name: str) -> Field:
        """Return one amount at every pixel: (H, W), or a scalar where all regions agree."""
        table = np.array([getattr(skin, name) for skin in self.skins], dtype=np.float32)
        return self._spread(table)

    def colour(self, name: str) -> Field:
        """Return one colour at every pixel, (3, H, W), blended along the regions' borders.

        Where all regions agree, (3, 1, 1).
        """
        table = np.array([getattr(skin, name) for skin in self.skins], dtype=np.float32)
        if (table == table[0]).all():
            return np.asarray(table[0][:, None, None])
        kernel = np.ones((3, 3), np.uint8)
        border = cv2.dilate(self.labels, kernel) != cv2.erode(self.labels, kernel)
        planes = (np.take(column, self.labels) for column in table.T)
        return np.stack([np.where(border, cv2.blur(p, (3, 3)), p) for p in planes])

    def phase(self) -> tuple[Field, Field]:
        """Return the offsets of the skin's noise, in units of its coordinates."""
        table = np.array([skin.phase for skin in self.skins], dtype=np.float32) * 128.0
        return self._spread(table[:, 0]), self._spread(table[:, 1])

    def _spread(self, table: Field) -> Field:
        if (table == table[0]).all():
            return np.asarray(table[0])
        return np.take(table, self.labels)


def _tint(albedo: Field, amount: Field, factors: tuple[float, float, float]) -> None:
    """Multiply (3, H, W) by `factors` where `amount` is 1, in place."""
    for channel, factor in enumerate(factors):
        albedo[channel] *= 1.0 - (1.0 - factor) * amount


def _towards(albedo: Field, colour: Field, amount: Field) -> None:
    """Move (3, H, W) to `colour` where `amount` is 1, in place."""
    albedo += (colour - albedo) * amount


def _blood(shape: Shape, at: Frame, skin_map: SkinMap, albedo: Field) -> None:
    """Tint cheeks, nose, chin and ears, dark circles under the eyes, and blotches."""
    side = np.abs(at.u)
    flush = 0.6 * bump(side, at.v, (0.150, 0.090), (0.060, 0.050))
    flush += 0.8 * bump(side, at.v, (0.0, nostrils(shape).tip), (0.036, 0.030))
    flush += 0.35 * bump(side, at.v, (0.0, shape.head.chin - 0.05), (0.045, 0.03))
    flush += step(side, shape.head.cheek - 0.004, shape.head.cheek + 0.015) * step(at.v, 0.22, 0.12)
    _tint(albedo, np.minimum(flush, 1.0) * skin_map.number("flush"), (0.97, 0.70, 0.70))
    px, py = skin_map.phase()
    blotch = 0.6 * noise(at.u * 9 + px, at.v * 9 + py)
    blotch += 0.6 * noise(at.u * 30 + px, at.v * 30 + py) * fine(at.pixel, 30)
    blotch *= skin_map.number("mottle")
    _tint(albedo, 0.16 * blotch, (0.92, 0.72, 0.70))
    socket = bump(side, at.v, (shape.eyes.spacing - 0.02, EYE_LINE + 0.028), (0.035, 0.016))
    socket += 0.7 * bump(side, at.v, (shape.eyes.spacing - 0.03, EYE_LINE - 0.02), (0.03, 0.014))
    _tint(albedo, socket * skin_map.number("bags"), (0.76, 0.66, 0.72))


def _spots(at: Frame, skin_map: SkinMap, albedo: Field) -> None:
    """Add freckles over nose and cheeks, and moles."""
    side = np.abs(at.u)
    px, py = skin_map.phase()
    if skin_map.any("freckles"):
        where = bump(side, at.v, (0.09, 0.06), (0.10, 0.055)) + 0.25
        dots = step(noise(at.u * 120 + px, at.v * 120 + py), 0.7, 1.8) * fine(at.pixel, 80)
        dots += 0.7 * step(noise(at.u * 210 + py, at.v * 210 + px), 0.8, 1.8) * fine(at.pixel, 140)
        amount = np.minimum(dots * where, 1.0) * skin_map.number("freckles")
        _tint(albedo, amount, (0.72, 0.55, 0.45))
    if not skin_map.any("moles"):
        return
    mole = step(noise(at.u * 75 + py, at.v * 75 + px), 3.2, 3.6)
    _tint(albedo, mole * skin_map.number("moles"), (0.40, 0.30, 0.28))


def _make_up(shape: Shape, at: Frame, skin_map: SkinMap, albedo: Field) -> None:
    side = np.abs(at.u)
    slant = at.v + 0.35 * (side - 0.16)
    cheek = bump(side, slant, (0.165, 0.085), (0.060, 0.034)) * skin_map.number("blush_amount")
    _towards(albedo, albedo * (1.0 - 0.38 * (1.0 - skin_map.colour("blush"))), cheek)
    lid = bump(side, at.v, (shape.eyes.spacing + 0.006, EYE_LINE - 0.022), (0.040, 0.015))
    amount = 0.75 * lid * skin_map.number("shadow_amount")
    _towards(albedo, albedo * (0.15 + 0.9 * skin_map.colour("shadow")), amount)


def _lines(shape: Shape, at: Frame, skin_map: SkinMap, albedo: Field) -> None:
    """Add wrinkles: forehead, frown, crow's feet, nasolabial folds."""
    side = np.abs(at.u)
    wobble = 0.004 * noise(at.u * 12, at.v * 3)
    depth = np.zeros_like(at.u)
    for level, reach in ((-0.225, 0.11), (-0.185, 0.14), (-0.150, 0.10)):
        arc = at.v - level + wobble + 0.25 * side * side
        depth += 0.8 * ridge(arc, 0.0032) * step(side, reach + 0.05, reach - 0.04)
    frown = ridge(side - 0.018 + wobble, 0.0028) * ridge(at.v - EYE_LINE + 0.062, 0.022)
    fan = noise((at.v - EYE_LINE) / (np.maximum(side - shape.eyes.spacing, 0.01)) * 5.0, side * 3)
    feet = step(fan, 0.3, 1.4) * bump(side, at.v, (0.212, EYE_LINE + 0.004), (0.018, 0.022))
    fold = Profile(
        [
            (shape.nose.base - 0.02, shape.nose.width + 0.006),
            (shape.mouth.centre + 0.01, shape.mouth.width + 0.026),
        ],
        0.01,
    )
    top, bottom = shape.nose.base - 0.015, shape.mouth.centre + 0.015
    along = step(at.v, top - 0.015, top + 0.02) * step(at.v, bottom + 0.03, bottom - 0.03)
    depth += frown + 0.9 * feet + 0.9 * along * ridge(side - fold(at.v), 0.0045)
    under = at.v - (EYE_LINE + 0.042 - 3.0 * (side - shape.eyes.spacing) ** 2)
    depth += 0.6 * ridge(under, 0.0035) * ridge(side - shape.eyes.spacing, 0.035)
    _tint(albedo, np.minimum(depth, 1.0) * skin_map.number("lines"), (0.72, 0.58, 0.56))


def _beard_masks(shape: Shape, at: Frame) -> tuple[Field, Field, Field]:
    """Return where a full beard, a chin beard and a moustache with its ends grow, 0 to 1."""
    side, mouth = np.abs(at.u), shape.mouth
    edge = Profile(
        [
            (0.0, mouth.centre + 0.6 * mouth.gap + 0.026),
            (0.06, mouth.centre + 0.5 * mouth.gap + 0.020),
            (0.115, mouth.centre - 0.012),
            (0.16, 0.195),
            (0.20, 0.135),
            (0.225, 0.06),
            (0.245, -0.03),
        ],
        0.014,
    )
    ragged = 0.005 * noise(at.u * 26, at.v * 26)
    full = step(at.v - edge(side) + ragged, -0.016, 0.044)
    full = full * step(side, shape.head.cheek + 0.006, shape.head.cheek - 0.014)
    lip_top = mouth.centre - mouth.upper - mouth.gap * 0.25
    middle = 0.5 * (shape.nose.base + 0.012 + lip_top) + 0.06 * side
    moustache = ridge(at.v - middle + 0.5 * ragged, 0.5 * (lip_top - shape.nose.base))
    moustache *= step(side, mouth.width + 0.022, mouth.width - 0.02)
    goatee = bump(side, at.v, (0.0, shape.head.chin - 0.03), (0.062, 0.048)) * 1.3
    fade = step(at.v, shape.head.chin + 0.055, shape.head.chin - 0.005)
    bridge = Profile(
        [
            (lip_top - 0.01, mouth.width + 0.004),
            (mouth.centre + 0.02, mouth.width + 0.014),
            (shape.head.chin - 0.03, 0.045),
        ],
        0.015,
    )
    corners = ridge(side - bridge(at.v), 0.013) * step(at.v, lip_top - 0.02, lip_top + 0.005)
    moustache = np.clip(moustache, 0.0, 1.0)
    return full * fade, np.clip(goatee, 0.0, 1.0) * fade, np.maximum(moustache, corners * fade)


def _beard(shape: Shape, at: Frame, skin_map: SkinMap, albedo: Field) -> Field:
    """Tint with a shaven beard's shadow, then add hairs; return their density."""
    full, near, moustache = _beard_masks(shape, at)
    moustache = moustache * skin_map.number("moustache")
    only = skin_map.number("chin_only")
    where = np.maximum(full + (near - full) * only, moustache)
    shadow = np.maximum(full, moustache)
    px, py = skin_map.phase()
    dots = 0.7 + 0.3 * noise(at.u * 210 + px, at.v * 210 + py) * fine(at.pixel, 180)
    _tint(albedo, 0.8 * shadow * skin_map.number("stubble") * dots, (0.66, 0.68, 0.74))
    return _hairs(at, skin_map, where, albedo)


def _hairs(at: Frame, skin_map: SkinMap, where: Field, albedo: Field) -> Field:
    """Add hairs that run down and outwards, sparser towards the edges of `where`."""
    px, py = skin_map.phase()
    lean, down = at.u + 0.35 * np.sign(at.u) * at.v + px, at.v + py
    hairs = 0.12 * noise(lean * 50, down * 14)
    hairs += 0.50 * detail(lean, down, (140, 30), at.pixel)
    hairs += 0.50 * detail(lean, down, (300, 56), at.pixel)
    grown = where * skin_map.number("beard")
    density = 0.94 * step(grown + 0.15 * hairs, 0.05, 0.85) * np.minimum(6.0 * grown, 1.0)
    colour = skin_map.colour("beard_colour") * (1.0 + 0.35 * np.clip(hairs, -1.5, 2.0))
    _towards(albedo, colour, density)
    return density


def paint_skin(shape: Shape, context: PaintContext, skin_map: SkinMap, facing: Normals) -> Field:
    """Return lit skin, (H, W, 3), with subsurface scattering and gloss."""
    at, scene = context.at, context.scene
    albedo = np.empty((3, *at.u.shape), dtype=np.float32)
    albedo[:] = skin_map.colour("tone")
    _blood(shape, at, skin_map, albedo)
    if skin_map.any("freckles", "moles"):
        _spots(at, skin_map, albedo)
    if skin_map.has(Region.SKIN) and skin_map.any("blush_amount", "shadow_amount"):
        _make_up(shape, at, skin_map, albedo)
    if skin_map.has(Region.SKIN) and skin_map.any("lines"):
        _lines(shape, at, skin_map, albedo)
    shine = skin_map.number("shine")
    if not skin_map.has(Region.EARS) and skin_map.any("stubble", "beard"):
        shine = shine * (1.0 - 0.8 * _beard(shape, at, skin_map, albedo))
    px, py = skin_map.phase()
    pores = detail(at.u + px, at.v + py, (170, 170), at.pixel)
    pores += 0.7 * detail(at.u + py, at.v + px, (90, 90), at.pixel)
    grain = pores * skin_map.number("pores")
    image = cv2.merge(list(albedo)) * lit(scene, facing, (0.24, 0.13, 0.09))
    image *= (1.0 + 0.045 * grain)[..., None]
    broad, tight = gloss(scene, facing, 9.0), gloss(scene, facing, 55.0)
    spark = shine * (0.075 * broad + 0.16 * tight * (1.0 + 0.35 * grain))
    image += spark[..., None] * np.array(scene.light.key, dtype=np.float32)
    return np.asarray(image)
