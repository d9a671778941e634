"""The layers of an export are what the engine composed, at the photograph's resolution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from documents import face_labels

from e4s_studio.core.document import Document
from e4s_studio.core.portrait import Portrait
from e4s_studio.core.quad import Quad
from e4s_studio.core.settings import FilmTrait
from e4s_studio.engine.drawing.export_layers import placed_layers
from e4s_studio.engine.finishing.compose import Composite
from e4s_studio.engine.finishing.paste import into_photograph

SIDE = 96
CORNERS = np.array([(40.0, 30.0), (35.0, 128.0), (133.0, 133.0), (138.0, 35.0)])


def portrait(seed: int, *, in_photograph: bool) -> Portrait:
    rng = np.random.default_rng(seed)
    crop = rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    if not in_photograph:
        return Portrait(crop, face_labels())
    photograph = rng.integers(0, 256, (160, 180, 3), dtype=np.uint8)
    return Portrait(crop, face_labels(), photograph=photograph, quad=Quad.of(CORNERS).points)


def composite(seed: int) -> Composite:
    rng = np.random.default_rng(seed)
    y, x = np.indices((SIDE, SIDE), np.float32)
    cover = np.clip((40 - np.hypot(x - 48, y - 48)) / 10, 0, 1)
    levels = rng.random((2, SIDE, SIDE, 3), dtype=np.float32) * 255
    return Composite(result=levels[0], drawn=levels[0], face=levels[1], cover=cover)


@pytest.mark.parametrize("in_photograph", [False, True])
def test_the_result_is_the_picture_that_is_saved(in_photograph):
    document = Document()
    target = portrait(1, in_photograph=in_photograph)
    document.open(source=portrait(2, in_photograph=False), target=target)
    layers = placed_layers(document.snapshot(), composite(3))
    whole = np.where(
        np.isfinite(layers.full(layers.result, np.nan)),
        layers.full(layers.result),
        layers.photograph,
    )
    saved = into_photograph(target, composite(3)).astype(np.float32)
    np.testing.assert_allclose(whole, saved, atol=0.51)
    assert (whole[layers.full(layers.matte) == 0] % 1 == 0).all()
    np.testing.assert_array_equal(layers.changed, layers.matte > 0)


def test_they_tell_which_film_was_followed():
    document = Document()
    document.open(source=portrait(2, in_photograph=False), target=portrait(1, in_photograph=False))
    followed = replace(composite(3), film=FilmTrait.TONE)
    assert placed_layers(document.snapshot(), followed).film is FilmTrait.TONE
    assert placed_layers(document.snapshot(), composite(3)).film is None


def test_layers_lie_where_the_face_is():
    document = Document()
    document.open(source=portrait(2, in_photograph=False), target=portrait(1, in_photograph=True))
    layers = placed_layers(document.snapshot(), composite(3))
    left, top, right, bottom = layers.window
    assert (left, top) == (34, 29)
    assert (right, bottom) == (140, 135)
    rows, columns = np.nonzero(layers.labels == 3)
    assert rows.size
    # The eyes lie at 42 % of the crop's height, between 37 % and 63 % of its width.
    centre = np.array([columns.mean() + left, rows.mean() + top])
    expected = CORNERS[0] + 0.5 * (CORNERS[3] - CORNERS[0]) + 0.42 * (CORNERS[1] - CORNERS[0])
    assert np.abs(centre - expected).max() < 1.5
    assert not layers.occluder.any()
