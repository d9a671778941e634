"""Whose detail a swap gets at which pixel."""

import numpy as np
import pytest

from e4s_studio.core.regions import Region
from e4s_studio.engine.detail import OUTLINE_FEATHER, SOURCE_FEATHER, Grain, Residual, detail_of

SIDE = 512


def head(reach):
    """Return a map whose face reaches so many columns from the left, hair beyond."""
    labels = np.full((SIDE, SIDE), Region.HAIR, np.uint8)
    labels[:, :reach] = Region.SKIN
    return labels


def residual(labels, level):
    full = np.full((SIDE, SIDE, 3), level, np.float32)
    return Residual(labels, full, np.zeros_like(full), full)


def detail(swapped, own):
    source, target = residual(own, 10), residual(swapped, -7)
    alpha = (swapped == Region.SKIN).astype(np.float32)
    return detail_of(swapped, alpha, source, target, Grain(source))[SIDE // 2, :, 0]


@pytest.mark.parametrize("reach", [200, 400])
def test_where_outlines_agree_the_sources_detail_reaches_them(reach):
    row = detail(head(reach), head(reach))
    assert np.allclose(row[:reach], 10)
    assert np.allclose(row[reach:], -7)


def test_the_sources_own_outline_leaves_no_line_inside_a_wider_face():
    row = detail(head(400), head(250))
    width = round(OUTLINE_FEATHER * SIDE)
    assert np.allclose(row[: 250 - width - 2], 10)
    assert np.allclose(row[250 - 2 : 390], 0, atol=1)
    falls = np.diff(row[250 - width : 250])
    assert (falls <= 1e-4).all()
    assert -falls.min() < 2


def test_a_narrower_face_than_the_sources_takes_its_detail_nearly_to_the_edge():
    row = detail(head(250), head(400))
    assert np.allclose(row[: 250 - round(SOURCE_FEATHER * SIDE) - 1], 10)


def test_grain_far_from_where_it_is_known_has_no_streaks():
    own, everywhere = head(120), head(SIDE)
    fine = np.random.default_rng(0).normal(0, 5, (SIDE, SIDE, 3)).astype(np.float32)
    grain = Grain(Residual(own, fine, fine, fine))
    filled = grain.fill(everywhere, np.ones((SIDE, SIDE), np.float32))[..., 0]
    inside = filled[20:-20, 20:100]
    for far in (filled[20:-20, 250:], filled[:, 400:480]):
        assert far.std() == pytest.approx(inside.std(), rel=0.1)
        for axis in (0, 1):
            assert np.abs(np.diff(far, axis=axis)).mean() > 0.9 * np.abs(np.diff(inside)).mean()


def test_a_few_known_pixels_serve_the_whole_picture():
    own = np.full((SIDE, SIDE), Region.HAIR, np.uint8)
    own[200:220, 200:220] = Region.SKIN
    fine = np.full((SIDE, SIDE, 3), 3, np.float32)
    filled = Grain(Residual(own, fine, fine, fine)).fill(
        head(SIDE), np.ones((SIDE, SIDE), np.float32)
    )
    assert np.allclose(filled, 3)
