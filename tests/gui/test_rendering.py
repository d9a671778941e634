"""Which result is shown, and which one was before the last edit."""

import numpy as np
import pytest

from e4s_studio.core.commands import Command, CommandStack
from e4s_studio.core.regions import Region
from e4s_studio.core.settings import EditSettings, Precision
from e4s_studio.engine.request import RenderResult
from e4s_studio.gui.rendering import Results


def rendered(revision: int, pair: int = 1, *, final: bool = True) -> RenderResult:
    image = np.full((2, 2, 3), revision, np.uint8)
    return RenderResult(image, revision, pair, final, "cpu", Precision.FLOAT32)


@pytest.fixture
def results() -> Results:
    made = Results()
    made.begin(1)
    return made


def test_revisions_only_grow(results):
    assert results.accept(rendered(3))
    assert not results.accept(rendered(2))
    assert results.accept(rendered(4, final=False))
    assert results.newest.revision == 4


def test_a_final_picture_is_not_covered_by_a_coarse_one_of_the_same_edit(results):
    assert results.accept(rendered(3, final=False))
    assert results.accept(rendered(3))
    assert not results.accept(rendered(3, final=False))
    assert results.accept(rendered(3))


def test_another_pair_is_left_out(results):
    assert not results.accept(rendered(3, pair=2))
    results.begin(2)
    assert results.newest is None
    assert results.accept(rendered(1, pair=2))


def edit(history: CommandStack, amount: float, key: str | None = None) -> None:
    before = history.top.after if history.top else EditSettings()
    history.push(Command("edit", {}, before, before.with_amount(Region.SKIN, amount), key))


def settle(results: Results, history: CommandStack, revision: int) -> None:
    results.accept(rendered(revision))
    results.settle(history)


def test_before_is_the_step_before(results):
    history = CommandStack()
    settle(results, history, 1)
    assert results.before is None
    edit(history, 0.5)
    settle(results, history, 2)
    assert results.before[0, 0, 0] == 1
    edit(history, 0.4)
    settle(results, history, 3)
    settle(results, history, 4)  # the same step, drawn better
    assert results.before[0, 0, 0] == 2


def test_a_drag_is_one_step(results):
    history = CommandStack()
    settle(results, history, 1)
    for revision, amount in enumerate((0.9, 0.8, 0.7), start=2):
        edit(history, amount, "drag")
        settle(results, history, revision)
    assert results.before[0, 0, 0] == 1


def test_a_coarse_picture_settles_nothing(results):
    history = CommandStack()
    settle(results, history, 1)
    edit(history, 0.5)
    results.accept(rendered(2, final=False))
    results.settle(history)
    assert results.before is None
