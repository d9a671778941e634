"""The states of a document: step by step, as snapshots, kept, and saved."""

import zlib
from dataclasses import replace

import numpy as np
import pytest
from documents import AT, dab, edit, face_labels, frozen, labels, opened, portrait

from e4s_studio.core import brush
from e4s_studio.core.brush import Dab
from e4s_studio.core.commands import Layer
from e4s_studio.core.document import Document
from e4s_studio.core.errors import LabelMapError, SettingsError
from e4s_studio.core.geometry import Box
from e4s_studio.core.label_map import FREE
from e4s_studio.core.plane import Patch
from e4s_studio.core.regions import Region
from e4s_studio.core.settings import EditSettings

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
