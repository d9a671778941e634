import numpy as np
import pytest

from e4s_studio.core.commands import MAX_STEPS, Command, CommandStack, Layer
from e4s_studio.core.plane import Patch
from e4s_studio.core.regions import Region
from e4s_studio.core.settings import EditSettings

START = EditSettings()


def slide(before, after, key="hair"):
    settings = [START.with_amount(Region.HAIR, amount) for amount in (before, after)]
    return Command("Hair", {}, *settings, merge_key=key)


def stroke(name="Paint"):
    before, after = np.zeros((8, 8), np.uint8), np.eye(8, dtype=np.uint8)
    return Command(name, {Layer.LABELS: Patch.between(before, after)}, START, START)


def names(commands):
    return [command.name for command in commands]


def test_a_drag_becomes_one_step():
    stack = CommandStack()
    for step in range(10):
        stack.push(slide(step / 10, (step + 1) / 10))
    (command,) = stack.commands
    assert command.before == START.with_amount(Region.HAIR, 0)
    assert command.after == START.with_amount(Region.HAIR, 1)


def test_a_sealed_drag_stays_as_it_is():
    stack = CommandStack()
    stack.push(slide(0, 0.5))
    stack.seal()
    stack.push(slide(0.5, 0.7))
    stack.push(slide(0.7, 0.9))
    assert [command.after.amount(Region.HAIR) for command in stack.commands] == [0.5, 0.9]


def test_only_the_same_gesture_merges():
    stack = CommandStack()
    stack.push(slide(0, 0.5, key="hair"))
    stack.push(slide(0.5, 0.6, key="nose"))
    stack.push(slide(0.6, 0.7, key=None))
    stack.push(slide(0.7, 0.8, key=None))
    assert len(stack.commands) == 4


def test_strokes_never_merge():
    stack = CommandStack()
    for _ in range(3):
        stack.push(stroke())
    assert len(stack.commands) == 3


def test_a_drag_that_returns_leaves_no_step():
    stack = CommandStack()
    stack.push(slide(0.3, 0.2))
    stack.seal()
    stack.push(slide(0.2, 0.9))
    stack.push(slide(0.9, 0.2))
    assert len(stack.commands) == 1
    stack.push(slide(0.2, 0.4))
    assert len(stack.commands) == 2, "it must not merge into the drag before"


def test_what_changes_nothing_is_no_step():
    stack = CommandStack()
    stack.push(slide(0.5, 0.5))
    assert stack.commands == ()


def test_a_new_step_forgets_what_was_undone():
    stack = CommandStack()
    for name in "abc":
        stack.push(stroke(name))
    assert names(stack.steps_to(1)) == ["c", "b"]
    stack.push(stroke("d"))
    assert names(stack.commands) == ["a", "d"]
    assert stack.index == 2


def test_steps_forward_come_in_order():
    stack = CommandStack(tuple(stroke(name) for name in "abc"), index=0)
    assert names(stack.steps_to(3)) == ["a", "b", "c"]
    assert stack.top.name == "c"
    assert stack.steps_to(3) == []


@pytest.mark.parametrize("index", [-1, 3])
def test_there_is_no_place_outside(index):
    stack = CommandStack((stroke(), stroke()))
    with pytest.raises(IndexError):
        stack.steps_to(index)
    with pytest.raises(IndexError):
        CommandStack((stroke(), stroke()), index)


def test_undo_ends_a_drag():
    stack = CommandStack()
    stack.push(stroke())
    stack.push(slide(0, 0.5))
    stack.push(stroke())
    stack.steps_to(2)
    stack.push(slide(0.5, 0.6))
    assert len(stack.commands) == 3


def test_saved_follows_the_place():
    stack = CommandStack()
    assert stack.is_saved
    stack.push(stroke())
    assert not stack.is_saved
    stack.mark_saved()
    stack.push(stroke())
    stack.steps_to(1)
    assert stack.is_saved
    stack.steps_to(0)
    assert not stack.is_saved


def test_what_was_saved_and_then_replaced_is_not_saved():
    stack = CommandStack()
    stack.push(slide(0, 0.5))
    stack.mark_saved()
    stack.push(slide(0.5, 0.6))
    assert not stack.is_saved
    stack.steps_to(0)
    assert not stack.is_saved


def test_an_undone_and_forgotten_saved_state_is_not_saved():
    stack = CommandStack()
    stack.push(stroke())
    stack.mark_saved()
    stack.steps_to(0)
    stack.push(stroke())
    stack.steps_to(0)
    assert not stack.is_saved


def test_the_oldest_steps_go_first():
    stack = CommandStack()
    for number in range(MAX_STEPS + 5):
        stack.push(stroke(str(number)))
    assert len(stack.commands) == MAX_STEPS
    assert stack.commands[0].name == "5"
    stack.steps_to(0)
    assert not stack.is_saved, "the state at the very start cannot be reached any more"


def test_memory_is_counted():
    stack = CommandStack()
    assert stack.nbytes == 0
    stack.push(stroke())
    assert stack.nbytes == stack.commands[0].nbytes > 0
