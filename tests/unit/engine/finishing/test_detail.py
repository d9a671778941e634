"""Whose detail a swap gets at which pixel."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from e4s_studio.core.pair import Both
from e4s_studio.core.regions import Region
from e4s_studio.engine.finishing.detail import (
    EDGE_WIDTH,
    Detail,
    Grain,
    residual_of,
)
from e4s_studio.engine.finishing.shares import OUTLINE_FEATHER, SOURCE_FEATHER

SIDE = 512
NOTHING = np.zeros((SIDE, SIDE, 3), np.float32)
WHOLE = np.ones(len(Region), np.float32)


def head(reach):
    """Return a map whose face reaches so many columns from the left, hair beyond."""
    labels = np.full((SIDE, SIDE), Region.HAIR, np.uint8)
    labels[:, :reach] = Region.SKIN
    return labels


def residual(labels, level):
    return residual_of(np.full_like(NOTHING, level), NOTHING, labels)


def grainy(labels, seed):
    noise = np.random.default_rng(seed).normal(0, 5, NOTHING.shape)
    return residual_of(noise.astype(np.float32), NOTHING, labels)


def grown(own, fine, labels):
    """Return the grain of a portrait with its own labels where others are."""
    filled = np.zeros_like(NOTHING)
    Grain(replace(residual(own, 0), fine=fine)).add_to(filled, labels, np.ones((SIDE, SIDE)))
    return filled


def lips(row):
    """Return a map of skin with lips from a row on."""
    labels = head(SIDE)
    labels[row : row + 60] = Region.LIP
    return labels


def likeness(one, other):
    """Correlation of what two pictures have beyond their local means."""
    return np.corrcoef(one.ravel(), other.ravel())[0, 1]


def detail(swapped, own):
    source, target = residual(own, 10), residual(swapped, -7)
    amounts = np.zeros(len(Region), np.float32)
    amounts[Region.SKIN] = 1
    return Detail(Both(source, target)).of(swapped, amounts)[SIDE // 2, :, 0]


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


@pytest.mark.parametrize("kept", ["source", "target"])
def test_a_lip_keeps_the_edge_of_whose_shape_it_has_and_takes_the_sources_texture(kept):
    own, other = lips(200), lips(300)
    swapped = {"source": own, "target": other}[kept]
    source, target = grainy(own, 1), grainy(other, 2)
    found = Detail(Both(source, target)).of(swapped, WHOLE)
    owner = {"source": source, "target": target}[kept]
    first = np.flatnonzero(swapped[:, 0] == Region.LIP)[0]
    edge = slice(first, first + 3)
    assert likeness(found[edge], owner.fine[edge]) > 0.95
    away = slice(SIDE - 100, SIDE - 20)
    assert likeness(found[away], source.fine[away]) > 0.95
    assert SIDE - 100 > 360 + EDGE_WIDTH * SIDE


def test_a_beard_does_not_stay_around_lips_of_the_targets_shape():
    own, other = lips(200), lips(300)
    source, target = grainy(own, 1), grainy(other, 2)
    found = Detail(Both(source, target)).of(other, WHOLE)
    beard = slice(292, 299)
    assert likeness(found[beard], source.fine[beard]) > 0.8
    assert likeness(found[beard], target.fine[beard]) < 0.4


@pytest.mark.parametrize("labels", [lips(200), lips(300)])
def test_without_amounts_the_targets_own_map_has_all_that_its_photograph_shows(labels):
    source, target = grainy(lips(200), 1), grainy(labels, 2)
    found = Detail(Both(source, target)).of(labels, 0 * WHOLE)
    photograph = np.stack(target.form, -1) + np.stack(target.texture, -1)
    np.testing.assert_allclose(found, photograph, atol=1e-4)


def test_shapes_that_are_about_the_same_go_with_the_texture():
    nearly = lips(200)
    nearly[200, :9] = Region.SKIN
    source, target = grainy(lips(200), 1), grainy(nearly, 2)
    found = Detail(Both(source, target)).of(nearly, WHOLE / 2)[202, 40:]
    assert likeness(found, (source.fine + target.fine)[202, 40:]) > 0.95


def test_grain_far_from_where_it_is_known_has_no_streaks():
    own, everywhere = head(120), head(SIDE)
    fine = np.random.default_rng(0).normal(0, 5, (SIDE, SIDE, 3)).astype(np.float32)
    filled = grown(own, fine, everywhere)[..., 0]
    inside = filled[20:-20, 20:100]
    for far in (filled[20:-20, 250:], filled[:, 400:480]):
        assert far.std() == pytest.approx(inside.std(), rel=0.1)
        for axis in (0, 1):
            assert np.abs(np.diff(far, axis=axis)).mean() > 0.9 * np.abs(np.diff(inside)).mean()


def test_a_few_known_pixels_serve_the_whole_picture():
    own = np.full((SIDE, SIDE), Region.HAIR, np.uint8)
    own[200:220, 200:220] = Region.SKIN
    fine = np.full((SIDE, SIDE, 3), 3, np.float32)
    filled = grown(own, fine, head(SIDE))
    assert np.allclose(filled, 3)


def test_amounts_and_then_labels_that_change_are_followed():
    source, target = grainy(lips(200), 1), grainy(lips(300), 2)
    kept = Detail(Both(source, target))
    painted = lips(200)
    for amounts in (WHOLE, WHOLE / 3):
        expected = Detail(Both(source, target)).of(painted, amounts)
        np.testing.assert_array_equal(kept.of(painted, amounts), expected)
    painted[100:150] = Region.LIP  # in place, as the artist's own map changes
    expected = Detail(Both(source, target)).of(painted, WHOLE)
    np.testing.assert_array_equal(kept.of(painted, WHOLE), expected)


@pytest.mark.parametrize("painted", [Region.HAIR, Region.SKIN])
def test_what_the_artist_adds_to_the_targets_own_has_its_grain(painted):
    nowhere = np.full((SIDE, SIDE), Region.BACKGROUND, np.uint8)
    known = nowhere.copy()
    known[:, : SIDE // 2] = painted
    target = grainy(known, 2)
    everywhere = np.full_like(known, painted)
    found = Detail(Both(grainy(nowhere, 1), target)).of(everywhere, 0 * WHOLE)
    added, shown = found[:, SIDE // 2 + 20 :], target.fine[:, : SIDE // 2 - 20]
    assert added.std() == pytest.approx(shown.std(), rel=0.15)


def test_strands_go_on_past_a_ragged_border():
    """Strands along a border are alike in all rows; mirrored at a ragged one they must stay so."""
    ragged = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 1, (SIDE, 1)), (1, 7), 1)
    columns = np.arange(SIDE)
    hair = columns < 200 + 4 * ragged / np.abs(ragged).max()
    own = np.where(hair, Region.HAIR, Region.SKIN).astype(np.uint8)
    strands = np.tile(np.cos(2 * np.pi * columns / 8), (SIDE, 1))
    fine = np.repeat(strands[..., None], 3, axis=2).astype(np.float32)
    filled = grown(own, fine, np.full_like(own, Region.HAIR))[40:-40, 215:245, 0]
    alike = [likeness(one, other) for one, other in zip(filled[8:], filled[:-8], strict=True)]
    assert np.mean(alike) > 0.8
    assert filled.std() == pytest.approx(strands.std(), rel=0.05)


@pytest.mark.parametrize("region", [Region.EYES, Region.MOUTH])
def test_an_eye_is_not_made_from_pieces_of_another(region):
    def ringed(row):
        labels = head(SIDE)
        labels[row : row + 60, 100:400] = region
        return labels

    own, swapped = ringed(100), ringed(300)
    found = Detail(Both(grainy(own, 1), grainy(head(SIDE), 2))).of(swapped, WHOLE)
    assert np.abs(found[310:350, 110:390]).max() < 1e-6
    assert found[400:450].std() > 3
