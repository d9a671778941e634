"""Faces and their landmarks from OpenCV's Haar cascades: no weights, no download.

A cascade says yes many times around what it knows. The places of all its answers, summed, are far
steadier than any single box: eyes and mouth are the peaks of such sums (about 1 % of the eye
distance on portraits).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.engine.face import Face

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from e4s_studio.engine.face import Landmarks

    Points = NDArray[np.float64]

TILTS: Final = (0, 20, -20, 40, -40)
LYING: Final = (90, -90, 180)
TILTED_SIDE: Final = 800
SMALLEST_FACE: Final = 24
NEIGHBOURS: Final = 3
LEAST_EVIDENCE: Final = 0.02

BOX: Final = 144
"""Pixels: faces are looked at with their box brought to this width."""
PATCH: Final = BOX * 3 // 2
EYES: Final = np.array([(0.30, 0.388), (0.70, 0.388)])
"""Where the eyes lie in the face cascade's box, in box widths."""
EYE_DISTANCE: Final = 0.40
MOUTH_BELOW: Final = 1.05
"""How far the mouth lies below the eyes, in eye distances."""
MOUTH_HALF: Final = 0.47
NOSE_BELOW: Final = 0.62

# How far each cascade's answers lie from the centre of an eye, or of the mouth, in eye distances,
# on eyes at the viewer's left; mirrored (cascade and x) on the right.
EYE_CASCADES: Final = {
    "eye": (-0.015, -0.009),
    "eye_tree_eyeglasses": (-0.017, -0.005),
    "lefteye_2splits": (0.01, -0.109),
    "righteye_2splits": (-0.03, -0.113),
}
MIRRORED: Final = {
    "eye": "eye",
    "eye_tree_eyeglasses": "eye_tree_eyeglasses",
    "lefteye_2splits": "righteye_2splits",
    "righteye_2splits": "lefteye_2splits",
}
MOUTH_OFFSET: Final = (0.0, 0.096)
"""The smile cascade answers below the mouth's corners."""


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


def find(grey: NDArray[np.uint8]) -> list[Face]:
    """Find the faces of a grey photograph, (H, W) uint8, in no particular order."""
    cascades = Cascades()
    hits = _hits(grey, cascades, TILTS) or _hits(grey, cascades, LYING)
    faces = [_face(grey, hit, cascades) for hit in hits]
    return _apart([face for face in faces if face is not None])


def _hits(grey: NDArray[np.uint8], cascades: Cascades, tilts: Iterable[int]) -> list[Hit]:
    """Ask the face cascade at several tilts; of answers about one face keep the best voted."""
    hits: list[Hit] = []
    for tilt in tilts:
        hits += _hits_at(grey, cascades["frontalface_alt2"], tilt)
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: -hit.votes):
        if all(np.hypot(hit.x - k.x, hit.y - k.y) > max(hit.width, k.width) / 2 for k in kept):
            kept.append(hit)
    return kept


def _hits_at(grey: NDArray[np.uint8], cascade: cv2.CascadeClassifier, tilt: int) -> list[Hit]:
    height, width = grey.shape
    scale = 1.0 if tilt == 0 else min(1.0, TILTED_SIDE / max(height, width))
    middle = ((width - 1) / 2, (height - 1) / 2)
    turn = np.asarray(cv2.getRotationMatrix2D(middle, tilt, scale), np.float64)
    reach = np.abs(turn[:, :2]) @ (width, height)
    turn[:, 2] += (reach - (width, height)) / 2
    canvas = (int(np.ceil(reach[0])), int(np.ceil(reach[1])))
    turned = grey if tilt == 0 else cv2.warpAffine(grey, turn, canvas, flags=cv2.INTER_AREA)
    smallest = (SMALLEST_FACE, SMALLEST_FACE)
    boxes, votes = cascade.detectMultiScale2(turned, 1.1, NEIGHBOURS, minSize=smallest)
    back = cv2.invertAffineTransform(turn)
    hits = []
    for (x, y, w, h), number in zip(boxes, votes, strict=True):
        cx, cy = back @ (x + (w - 1) / 2, y + (h - 1) / 2, 1)
        hits.append(Hit(float(cx), float(cy), w / scale, tilt, float(number)))
    return hits


def _face(grey: NDArray[np.uint8], hit: Hit, cascades: Cascades) -> Face | None:
    """Find the landmarks around a hit, first roughly, then with the eyes brought level."""
    frame = _frame_of_box(hit)
    spread = 0.10
    for _ in range(2):
        patch = _patch(grey, frame)
        eyes, sure = _eyes(patch, cascades, spread)
        points = _back(frame, eyes)
        frame = _frame_of_eyes(points)
        spread = 0.05
    mouth, seen = _mouth(_patch(grey, frame), cascades)
    distance = float(np.linalg.norm(points[1] - points[0]))
    if not 0.2 < distance / hit.width < 0.7:
        return None
    landmarks = _landmarks(points, _back(frame, mouth[None])[0])
    evidence = (1 - np.exp(-hit.votes / 12)) * sure * (0.8 + 0.2 * seen)
    if evidence < LEAST_EVIDENCE:
        return None
    return Face(float(np.sqrt(evidence)), _box(hit), landmarks)


def _landmarks(eyes: Points, mouth: Points) -> Landmarks:
    across = eyes[1] - eyes[0]
    middle = eyes.mean(axis=0)
    nose = middle + (mouth - middle) * NOSE_BELOW
    points = [*eyes, nose, mouth - across * MOUTH_HALF, mouth + across * MOUTH_HALF]
    return tuple((float(x), float(y)) for x, y in points)  # type: ignore[return-value]


def _box(hit: Hit) -> tuple[float, float, float, float]:
    half = hit.width / 2
    return hit.x - half, hit.y - half, hit.x + half, hit.y + half


def _frame_of_box(hit: Hit) -> NDArray[np.float64]:
    """Return the (2, 3) similarity that brings a hit's box upright to the middle of a patch."""
    scale = BOX / hit.width
    frame = np.asarray(cv2.getRotationMatrix2D((hit.x, hit.y), hit.tilt, scale), np.float64)
    frame[:, 2] += (PATCH - 1) / 2 - np.array([hit.x, hit.y])
    return frame


def _expected_eyes() -> Points:
    return EYES * BOX + (PATCH - BOX) / 2


def _frame_of_eyes(eyes: Points) -> NDArray[np.float64]:
    """Return the (2, 3) similarity that brings two eyes to where the box expects them."""
    there = _expected_eyes() @ (1, 1j)
    here = eyes @ (1, 1j)
    turn = (there[1] - there[0]) / (here[1] - here[0])
    shift = there[0] - turn * here[0]
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def _back(frame: NDArray[np.float64], points: Points) -> Points:
    return np.asarray((points - frame[:, 2]) @ np.linalg.inv(frame[:, :2]).T, np.float64)


def _patch(grey: NDArray[np.uint8], frame: NDArray[np.float64]) -> NDArray[np.uint8]:
    shrink = 1 / np.hypot(frame[0, 0], frame[0, 1])
    if shrink > 1.5:
        # warpAffine does not smooth what it shrinks.
        ratio = 1 / shrink
        small = cv2.resize(grey, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
        grey = np.asarray(small, np.uint8)
        frame = frame.copy()
        frame[:, 2] += frame[:, :2] @ np.full(2, (shrink - 1) / 2)
        frame[:, :2] *= shrink
    size = (PATCH, PATCH)
    patch = cv2.warpAffine(
        grey, frame, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(patch, np.uint8)


def _eyes(patch: NDArray[np.uint8], cascades: Cascades, spread: float) -> tuple[Points, float]:
    """Find both eyes in a patch, and how sure that is (0 to 1)."""
    left, right = _expected_eyes()
    sums = [np.zeros((PATCH, PATCH), np.float32) for _ in range(2)]
    for name in EYE_CASCADES:
        centres = _answers(patch, cascades[name], (0.17, 0.42), left[1])
        dx, dy = np.array(EYE_CASCADES[name]) * EYE_DISTANCE * BOX
        _splat(sums[0], centres - (dx, dy))
        dx, dy = np.array(EYE_CASCADES[MIRRORED[name]]) * EYE_DISTANCE * BOX
        _splat(sums[1], centres - (-dx, dy))
    found = [_peak(s, place, spread * BOX) for s, place in zip(sums, (left, right), strict=True)]
    strength = min(strength for _, strength in found)
    return np.array([point for point, _ in found]), float(1 - np.exp(-strength))


def _mouth(patch: NDArray[np.uint8], cascades: Cascades) -> tuple[Points, float]:
    """Find the middle between the mouth's corners in a patch whose eyes are level."""
    below = np.array([0, MOUTH_BELOW * EYE_DISTANCE * BOX])
    expected = _expected_eyes().mean(axis=0) + below
    total = np.zeros((PATCH, PATCH), np.float32)
    offset = np.array(MOUTH_OFFSET) * EYE_DISTANCE * BOX
    _splat(total, _answers(patch, cascades["smile"], (0.17, 0.7), expected[1]) - offset)
    point, strength = _peak(total, expected, 0.055 * BOX)
    return point, float(1 - np.exp(-strength))


def _answers(
    patch: NDArray[np.uint8],
    cascade: cv2.CascadeClassifier,
    shares: tuple[float, float],
    row: float,
) -> Points:
    """Return the centres of all answers about a row, (N, 2), of widths between shares of BOX."""
    least, most = (round(share * BOX) for share in shares)
    top = max(round(row) - round(0.36 * BOX), 0)
    band = patch[top : round(row) + round(0.36 * BOX)]
    boxes = cascade.detectMultiScale(band, 1.06, 0, minSize=(least,) * 2, maxSize=(most,) * 2)
    sides = np.asarray(boxes, np.float64).reshape(-1, 4)
    return np.asarray(sides[:, :2] + (sides[:, 2:] - 1) / 2 + np.array([0, top]), np.float64)


def _splat(total: NDArray[np.float32], points: Points) -> None:
    whole = np.rint(points).astype(int)
    inside = ((whole >= 0) & (whole < PATCH)).all(axis=1)
    np.add.at(total, (whole[inside, 1], whole[inside, 0]), 1)


def _peak(total: NDArray[np.float32], expected: Points, spread: float) -> tuple[Points, float]:
    """Return the peak of smoothed answers near a place, and its height (about 1: sure).

    A faint prior holds the place where no cascade answered.
    """
    y, x = np.mgrid[:PATCH, :PATCH]
    prior = np.exp(-((x - expected[0]) ** 2 + (y - expected[1]) ** 2) / (2 * spread**2))
    smooth = cv2.GaussianBlur(total, (0, 0), 0.02 * BOX) * prior + 1e-4 * prior
    top, left = np.unravel_index(smooth.argmax(), smooth.shape)
    near = np.hypot(x - left, y - top) <= 0.035 * BOX
    weight = smooth * near
    point = np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()
    return point, float(smooth[top, left])


def _apart(faces: list[Face]) -> list[Face]:
    """Drop faces that share their eyes with a surer one."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.confidence):
        centre = np.array(face.quad.centre)
        if all(np.linalg.norm(centre - k.quad.centre) > k.quad.side / 4 for k in kept):
            kept.append(face)
    return kept
