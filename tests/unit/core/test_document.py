"""What edits do to a document, and what it reports of them."""

from dataclasses import replace

import numpy as np
import pytest
from documents import AT, NO_HOLE, dab, edit, face_labels, frozen, labels, opened, portrait

from e4s_studio.core import brush
from e4s_studio.core.brush import Dab
from e4s_studio.core.commands import Layer
from e4s_studio.core.document import Document
from e4s_studio.core.errors import ImageError, LabelMapError
from e4s_studio.core.geometry import Box
from e4s_studio.core.label_map import FREE
from e4s_studio.core.regions import Region
from e4s_studio.core.settings import EditSettings, ShapeSource


def heard(document):
    changes = []
    document.subscribe(changes.append)
    return changes


# Opening


def test_an_empty_document_says_what_to_do():
    document = Document()
    assert document.is_empty
    assert document.box.is_empty
    with pytest.raises(LabelMapError, match="Open a target photograph"):
        document.begin("Paint")
    with pytest.raises(ImageError, match="Open a source and a target"):
        document.snapshot()
    document.undo()
    document.redo()
    document.abort()


def test_settings_can_be_undone_before_anything_is_open():
    document = Document()
    document.change_settings(document.settings.with_amount(Region.HAIR, 1.0), name="Hair")
    document.undo()
    assert document.settings == EditSettings()


def test_a_target_starts_as_its_own_map():
    document = Document()
    document.open(target=portrait())
    assert (labels(document) == face_labels()).all()
    assert document.pixels(Layer.AMOUNT).min() == 255
    assert not document.pixels(Layer.OCCLUDER).any()


def test_portraits_of_two_sizes_are_refused():
    document = opened()
    before = frozen(document)
    with pytest.raises(ImageError, match="same size"):
        document.open(source=portrait(side=48))
    assert frozen(document) == before


def test_a_new_target_drops_the_paint():
    document = opened()
    dab(document)
    document.keep("A")
    document.open(target=portrait(5))
    assert (labels(document) == face_labels()).all()
    assert document.kept == {}
    assert document.history.commands == ()


def test_a_new_source_leaves_the_paint():
    document = opened()
    dab(document)
    painted = labels(document).copy()
    document.open(source=portrait(5))
    document.start(face_labels(), NO_HOLE)
    assert (labels(document) == painted).all()


@pytest.mark.parametrize(
    ("label_map", "hole"),
    [
        (face_labels(48), NO_HOLE),
        (face_labels(), NO_HOLE[:48]),
        (face_labels() + 12, NO_HOLE),
    ],
)
def test_a_started_map_that_does_not_fit_is_refused(label_map, hole):
    document = opened()
    before = frozen(document)
    with pytest.raises(LabelMapError):
        document.start(label_map, hole)
    assert frozen(document) == before


# Strokes


def test_a_stroke_is_one_step():
    document = opened()
    document.begin("Paint hair")
    for x in range(20, 60, 4):
        document.paint(brush.disc(Dab(x, 40, 6), document.box), Region.HAIR)
    document.commit()
    (command,) = document.history.commands
    assert command.name == "Paint hair"
    document.undo()
    assert (labels(document) == face_labels()).all()


def test_paint_needs_a_stroke():
    document = opened()
    with pytest.raises(RuntimeError, match="begin"):
        document.paint(brush.disc(AT, document.box), Region.HAIR)


def test_an_aborted_stroke_has_not_been():
    document = opened()
    dab(document)
    before = frozen(document)
    document.begin("Paint")
    document.paint(brush.disc(Dab(30, 30, 20), document.box), Region.NOSE)
    document.erase(brush.disc(Dab(50, 50, 20), document.box))
    soft = brush.soft_line(AT, AT, document.box)
    document.cover(Layer.OCCLUDER, soft, 1.0)
    document.abort()
    assert frozen(document) == before
    assert len(document.history.commands) == 1
    assert not document.in_stroke


def test_a_stroke_that_changes_nothing_is_no_step():
    document = opened()
    document.begin("Paint")
    document.paint(brush.disc(Dab(-50, -50, 5), document.box), Region.HAIR)
    document.commit()
    assert document.history.commands == ()


def test_undo_flushes_the_stroke_under_way():
    document = opened()
    document.begin("Paint")
    document.paint(brush.disc(AT, document.box), Region.HAIR)
    document.undo()
    assert (labels(document) == face_labels()).all()
    assert len(document.history.commands) == 1
    document.redo()
    assert (labels(document) == Region.HAIR)[48, 48]


def test_beginning_again_commits_the_stroke_under_way():
    document = opened()
    document.begin("First")
    document.paint(brush.disc(AT, document.box), Region.HAIR)
    document.begin("Second")
    document.abort()
    assert [command.name for command in document.history.commands] == ["First"]


def test_erasing_goes_back_to_before_the_first_edit():
    document = opened()
    for region in (Region.HAIR, Region.NOSE, Region.EARS):
        dab(document, region)
    document.begin("Erase")
    document.erase(brush.disc(Dab(48, 48, 30), document.box))
    document.commit()
    assert (labels(document) == face_labels()).all()
    assert not document.pixels(Layer.PAINTED).any()


def test_rules_hold_in_strokes():
    document = opened()
    document.rules = FREE.with_lock(Region.EYES, locked=True)
    dab(document, Region.HAIR, Dab(48, 48, 70))
    eyes = face_labels() == Region.EYES
    assert ((labels(document) == Region.EYES) == eyes).all()
    document.begin("Erase")
    document.rules = FREE.with_lock(Region.SKIN, locked=True)
    document.erase(brush.disc(Dab(48, 48, 70), document.box))
    document.commit()
    skin = face_labels() == Region.SKIN
    assert (labels(document)[skin] == Region.HAIR).all()
    assert (labels(document)[~skin] == face_labels()[~skin]).all()


# Mattes


def test_full_cover_leaves_the_value():
    document = opened()
    document.begin("Original")
    hard = brush.soft_line(AT, AT, document.box, hardness=1.0)
    document.cover(Layer.OCCLUDER, hard, 1.0)
    document.commit()
    occluder = document.pixels(Layer.OCCLUDER)
    assert occluder[48, 48] == 255
    assert occluder[48, 70] == 0
    document.undo()
    assert not document.pixels(Layer.OCCLUDER).any()


def test_passing_twice_in_one_stroke_adds_nothing():
    once, twice = opened(), opened()
    soft = brush.soft_line(AT, Dab(60, 50, 10), once.box)
    for document, times in ((once, 1), (twice, 5)):
        document.begin("Amount")
        for _ in range(times):
            document.cover(Layer.AMOUNT, soft, 0.25)
        document.commit()
    assert frozen(once) == frozen(twice)
    assert once.pixels(Layer.AMOUNT).min() == round(0.25 * 255)


def test_the_amount_stays_inside_its_region():
    document = opened()
    document.begin("Amount")
    soft = brush.soft_line(Dab(48, 48, 40), Dab(48, 48, 40), document.box)
    document.cover(Layer.AMOUNT, soft, 0.0, within=Region.NOSE)
    document.commit()
    changed = document.pixels(Layer.AMOUNT) != 255
    assert changed.any()
    assert (face_labels()[changed] == Region.NOSE).all()


def test_a_matte_can_be_cleared_and_comes_back():
    document = opened()
    document.begin("Original")
    document.cover(Layer.OCCLUDER, brush.soft_line(AT, AT, document.box), 1.0)
    document.commit()
    before = frozen(document)
    document.clear_matte(Layer.OCCLUDER)
    assert not document.pixels(Layer.OCCLUDER).any()
    document.undo()
    assert frozen(document) == before


@pytest.mark.parametrize(("layer", "value"), [(Layer.LABELS, 0.5), (Layer.AMOUNT, 1.5)])
def test_only_mattes_are_soft(layer, value):
    document = opened()
    document.begin("Original")
    with pytest.raises(ValueError, match="no soft brush"):
        document.cover(layer, brush.soft_line(AT, AT, document.box), value)


# Settings and the started map


def test_a_slider_drag_is_one_step():
    document = opened()
    for amount in np.linspace(0, 1, 20):
        settings = document.settings.with_amount(Region.HAIR, float(amount))
        document.change_settings(settings, name="Hair", merge_key="amount hair")
    document.seal()
    assert len(document.history.commands) == 1
    document.undo()
    assert document.settings == EditSettings()


def test_restarting_keeps_what_was_painted():
    document = opened()
    dab(document, Region.HAIR)
    hair = labels(document) == Region.HAIR
    painted = document.pixels(Layer.PAINTED).astype(bool)
    started = np.full((96, 96), Region.SKIN, np.uint8)
    settings = replace(document.settings, face_over_hair=True)
    document.restart(started, NO_HOLE, settings=settings, name="Face over hair")
    assert (labels(document)[painted] == Region.HAIR).all()
    assert (labels(document)[~painted] == Region.SKIN).all()
    assert document.settings == settings
    document.undo()
    assert ((labels(document) == Region.HAIR) == hair).all()
    assert document.settings == EditSettings()


def test_choosing_a_shape_gives_up_that_regions_paint_alone():
    document = opened()
    dab(document, Region.HAIR, Dab(30, 48, 6))
    dab(document, Region.NOSE, Dab(66, 48, 6))
    settings = document.settings.with_shape(Region.NOSE, ShapeSource.TARGET)
    document.restart(face_labels(), NO_HOLE, settings=settings, name="Shape")
    assert labels(document)[48, 66] == face_labels()[48, 66]
    assert labels(document)[48, 30] == Region.HAIR


def test_a_painted_shape_keeps_all_its_pixels():
    document = opened()
    nose = face_labels() == Region.NOSE
    settings = document.settings.with_shape(Region.NOSE, ShapeSource.PAINTED)
    started = np.full((96, 96), Region.SKIN, np.uint8)
    document.restart(started, NO_HOLE, settings=settings, name="Shape")
    assert ((labels(document) == Region.NOSE) == nose).all()
    assert (labels(document)[~nose] == Region.SKIN).all()


def test_erasing_goes_back_to_the_map_last_started():
    document = opened()
    dab(document)
    started = np.full((96, 96), Region.SKIN, np.uint8)
    document.restart(started, NO_HOLE, settings=document.settings, name="Start")
    document.begin("Erase")
    document.erase(brush.disc(AT, document.box))
    document.commit()
    assert (labels(document) == Region.SKIN).all()


# What is reported


def test_a_dab_reports_its_pixels_and_regions():
    document = opened()
    changes = heard(document)
    document.begin("Paint")
    document.paint(brush.disc(Dab(48, 48, 2), document.box), Region.HAIR)
    document.commit()
    painted, committed = changes
    assert painted.labels == Box.of_true(labels(document) != face_labels())
    assert painted.regions == {Region.HAIR, Region.NOSE}
    assert painted.in_stroke
    assert painted.affects_result
    assert committed.history
    assert not committed.affects_result
    assert committed.revision == painted.revision


def test_undo_reports_what_went_back():
    document = opened()
    dab(document)
    box = Box.of_true(labels(document) != face_labels())
    changes = heard(document)
    document.undo()
    (change,) = changes
    assert change.labels == box
    assert Region.HAIR in change.regions
    assert not change.settings


def test_an_abort_reports_what_went_back():
    document = opened()
    document.begin("Paint")
    document.paint(brush.disc(AT, document.box), Region.HAIR)
    box = Box.of_true(labels(document) != face_labels())
    changes = heard(document)
    document.abort()
    assert changes[0].labels == box


def test_settings_report_their_names_and_origin():
    document = opened()
    changes = heard(document)
    origin = object()
    settings = replace(document.settings, detail=0.5, live_preview=False)
    document.change_settings(settings, name="Detail", origin=origin)
    document.change_settings(settings, name="Detail")
    (change,) = changes
    assert change.settings == {"detail", "live_preview"}
    assert change.origin is origin


def test_live_preview_alone_does_not_change_the_result():
    document = opened()
    changes = heard(document)
    revision = document.revision
    document.change_settings(replace(document.settings, live_preview=False), name="Preview")
    assert not changes[0].affects_result
    assert document.revision == revision


def test_revisions_only_grow():
    document = opened()
    changes = heard(document)
    rng = np.random.default_rng(12)
    for _ in range(50):
        edit(document, rng)
        document.undo()
    revisions = [change.revision for change in changes]
    assert revisions == sorted(revisions)
    grown = [change.revision for change in changes if change.affects_result]
    assert len(set(grown)) == len(grown)


def test_who_left_hears_nothing():
    document = opened()
    changes = []
    leave = document.subscribe(changes.append)
    leave()
    leave()
    dab(document)
    assert changes == []


def test_rules_report_themselves():
    document = opened()
    changes = heard(document)
    document.rules = document.rules
    document.rules = FREE.with_lock(Region.LIP, locked=True)
    assert [change.rules for change in changes] == [True]
