from dataclasses import replace

import numpy as np
import pytest

from e4s_studio.core.errors import LabelMapError
from e4s_studio.core.regions import FACE, Region
from e4s_studio.core.settings import EditSettings, ShapeSource
from e4s_studio.engine.shapes import start_map
from e4s_studio.engine.swap import swap_label_maps

SIDE = 160
OTHERS = frozenset(Region) - FACE


def face(jaw, hair, nose, shift=0.0):
    """Return a face whose jaw, hair and nose are as wide as told, moved sideways."""
    y, x = (np.indices((SIDE, SIDE)) + 0.5) / SIDE
    x = x - 0.5 - shift
    labels = np.full((SIDE, SIDE), Region.BACKGROUND, np.uint8)
    labels[np.hypot(x / hair, (y - 0.4) / 0.36) < 1] = Region.HAIR
    labels[(np.abs(x) < 0.12) & (y > 0.6)] = Region.BELOWFACE
    labels[np.hypot((np.abs(x) - jaw) / 0.05, (y - 0.5) / 0.08) < 1] = Region.EARS
    labels[np.hypot(x / jaw, (y - 0.5) / 0.3) < 1] = Region.SKIN
    labels[np.hypot((np.abs(x) - 0.12) / 0.06, (y - 0.42) / 0.03) < 1] = Region.EYES
    labels[np.hypot(x / nose, (y - 0.53) / 0.09) < 1] = Region.NOSE
    labels[np.hypot(x / 0.1, (y - 0.68) / 0.03) < 1] = Region.LIP
    return labels


SOURCE = face(0.22, 0.42, 0.08)
TARGET = face(0.27, 0.33, 0.04, shift=0.03)


def shaped(regions, shape, **changes):
    settings = replace(EditSettings().with_shape(regions, shape), **changes)
    return start_map(SOURCE, TARGET, settings)


@pytest.mark.parametrize("face_over_hair", [False, True])
@pytest.mark.parametrize("shape", [None, ShapeSource.PAINTED])
def test_without_other_choices_it_is_the_published_rule(face_over_hair, shape):
    settings = replace(EditSettings(), face_over_hair=face_over_hair)
    if shape:
        settings = settings.with_shape(Region, shape)
    mapped, hole = start_map(SOURCE, TARGET, settings)
    swapped, swapped_hole = swap_label_maps(SOURCE, TARGET, face_over_hair=face_over_hair)
    assert (mapped == swapped).all()
    assert (hole == swapped_hole).all()


@pytest.mark.parametrize("face_over_hair", [False, True])
def test_all_shapes_from_one_photograph_are_its_own_map(face_over_hair):
    for shape, own in ((ShapeSource.TARGET, TARGET), (ShapeSource.SOURCE, SOURCE)):
        mapped, hole = shaped(Region, shape, face_over_hair=face_over_hair)
        assert (mapped == own).all()
        assert not hole.any()


@pytest.mark.parametrize("region", [Region.NOSE, Region.EYES, Region.LIP])
def test_a_feature_of_the_target_has_exactly_its_pixels(region):
    mapped, _ = shaped(region, ShapeSource.TARGET)
    assert ((mapped == region) == (region == TARGET)).all()
    swapped, _ = swap_label_maps(SOURCE, TARGET, face_over_hair=False)
    elsewhere = (mapped != swapped) & (mapped != region)
    assert (mapped[elsewhere] == Region.SKIN).all()


def test_the_targets_skin_brings_its_jaw():
    mapped, _ = shaped(FACE, ShapeSource.TARGET)
    assert (np.isin(mapped, list(FACE)) == np.isin(TARGET, list(FACE))).all()
    mapped, _ = shaped(Region.SKIN, ShapeSource.TARGET)
    outside = ~np.isin(TARGET, list(FACE))
    assert not (mapped[outside] == Region.SKIN).any()
    assert ((mapped == Region.NOSE) == (SOURCE == Region.NOSE)).all()


def test_the_sources_hair_has_exactly_its_pixels():
    mapped, hole = shaped(Region.HAIR, ShapeSource.SOURCE)
    assert ((mapped == Region.HAIR) == (SOURCE == Region.HAIR)).all()
    bare = (TARGET == Region.HAIR) & (SOURCE == Region.BACKGROUND)
    assert bare.any()
    assert (mapped[bare] == Region.BACKGROUND).all()
    assert not hole[bare].any(), "the source shows what is there"


@pytest.mark.parametrize("region", sorted(OTHERS))
def test_what_went_away_leaves_no_trace(region):
    mapped, _ = shaped(region, ShapeSource.SOURCE)
    assert not ((mapped == region) & (region != SOURCE)).any()
    assert mapped.max() < len(Region)


def test_hair_that_goes_shows_the_ears_beneath():
    target = np.where(TARGET == Region.EARS, Region.HAIR, TARGET).astype(np.uint8)
    settings = EditSettings().with_shape(Region.HAIR, ShapeSource.SOURCE)
    mapped, _ = start_map(SOURCE, target, settings)
    beneath = (target == Region.HAIR) & (SOURCE == Region.EARS)
    assert beneath.any()
    assert (mapped[beneath] == Region.EARS).all()


def test_gaps_take_what_is_around_them():
    # The source's ears and the target's skin: where the target's ears went, neither has a say.
    source = np.where(TARGET == Region.EARS, Region.SKIN, SOURCE).astype(np.uint8)
    settings = EditSettings().with_shape(Region.EARS, ShapeSource.SOURCE)
    mapped, hole = start_map(source, TARGET, settings.with_shape(Region.SKIN, ShapeSource.TARGET))
    swapped, _ = swap_label_maps(source, TARGET, face_over_hair=False)
    went = (TARGET == Region.EARS) & np.isin(swapped, (Region.EARS, Region.SKIN))
    assert went.any()
    assert np.isin(mapped[went], (Region.HAIR, Region.BACKGROUND)).all()
    assert hole[went].all()


def test_the_targets_glasses_stay_on_top():
    target = TARGET.copy()
    target[60:70, 40:120] = Region.EYE_GLASS
    settings = EditSettings().with_shape(Region.HAIR, ShapeSource.SOURCE)
    mapped, _ = start_map(SOURCE, target, settings.with_shape(Region.NOSE, ShapeSource.TARGET))
    assert (mapped[60:70, 40:120] == Region.EYE_GLASS).all()


def test_where_nothing_is_left_there_is_skin():
    hair = np.full((8, 8), Region.HAIR, np.uint8)
    skin = np.full((8, 8), Region.SKIN, np.uint8)
    settings = EditSettings().with_shape(Region.HAIR, ShapeSource.SOURCE)
    mapped, _ = start_map(skin, hair, settings.with_shape(Region.SKIN, ShapeSource.TARGET))
    assert (mapped == Region.SKIN).all()


def test_maps_of_two_sizes_are_refused():
    with pytest.raises(LabelMapError):
        start_map(SOURCE, TARGET[:8], EditSettings())
