"""Faces from OpenCV's Haar cascades: no weights, no download."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.core.face import Face
from e4s_studio.engine.faces.landmarks import Cascades, Hit, landmarks_of
from e4s_studio.engine.faces.upright import search

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from e4s_studio.core.face import Landmarks
    from e4s_studio.engine.faces.landmarks import Seen

_TILTS: Final = (0, 20, -20, 40, -40)
_LYING: Final = (90, -90, 180)
_TILTED_SIDE: Final = 800
_LEAST_EVIDENCE: Final = 0.012

_MOUTH_HALF: Final = 0.47
_NOSE_BELOW: Final = 0.62
"""Of the way from the eyes to the mouth."""


def find(grey: NDArray[np.uint8]) -> list[Face]:
    """Find the faces of a grey photograph, (H, W) uint8, in no particular order."""
    cascades = Cascades()
    hits = _hits(grey, cascades, _TILTS) or _hits(grey, cascades, _LYING)
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
    scale = 1.0 if tilt == 0 else min(1.0, _TILTED_SIDE / max(height, width))
    middle = ((width - 1) / 2, (height - 1) / 2)
    turn = np.asarray(cv2.getRotationMatrix2D(middle, tilt, scale), np.float64)
    reach = np.abs(turn[:, :2]) @ (width, height)
    turn[:, 2] += (reach - (width, height)) / 2
    canvas = (int(np.ceil(reach[0])), int(np.ceil(reach[1])))
    turned = grey if tilt == 0 else cv2.warpAffine(grey, turn, canvas, flags=cv2.INTER_AREA)
    back = cv2.invertAffineTransform(turn)
    hits = []
    for found in search(np.asarray(turned, np.uint8), cascade):
        x, y = back @ (found.x, found.y, 1)
        hits.append(Hit(float(x), float(y), found.width / scale, tilt, found.votes))
    return hits


def _face(grey: NDArray[np.uint8], hit: Hit, cascades: Cascades) -> Face | None:
    seen = landmarks_of(grey, hit, cascades)
    evidence = (1 - np.exp(-hit.votes / 12)) * seen.eyes_sure * (0.8 + 0.2 * seen.mouth_sure)
    if not 0.2 < seen.distance / hit.width < 0.7 or evidence < _LEAST_EVIDENCE:
        return None
    return Face(float(np.sqrt(evidence)), _box(hit), _five_points(seen))


def _five_points(seen: Seen) -> Landmarks:
    across = seen.eyes[1] - seen.eyes[0]
    middle = seen.eyes.mean(axis=0)
    nose = middle + (seen.mouth - middle) * _NOSE_BELOW
    corners = seen.mouth - across * _MOUTH_HALF, seen.mouth + across * _MOUTH_HALF
    points = [*seen.eyes, nose, *corners]
    return tuple((float(x), float(y)) for x, y in points)  # type: ignore[return-value]


def _box(hit: Hit) -> tuple[float, float, float, float]:
    half = hit.width / 2
    return hit.x - half, hit.y - half, hit.x + half, hit.y + half


def _apart(faces: list[Face]) -> list[Face]:
    """Drop faces that share their eyes with a surer one."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.confidence):
        centre = np.array(face.quad.centre)
        if all(np.linalg.norm(centre - k.quad.centre) > k.quad.side / 4 for k in kept):
            kept.append(face)
    return kept
