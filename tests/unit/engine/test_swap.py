from dataclasses import replace

import numpy as np
import pytest

from e4s_studio.core.errors import LabelMapError
from e4s_studio.core.regions import FACE, Region
from e4s_studio.core.settings import EditSettings, ShapeSource
from e4s_studio.engine.swap import start_map, swap_label_maps
from tests.samples import SHARED

GOLDEN = SHARED / "golden" / "mask_swap.npz"


@pytest.mark.skipif(not GOLDEN.is_file(), reason=f"an additional check: no {GOLDEN}")
@pytest.mark.parametrize(("order", "over"), [("hair_first", True), ("face_first", False)])
def test_the_published_rule_holds_pixel_for_pixel(order: str, over: object) -> None:
    golden = np.load(GOLDEN)
    swapped, hole = swap_label_maps(golden["source"], golden["target"], face_over_hair=bool(over))
    np.testing.assert_array_equal(swapped, golden[f"swapped_{order}"])
    np.testing.assert_array_equal(hole, golden[f"hole_{order}"])


def rule(source: int, target: int, *, face_over_hair: bool) -> tuple[int, bool]:
    """Return the result and whether it is a hole: the rule's rows, the first that fits counts."""
    face = {1, 2, 3, 5, 6, 9}  # lip, eyebrows, eyes, nose, skin, mouth
    rows = (
        (target == 10, target),  # glasses
        (target == 0, target),  # background
        (not face_over_hair and target == 4, target),  # hair
        (source in face, source),
        (target in {4, 7, 8, 11}, target),  # hair, ears, neck, earrings
    )
    fitting = [result for fits, result in rows if fits]
    return (fitting[0], False) if fitting else (6, True)


@pytest.mark.parametrize("over", [True, False])
def test_each_pair_of_regions_follows_the_rule(over: object) -> None:
    source, target = np.indices((len(Region), len(Region)), np.uint8)
    swapped, holes = swap_label_maps(source, target, face_over_hair=bool(over))
    expected = [
        rule(int(s), int(t), face_over_hair=bool(over))
        for s, t in zip(source.flat, target.flat, strict=True)
    ]
    assert list(zip(swapped.flat, holes.flat, strict=True)) == expected


@pytest.mark.parametrize(
    ("source", "target", "over", "result", "hole"),
    [
        (Region.SKIN, Region.EYE_GLASS, True, Region.EYE_GLASS, False),
        (Region.SKIN, Region.BACKGROUND, True, Region.BACKGROUND, False),
        (Region.SKIN, Region.HAIR, True, Region.SKIN, False),
        (Region.SKIN, Region.HAIR, False, Region.HAIR, False),
        (Region.NOSE, Region.EARS, True, Region.NOSE, False),
        (Region.HAIR, Region.BELOWFACE, True, Region.BELOWFACE, False),
        (Region.HAIR, Region.LIP, True, Region.SKIN, True),
        (Region.EYE_GLASS, Region.EYES, False, Region.SKIN, True),
    ],
)
def test_each_row_of_the_rule(
    source: Region, target: Region, over: object, result: Region, hole: object
) -> None:
    maps = [np.full((2, 2), region, np.uint8) for region in (source, target)]
    swapped, holes = swap_label_maps(*maps, face_over_hair=bool(over))
    assert (swapped == result).all()
    assert (holes == hole).all()


def test_maps_of_different_sizes_are_refused() -> None:
    with pytest.raises(LabelMapError, match="same size"):
        swap_label_maps(np.zeros((4, 4), np.uint8), np.zeros((5, 4), np.uint8), face_over_hair=True)


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
