import numpy as np
import pytest
from documents import face_labels

from e4s_studio.core.errors import LabelMapError
from e4s_studio.core.geometry import Box
from e4s_studio.core.label_map import FREE, LabelMap, PaintRules
from e4s_studio.core.regions import Region


def everywhere(label_map):
    return label_map.box, np.ones(label_map.box.shape, np.bool_)


def test_a_stencil_lands_where_its_box_says():
    label_map = LabelMap(np.zeros((10, 12), np.uint8))
    stencil = np.array([[True, False], [True, True]])
    patch = label_map.write(Box(3, 4, 5, 6), stencil, Region.HAIR)
    expected = np.zeros((10, 12), np.uint8)
    expected[[4, 5, 5], [3, 3, 4]] = Region.HAIR
    assert (label_map.view() == expected).all()
    assert patch.box == Box(3, 4, 5, 6)


@pytest.mark.parametrize("box", [Box(-2, -2, 2, 2), Box(8, 9, 12, 13), Box(-5, -5, 50, 50)])
def test_a_stencil_is_cut_at_the_border(box):
    label_map = LabelMap(np.zeros((10, 12), np.uint8))
    label_map.write(box, np.ones(box.shape, np.bool_), Region.SKIN)
    inside = box.intersection(label_map.box)
    assert (label_map.view() == Region.SKIN).sum() == inside.width * inside.height


def test_a_stencil_off_the_map_changes_nothing():
    label_map = LabelMap(face_labels())
    box = Box(-20, -20, -10, -10)
    assert label_map.write(box, np.ones(box.shape, np.bool_), Region.HAIR).is_empty


def test_a_stencil_that_does_not_fit_its_box_is_refused():
    label_map = LabelMap(face_labels())
    with pytest.raises(ValueError, match="does not fit"):
        label_map.write(Box(0, 0, 3, 3), np.ones((2, 3), np.bool_), Region.HAIR)


def test_hair_covers_skin_and_never_eyes():
    label_map = LabelMap(face_labels())
    rules = FREE.with_over(Region.HAIR, frozenset({Region.SKIN, Region.BACKGROUND}))
    label_map.write(*everywhere(label_map), Region.HAIR, rules=rules)
    before, after = face_labels(), label_map.view()
    taken = np.isin(before, (Region.SKIN, Region.BACKGROUND, Region.HAIR))
    assert (after[taken] == Region.HAIR).all()
    assert (after[~taken] == before[~taken]).all()


def test_a_rule_is_of_one_region_alone():
    rules = FREE.with_over(Region.HAIR, frozenset({Region.SKIN}))
    assert rules.may_cover(Region.NOSE).all()
    assert np.flatnonzero(rules.may_cover(Region.HAIR)).tolist() == [Region.SKIN]
    assert rules.with_over(Region.HAIR, None).may_cover(Region.HAIR).all()


@pytest.mark.parametrize("region", [Region.HAIR, Region.EYES])
def test_a_locked_region_keeps_exactly_its_pixels(region):
    label_map = LabelMap(face_labels())
    rules = FREE.with_lock(Region.EYES, locked=True)
    label_map.write(*everywhere(label_map), region, rules=rules)
    eyes = face_labels() == Region.EYES
    assert ((label_map.view() == Region.EYES) == eyes).all()


def test_a_lock_can_be_taken_off():
    rules = FREE.with_lock(Region.EYES, locked=True).with_lock(Region.EYES, locked=False)
    assert rules.may_cover(Region.HAIR).all()


def test_preserving_others_paints_the_background_alone():
    label_map = LabelMap(face_labels())
    rules = PaintRules(preserve_others=True)
    label_map.write(*everywhere(label_map), Region.HAIR, rules=rules)
    before = face_labels()
    expected = np.where(before == Region.BACKGROUND, Region.HAIR, before)
    assert (label_map.view() == expected).all()


def test_paintable_counts_what_the_region_already_has():
    label_map = LabelMap(face_labels())
    rules = FREE.with_over(Region.HAIR, frozenset({Region.SKIN}))
    paintable = label_map.paintable(label_map.box, Region.HAIR, rules)
    assert (paintable == np.isin(face_labels(), (Region.SKIN, Region.HAIR))).all()


def test_labels_come_back_except_locked_ones():
    label_map = LabelMap(np.full((96, 96), Region.EARS, np.uint8))
    label_map.write(Box(0, 0, 96, 30), np.ones((30, 96), np.bool_), Region.MOUTH)
    rules = FREE.with_lock(Region.MOUTH, locked=True).with_lock(Region.NOSE, locked=True)
    label_map.write_labels(*everywhere(label_map), face_labels(), rules=rules)
    face = face_labels()
    assert (label_map.view()[:30] == Region.MOUTH).all()
    below = np.where(face == Region.NOSE, Region.EARS, face)[30:]
    assert (label_map.view()[30:] == below).all()


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (np.zeros((4, 4), np.int64), "one channel"),
        (np.zeros((4, 4, 3), np.uint8), "one channel"),
        (np.full((4, 4), 12, np.uint8), "a pixel of 12"),
    ],
)
def test_what_is_no_label_map_is_refused(labels, sentence):
    with pytest.raises(LabelMapError, match=sentence):
        LabelMap(labels)
