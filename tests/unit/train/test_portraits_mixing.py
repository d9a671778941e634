"""A mixed texture gives the exact picture of a partial swap."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from e4s_studio.core.errors import SettingsError
from e4s_studio.core.regions import Region
from e4s_studio.train.portraits import mix, random_shape, random_texture, render

SIZE = 192
REACH = {Region.HAIR: 4, Region.SKIN: 5}
"""Pixels that a region's antialiased or wispy edge reaches beyond its labels, where over 3."""


def texture(seed):
    return random_texture(np.random.default_rng(seed))


@pytest.fixture(scope="module")
def shape():
    """A face with everything: glasses, earrings, an open mouth, ears that show."""
    drawn = random_shape(np.random.default_rng(2))
    return replace(
        drawn,
        hair=replace(drawn.hair, style="updo", length=0.0, curtain=0.0, bangs=0.0, bald=0.0),
        mouth=replace(drawn.mouth, gap=0.03),
        ears=replace(drawn.ears, out=1.0),
        accessories=replace(drawn.accessories, frame=0.008, earring=0.016, drop=0.02),
        pose=(0.0, 0.0),
    )


def test_amount_nought_is_the_first_and_amount_one_the_second():
    a, b = texture(1), texture(2)
    assert mix(a, b, {}) == a
    assert mix(a, b, dict.fromkeys(Region, 0.0)) == a
    assert mix(a, b, dict.fromkeys(Region, 1.0)) == b


def test_amounts_between_lie_between():
    a, b = texture(1), texture(2)
    mixed = mix(a, b, {Region.SKIN: 0.25, Region.HAIR: 0.5})
    np.testing.assert_allclose(
        mixed.skin.tone, 0.75 * np.array(a.skin.tone) + 0.25 * np.array(b.skin.tone)
    )
    np.testing.assert_allclose(
        mixed.hair.colour, (np.array(a.hair.colour) + np.array(b.hair.colour)) / 2
    )
    assert mixed.lip == a.lip
    assert mixed.nose == a.nose


@pytest.mark.parametrize("amount", [-0.1, 1.01, float("nan")])
def test_an_amount_out_of_range_is_refused(amount):
    with pytest.raises(SettingsError, match="choose one from 0 to 1"):
        mix(texture(1), texture(2), {Region.LIP: amount})


@pytest.mark.parametrize("amount", [0.5, 1.0])
@pytest.mark.parametrize("region", [r for r in Region if r != Region.BACKGROUND])
def test_only_the_region_changes(shape, region, amount):
    a, b = texture(21), texture(30)
    before, labels = render(shape, a, SIZE)
    after, labels_after = render(shape, mix(a, b, {region: amount}), SIZE)
    np.testing.assert_array_equal(labels, labels_after)
    own = labels == region
    reach = REACH.get(region, 3)
    near = cv2.dilate(own.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1))) > 0
    changed = (before != after).any(axis=2)
    assert not changed[~near].any()
    assert changed[own].mean() > 0.5


def test_all_regions_of_the_second_are_the_second_to_the_byte(shape):
    a, b = texture(21), texture(30)
    mixed, _ = render(shape, mix(a, b, dict.fromkeys(Region, 1.0)), SIZE)
    np.testing.assert_array_equal(mixed, render(shape, b, SIZE)[0])


def test_light_belongs_to_the_background(shape):
    a, b = texture(21), texture(30)
    faces = dict.fromkeys(set(Region) - {Region.BACKGROUND}, 1.0)
    swapped = mix(a, b, faces)
    assert swapped.background == a.background
    lit_by_b = mix(a, b, {Region.BACKGROUND: 1.0})
    skin = render(shape, a, SIZE)[1] == Region.SKIN
    change = render(shape, a, SIZE)[0].astype(int) - render(shape, lit_by_b, SIZE)[0]
    assert np.abs(change[skin]).mean() > 2
