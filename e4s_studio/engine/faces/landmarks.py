"""Eyes and mouth of a face from OpenCV's Haar cascades.

A cascade says yes many times around what it knows. The places of all its answers, summed, are far
steadier than any single box: eyes and mouth are the peaks of such sums (about 1 % of the eye
distance on portraits).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Points = NDArray[np.float64]

_BOX: Final = 144
"""Pixels: faces are looked at with their box brought to this width."""
_PATCH: Final = _BOX * 3 // 2
EYES: Final = np.array([(0.30, 0.388), (0.70, 0.388)])
"""Where the eyes lie in the face cascade's box, in box widths."""
_EYE_DISTANCE: Final = 0.40
_MOUTH_BELOW: Final = 1.05
"""How far the mouth lies below the eyes, in eye distances."""

# How far each cascade's answers lie from the centre of an eye, or of the mouth, in eye distances,
# on eyes at the viewer's left; mirrored (cascade and x) on the right.
_EYE_CASCADES: Final = {
    "eye": (-0.015, -0.009),
    "eye_tree_eyeglasses": (-0.017, -0.005),
    "lefteye_2splits": (0.01, -0.109),
    "righteye_2splits": (-0.03, -0.113),
}
_MIRRORED: Final = {
    "eye": "eye",
    "eye_tree_eyeglasses": "eye_tree_eyeglasses",
    "lefteye_2splits": "righteye_2splits",
    "righteye_2splits": "lefteye_2splits",
}
_MOUTH_OFFSET: Final = (0.0, 0.096)
"""The smile cascade answers below the mouth's corners."""
_MOUTH_SPREAD: Final = 0.055
_MOUTH_WIDTHS: Final = (0.33, 0.7)
"""How wide the answers are that hit a mouth, in box widths."""

_SHRUNK: Final = 1.5
"""Shrunk so far, every box of an eye is less than twice the cascade's window: OpenCV then asks at
every second place only."""
_SHRUNK_WEIGHT: Final = 4
"""What each answer then counts for."""
_SLOW: Final = "eye_tree_eyeglasses"
"""Takes as long as all others."""


class _Care(NamedTuple):
    """How carefully eyes and mouth are looked for.

    Attributes
    ----------
    roughly, closely
        Which cascades are asked about eyes at first and then, and how far the patch is shrunk for
        each.
    widths
        How wide the answers are that hit an eye, in box widths.
    reach
        How far from its expected place an answer may lie, in spreads.
    """

    roughly: Mapping[str, float]
    closely: Mapping[str, float]
    widths: tuple[float, float]
    reach: float


_QUICKLY: Final = _Care(
    {name: _SHRUNK for name in _EYE_CASCADES if name != _SLOW},
    {name: _SHRUNK if name == _SLOW else 1.0 for name in _EYE_CASCADES},
    (0.21, 0.42),
    3.0,
)
"""For the many places that may be a face: a third of the time, and about as near."""
_THOROUGHLY: Final = _Care(
    dict.fromkeys(_EYE_CASCADES, 1.0), dict.fromkeys(_EYE_CASCADES, 1.0), (0.17, 0.42), 9.0
)
"""For the one face whose regions are found from its eyes and mouth."""

_CROP_EYES: Final = (0.5, 0.472)
"""The eyes' middle in an aligned crop, in shares of its side."""
_CROP_EYE_DISTANCE: Final = 0.25


@dataclass(frozen=True)
class Hit:
    """Answers of the face cascade that agree: centre, width, tilt in degrees and their number."""

    x: float
    y: float
    width: float
    tilt: float
    votes: float


class Cascades:
    """The cascades of one search: OpenCV's classifiers are not for two threads at once."""

    def __init__(self) -> None:
        self._loaded: dict[str, cv2.CascadeClassifier] = {}

    def __getitem__(self, name: str) -> cv2.CascadeClassifier:
        """Return the cascade of this name, as in OpenCV's file haarcascade_<name>.xml."""
        if name not in self._loaded:
            path = Path(cv2.__file__).parent / "data" / f"haarcascade_{name}.xml"
            self._loaded[name] = cv2.CascadeClassifier(str(path))
        return self._loaded[name]


@dataclass(frozen=True)
class Seen:
    """Eyes, (2, 2), the left one first, and the mouth's middle, (2,), as (x, y) pixels.

    How sure each is goes from 0 to 1.
    """

    eyes: Points
    mouth: Points
    eyes_sure: float
    mouth_sure: float

    @property
    def distance(self) -> float:
        """The eye distance in pixels."""
        return float(np.linalg.norm(self.eyes[1] - self.eyes[0]))


def landmarks_of(
    grey: NDArray[np.uint8],
    hit: Hit,
    cascades: Cascades,
    spread: float = 0.10,
    care: _Care = _QUICKLY,
) -> Seen:
    """Find eyes and mouth around a hit, first roughly, then with the eyes brought level.

    Parameters
    ----------
    grey
        (H, W) uint8.
    hit
        Where the face is.
    cascades
        To ask.
    spread
        How far the eyes may lie from where the hit expects them, in box widths.
    care
        How carefully to look.
    """
    view = _view_of_box(hit)
    for tolerance, asked in ((spread, care.roughly), (0.05, care.closely)):
        found, eyes_sure = _eyes(_patch(grey, view), cascades, tolerance, asked, care)
        eyes = _back(view, found)
        view = _view_of_eyes(eyes)
    mouth, mouth_sure = _mouth(_patch(grey, view), cascades, care)
    return Seen(eyes, _back(view, mouth[None])[0], eyes_sure, mouth_sure)


def landmarks_of_crop(grey: NDArray[np.uint8]) -> Seen:
    """Find eyes and mouth in an aligned crop, (S, S) uint8, near their published places."""
    size = grey.shape[0]
    width = _CROP_EYE_DISTANCE / _EYE_DISTANCE * size
    x, y = _CROP_EYES[0] * size - 0.5, _CROP_EYES[1] * size - 0.5
    centre = y + (0.5 - EYES[0, 1]) * width
    return landmarks_of(grey, Hit(x, centre, width, 0, 1), Cascades(), 0.06, _THOROUGHLY)


def _view_of_box(hit: Hit) -> NDArray[np.float64]:
    """Return the (2, 3) similarity that brings a hit's box upright to the middle of a patch."""
    scale = _BOX / hit.width
    view = np.asarray(cv2.getRotationMatrix2D((hit.x, hit.y), hit.tilt, scale), np.float64)
    view[:, 2] += (_PATCH - 1) / 2 - np.array([hit.x, hit.y])
    return view


def _expected_eyes() -> Points:
    return EYES * _BOX + (_PATCH - _BOX) / 2


def _view_of_eyes(eyes: Points) -> NDArray[np.float64]:
    """Return the (2, 3) similarity that brings two eyes to where the box expects them."""
    there = _expected_eyes() @ (1, 1j)
    here = eyes @ (1, 1j)
    turn = (there[1] - there[0]) / (here[1] - here[0])
    shift = there[0] - turn * here[0]
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def _back(view: NDArray[np.float64], points: Points) -> Points:
    return np.asarray((points - view[:, 2]) @ np.linalg.inv(view[:, :2]).T, np.float64)


def _patch(grey: NDArray[np.uint8], view: NDArray[np.float64]) -> NDArray[np.uint8]:
    shrink = 1 / np.hypot(view[0, 0], view[0, 1])
    if shrink > 1.5:
        # warpAffine does not smooth what it shrinks.
        ratio = 1 / shrink
        small = cv2.resize(grey, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
        grey = np.asarray(small, np.uint8)
        view = view.copy()
        view[:, 2] += view[:, :2] @ np.full(2, (shrink - 1) / 2)
        view[:, :2] *= shrink
    size = (_PATCH, _PATCH)
    patch = cv2.warpAffine(grey, view, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(patch, np.uint8)


def _eyes(
    patch: NDArray[np.uint8],
    cascades: Cascades,
    spread: float,
    asked: Mapping[str, float],
    care: _Care,
) -> tuple[Points, float]:
    """Find both eyes in a patch, and how sure that is (0 to 1)."""
    left, right = _expected_eyes()
    away = care.reach * spread * _BOX
    sums = [np.zeros((_PATCH, _PATCH), np.float32) for _ in range(2)]
    part = _Part.about((left[0] - away, right[0] + away), left[1], care.widths)
    for name, shrink in asked.items():
        centres = part.answers(patch, cascades[name], shrink)
        weight = _SHRUNK_WEIGHT if shrink > 1 else 1
        dx, dy = np.array(_EYE_CASCADES[name]) * _EYE_DISTANCE * _BOX
        _splat(sums[0], centres - (dx, dy), weight)
        dx, dy = np.array(_EYE_CASCADES[_MIRRORED[name]]) * _EYE_DISTANCE * _BOX
        _splat(sums[1], centres - (-dx, dy), weight)
    found = [_peak(s, place, spread * _BOX) for s, place in zip(sums, (left, right), strict=True)]
    strength = min(strength for _, strength in found)
    return np.array([point for point, _ in found]), float(1 - np.exp(-strength))


def _mouth(patch: NDArray[np.uint8], cascades: Cascades, care: _Care) -> tuple[Points, float]:
    """Find the middle between the mouth's corners in a patch whose eyes are level."""
    below = np.array([0, _MOUTH_BELOW * _EYE_DISTANCE * _BOX])
    expected = _expected_eyes().mean(axis=0) + below
    spread = _MOUTH_SPREAD * _BOX
    total = np.zeros((_PATCH, _PATCH), np.float32)
    offset = np.array(_MOUTH_OFFSET) * _EYE_DISTANCE * _BOX
    away = care.reach * spread
    part = _Part.about((expected[0] - away, expected[0] + away), expected[1], _MOUTH_WIDTHS)
    _splat(total, part.answers(patch, cascades["smile"]) - offset)
    point, strength = _peak(total, expected, spread)
    return point, float(1 - np.exp(-strength))


class _Part(NamedTuple):
    """The part of a patch in which a cascade is asked, and for what widths of its boxes."""

    rows: slice
    columns: slice
    widths: tuple[int, int]

    @classmethod
    def about(cls, ends: tuple[float, float], row: float, shares: tuple[float, float]) -> _Part:
        """Return what holds boxes about a row, centred between two columns, of shares of BOX."""
        least, most = (round(share * _BOX) for share in shares)
        half = round(0.36 * _BOX)
        first, last = round(ends[0] - most / 2), round(ends[1] + most / 2)
        rows = slice(max(round(row) - half, 0), round(row) + half)
        return cls(rows, slice(max(first, 0), max(last, 0)), (least, most))

    def answers(
        self, patch: NDArray[np.uint8], cascade: cv2.CascadeClassifier, shrink: float = 1.0
    ) -> Points:
        """Return the centres of all of a cascade's answers in a patch, (N, 2)."""
        part = patch[self.rows, self.columns]
        if shrink > 1:
            ratio = 1 / shrink
            small = cv2.resize(part, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
            part = np.asarray(small, np.uint8)
        least, most = (round(width / shrink) for width in self.widths)
        boxes = cascade.detectMultiScale(part, 1.06, 0, minSize=(least, 1), maxSize=(most,) * 2)
        sides = np.asarray(boxes, np.float64).reshape(-1, 4)
        centres = (sides[:, :2] + sides[:, 2:] / 2) * shrink - 0.5
        start = np.array([self.columns.start, self.rows.start])
        return np.asarray(centres + start, np.float64)


def _splat(total: NDArray[np.float32], points: Points, weight: float = 1) -> None:
    whole = np.rint(points).astype(int)
    inside = ((whole >= 0) & (whole < _PATCH)).all(axis=1)
    np.add.at(total, (whole[inside, 1], whole[inside, 0]), weight)


def _peak(total: NDArray[np.float32], expected: Points, spread: float) -> tuple[Points, float]:
    """Return the peak of smoothed answers near a place, and its height (about 1: sure).

    A faint prior holds the place where no cascade answered.
    """
    steps = np.arange(_PATCH)
    x, y = (np.exp(-((steps - place) ** 2) / (2 * spread**2)) for place in expected)
    prior = y[:, None] * x
    smooth = cv2.GaussianBlur(total, (0, 0), 0.02 * _BOX) * prior + 1e-4 * prior
    top, left = np.unravel_index(smooth.argmax(), smooth.shape)
    away = np.hypot(steps - left, (steps - top)[:, None])
    weight = smooth * (away <= 0.035 * _BOX)
    point = np.array([(weight.sum(axis=0) * steps).sum(), (weight.sum(axis=1) * steps).sum()])
    return point / weight.sum(), float(smooth[top, left])
