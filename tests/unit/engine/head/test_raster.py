"""Drawing with a depth buffer: what is nearer is seen, and where on it."""

from __future__ import annotations

import numpy as np
import pytest

from e4s_studio.engine.head.model import head_model
from e4s_studio.engine.head.raster import NOTHING, draw, face_normals, normals, visible

TRIANGLE = np.array([[0, 1, 2]], np.int32)


def test_a_triangle_covers_the_pixel_centres_inside_it():
    corners = np.array([[1, 1, 5.0], [6, 1, 5.0], [1, 6, 5.0]])
    drawing = draw(corners, TRIANGLE, (8, 9))
    y, x = np.mgrid[:8, :9]
    inside = (x >= 1) & (y >= 1) & (x + y <= 7)
    assert np.array_equal(drawing.triangle == 0, inside)
    assert (drawing.triangle[~inside] == NOTHING).all()
    assert np.isinf(drawing.depth[~inside]).all()


@pytest.mark.parametrize("turned", [False, True])
def test_weights_and_depth_interpolate_the_corners_from_both_sides(turned):
    corners = np.array([[0.3, 0.2, 1.0], [9.4, 2.1, 3.0], [4.2, 8.9, -2.0]])
    order = TRIANGLE[:, ::-1].copy() if turned else TRIANGLE
    drawing = draw(corners, order, (10, 10))
    y, x = np.nonzero(drawing.triangle == 0)
    assert len(x) > 20
    placed = drawing.interpolate(corners, order)[y, x]
    # Weights are single precision, within 2⁻²³ of coordinates up to 10.
    assert np.abs(placed[:, :2] - np.stack([x, y], axis=1)).max() < 1e-5
    assert np.abs(placed[:, 2] - drawing.depth[y, x]).max() < 1e-5


def test_the_nearer_of_two_is_seen_whatever_their_order():
    square = np.array([[-1, -1], [20, -1], [-1, 20]])
    near, far = np.c_[square, np.full(3, -1.0)], np.c_[square, np.full(3, 1.0)]
    for first, second, seen in ((near, far, 0), (far, near, 1)):
        drawing = draw(
            np.concatenate([first, second]), np.array([[0, 1, 2], [3, 4, 5]], np.int32), (8, 8)
        )
        assert (drawing.triangle == seen).all()


def test_neighbours_leave_no_gap_between_them():
    rng = np.random.default_rng(0)
    corners = np.array([[-1, -1], [64, -1], [64, 64], [-1, 64.0]])
    middle = rng.uniform(20, 40, (1, 2))
    vertices = np.c_[np.concatenate([corners, middle]), np.zeros(5)]
    fan = np.array([[k, (k + 1) % 4, 4] for k in range(4)], np.int32)
    assert (draw(vertices, fan, (64, 64)).triangle != NOTHING).all()


def test_what_lies_outside_or_has_no_area_is_left_out():
    outside = np.array([[-9, -9, 0], [-5, -9, 0], [-9, -5, 0.0]])
    flat = np.array([[1, 1, 0], [3, 3, 0], [5, 5, 0.0]])
    unknown = np.array([[1, 1, 0], [np.nan, 3, 0], [5, 1, 0.0]])
    for corners in (outside, flat, unknown):
        assert (draw(corners, TRIANGLE, (8, 8)).triangle == NOTHING).all()


def test_normals_point_out_of_the_head():
    model = head_model()
    faces = face_normals(model.mean, model.triangles)
    centre = model.mean[model.triangles].mean(axis=1)
    tip = int(np.argmin(centre[:, 2]))
    assert faces[tip, 2] < 0  # the nose faces the camera
    lengths = np.linalg.norm(normals(model.mean, model.triangles), axis=1)
    assert np.allclose(lengths, 1, rtol=0, atol=1e-12)


def test_a_vertex_behind_another_surface_is_not_visible():
    corners = np.array([[0, 0, 0], [9, 0, 0], [0, 9, 0], [2, 2, 3], [2, 2, 0], [30, 2, 0.0]])
    drawing = draw(corners, TRIANGLE, (10, 10))
    assert visible(corners, drawing, 0.5).tolist() == [True, True, True, False, True, False]
