"""The appearance of each region of a portrait: random sampling and mixing of textures.

Colours are linear light, 0 to 1. Every value can be interpolated, so a mix of two textures is a
texture. A field of `Texture` has the name of its region; light, clothes and the background belong
to the region background.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from e4s_studio.core.errors import SettingsError
from e4s_studio.core.regions import Region

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.random import Generator

Colour: TypeAlias = tuple[float, float, float]
Pair: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class SkinTexture:
    """Skin of one region; most amounts lie in 0 to 1.

    `stubble` is a shaven beard's shadow, `beard` the density of its hairs, of which `chin_only`
    keeps those around the mouth; `blush` and `shadow` are make-up.
    """

    tone: Colour
    flush: float
    mottle: float
    freckles: float
    moles: float
    pores: float
    shine: float
    lines: float
    bags: float
    stubble: float
    beard: float
    chin_only: float
    moustache: float
    beard_colour: Colour
    blush: Colour
    blush_amount: float
    shadow: Colour
    shadow_amount: float
    liner: float
    lashes: float
    phase: Pair


@dataclass(frozen=True)
class LipTexture:
    """Lips: `gloss` is the strength of their highlight, `creases` of their vertical lines."""

    tone: Colour
    gloss: float
    creases: float
    phase: Pair


@dataclass(frozen=True)
class BrowTexture:
    """Brow hairs of a `density` over skin of a `tone`."""

    colour: Colour
    density: float
    skin: SkinTexture
    phase: Pair


@dataclass(frozen=True)
class EyeTexture:
    """Iris: outer `colour`, `inner` colour around the pupil, the pupil's share of its radius."""

    colour: Colour
    inner: Colour
    fibres: float
    pupil: float
    white: float
    veins: float
    phase: Pair


@dataclass(frozen=True)
class HairTexture:
    """Hair: `tips` is the colour of its light strands, `strands` their contrast."""

    colour: Colour
    tips: Colour
    strands: float
    sheen: float
    phase: Pair


@dataclass(frozen=True)
class MouthTexture:
    """Teeth of a `tone` before the dark of the mouth."""

    tone: Colour
    gaps: float
    dark: float


@dataclass(frozen=True)
class GlassTexture:
    """Rims of a `colour`, a `tint` on the lenses, and the skin that is seen through them."""

    colour: Colour
    metal: float
    tint: float
    glare: float
    skin: SkinTexture


@dataclass(frozen=True)
class RingTexture:
    """Jewellery: gold, silver or a stone's colour, and how it sparkles."""

    colour: Colour
    sparkle: float
    phase: Pair


@dataclass(frozen=True)
class Light:
    """A key light at (azimuth, elevation) in radians, a fill from the other side, the sky."""

    key: Colour
    azimuth: float
    elevation: float
    softness: float
    fill: Colour
    sky: Colour
    rim: float


@dataclass(frozen=True)
class Surroundings:
    """Light, background (a wall, or foliage and sky out of focus) and clothes."""

    light: Light
    top: Colour
    bottom: Colour
    accent: Colour
    landscape: float
    spots: float
    vignette: float
    cloth: Colour
    pattern: float
    weave: float
    phase: Pair


@dataclass(frozen=True)
class Texture:
    """The textures of all twelve regions. Sample one with `random_texture`."""

    background: Surroundings
    lip: LipTexture
    eyebrows: BrowTexture
    eyes: EyeTexture
    hair: HairTexture
    nose: SkinTexture
    skin: SkinTexture
    ears: SkinTexture
    belowface: SkinTexture
    mouth: MouthTexture
    eye_glass: GlassTexture
    ear_rings: RingTexture


_SKIN_TONES: Final = (
    (0.0, (240, 205, 188)),
    (0.18, (232, 191, 168)),
    (0.36, (222, 176, 148)),
    (0.54, (198, 147, 115)),
    (0.70, (160, 110, 80)),
    (0.85, (124, 82, 60)),
    (1.0, (90, 58, 44)),
)
_HAIRS: Final = (
    # colour of the body, of the light strands, odds
    ((22, 18, 17), (58, 48, 44), 0.26),
    ((40, 27, 21), (86, 60, 44), 0.22),
    ((72, 46, 30), (134, 92, 60), 0.17),
    ((112, 76, 46), (182, 138, 90), 0.09),
    ((158, 118, 72), (228, 194, 140), 0.09),
    ((196, 164, 112), (246, 226, 182), 0.05),
    ((104, 42, 22), (190, 94, 48), 0.06),
    ((112, 110, 110), (198, 196, 194), 0.025),
    ((176, 174, 172), (240, 238, 236), 0.015),
)
_IRISES: Final = (
    ((62, 38, 22), (96, 60, 32), 0.50),
    ((92, 74, 38), (136, 96, 44), 0.14),
    ((84, 104, 74), (140, 116, 62), 0.11),
    ((92, 124, 150), (150, 160, 150), 0.17),
    ((112, 124, 130), (150, 150, 140), 0.08),
)
_LIPSTICKS: Final = ((176, 30, 44), (196, 70, 84), (150, 36, 66), (206, 100, 94), (110, 34, 44))


def linear(rgb: tuple[float, float, float]) -> Colour:
    """Convert a display colour, 0 to 255, to linear light with a gamma of 2."""
    r, g, b = ((channel / 255.0) ** 2 for channel in rgb)
    return r, g, b


def _scaled(a: Colour, factors: float | Colour) -> Colour:
    by = (factors, factors, factors) if isinstance(factors, float) else factors
    r, g, b = (x * f for x, f in zip(a, by, strict=True))
    return r, g, b


def _phase(rng: Generator) -> Pair:
    return float(rng.random()), float(rng.random())


def _uniform(rng: Generator, low: float, high: float) -> float:
    return float(rng.uniform(low, high))


def _from_hue(rng: Generator, value: tuple[float, float], chroma: float) -> Colour:
    """Sample a colour of random hue, with a value in a range and at most `chroma`."""
    hue = 2 * np.pi * rng.random()
    level = 255 * _uniform(rng, *value)
    amount = chroma * float(rng.random()) * 0.5
    r, g, b = (
        float(np.clip(level * (1 + amount * np.cos(hue + shift)), 0, 255))
        for shift in (0.0, 2.094, 4.189)
    )
    return linear((r, g, b))


def _skin_tone(rng: Generator, depth: float) -> Colour:
    places = [place for place, _ in _SKIN_TONES]
    red, green, blue = (
        float(np.interp(depth, places, [tone[c] for _, tone in _SKIN_TONES])) for c in range(3)
    )
    warm, olive = rng.normal(0, 0.022), rng.normal(0, 0.014)
    return linear((red * (1 + warm * 0.5), green * (1 + olive), blue * (1 - warm * 1.6)))


def _hair_colours(rng: Generator, depth: float, age: float) -> tuple[Colour, Colour]:
    body, tips = _colours(rng, _HAIRS if depth < 0.5 else _HAIRS[:3])
    grey = max(0.0, age - 0.62) * 2.2 * float(rng.random())
    silver, white = linear((186, 184, 182)), linear((236, 234, 232))
    return _between(body, silver, min(0.8, grey)), _between(tips, white, min(0.9, grey))


def _skin(rng: Generator, depth: float, male: float, age: float, hair: Colour) -> SkinTexture:
    bearded = male > 0.5 and rng.random() < 0.45
    made_up = male < 0.5 and rng.random() < 0.6
    pale = max(0.0, 1.0 - 1.8 * depth)
    return SkinTexture(
        tone=_skin_tone(rng, depth),
        flush=_uniform(rng, 0.2, 1.0) * (0.5 + 0.5 * pale),
        mottle=_uniform(rng, 0.3, 1.0),
        freckles=float(rng.random() < 0.3 * pale) * _uniform(rng, 0.3, 1.0),
        moles=float(rng.random() < 0.5) * _uniform(rng, 0.3, 1.0),
        pores=_uniform(rng, 0.3, 1.0),
        shine=_uniform(rng, 0.25, 1.0),
        lines=max(0.0, age * 1.3 - 0.35) * _uniform(rng, 0.7, 1.1),
        bags=_uniform(rng, 0.1, 0.5) + 0.5 * age,
        stubble=_uniform(rng, 0.15, 1.0) * float(male > 0.5),
        beard=_uniform(rng, 0.35, 1.0) if bearded else 0.0,
        chin_only=float(rng.random() < 0.35),
        moustache=float(rng.random() < 0.85),
        beard_colour=_scaled(hair, 0.9),
        blush=linear((205, 84, 84)),
        blush_amount=_uniform(rng, 0.2, 0.8) if made_up else 0.0,
        shadow=_from_hue(rng, (0.25, 0.55), 0.7),
        shadow_amount=_uniform(rng, 0.2, 0.8) if made_up else 0.0,
        liner=_uniform(rng, 0.4, 1.0) if made_up else 0.08,
        lashes=_uniform(rng, 0.6, 1.0) if male < 0.5 else _uniform(rng, 0.2, 0.5),
        phase=_phase(rng),
    )


def _lips(rng: Generator, skin: SkinTexture, depth: float, male: float) -> LipTexture:
    bare = _scaled(skin.tone, (0.84 - 0.06 * male, 0.52 + 0.08 * male, 0.54 + 0.06 * male))
    natural = _between(bare, linear((184, 100, 98)), (0.32 - 0.2 * depth) * (1.0 - 0.5 * male))
    painted = male < 0.5 and rng.random() < 0.5
    stick = _scaled(linear(_LIPSTICKS[int(rng.integers(len(_LIPSTICKS)))]), 1.0 - 0.5 * depth)
    return LipTexture(
        tone=_between(natural, stick, _uniform(rng, 0.4, 0.9)) if painted else natural,
        gloss=_uniform(rng, 0.3, 1.0) if painted else _uniform(rng, 0.1, 0.5),
        creases=_uniform(rng, 0.2, 1.0),
        phase=_phase(rng),
    )


def _light(rng: Generator) -> Light:
    warm = _uniform(rng, -0.10, 0.10)
    side = 1.0 if rng.random() < 0.5 else -1.0
    strength = _uniform(rng, 0.62, 0.95)
    fill = _uniform(rng, 0.10, 0.30)
    sky = _uniform(rng, 0.26, 0.46)
    cool = _uniform(rng, -0.06, 0.12)
    return Light(
        key=(strength * (1 + warm), strength, strength * (1 - warm)),
        azimuth=side * _uniform(rng, 0.05, 0.85),
        elevation=_uniform(rng, 0.30, 0.85),
        softness=_uniform(rng, 0.3, 1.0),
        fill=(fill * (1 - cool), fill, fill * (1 + cool)),
        sky=(sky * (1 - cool), sky, sky * (1 + cool)),
        rim=_uniform(rng, 0.0, 1.0) ** 2,
    )


_WALLS: Final = (
    ((120, 122, 124), 0.20),
    ((52, 54, 58), 0.16),
    ((196, 194, 190), 0.12),
    ((70, 84, 104), 0.14),
    ((112, 96, 82), 0.12),
    ((60, 74, 66), 0.10),
    ((150, 160, 172), 0.08),
    ((116, 60, 52), 0.08),
)
_SCENERY: Final = (
    # above, below, what is out of focus before it, odds
    ((150, 178, 204), (92, 108, 76), (120, 134, 84), 0.25),
    ((66, 84, 58), (44, 58, 40), (150, 168, 96), 0.30),
    ((190, 160, 128), (110, 84, 70), (226, 186, 130), 0.20),
    ((70, 72, 84), (46, 46, 52), (206, 170, 120), 0.25),
)
_CLOTHES: Final = (
    ((34, 36, 42), 0.22),
    ((226, 226, 222), 0.16),
    ((44, 58, 88), 0.16),
    ((110, 112, 116), 0.10),
    ((120, 40, 42), 0.09),
    ((64, 82, 66), 0.09),
    ((176, 156, 128), 0.09),
    ((132, 160, 190), 0.09),
)


def _varied(rng: Generator, rgb: Colour, spread: float) -> Colour:
    """Return linear light near a display colour."""
    gain = _uniform(rng, 0.8, 1.2)
    r, g, b = (min(255.0, c * gain * _uniform(rng, 1 - spread, 1 + spread)) for c in rgb)
    return linear((r, g, b))


def _picked(rng: Generator, table: tuple[tuple[Any, ...], ...]) -> tuple[Any, ...]:
    """Sample a row with the odds in its last column."""
    odds = np.array([row[-1] for row in table])
    return table[int(rng.choice(len(table), p=odds / odds.sum()))]


def _colours(rng: Generator, table: tuple[tuple[Any, ...], ...]) -> tuple[Colour, Colour]:
    first, second, _ = _picked(rng, table)
    gain = _uniform(rng, 0.85, 1.15)
    return _scaled(linear(first), gain), _scaled(linear(second), gain)


def _surroundings(rng: Generator) -> Surroundings:
    landscape = float(rng.random() < 0.45)
    vivid = rng.random() < 0.15
    wall = _varied(rng, _picked(rng, _WALLS)[0], 0.08)
    above, below, before = (_varied(rng, c, 0.10) for c in _picked(rng, _SCENERY)[:3])
    wall = _from_hue(rng, (0.3, 0.8), 0.9) if vivid else wall
    return Surroundings(
        light=_light(rng),
        top=above if landscape else wall,
        bottom=below if landscape else _scaled(wall, _uniform(rng, 0.35, 0.9)),
        accent=before,
        landscape=landscape,
        spots=_uniform(rng, 0.2, 1.0) * landscape,
        vignette=_uniform(rng, 0.0, 0.8),
        cloth=_from_hue(rng, (0.2, 0.8), 1.0)
        if vivid
        else _varied(rng, _picked(rng, _CLOTHES)[0], 0.1),
        pattern=float(rng.random() < 0.3) * _uniform(rng, 0.1, 0.5),
        weave=_uniform(rng, 0.2, 1.0),
        phase=_phase(rng),
    )


def _eye_texture(rng: Generator, depth: float) -> EyeTexture:
    colour, inner = _colours(rng, _IRISES if depth < 0.55 else _IRISES[:2])
    return EyeTexture(
        colour=colour,
        inner=inner,
        fibres=_uniform(rng, 0.4, 1.0),
        pupil=_uniform(rng, 0.32, 0.5),
        white=_uniform(rng, 0.80, 0.96),
        veins=_uniform(rng, 0.0, 0.8),
        phase=_phase(rng),
    )


def _glasses(rng: Generator, skin: SkinTexture) -> GlassTexture:
    gold = rng.random() < 0.3
    rims = linear((190, 150, 90)) if gold else _from_hue(rng, (0.05, 0.4), 0.7)
    return GlassTexture(
        colour=rims,
        metal=1.0 if gold else _uniform(rng, 0.0, 0.6),
        tint=_uniform(rng, 0.0, 0.15),
        glare=_uniform(rng, 0.1, 0.8),
        skin=skin,
    )


def _rings(rng: Generator) -> RingTexture:
    metals = (linear((230, 184, 96)), linear((214, 214, 220)), _from_hue(rng, (0.5, 0.9), 1.4))
    return RingTexture(
        colour=metals[int(rng.integers(3))], sparkle=_uniform(rng, 0.2, 1.0), phase=_phase(rng)
    )


def random_texture(rng: Generator) -> Texture:
    """Sample the textures of one person in one light.

    Parameters
    ----------
    rng
        Random generator; equal states give equal textures.
    """
    male, years = float(rng.random() < 0.5), float(rng.random()) ** 1.7
    depth = float(rng.random())
    body, tips = _hair_colours(rng, depth, years)
    skin = _skin(rng, depth, male, years, body)
    brow = _between(body, linear((34, 24, 20)), 0.45)
    return Texture(
        background=_surroundings(rng),
        lip=_lips(rng, skin, depth, male),
        eyebrows=BrowTexture(
            colour=brow, density=_uniform(rng, 0.55, 1.0), skin=skin, phase=_phase(rng)
        ),
        eyes=_eye_texture(rng, depth),
        hair=HairTexture(
            colour=body,
            tips=tips,
            strands=_uniform(rng, 0.5, 1.0),
            sheen=_uniform(rng, 0.3, 1.0),
            phase=_phase(rng),
        ),
        nose=skin,
        skin=skin,
        ears=replace(skin, flush=min(1.0, skin.flush * 1.2), phase=_phase(rng)),
        belowface=replace(skin, flush=skin.flush * 0.5, phase=_phase(rng)),
        mouth=MouthTexture(
            tone=_between(linear((240, 234, 222)), linear((214, 196, 160)), float(rng.random())),
            gaps=_uniform(rng, 0.2, 1.0),
            dark=_uniform(rng, 0.5, 1.0),
        ),
        eye_glass=_glasses(rng, skin),
        ear_rings=_rings(rng),
    )


def _between(a: Any, b: Any, amount: float) -> Any:
    """Interpolate two equal structures of frozen dataclasses, tuples and numbers."""
    if is_dataclass(a) and not isinstance(a, type):
        names = [field.name for field in fields(a)]
        own, other = ([getattr(x, name) for name in names] for x in (a, b))
        return type(a)(*_between(tuple(own), tuple(other), amount))
    if isinstance(a, tuple):
        return tuple(_between(x, y, amount) for x, y in zip(a, b, strict=True))
    return (1.0 - amount) * a + amount * b


def mix(texture_a: Texture, texture_b: Texture, region_amounts: Mapping[Region, float]) -> Texture:
    """Return `texture_a` with some regions' textures moved towards those of `texture_b`.

    Parameters
    ----------
    texture_a
        The result of amount 0, and for regions that are not named.
    texture_b
        The result of amount 1.
    region_amounts
        The texture amount of each region, 0 to 1 (E4S, interpolation of texture vectors).

    Raises
    ------
    SettingsError
        If an amount lies outside 0 to 1.
    """
    changed = {}
    for region, amount in region_amounts.items():
        if not 0.0 <= amount <= 1.0:
            raise SettingsError(
                f"The texture amount of {region.title} is {amount}; choose one from 0 to 1."
            )
        name = Region(region).label
        own, other = getattr(texture_a, name), getattr(texture_b, name)
        changed[name] = other if amount == 1.0 else _between(own, other, float(amount))
    return replace(texture_a, **changed)
