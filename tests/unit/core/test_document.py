import zlib
from dataclasses import replace

import numpy as np
import pytest
from documents import edit, face_labels, frozen, opened, portrait

from e4s_studio.core import brush
from e4s_studio.core.brush import Dab
from e4s_studio.core.commands import Layer
from e4s_studio.core.document import Document
from e4s_studio.core.errors import ImageError, LabelMapError, SettingsError
from e4s_studio.core.geometry import Box
from e4s_studio.core.label_map import FREE
from e4s_studio.core.plane import Patch
from e4s_studio.core.regions import Region
from e4s_studio.core.settings import EditSettings, ShapeSource

NO_HOLE = np.zeros((96, 96), np.bool_)
AT = Dab(48, 48, 10)


def dab(document, region=Region.HAIR, at=AT):
    document.begin("Paint")
    document.paint(brush.disc(at, document.box), region)
    document.commit()


def labels(document):
    return document.pixels(Layer.LABELS)


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


# History


def test_300_random_edits_undone_and_redone_bit_for_bit():
    document = opened()
    rng = np.random.default_rng(7)
    states = [frozen(document)]
    while len(document.history.commands) < 300:
        edit(document, rng)
        if document.history.index == len(states):
            states.append(frozen(document))
    for state in states[-2::-1]:
        document.undo()
        assert frozen(document) == state
    for state in states[1:]:
        document.redo()
        assert frozen(document) == state
    for index in rng.integers(0, 301, 30):
        document.jump(int(index))
        assert frozen(document) == states[index]


def test_200_strokes_on_a_full_map_fit_in_50_megabytes():
    document = opened(1024)
    rng = np.random.default_rng(8)
    while len(document.history.commands) < 200:
        document.begin("Paint")
        x, y, angle = *rng.uniform(200, 800, 2), rng.uniform(0, 6.3)
        last = Dab(x, y, 50)
        for _ in range(12):
            angle += rng.normal(0, 0.3)
            dab = Dab(last.x + 30 * np.cos(angle), last.y + 30 * np.sin(angle), 50)
            document.paint(brush.line(last, dab, document.box), Region(int(rng.integers(12))))
            last = dab
        document.commit()
    assert document.history.nbytes <= 50e6
    assert document.history.nbytes >= 200 * 64 * 64


def test_steps_carry_a_small_map():
    document = opened(1024)
    dab(document, Region.EARS, Dab(512, 512, 200))
    thumbnail = document.history.top.thumbnail
    assert thumbnail.shape == (64, 64)
    assert thumbnail[32, 32] == Region.EARS
    assert thumbnail[0, 0] == labels(document)[0, 0]


# Snapshots


def test_a_snapshot_never_changes():
    document = opened()
    snapshot = document.snapshot()
    kept = [pixels.copy() for pixels in (snapshot.labels, snapshot.occluder, snapshot.amount)]
    rng = np.random.default_rng(9)
    for _ in range(30):
        edit(document, rng)
    for pixels, before in zip(
        (snapshot.labels, snapshot.occluder, snapshot.amount), kept, strict=True
    ):
        assert (pixels == before).all()
        assert not pixels.flags.writeable
    assert snapshot.settings == EditSettings()
    assert document.snapshot().revision > snapshot.revision


def test_a_snapshot_copies_nothing():
    document = opened()
    assert document.snapshot().labels is document.snapshot().labels
    assert document.snapshot().hole.dtype == np.bool_


def test_a_snapshot_shows_the_stroke_under_way():
    document = opened()
    document.begin("Paint")
    document.paint(brush.disc(AT, document.box), Region.HAIR)
    assert document.snapshot().labels[48, 48] == Region.HAIR
    document.abort()
    assert document.snapshot().labels[48, 48] == face_labels()[48, 48]


def test_kept_states_come_back_as_one_step():
    document = opened()
    dab(document)
    document.keep("B")
    kept = frozen(document)
    rng = np.random.default_rng(10)
    for _ in range(10):
        edit(document, rng)
    before, steps = frozen(document), len(document.history.commands)
    document.recall("B")
    assert frozen(document) == kept
    assert len(document.history.commands) == steps + 1
    document.undo()
    assert frozen(document) == before


@pytest.mark.parametrize("slot", ["A", "D"])
def test_what_was_not_kept_cannot_be_recalled(slot):
    with pytest.raises(SettingsError):
        opened().recall(slot)


# Saving


def test_contents_go_into_another_document():
    document = opened()
    rng = np.random.default_rng(11)
    for _ in range(20):
        edit(document, rng)
    document.rules = FREE.with_lock(Region.LIP, locked=True)
    document.keep("A")
    steps = len(document.history.commands)
    document.jump(steps // 2)
    other = Document()
    other.restore(document.contents())
    assert frozen(other) == frozen(document)
    assert other.rules == document.rules
    assert other.history.index == steps // 2
    other.jump(steps)
    document.jump(steps)
    assert frozen(other) == frozen(document)
    other.recall("A")


def test_contents_that_do_not_fit_change_nothing():
    document = opened()
    before = frozen(document)
    with pytest.raises(LabelMapError):
        document.restore(replace(document.contents(), target=portrait(side=48)))
    with pytest.raises(LabelMapError):
        document.restore(replace(document.contents(), target=None))
    assert frozen(document) == before


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


@pytest.mark.parametrize(
    "patch",
    [
        Patch(Box(0, 0, 4, 4), b"damaged"),
        Patch(Box(0, 0, 96, 96), zlib.compress(bytes([255]) * 96 * 96)),
        Patch(Box(90, 90, 100, 100), zlib.compress(bytes(100))),
    ],
)
def test_a_damaged_step_on_the_way_leaves_everything_as_it_was(patch):
    document = opened()
    for region in (Region.HAIR, Region.NOSE, Region.EARS):
        dab(document, region)
    contents = document.contents()
    first, second, third = contents.commands
    damaged = replace(second, patches={**second.patches, Layer.LABELS: patch})
    document.restore(replace(contents, commands=(first, damaged, third)))
    before = frozen(document)
    with pytest.raises(LabelMapError):
        document.jump(0)
    assert frozen(document) == before
    assert document.history.index == 3
    document.undo()
    document.redo()
    assert frozen(document) == before


def test_a_history_without_its_place_is_refused():
    document = opened()
    with pytest.raises(LabelMapError, match="history"):
        document.restore(replace(document.contents(), index=5))
