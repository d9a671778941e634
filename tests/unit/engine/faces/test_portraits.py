import numpy as np
import pytest

from e4s_studio.core.portrait import Portrait
from e4s_studio.core.quad import Quad
from e4s_studio.engine.faces.portraits import (
    CROP_SIZE,
    LARGEST_CROP,
    aligned_portrait,
    crop_at,
    native_size,
    portrait_in,
)
from e4s_studio.engine.finishing.compose import Composite
from e4s_studio.engine.finishing.paste import into_photograph, laid_cover
from tests.unit.engine.pairs import drawn_map


def photograph(width: int, height: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    waves = [128 + 60 * np.sin(x / 17 + i) + 50 * np.cos(y / 23 - i) for i in range(3)]
    return np.stack(waves, axis=2).astype(np.uint8)


def composite(size: int, level: float, cover: float) -> Composite:
    picture = np.full((size, size, 3), level, np.float32)
    covered = np.zeros((size, size), np.float32)
    middle = slice(size // 4, 3 * size // 4)
    covered[middle, middle] = cover
    return Composite(picture, picture, picture, covered)


def test_an_aligned_photograph_is_its_own_crop() -> None:
    image = photograph(CROP_SIZE, CROP_SIZE)
    portrait = aligned_portrait(image, drawn_map())
    np.testing.assert_array_equal(portrait.image, image)
    assert portrait.labels.shape == (CROP_SIZE, CROP_SIZE)
    assert native_size(portrait) == CROP_SIZE


@pytest.mark.parametrize("side", [300, 2000, 4000])
def test_crops_are_composed_at_the_photographs_resolution(side: int) -> None:
    portrait = aligned_portrait(np.zeros((side, side, 3), np.uint8), drawn_map())
    assert native_size(portrait) == min(side, LARGEST_CROP)
    assert portrait.image.shape == (CROP_SIZE, CROP_SIZE, 3)
    assert crop_at(portrait, 512).shape == (512, 512, 3)


def tilted() -> Portrait:
    quad = Quad.whole(240, 240).moved(70, 50).turned(12)
    labels = np.zeros((CROP_SIZE, CROP_SIZE), np.uint8)
    return portrait_in(photograph(400, 360), quad, labels)


def test_the_photograph_keeps_its_size_and_all_that_is_not_covered() -> None:
    portrait = tilted()
    result = into_photograph(portrait, composite(240, 255, 1.0))
    assert portrait.photograph is not None
    changed = (result != portrait.photograph).any(axis=2)
    assert result.shape == portrait.photograph.shape
    assert 0.15 * 240**2 < changed.sum() < 0.3 * 240**2
    assert not changed[:50].any()
    assert (result[180, 190] == 255).all()


def test_nothing_covered_nothing_changed() -> None:
    portrait = tilted()
    assert portrait.photograph is not None
    result = into_photograph(portrait, composite(240, 255, 0.0))
    np.testing.assert_array_equal(result, portrait.photograph)


def test_an_unchanged_face_comes_back_unseen() -> None:
    portrait = tilted()
    assert portrait.photograph is not None
    crop = crop_at(portrait, native_size(portrait)).astype(np.float32)
    cover = composite(crop.shape[0], 0, 1.0).cover
    result = into_photograph(portrait, Composite(crop, crop, crop, cover))
    error = np.mean((result.astype(float) - portrait.photograph) ** 2)
    assert 10 * np.log10(255**2 / error) > 45


def test_a_neck_that_passes_the_crops_border_fades_there() -> None:
    portrait = tilted()
    grown = np.ones((240, 240), np.float32)
    levels = np.full((240, 240, 3), 255, np.float32)
    result = into_photograph(portrait, Composite(levels, levels, levels, grown))
    assert portrait.photograph is not None
    step = np.abs(np.diff(result.astype(int) - portrait.photograph, axis=0)).max()
    assert step < 70
    assert (result[180, 190] == 255).all()


@pytest.mark.parametrize(("dx", "whole"), [(0.0, False), (-60.0, True)])
def test_a_side_where_the_photograph_ends_does_not_fade(dx: float, *, whole: bool) -> None:
    # Turned by nothing: the crop's left side lies 60 pixels inside, or on the photograph's edge.
    quad = Quad.whole(200, 200).moved(60 + dx, 80)
    cover = laid_cover(np.ones((200, 200), np.float32), quad, (400, 400, 3))
    assert bool(cover[100, 0] == 1) is whole
    assert cover[0, 100] < 0.01
    assert cover[-1, 100] < 0.01
    assert cover[100, 100] == 1


def test_a_photograph_that_is_the_crop_is_covered_to_its_edge() -> None:
    cover = laid_cover(np.ones((64, 64), np.float32), Quad.whole(64, 64), (64, 64, 3))
    assert (cover == 1).all()
