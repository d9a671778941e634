"""The geometry of a portrait, and the sampling of random ones.

Lengths are in units of the picture's width, before alignment; v runs down; the origin is the
middle of the picture. A mean face has its eyes at (±0.125, -0.025) and its mouth at 0.245.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.random import Generator


@dataclass(frozen=True)
class Head:
    """Outline of the face, and the depth of its relief (1 = mean)."""

    temple: float
    cheek: float
    jaw: float
    chin_width: float
    chin: float
    cheekbones: float
    chin_relief: float
    brow_ridge: float
    sockets: float
    neck: float
    shoulders: float
    collar: float
    lean: float


@dataclass(frozen=True)
class Eyes:
    """The openings of the lids; `tilt` lifts the outer corners, gaze moves the irises."""

    spacing: float
    width: float
    upper: float
    lower: float
    peak: float
    tilt: float
    crease: float
    iris: float
    gaze: tuple[float, float]


@dataclass(frozen=True)
class Brows:
    """Heights above the eyes' centre and half-thicknesses; `arch` in units of v."""

    height: float
    inner: float
    outer: float
    thickness: float
    arch: float
    peak: float
    slant: float


@dataclass(frozen=True)
class Nose:
    """`base` is the v of the nose's lower edge."""

    base: float
    bridge: float
    width: float
    tip: float
    relief: float
    bump: float


@dataclass(frozen=True)
class Mouth:
    """`gap` opens the lips in the middle, `lift` raises the corners."""

    centre: float
    width: float
    upper: float
    lower: float
    bow: float
    lift: float
    gap: float
    bite: float


@dataclass(frozen=True)
class Ears:
    """`out` is how far they stand out; 0 hides them behind the cheeks."""

    height: float
    length: float
    out: float


@dataclass(frozen=True)
class Hair:
    """Hair style: lengths in the unit of the other parts, 0 for none.

    `volume` raises the hair over the skull, `sides` over the temples; `length` is the v at which
    loose hair ends; `curtain` says how much of the cheeks and ears it covers (0 to 1);
    `bangs` is the v at which a fringe ends; `coil` winds curls up tightly; `bald` uncovers the
    skull.
    """

    style: str
    hairline: float
    peak: float
    recession: float
    part: float
    sweep: float
    volume: float
    sides: float
    sideburn: float
    length: float
    flare: float
    curtain: float
    bangs: float
    wave: float
    curl: float
    coil: float
    rough: float
    bald: float
    seed: tuple[float, float]


@dataclass(frozen=True)
class Accessories:
    """Glasses (`frame` is the thickness of the rim, 0 for none) and earrings (0 for none)."""

    frame: float
    lens: tuple[float, float]
    roundness: float
    earring: float
    drop: float


@dataclass(frozen=True)
class Shape:
    """The geometry of all parts of a portrait. Sample one with `random_shape`."""

    head: Head
    eyes: Eyes
    brows: Brows
    nose: Nose
    mouth: Mouth
    ears: Ears
    hair: Hair
    accessories: Accessories
    pose: tuple[float, float]
    squint: float


def _normal(rng: Generator, mean: float, deviation: float) -> float:
    """Sample a normal distribution, clamped at two standard deviations."""
    return mean + deviation * float(min(2.0, max(-2.0, rng.standard_normal())))


def _head(rng: Generator, male: float) -> Head:
    cheek = _normal(rng, 0.266 + 0.007 * male, 0.010)
    return Head(
        temple=cheek * _normal(rng, 0.955, 0.02),
        cheek=cheek,
        jaw=cheek * _normal(rng, 0.775 + 0.09 * male, 0.035),
        chin_width=_normal(rng, 0.098 + 0.026 * male, 0.012),
        chin=_normal(rng, 0.418 + 0.012 * male, 0.014),
        cheekbones=_normal(rng, 1.0, 0.3),
        chin_relief=_normal(rng, 0.9 + 0.3 * male, 0.25),
        brow_ridge=_normal(rng, 0.4 + 0.8 * male, 0.2),
        sockets=_normal(rng, 1.0, 0.25),
        neck=_normal(rng, 0.166 + 0.030 * male, 0.012),
        shoulders=_normal(rng, 0.50, 0.02),
        collar=float(rng.uniform(0.0, 1.0)),
        lean=_normal(rng, 0.0, 0.03),
    )


def _eyes(rng: Generator, squint: float) -> Eyes:
    openness = float(rng.uniform(0.8, 1.12)) * (1.0 - 0.28 * squint)
    return Eyes(
        spacing=_normal(rng, 0.125, 0.003),
        width=_normal(rng, 0.0535, 0.0026),
        upper=0.0252 * openness,
        lower=0.0155 * (openness - 0.12 * squint),
        peak=_normal(rng, -0.08, 0.14),
        tilt=_normal(rng, 0.055, 0.05),
        crease=float(rng.uniform(0.004, 0.017)),
        iris=_normal(rng, 0.0252, 0.0008),
        gaze=(_normal(rng, 0.0, 0.0035), _normal(rng, -0.003, 0.0012)),
    )


def _brows(rng: Generator, male: float) -> Brows:
    return Brows(
        height=_normal(rng, 0.068 - 0.007 * male, 0.007),
        inner=_normal(rng, 0.050, 0.007),
        outer=_normal(rng, 0.212, 0.010),
        thickness=_normal(rng, 0.0125 + 0.005 * male, 0.0025),
        arch=_normal(rng, 0.015 - 0.005 * male, 0.006),
        peak=_normal(rng, 0.62, 0.06),
        slant=_normal(rng, 0.0, 0.007),
    )


def _nose(rng: Generator, male: float) -> Nose:
    return Nose(
        base=_normal(rng, 0.158 + 0.006 * male, 0.009),
        bridge=_normal(rng, 0.030 + 0.003 * male, 0.003),
        width=_normal(rng, 0.066 + 0.006 * male, 0.008),
        tip=_normal(rng, 1.0, 0.18),
        relief=_normal(rng, 1.0, 0.14),
        bump=_normal(rng, 0.25 * male, 0.3),
    )


def _mouth(rng: Generator, smile: float) -> Mouth:
    laughs = smile > 0.45 and rng.random() < 0.75
    parted = rng.random() < 0.18
    gap = 0.018 + 0.026 * smile * float(rng.uniform(0.5, 1.1)) if laughs else 0.0
    gap = float(rng.uniform(0.008, 0.014)) if parted and not laughs else gap
    full = float(rng.uniform(0.78, 1.16))
    return Mouth(
        centre=_normal(rng, 0.247, 0.008),
        width=_normal(rng, 0.102, 0.006) * (1.0 + 0.22 * smile),
        upper=0.0275 * full * _normal(rng, 1.0, 0.15) * (1.0 - 0.3 * smile),
        lower=0.0365 * full * _normal(rng, 1.0, 0.12) * (1.0 - 0.2 * smile),
        bow=float(rng.uniform(0.2, 1.0)),
        lift=_normal(rng, 0.008, 0.004) + 0.022 * smile,
        gap=gap,
        bite=float(rng.uniform(0.0, 0.35)),
    )


_STYLES = ("swept", "crop", "curls", "bald", "long", "waves", "bob", "updo")
_MALE_ODDS = (0.33, 0.26, 0.16, 0.08, 0.05, 0.05, 0.03, 0.04)
_FEMALE_ODDS = (0.04, 0.06, 0.12, 0.01, 0.28, 0.22, 0.13, 0.14)


def _hair(rng: Generator, male: float) -> Hair:
    odds = [f + (m - f) * male for m, f in zip(_MALE_ODDS, _FEMALE_ODDS, strict=True)]
    total = sum(odds)
    style = str(rng.choice(_STYLES, p=[o / total for o in odds]))
    loose = style in {"long", "waves", "bob"}
    short = style in {"swept", "crop", "bald"}
    length = {"long": 0.62, "waves": 0.60, "bob": float(rng.uniform(0.26, 0.40))}.get(style, 0.0)
    if style == "curls" and rng.random() < 0.5 * (1.3 - male):
        length = float(rng.uniform(0.2, 0.5))
    fringe = rng.random() < (0.30 if loose else 0.16 if style == "crop" else 0.0)
    return Hair(
        style=style,
        hairline=_normal(rng, -0.300, 0.018),
        peak=_normal(rng, 0.0, 0.010),
        recession=max(0.0, _normal(rng, 0.25 * male, 0.25)) if not loose else 0.1,
        part=_normal(rng, 0.0, 0.085),
        sweep=_normal(rng, 0.0, 0.6),
        volume={"crop": 0.015, "bald": 0.0, "swept": 0.045, "curls": 0.075}.get(style, 0.035)
        * float(rng.uniform(0.7, 1.5)),
        sides=(0.018 if short else 0.060 if style == "curls" else 0.052 if loose else 0.016)
        * float(rng.uniform(0.7, 1.5)),
        sideburn=_normal(rng, 0.03 if short else 0.0, 0.03),
        length=length,
        flare=float(rng.uniform(0.0, 1.0)),
        curtain=float(rng.uniform(0.0, 1.0)) if length > 0 else 0.0,
        bangs=_normal(rng, -0.125, 0.018) if fringe else 0.0,
        wave={"waves": 1.0, "curls": 0.8}.get(style, 0.2) * float(rng.uniform(0.5, 1.3)),
        curl=float(rng.uniform(0.6, 1.2)) if style == "curls" else 0.0,
        coil=float(rng.uniform(0.8, 1.0)) if style == "curls" and rng.random() < 0.4 else 0.0,
        rough=float(rng.uniform(0.5, 1.3)),
        bald=1.0 if style == "bald" else 0.0,
        seed=(float(rng.random()), float(rng.random())),
    )


def _accessories(rng: Generator, male: float) -> Accessories:
    glasses = rng.random() < 0.16
    ring = rng.random() < 0.42 * (1.0 - male) + 0.06
    return Accessories(
        frame=float(rng.uniform(0.004, 0.011)) if glasses else 0.0,
        lens=(float(rng.uniform(0.086, 0.102)), float(rng.uniform(0.058, 0.078))),
        roundness=float(rng.uniform(2.2, 5.0)),
        earring=float(rng.uniform(0.012, 0.022)) if ring else 0.0,
        drop=float(rng.uniform(0.0, 0.09)) if ring else 0.0,
    )


def random_shape(rng: Generator) -> Shape:
    """Sample a shape.

    Parameters
    ----------
    rng
        Random generator; equal states give equal shapes.
    """
    male = float(rng.random() < 0.5) * 0.8 + 0.2 * float(rng.random())
    smile = float(max(0.0, rng.uniform(-0.5, 1.0)))
    squint = 0.7 * smile
    ears = Ears(
        height=_normal(rng, 0.048, 0.010),
        length=_normal(rng, 0.090, 0.008),
        out=float(rng.uniform(0.3, 1.0)),
    )
    return Shape(
        head=_head(rng, male),
        eyes=_eyes(rng, squint),
        brows=_brows(rng, male),
        nose=_nose(rng, male),
        mouth=_mouth(rng, smile),
        ears=ears,
        hair=_hair(rng, male),
        accessories=_accessories(rng, male),
        pose=(_normal(rng, 0.0, 0.022), _normal(rng, 0.0, 0.010)),
        squint=squint,
    )
