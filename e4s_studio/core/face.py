"""A face found in a photograph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from e4s_studio.core.quad import Quad, quad_from_landmarks

if TYPE_CHECKING:
    from e4s_studio.core.quad import Point

    Landmarks = tuple[Point, Point, Point, Point, Point]


@dataclass(frozen=True)
class Face:
    """A face found in a photograph. Points are (x, y) pixels of the photograph, at pixel centres.

    Parameters
    ----------
    confidence
        0 to 1, comparable within one photograph and face finder only.
    box
        (x0, y0, x1, y1) around the face.
    landmarks
        Left eye, right eye, nose, left and right mouth corner of the upright face ("left" is the
        viewer's).
    """

    confidence: float
    box: tuple[float, float, float, float]
    landmarks: Landmarks

    @property
    def quad(self) -> Quad:
        """The published alignment quad of these landmarks."""
        left_eye, right_eye, _, mouth_left, mouth_right = self.landmarks
        return quad_from_landmarks(left_eye, right_eye, mouth_left, mouth_right)

    def contains(self, point: Point) -> bool:
        """Return whether a point lies on this face."""
        x0, y0, x1, y1 = self.box
        return x0 <= point[0] <= x1 and y0 <= point[1] <= y1


def face_at(faces: list[Face], point: Point) -> Face | None:
    """Return the face at a point; of several, the one with the nearest centre."""
    around = [face for face in faces if face.contains(point)]
    return min(
        around,
        key=lambda face: float(np.hypot(*np.subtract(face.quad.centre, point))),
        default=None,
    )
