"""The face mesh on photographs: it follows the face wherever that lies."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from e4s_studio.core.quad import Quad
from e4s_studio.engine.faces.mesh import LEAST_PRESENCE, mesh_at

SAMPLES = Path(__file__).resolve().parents[5] / "shared" / "samples"
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample photographs are not here")


def photograph() -> np.ndarray:
    picture = cv2.imread(str(SAMPLES / "pair1_target.jpg"))
    return np.ascontiguousarray(picture[::2, ::2, ::-1])


def test_turned_photographs_have_the_turned_points():
    photo = photograph()
    height, width = photo.shape[:2]
    quad = Quad.whole(width, height)
    upright = mesh_at(photo, quad)
    turned = mesh_at(
        np.ascontiguousarray(np.rot90(photo)),
        Quad.of(quad.points[:, ::-1] * (1, -1) + (0, width - 1)),
    )
    expected = np.column_stack([upright.points[:, 1], width - 1 - upright.points[:, 0]])
    eyes = np.linalg.norm(upright.points[33, :2] - upright.points[263, :2])
    away = np.linalg.norm(turned.points[:, :2] - expected, axis=1)
    assert upright.presence > LEAST_PRESENCE
    assert away.mean() < 0.02 * eyes


def test_a_wall_is_rejected():
    wall = np.full((256, 256, 3), 128, np.uint8)
    assert mesh_at(wall, Quad.whole(256, 256)).presence < LEAST_PRESENCE
