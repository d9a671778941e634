import numpy as np
import pytest
from documents import face_labels

from e4s_studio.core.geometry import EMPTY_BOX, Box, Line, midline_of
from e4s_studio.core.regions import Region


def test_a_box_cuts_what_it_says():
    pixels = np.arange(30).reshape(5, 6)
    box = Box(1, 2, 4, 5)
    assert pixels[box.slices].shape == box.shape == (3, 3)
    assert pixels[box.slices][0, 0] == pixels[2, 1]
    assert Box.of(pixels) == Box(0, 0, 6, 5)


def test_boxes_meet_and_join():
    a, b = Box(0, 0, 4, 4), Box(2, 3, 8, 9)
    assert a.intersection(b) == Box(2, 3, 4, 4)
    assert a.union(b) == Box(0, 0, 8, 9)
    assert a.intersection(Box(5, 0, 9, 4)).is_empty
    assert a.union(EMPTY_BOX) == EMPTY_BOX.union(a) == a
    assert Box.joining() == EMPTY_BOX
    assert Box.joining(a, EMPTY_BOX, b) == Box(0, 0, 8, 9)


def test_a_box_that_lies_outside_cuts_nothing():
    outside = Box(8, 8, 12, 12).intersection(Box(0, 0, 4, 4))
    assert outside.shape == (0, 0)
    assert np.zeros((4, 4))[outside.slices].size == 0


def test_a_box_around_points_holds_their_pixels():
    box = Box.around([(1.5, 2.0), (4.0, 7.9)])
    assert box == Box(1, 2, 5, 8)


def test_the_box_of_a_mask_is_the_smallest():
    mask = np.zeros((6, 7), np.bool_)
    assert Box.of_true(mask).is_empty
    mask[2, 3] = mask[4, 1] = True
    assert Box.of_true(mask) == Box(1, 2, 4, 5)


def test_mirroring_keeps_the_line_and_returns():
    line = Line(3.0, 1.0, 5.0, 9.0)
    points = np.random.default_rng(0).uniform(-10, 10, (50, 2))
    mirrored = line.mirrored(points)
    np.testing.assert_allclose(line.mirrored(mirrored), points)
    np.testing.assert_allclose(line.mirrored([(3.0, 1.0), (5.0, 9.0)]), [(3, 1), (5, 9)])
    # Points and their images lie symmetrically: the line halves and crosses what joins them.
    along = np.array([2.0, 8.0])
    np.testing.assert_allclose((mirrored - points) @ along, 0, atol=1e-9)
    middle = (mirrored + points) / 2 - (3.0, 1.0)
    np.testing.assert_allclose(middle[:, 0] * along[1] - middle[:, 1] * along[0], 0, atol=1e-9)


def test_a_line_of_one_point_mirrors_nothing():
    with pytest.raises(ValueError, match="two different points"):
        Line(1, 1, 1, 1).mirrored([(0, 0)])


def test_the_midline_of_a_symmetric_face_is_its_axis():
    line = midline_of(face_labels(200))
    assert line.x0 == pytest.approx(100, abs=0.6)
    assert line.x1 == pytest.approx(100, abs=0.6)


def test_the_midline_leans_with_the_face():
    labels = face_labels(200)
    leaning = np.zeros_like(labels)
    for row in range(200):
        leaning[row] = np.roll(labels[row], (row - 100) // 10)
    line = midline_of(leaning)
    assert (line.x1 - line.x0) / 200 == pytest.approx(0.1, abs=0.02)


def test_a_larger_eye_does_not_pull_the_midline():
    labels = face_labels(200)
    rows, columns = np.nonzero((labels == Region.EYES) & (np.arange(200) > 100))
    middle = columns.mean()
    y, x = np.indices(labels.shape)
    labels[np.hypot(x - middle, y - rows.mean()) < 22] = Region.EYES
    line = midline_of(labels)
    assert line.x0 + (line.x1 - line.x0) * 0.42 == pytest.approx(100, abs=2)


def test_a_map_without_a_face_has_the_vertical_for_midline():
    assert midline_of(np.zeros((10, 20), np.uint8)) == Line(10, 0, 10, 10)
