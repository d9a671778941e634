"""The alignment quad against the published formula worked out by hand."""

import numpy as np
import pytest

from e4s_studio.core.errors import FaceError
from e4s_studio.core.quad import Quad, quad_from_landmarks

SQUARE = Quad(((10, 20), (10, 60), (50, 60), (50, 20)))


def moved_by(matrix, points):
    carried = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return carried[:, :2] / carried[:, 2:]


def test_wide_eyes_set_the_width():
    # d = (100, 0), v = (0, 110): |x| = max(200, 198), centre = (150, 100) + 0.1 v.
    quad = quad_from_landmarks((100, 100), (200, 100), (120, 210), (180, 210))
    assert np.allclose(quad.points, [(-50, -89), (-50, 311), (350, 311), (350, -89)])


def test_a_low_mouth_sets_the_width_of_a_turned_head():
    # d = (60, 0), v = (0, 100): 1.8 |v| = 180 > 120.
    quad = quad_from_landmarks((0, 0), (60, 0), (10, 100), (50, 100))
    assert quad.side == pytest.approx(360)
    assert quad.centre == pytest.approx((30, 10))


def test_a_face_lying_on_its_side_is_turned_by_a_quarter():
    quad = quad_from_landmarks((100, 0), (100, 100), (-10, 20), (-10, 80))
    assert quad.angle == pytest.approx(90)
    assert quad.side == pytest.approx(400)


def test_coinciding_points_are_refused_with_a_sentence():
    with pytest.raises(FaceError, match="place them apart"):
        quad_from_landmarks((5, 5), (5, 5), (5, 5), (5, 5))


@pytest.mark.parametrize(
    "corners",
    [
        ((0, 0), (0, 9), (9, 9), (np.nan, 0)),
        ((0, 0), (0, 1), (1, 1), (1, 0)),
        ((0, 0), (9, 9), (0, 9), (9, 0)),  # folded
        ((0, 0), (9, 0), (9, 9), (0, 9)),  # mirrored
        ((0, 0), (0, 9), (9, 9)),
    ],
)
def test_unusable_corners_are_refused(corners):
    with pytest.raises(FaceError):
        Quad.of(corners)


def test_the_corners_of_the_quad_are_the_outer_edges_of_the_crop():
    there = moved_by(SQUARE.to_crop(80), SQUARE.points)
    assert np.allclose(there, [(-0.5, -0.5), (-0.5, 79.5), (79.5, 79.5), (79.5, -0.5)])


def test_both_ways_undo_each_other():
    skewed = Quad(((10, 20), (14, 70), (66, 60), (50, 15)))
    assert np.allclose(skewed.to_photo(512) @ skewed.to_crop(512), np.eye(3), atol=1e-9)


def test_the_quad_of_a_crop_leaves_every_pixel_where_it_is():
    assert np.allclose(Quad.whole(256, 256).to_crop(256), np.eye(3), atol=1e-12)
    # Twice the size: the centre of two pixels becomes that of one.
    assert np.allclose(moved_by(Quad.whole(4, 4).to_crop(2), [(0.5, 0.5)]), [(0, 0)])


def test_moving_turning_and_scaling_by_hand():
    changed = SQUARE.turned(30).scaled(2).moved(5, -3)
    assert changed.angle == pytest.approx(30)
    assert changed.side == pytest.approx(80)
    assert changed.centre == pytest.approx((35, 37))
    back = changed.moved(-5, 3).scaled(0.5).turned(-30)
    assert np.allclose(back.points, SQUARE.points)


def test_turning_is_clockwise_on_the_screen():
    # The top left corner of a quad turned by 90 degrees lies where the top right was.
    assert np.allclose(SQUARE.turned(90).points[0], SQUARE.points[3])


@pytest.mark.parametrize("factor", [0, -1, np.nan])
def test_scaling_by_nothing_is_refused(factor):
    with pytest.raises(FaceError):
        SQUARE.scaled(factor)


def test_equal_quads_are_one_key():
    assert {SQUARE: 1}[Quad.of(SQUARE.points)] == 1
