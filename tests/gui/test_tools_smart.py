import numpy as np
import pytest
from canvases import at, drag

from e4s_studio.core.commands import Layer
from e4s_studio.core.document import Document
from e4s_studio.core.geometry import Box
from e4s_studio.core.portrait import Portrait
from e4s_studio.core.regions import Region
from e4s_studio.gui.tools.smart import Mark, propose
from e4s_studio.gui.tools.tool import ToolKind, ToolOptions
from e4s_studio.gui.tools.toolbox import Toolbox

SIDE = 200
Y, X = np.indices((SIDE, SIDE))
LEAF = np.hypot(X - 100, 1.5 * (Y - 110)) < 50


def photograph():
    """Return a reddish leaf on a bluish ground, both uneven."""
    rng = np.random.default_rng(0)
    ground = np.stack([40 + X / 8, 60 + Y / 8, 150 + X / 10], axis=-1)
    leaf = np.stack([190 + Y / 10, 80 + X / 10, 50 + Y / 8], axis=-1)
    image = np.where(LEAF[..., None], leaf, ground) + rng.normal(0, 10, (SIDE, SIDE, 3))
    return np.clip(image, 0, 255).astype(np.uint8)


def overlap(mask):
    return (mask & LEAF).sum() / (mask | LEAF).sum()


def proposed(box):
    stencil = box.tool.preview().proposal
    mask = np.zeros((SIDE, SIDE), np.bool_)
    mask[stencil.box.slices] = stencil.mask
    return mask


def toolbox(**options):
    document = Document()
    document.open(target=Portrait(photograph(), np.zeros((SIDE, SIDE), np.uint8)))
    box = Toolbox(document, ToolOptions(**{"region": Region.HAIR, "size": 16.0, **options}))
    box.choose(ToolKind.SMART)
    return box


def test_a_box_finds_the_leaf():
    box = toolbox()
    drag(box.tool, (35, 60), (165, 160))
    assert overlap(proposed(box)) > 0.93
    assert box.document.history.commands == (), "a proposal is no edit yet"


def test_a_stroke_finds_the_leaf():
    box = toolbox()
    drag(box.tool, (70, 110), (130, 110), shift=True)
    assert overlap(proposed(box)) > 0.93


def test_enter_takes_the_proposal():
    box = toolbox()
    drag(box.tool, (35, 60), (165, 160))
    mask = proposed(box)
    assert box.tool.accept()
    assert ((box.document.pixels(Layer.LABELS) == Region.HAIR) == mask).all()
    assert len(box.document.history.commands) == 1
    assert not box.tool.is_busy


def test_escape_drops_the_proposal():
    box = toolbox()
    drag(box.tool, (35, 60), (165, 160))
    assert box.tool.cancel()
    assert box.tool.preview().proposal is None
    assert not box.tool.accept()
    assert not box.document.pixels(Layer.LABELS).any()


def test_further_strokes_take_away():
    box = toolbox()
    drag(box.tool, (35, 60), (165, 160))
    assert proposed(box)[110, 70]
    drag(box.tool, (60, 110), (75, 110), ctrl=True)
    assert not proposed(box)[110, 60:75].any()


def test_further_strokes_add():
    box = toolbox()
    drag(box.tool, (35, 60), (165, 160))
    assert not proposed(box)[65, 45]
    drag(box.tool, (45, 65), (60, 65))
    assert proposed(box)[65, 45:60].all()


def test_a_click_asks_for_nothing():
    box = toolbox()
    drag(box.tool, (80, 80), (81, 80))
    assert not box.tool.is_busy


def test_the_box_under_way_is_shown():
    box = toolbox()
    box.tool.press(at(30, 40))
    box.tool.drag(at(90, 70))
    assert box.tool.preview().box == Box(30, 40, 91, 71)


def test_a_late_answer_is_ignored():
    waiting = []
    box = toolbox()
    late = Toolbox(box.document, run=lambda job, done: waiting.append((job, done)))
    late.choose(ToolKind.SMART)
    drag(late.tool, (35, 60), (165, 160))
    late.tool.cancel()
    drag(late.tool, (60, 60), (140, 160))
    (first, hand_first), (second, hand_second) = waiting
    hand_first(first())
    assert late.tool.preview().proposal is None
    hand_second(second())
    assert late.tool.preview().proposal.box == Box(60, 60, 141, 161)


def test_a_proposal_keeps_to_its_box_and_repeats():
    marks = np.full((SIDE, SIDE), Mark.OUTSIDE, np.uint8)
    box = Box(40, 70, 120, 160)
    marks[box.slices] = Mark.MAYBE_INSIDE
    first, second = propose(photograph(), marks, box), propose(photograph(), marks, box)
    assert first.box == box
    assert (first.mask == second.mask).all()


@pytest.mark.parametrize("mark", [Mark.MAYBE_INSIDE, Mark.OUTSIDE])
def test_marks_that_tell_nothing_apart_still_answer(mark):
    marks = np.full((SIDE, SIDE), mark, np.uint8)
    stencil = propose(photograph(), marks, Box(0, 0, SIDE, SIDE))
    assert (stencil.mask == (mark is Mark.MAYBE_INSIDE)).all()


def test_large_pictures_are_seen_smaller():
    image = np.repeat(np.repeat(photograph(), 5, axis=0), 5, axis=1)
    marks = np.full(image.shape[:2], Mark.OUTSIDE, np.uint8)
    box = Box(175, 300, 825, 800)
    marks[box.slices] = Mark.MAYBE_INSIDE
    stencil = propose(image, marks, box)
    mask = np.zeros(image.shape[:2], np.bool_)
    mask[stencil.box.slices] = stencil.mask
    assert overlap(mask[2::5, 2::5]) > 0.93
