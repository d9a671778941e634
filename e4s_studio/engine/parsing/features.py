"""Brows, eyes, nose, lips and the open mouth of a crop: outlines fitted to the picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.core.regions import Region
from e4s_studio.engine.parsing import shapes
from e4s_studio.engine.parsing.colour import Colours
from e4s_studio.engine.parsing.curves import rise
from e4s_studio.engine.parsing.shapes import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from e4s_studio.engine.parsing.frame import FaceFrame

    Plane = NDArray[np.float32]
    Values = NDArray[np.float64]

_HALF_EYE_DISTANCE: Final = 0.5
_LEAST_CHROMA: Final = 6
_HINT: Final = 0.6
"""How much the network's log odds count besides the picture's evidence."""
_NOSE_HINT: Final = 0.8
_MOST_ODDS: Final = 3.0
_MOST_GLASSES: Final = 0.4
_SIDES: Final = (-1, 1)

# Usual values and their spreads, in the order of the outline's parameters, in eye distances
# (about 63 mm: a mouth is 50 to 60 mm wide, a palpebral fissure 26 to 30 mm).
_EYE: Final = Shape(
    shapes.eye,
    np.array([0.0, 0.0, 0.205, 0.09, 0.08, 0.0]),
    np.array([0.015, 0.015, 0.02, 0.018, 0.018, 0.06]),
    0.15,
)
_BROW: Final = Shape(
    shapes.brow,
    np.array([-0.275, 0.0, 0.05, 0.06, -0.27, 0.43]),
    np.array([0.05, 0.07, 0.035, 0.025, 0.06, 0.06]),
    0.8,
)
_LIPS: Final = Shape(
    shapes.lips,
    np.array([0.0, 0.03, 0.48, 0.13, 0.19, 0.0]),
    np.array([0.03, 0.05, 0.06, 0.03, 0.045, 0.045]),
    3.0,
)
_OPENING: Final = Shape(
    shapes.opening,
    np.array([0.0, 0.0, 0.38, 0.04, 0.06]),
    np.array([0.02, 0.03, 0.04, 0.03, 0.05]),
    1.5,
)


@dataclass(frozen=True)
class Window:
    """The inner face of a crop: its pixels, coordinates and what the fits look at.

    `u`, `v` are eye distances; `axis` is u along the face's axis; `dark` is how much darker a
    pixel is than a brow's or lip line's surroundings; `red` how much redder than the skin around;
    `odds` are the network's log odds of every region, (h, w, 12), 0 where there is no network.
    """

    place: tuple[slice, slice]
    lab: Plane
    u: Plane
    v: Plane
    axis: Plane
    dark: Plane
    red: Plane
    odds: Plane
    unit: float

    def thinned(self) -> Window:
        """Return every second pixel: enough to search on."""
        every = np.s_[::2, ::2]
        return replace(
            self,
            lab=self.lab[every],
            u=self.u[every],
            v=self.v[every],
            axis=self.axis[every],
            dark=self.dark[every],
            red=self.red[every],
            odds=self.odds[every],
            unit=self.unit / 2,
        )

    def smooth(self, plane: Plane, distance: float) -> Plane:
        """Blur by a Gaussian of a standard deviation in eye distances."""
        return np.asarray(cv2.GaussianBlur(plane, (0, 0), distance * self.unit), np.float32)


def window_of(lab: Plane, frame: FaceFrame, learned: Plane) -> Window:
    """Cut the inner face out of a crop.

    Parameters
    ----------
    lab
        (S, S, 3) float32, the crop in 8-bit Lab.
    frame
        Its frame.
    learned
        (S, S, 12) float32, the probabilities of the built-in parser.
    """
    size = lab.shape[0]
    u, v = frame.grid(size)
    rows = np.flatnonzero(np.abs(v[:, size // 2] - 0.56) < 1.2)
    columns = np.flatnonzero(np.abs(u[size // 2]) < 1.0)
    place = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    lab, u, v = lab[place], u[place], v[place]
    unit = frame.distance * size
    axis = u - frame.lean * v / frame.drop
    odds = _odds(learned[place])
    return Window(place, lab, u, v, axis, _dark(lab[..., 0], unit), _red(lab, unit), odds, unit)


def feature_chances(window: Window, frame: FaceFrame) -> dict[Region, Plane]:
    """Return the probability of each inner region within the window, (h, w) float32 each.

    They are made to lie over each other in the order given; what none covers is skin.
    """
    mouth, lips = _mouth(window, frame)
    brows = [_brow(window, side) for side in _SIDES]
    eyes = [_eye(window, side) for side in _SIDES]
    return {
        Region.NOSE: _nose(window, frame),
        Region.EYEBROWS: np.maximum(*brows),
        Region.EYE_GLASS: _maybe_glasses(window),
        Region.EYES: np.maximum(*eyes),
        Region.LIP: lips,
        Region.MOUTH: mouth,
    }


def _brow(window: Window, side: int) -> Plane:
    t = window.u * side - _HALF_EYE_DISTANCE
    v = window.v
    near = (np.abs(t - 0.08) < 0.43) & (v > -0.55) & (v < -0.15)
    thin, thin_t = window.thinned(), t[::2, ::2]
    usual = max(_brow_starts(), key=lambda start: _darkness(thin, start, thin_t))
    shape, values = _BROW.around(usual), usual
    for _ in range(2):
        core = (np.abs(t - 0.08) < 0.3) & (shapes.brow(values, t, v) < -0.01)
        full = float(np.percentile(window.dark[core], 70)) if core.any() else 0.1
        evidence = ((window.dark - 0.5 * full) / (0.25 * full + 0.01)).clip(-1.5, 1.5)
        evidence = np.where(near, evidence, np.float32(-1.5))  # no lashes, no hair
        evidence = evidence + _HINT * window.odds[..., Region.EYEBROWS]
        values = shape.fitted(evidence, near, (t, v))
    return _chance(window, shapes.brow(values, t, v) / 0.035 - 1.2 * evidence)


def _brow_starts() -> Iterator[Values]:
    for lift in np.arange(-0.12, 0.13, 0.02):
        for slope in (-0.15, -0.07, 0.0, 0.07, 0.15):
            yield _BROW.usual + np.array([lift, slope, 0, 0, 0, 0])


def _darkness(window: Window, start: Values, t: Plane) -> float:
    """Say how dark the picture is under a brow's start, less how unusual that start is."""
    under = shapes.brow(start - np.array([0, 0, 0, 0.015, 0, 0]), t, window.v) < 0
    if not under.any():
        return -np.inf
    unusual = 0.03 * ((start[0] - _BROW.usual[0]) / 0.1) ** 2 + 0.02 * (start[1] / 0.15) ** 2
    return float(window.dark[under].mean() - unusual)


def _eye(window: Window, side: int) -> Plane:
    t = window.u * side - _HALF_EYE_DISTANCE
    v = window.v
    near = (np.abs(t) < 0.34) & (np.abs(v) < 0.17)
    colours = Colours(window.lab)
    values = _EYE.usual
    for _ in range(2):
        rim = shapes.eye(values, t, v)
        evidence = colours.log_ratio(near * rise(-rim / 0.02), near * rise((rim - 0.05) / 0.02))
        evidence = evidence + _HINT * window.odds[..., Region.EYES]
        values = _EYE.fitted(evidence, near, (t, v))
    hint = 0.5 * _HINT * window.odds[..., Region.EYES]
    return _chance(window, shapes.eye(values, t, v) / 0.03 - hint)


def _maybe_glasses(window: Window) -> Plane:
    """Return where the network sees glasses, never surely.

    It takes dark lids for glasses as often as it finds thin ones: enough for doubt, not for a
    label.
    """
    odds = window.odds[..., Region.EYE_GLASS]
    return np.asarray(_MOST_GLASSES * rise(odds) * (odds != 0), np.float32)


def _nose(window: Window, frame: FaceFrame) -> Plane:
    base = 0.74 + 0.35 * (frame.drop - 1.05)
    across = np.abs(window.axis)
    nostrils = (across > 0.04) & (across < 0.24) & (np.abs(window.v - base + 0.06) < 0.14)
    weight = window.dark**2 * nostrils
    if weight.sum() > 0:
        base = 0.5 * base + 0.5 * float((weight * window.v).sum() / weight.sum() + 0.09)
    rim = shapes.nose(base, window.axis, window.v)
    return _chance(window, rim / 0.03 - _NOSE_HINT * window.odds[..., Region.NOSE])


def _mouth(window: Window, frame: FaceFrame) -> tuple[Plane, Plane]:
    """Return the chances of the open mouth and of the lips with it."""
    at = window.axis, window.v
    height, half = _mouth_start(window, frame)
    usual = _LIPS.usual + np.array([0, height, half - _LIPS.usual[2], 0, 0, 0])
    near = (np.abs(at[0]) < 0.85) & (np.abs(at[1] - height - 0.08) < 0.43)
    lightness = window.lab[..., 0] - window.smooth(window.lab[..., 0], 0.35)
    shaded = np.dstack([128 + lightness, window.lab[..., 1:]])
    colours = Colours(np.asarray(shaded, np.float32))
    odds = np.maximum(window.odds[..., Region.LIP], window.odds[..., Region.MOUTH])
    shape, values = _LIPS.around(usual), usual
    for _ in range(3):
        rim = shapes.lips(values, *at)
        evidence = colours.log_ratio(near * rise(-rim / 0.03), near * rise((rim - 0.04) / 0.02))
        evidence = np.asarray(evidence + _HINT * odds, np.float32)
        values = shape.fitted(evidence, near, at)
    rim = shapes.lips(values, *at)
    inner = _opening(window, values, rim)
    return inner, _chance(window, rim / 0.04 - 0.9 * np.where(inner > 0.5, 1, evidence))


def _mouth_start(window: Window, frame: FaceFrame) -> tuple[float, float]:
    """Search height and half width of the mouth: redder inside, a dark line between the lips."""
    starts = ((v, half) for v in np.arange(0.85, 1.36, 0.02) for half in np.arange(0.4, 0.61, 0.05))
    thin = window.thinned()
    return max(starts, key=lambda start: _mouthness(thin, frame, *start))


def _mouthness(window: Window, frame: FaceFrame, height: float, half: float) -> float:
    x, y = np.abs(window.axis) / half, window.v - height
    within = (x < 1) & (y > -0.12 * (1 - x**2) - 0.02) & (y < 0.22 * (1 - x**2))
    around = (x < 1) & ~within & (y > -0.24) & (y < 0.36)
    line = (1 - np.abs(y - 0.03) / 0.03).clip(0, 1) * (x < 0.9)
    redder = window.red[within].mean() - window.red[around].mean()
    darker = (window.dark * line).sum() / max(line.sum(), 1e-6)
    unusual = 0.5 * ((height - frame.drop) / 0.08) ** 2 + 0.3 * ((height - 1.05) / 0.12) ** 2
    return float(redder / 6 + 3 * darker - unusual - 0.15 * ((half - 0.47) / 0.08) ** 2)


def _opening(window: Window, lips: Values, rim: Plane) -> Plane:
    """Return the chance of the open mouth: teeth or dark between lips of another colour."""
    centre, corners, half, upper, lower, sag = lips
    at = window.axis, window.v
    usual = np.array([centre, corners + sag + 0.02, half * 0.8, 0.3 * upper, 0.3 * lower])
    colours = Colours(window.lab)
    shape, values = _OPENING.around(usual), usual
    for _ in range(2):
        gap = shapes.opening(values, *at)
        inside, outside = rise(-gap / 0.015), rise((gap - 0.01) / 0.015) * (rim < 0)
        evidence = colours.log_ratio(inside, outside)
        values = shape.fitted(evidence, rim < 0, at)
    gap = shapes.opening(values, *at)
    within, beside = gap < -0.01, (gap > 0.02) & (rim < -0.02)
    if within.sum() < 8 or beside.sum() < 8 or values[3] + values[4] < 0.05:
        return np.zeros_like(gap, dtype=np.float32)
    shown = _open(np.median(window.lab[within], axis=0), np.median(window.lab[beside], axis=0))
    return _chance(window, gap / 0.03 - 0.8 * evidence) * (rim < 0) * shown


def _open(inside: Values, lips: Values) -> Plane:
    """Say how surely a colour between the lips, in Lab, is no lip, 0 to 1.

    Teeth are paler, or brighter in a grey picture; the mouth's inside is much darker.
    """
    paleness = np.hypot(*(inside[1:] - 128)) / max(np.hypot(*(lips[1:] - 128)), 1e-6)
    grey = np.hypot(*(lips[1:] - 128)) < _LEAST_CHROMA
    teeth = rise((inside[0] - lips[0] - 25) / 4) if grey else rise((0.6 - paleness) / 0.05)
    return np.maximum(teeth, rise((0.45 * lips[0] - inside[0]) / 4))


def _odds(learned: Plane) -> Plane:
    """Return log odds of probabilities, within ±3: the network is never quite sure."""
    sure = learned.clip(1e-4, 1 - 1e-4)
    return np.asarray(np.log(sure / (1 - sure)).clip(-_MOST_ODDS, _MOST_ODDS), np.float32)


def _chance(window: Window, against: NDArray[np.floating]) -> Plane:
    return rise(-window.smooth(np.asarray(against.clip(-6, 6), np.float32), 0.012))


def _dark(lightness: Plane, unit: float) -> Plane:
    """Return how much darker thin things are than what lies around, 0 to 1 (black top-hat)."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (round(0.3 * unit) | 1,) * 2)
    around = cv2.GaussianBlur(
        cv2.morphologyEx(lightness, cv2.MORPH_CLOSE, disc), (0, 0), 0.05 * unit
    )
    return np.asarray(((around - lightness) / (around + 20)).clip(0, 1), np.float32)


def _red(lab: Plane, unit: float) -> Plane:
    red = lab[..., 1]
    return np.asarray(red - cv2.GaussianBlur(red, (0, 0), 0.4 * unit), np.float32)
