from dataclasses import replace

import cv2
import numpy as np
import pytest

from e4s_studio.core.portrait import Portrait
from e4s_studio.core.quad import Quad
from e4s_studio.engine.faces.align import crop
from e4s_studio.engine.faces.portraits import portrait_in
from e4s_studio.engine.finishing import overview as overview_module
from e4s_studio.engine.finishing.compose import Composite
from e4s_studio.engine.finishing.overview import Overview
from e4s_studio.engine.finishing.paste import into_photograph

QUAD = Quad(((150.0, 60.0), (140.0, 250.0), (330.0, 260.0), (340.0, 70.0)))


@pytest.fixture
def portrait() -> Portrait:
    """A face that takes up the middle of a smooth 480 × 320 photograph."""
    grain = np.random.default_rng(4).integers(0, 255, (20, 30, 3), np.uint8)
    photograph = cv2.resize(grain, (480, 320), interpolation=cv2.INTER_CUBIC)
    return portrait_in(photograph, QUAD, np.zeros((1024, 1024), np.uint8))


def composite(size: int = 256) -> Composite:
    cover = np.zeros((size, size), np.float32)
    cv2.circle(cover, (size // 2, size // 2), size // 3, 1, -1)
    red = np.full((size, size, 3), (250, 10, 10), np.float32)
    return Composite(red, red, red, cover)


def test_a_photograph_that_fits_the_screen_stays_as_it_is(portrait: Portrait) -> None:
    overview = Overview.of(portrait)
    assert overview.original is portrait.photograph
    expected = into_photograph(portrait, composite())
    np.testing.assert_array_equal(overview.with_swap(composite()), expected)


def test_a_larger_one_is_reduced_and_the_face_lies_where_it_lay(
    portrait: Portrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview_module, "LONGEST_SIDE", 160)
    overview = Overview.of(portrait)
    swapped = overview.with_swap(composite())
    assert swapped.shape == (107, 160, 3)
    changed = (swapped != overview.original).any(axis=2)
    assert 0.05 < changed.mean() < 0.3
    np.testing.assert_array_equal(swapped[~changed], overview.original[~changed])
    # The same crop comes out of both: a third of a pixel off, and they differ by 7 levels.
    quad = overview.portrait.quad
    assert quad is not None
    small = crop(overview.original, Quad.of(quad), 48).astype(float)
    assert portrait.photograph is not None
    assert np.abs(small - crop(portrait.photograph, QUAD, 48)).mean() < 1.5


def test_a_crop_without_a_photograph_is_its_own(portrait: Portrait) -> None:
    alone = replace(portrait, photograph=None, quad=None)
    overview = Overview.of(alone)
    assert overview.original is alone.image
    assert overview.with_swap(composite(1024)).shape == alone.image.shape
