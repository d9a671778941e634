"""Cutting out and putting back: exact where it can be, invisible where it cannot."""

import numpy as np
import pytest

from e4s_studio.core.errors import FaceError
from e4s_studio.core.quad import Quad
from e4s_studio.engine.faces.align import (
    crop,
    crop_labels,
    paste_back,
    quad_from_landmarks,
    recrop_labels,
    uncrop_labels,
)
from e4s_studio.train.portraits import alignment_points, random_shape
from tests.samples import PHOTOGRAPHS, RENDERED, needs_photographs, picture_of


def quad_at(x, y, side):
    """Return the quad of a slice: pixels x to x + side, y to y + side."""
    return Quad.whole(side, side).moved(x, y)


def noise(shape, dtype=np.uint8):
    values = np.random.default_rng(3).integers(0, 256, shape)
    return (values * 257).astype(dtype) if dtype == np.uint16 else values.astype(dtype)


def soft_disc(size):
    y, x = (np.mgrid[:size, :size] + 0.5) / size - 0.5
    return ((0.42 - np.hypot(x, y)) / 0.05).clip(0, 1).astype(np.float32)


def decibels(a, b):
    error = (a.astype(np.float64) - b).ravel()
    return 10 * np.log10(255**2 / max((error**2).mean(), 1e-12))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [(), (1,), (3,), (4,)])
def test_an_upright_quad_of_whole_pixels_is_a_slice(dtype, channels):
    photo = noise((60, 70, *channels), dtype)
    cut = crop(photo, quad_at(12, 7, 40), 40)
    assert cut.dtype == dtype
    assert np.allclose(cut, photo[7:47, 12:52], rtol=1e-5)


def test_a_turned_and_scaled_crop_of_a_plane_is_that_plane():
    # A ramp stays one under any similarity and any filter; OpenCV samples to 1/32 of a pixel.
    y, x = np.mgrid[:200, :200].astype(np.float32)
    photo = 0.5 * x + 0.3 * y
    quad = Quad.whole(90, 90).moved(55, 50).turned(25)
    cut = crop(photo, quad, 30)
    row, column = np.mgrid[4:26, 4:26]
    points = np.stack([column.ravel(), row.ravel(), np.ones(row.size)])
    there = quad.to_photo(30) @ points
    expected = 0.5 * there[0] + 0.3 * there[1]
    assert np.allclose(cut[4:26, 4:26].ravel(), expected, atol=0.1)


def test_shrinking_does_not_alias():
    # Stripes of one pixel are grey at a quarter of the size, not stripes.
    photo = np.zeros((256, 256), np.uint8)
    photo[:, ::2] = 255
    cut = crop(photo, quad_at(8, 8, 240), 60)
    assert np.abs(cut[5:-5, 5:-5].astype(float) - 127.5).max() < 4


def test_outside_the_photograph_it_is_continued():
    photo = noise((100, 100, 3)) // 4 + 90
    cut = crop(photo, quad_at(-40, 10, 80), 80)
    assert np.array_equal(cut[:, 42:], photo[10:90, 2:40])  # its own pixels stay sharp
    outside = cut[:, :35].astype(float)
    assert outside.min() > 85  # continued, not black
    assert np.diff(outside, axis=1).std() < 0.25 * np.diff(photo.astype(float), axis=1).std()
    assert cut[40, 0].astype(float) == pytest.approx(np.median(photo, axis=(0, 1)), abs=16)


@pytest.mark.parametrize("side", [1, 2, 3])
def test_tiny_photographs_are_continued_too(side):
    cut = crop(np.full((side, side, 3), 77, np.uint8), quad_at(-10, -10, 21), 21)
    assert (cut == 77).all()


def test_a_quad_beside_the_photograph_is_refused():
    with pytest.raises(FaceError, match="outside the photograph"):
        crop(noise((50, 50)), quad_at(500, 0, 40), 40)
    with pytest.raises(FaceError, match="outside the photograph"):
        paste_back(noise((50, 50)), noise((40, 40)), soft_disc(40), quad_at(500, 0, 40))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_only_pixels_under_the_alpha_change(dtype):
    photo = noise((300, 260, 3), dtype)
    quad = Quad.whole(150, 150).moved(60, 90).turned(-17)
    alpha = soft_disc(64)
    result = paste_back(photo, np.zeros((64, 64, 3), dtype), alpha, quad)
    changed = (result != photo).any(axis=2)
    y, x = np.mgrid[:300, :260]
    away = np.hypot(x - quad.centre[0], y - quad.centre[1])
    assert changed[away < 40].mean() > 0.99
    # The disc's radius is 0.42 of the side; one crop pixel is 2.3 of the photograph's.
    assert not changed[away > 0.42 * 150 + 3].any()
    assert result.dtype == dtype


def test_no_alpha_changes_nothing_bit_for_bit():
    photo = noise((80, 80, 3))
    result = paste_back(photo, noise((32, 32, 3)), np.zeros((32, 32)), quad_at(5, 5, 64))
    assert np.array_equal(result, photo)
    assert result is not photo


def test_full_alpha_replaces_whole_pixels_exactly():
    photo, face = noise((80, 80, 3)), noise((40, 40, 3))[::-1].copy()
    result = paste_back(photo, face, np.ones((40, 40), np.float32), quad_at(20, 10, 40))
    assert np.array_equal(result[10:50, 20:60], face)
    assert np.array_equal(np.delete(result, np.s_[10:50], 0), np.delete(photo, np.s_[10:50], 0))


@pytest.mark.parametrize(("size", "scale"), [(1024, 1.0), (512, 0.5), (1024, 0.3)])
@pytest.mark.parametrize(
    "path",
    [
        RENDERED / "amara.jpg",
        RENDERED / "rosalind.jpg",
        pytest.param(PHOTOGRAPHS / "pair1_source.jpg", marks=needs_photographs),
        pytest.param(PHOTOGRAPHS / "pair2_target.jpg", marks=needs_photographs),
    ],
    ids=lambda path: path.stem,
)
def test_an_unchanged_face_comes_back_invisibly(path, size, scale):
    photo = picture_of(path)
    quad = Quad.whole(*photo.shape[1::-1]).scaled(scale).turned(20).moved(3.3, 1.7)
    result = paste_back(photo, crop(photo, quad, size), soft_disc(size), quad)
    touched = uncrop_labels((soft_disc(size) > 0).astype(np.uint8), quad, photo.shape[:2]) > 0
    assert decibels(result[touched], photo[touched]) >= 45


def test_given_landmarks_bring_any_face_to_its_canonical_place():
    rng = np.random.default_rng(11)
    for _ in range(40):
        own = alignment_points(random_shape(rng), 256)
        angle, scale = np.radians(rng.uniform(-30, 30)), np.exp2(rng.uniform(-1, 2))
        turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        placed = own @ turn + rng.uniform(0, 3000, 2)
        points = [tuple(point) for point in placed]
        matrix = quad_from_landmarks(*points).to_crop(256)
        back = np.column_stack([placed, np.ones(4)]) @ matrix[:2].T
        assert np.abs(back - own).max() <= 0.03 * np.linalg.norm(own[1] - own[0])


def test_labels_go_to_the_photograph_and_back():
    labels = np.kron(noise((16, 16)) % 12, np.ones((8, 8))).astype(np.uint8)
    quad = Quad.whole(300, 300).moved(50, 40).turned(33)
    there = uncrop_labels(labels, quad, (400, 420))
    assert there.shape == (400, 420)
    assert set(np.unique(there)) <= set(range(12))
    assert (crop_labels(there, quad, 128) == labels).mean() > 0.97


def test_outside_the_photograph_labels_are_background():
    labels = crop_labels(np.full((50, 50), 6, np.uint8), quad_at(-25, 0, 50), 50)
    assert (labels[:, :25] == 0).all()
    assert (labels[:, 25:] == 6).all()


def test_a_painted_map_stays_on_the_face_when_the_quad_changes():
    painted = np.zeros((64, 64), np.uint8)
    painted[20:30, 30:40] = 3
    before = quad_at(100, 100, 64)
    beyond = np.full((64, 64), 4, np.uint8)
    after = recrop_labels(painted, before, before.moved(10, 5), beyond)
    assert (after[15:25, 20:30] == 3).all()
    assert (after == 3).sum() == 100
    assert (after[:, 54:] == 4).all()  # what the old crop did not show
    assert (after[59:] == 4).all()
    assert (after[:59, :54] != 4).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_crop_of_a_large_photograph_is_that_of_all_its_pixels(dtype):
    # Waves from long to short ones: those that the crop can show must come through undimmed.
    y, x = np.mgrid[:1203, :1301].astype(np.float64)
    wave = 127.5 + 90 * np.cos(2 * np.pi * (0.01 * x + 0.02 * y)) + 30 * np.sin(2 * np.pi * x / 25)
    scale = 257 if dtype == np.uint16 else 1
    cut = crop((wave * scale).astype(dtype), quad_at(20, 20, 1150), 230)
    centre = 20 + (np.arange(230) + 0.5) * 5 - 0.5
    row, column = np.meshgrid(centre, centre, indexing="ij")
    shown = 127.5 + 90 * np.cos(2 * np.pi * (0.01 * column + 0.02 * row))
    shown += 30 * np.sin(2 * np.pi * column / 25)
    off = np.abs(cut.astype(np.float64) / scale - shown)[4:-4, 4:-4]
    assert off.max() < 8
    assert off.mean() < 2.5
