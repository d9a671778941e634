"""A crop that is cut out anew: one step, with everything that was painted before it."""

from dataclasses import replace

import numpy as np
import pytest
from documents import SIDE, face_labels, frozen, opened, portrait

from e4s_studio.core import brush
from e4s_studio.core.brush import Dab
from e4s_studio.core.commands import Layer
from e4s_studio.core.contents import Recut
from e4s_studio.core.document import Document
from e4s_studio.core.errors import LabelMapError
from e4s_studio.core.plane import Patch
from e4s_studio.core.regions import Region

SHIFT = 5


def paint(document: Document, x: float, y: float, region: Region) -> None:
    document.begin("Paint")
    document.paint(brush.disc(Dab(x, y, 6), document.box), region)
    document.commit()


def moved(pixels: np.ndarray) -> np.ndarray:
    return np.roll(pixels, SHIFT, axis=1)


def recut_target(document: Document) -> None:
    """Move everything on the target a little to the right."""
    planes = {layer: moved(plane) for layer, plane in document.state().planes.items()}
    kept = {
        slot: replace(state, planes={layer: moved(p) for layer, p in state.planes.items()})
        for slot, state in document.kept.items()
    }
    hole = np.zeros((SIDE, SIDE), np.bool_)
    recut = Recut(document.source, portrait(7), moved(face_labels()), hole, planes, kept)
    document.recut(recut, name="Align")


@pytest.fixture
def document() -> Document:
    document = opened()
    paint(document, 30, 30, Region.HAIR)
    return document


def test_paint_moves_with_the_crop_and_the_rest_is_started_anew(document):
    labels, painted = document.pixels(Layer.LABELS), document.pixels(Layer.PAINTED)
    expected = np.where(moved(painted), moved(labels), moved(face_labels()))
    recut_target(document)
    np.testing.assert_array_equal(document.pixels(Layer.LABELS), expected)
    np.testing.assert_array_equal(document.pixels(Layer.PAINTED), moved(painted))
    np.testing.assert_array_equal(document.pixels(Layer.STARTED), moved(face_labels()))


def test_it_is_undone_bit_for_bit_and_so_is_what_came_before(document):
    before, target = frozen(document), document.target
    recut_target(document)
    after, cut = frozen(document), document.target
    changes = []
    document.subscribe(changes.append)
    document.undo()
    assert document.target is target
    assert frozen(document) == before
    assert changes[-1].portraits
    assert changes[-1].affects_result
    document.undo()
    assert frozen(document) == frozen(opened())
    document.jump(2)
    assert document.target is cut
    assert frozen(document) == after


def test_a_new_source_leaves_paint_and_is_a_step_even_if_no_pixel_changes(document):
    pixels = {layer: plane.copy() for layer, plane in document.state().planes.items()}
    source, other = document.source, portrait(9)
    started, hole = document.pixels(Layer.STARTED), document.pixels(Layer.HOLE).view(np.bool_)
    document.recut(Recut(other, document.target, started, hole), name="Align the source")
    assert document.source is other
    assert document.history.top.name == "Align the source"
    for layer, plane in document.state().planes.items():
        np.testing.assert_array_equal(plane, pixels[layer])
    document.undo()
    assert document.source is source


def test_kept_states_belong_to_their_crop(document):
    document.keep("A")
    recut_target(document)
    document.keep("B")
    assert set(document.kept) == {"A", "B"}
    document.undo()
    assert set(document.kept) == {"A"}
    document.redo()
    assert set(document.kept) == {"A", "B"}
    paint(document, 60, 60, Region.NOSE)
    document.recall("A")
    np.testing.assert_array_equal(
        document.pixels(Layer.STARTED)[:, SHIFT:], face_labels()[:, :-SHIFT]
    )


def test_contents_hold_the_steps_of_the_present_crop(document):
    recut_target(document)
    paint(document, 60, 60, Region.NOSE)
    paint(document, 50, 50, Region.LIP)
    document.undo()
    contents = document.contents()
    assert len(contents.commands) == 2
    assert contents.index == 1
    other = Document()
    other.restore(contents)
    assert frozen(other) == frozen(document)
    other.undo()
    document.undo()
    assert frozen(other) == frozen(document)
    document.undo()
    contents = document.contents()
    assert len(contents.commands) == contents.index == 1


@pytest.mark.parametrize("wrong", ["planes", "started"])
def test_what_does_not_fit_changes_nothing(document, wrong):
    before, pair = frozen(document), (document.source, document.target)
    small, hole = np.zeros((8, 8), np.uint8), np.zeros((SIDE, SIDE), np.bool_)
    planes = {Layer.LABELS: small} if wrong == "planes" else {}
    started = small if wrong == "started" else face_labels()
    with pytest.raises(LabelMapError):
        document.recut(Recut(pair[0], portrait(7), started, hole, planes), name="Align")
    assert frozen(document) == before
    assert (document.source, document.target) == pair
    assert document.history.index == 1


def test_a_damaged_step_leaves_the_portraits_as_they_were(document):
    contents = document.contents()
    patches = {Layer.LABELS: Patch(document.box, b"damaged")}
    damaged = replace(contents.commands[0], patches=patches)
    document.restore(replace(contents, commands=(damaged,)))
    recut_target(document)
    paint(document, 60, 60, Region.NOSE)
    before, target = frozen(document), document.target
    with pytest.raises(LabelMapError):
        document.jump(0)
    assert document.target is target
    assert frozen(document) == before
