"""The portraits lie in FFHQ's frame, and their points lie where the label map says."""

import numpy as np
import pytest

from e4s_studio.core.regions import Region
from e4s_studio.train.portraits import alignment_points, random_shape, random_texture, render

SIZE = 256


def ffhq_quad(points):
    """The quad of FFHQ's alignment: TL, BL, BR, TR from two eyes and two mouth corners."""
    left, right, mouth_left, mouth_right = points
    eye_to_eye = right - left
    eye_to_mouth = (mouth_left + mouth_right - left - right) / 2
    x = eye_to_eye - np.array([-eye_to_mouth[1], eye_to_mouth[0]])
    x /= np.linalg.norm(x)
    x *= max(2.0 * np.linalg.norm(eye_to_eye), 1.8 * np.linalg.norm(eye_to_mouth))
    y = np.array([-x[1], x[0]])
    c = (left + right) / 2 + 0.1 * eye_to_mouth
    return np.array([c - x - y, c - x + y, c + x + y, c + x - y])


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("size", [64, 1024])
def test_the_quad_is_the_whole_picture(seed, size):
    quad = ffhq_quad(alignment_points(random_shape(np.random.default_rng(seed)), size))
    corners = np.array([[0, 0], [0, size], [size, size], [size, 0]])
    np.testing.assert_allclose(quad + 0.5, corners, atol=1e-6 * size)


def test_shapes_differ_in_where_their_eyes_and_mouths_lie():
    shapes = [random_shape(np.random.default_rng(seed)) for seed in range(40)]
    points = np.array([alignment_points(shape, SIZE) for shape in shapes])
    assert points.std(axis=0).max() > 2.0


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
def test_points_lie_on_their_regions(seed):
    shape = random_shape(np.random.default_rng(seed))
    _, labels = render(shape, random_texture(np.random.default_rng(seed)), SIZE)
    left, right, mouth_left, mouth_right = alignment_points(shape, SIZE)
    rows, columns = np.nonzero(labels == Region.EYES)
    for point, chosen in ((left, columns < SIZE / 2), (right, columns > SIZE / 2)):
        middle = columns[chosen].mean(), rows[chosen].mean()
        np.testing.assert_allclose(point, middle, atol=0.012 * SIZE)
    rows, columns = np.nonzero(labels == Region.LIP)
    np.testing.assert_allclose(mouth_left[0], columns.min(), atol=0.012 * SIZE)
    np.testing.assert_allclose(mouth_right[0], columns.max(), atol=0.012 * SIZE)
    assert rows.min() < mouth_left[1] < rows.max()
