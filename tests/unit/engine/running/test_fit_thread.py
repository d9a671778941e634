"""A fit gives way to drawings inside its steps, and comes out the same."""

import threading
from collections.abc import Callable
from queue import Queue

import torch

from e4s_studio.core.pair import Both
from e4s_studio.engine.drawing.fitted import Fitted
from e4s_studio.engine.fitting.fit import FitPlan, Fitter, Tune
from e4s_studio.engine.request import FitProgress
from e4s_studio.engine.running.fit_thread import FitThread, Turns
from tests.unit.engine.pairs import portrait, small_network

PATIENCE = 60
"""Seconds after which a test gives up; no test waits for them."""


class Counting:
    """Stands in for a fitter: each step keeps three tensors for its way back.

    Parameters
    ----------
    steps
        How many steps it takes.
    in_step
        Called in the middle of each.
    """

    def __init__(self, steps: int, in_step: Callable[[], None] = lambda: None) -> None:
        self.plan = FitPlan(steps=steps, tune=Tune.VECTORS)
        self.steps_taken = 0
        self._in_step = in_step

    @property
    def is_done(self) -> bool:
        return self.steps_taken >= self.plan.steps

    def step(self) -> float:
        value = torch.ones(3, requires_grad=True)
        value = value * value
        self._in_step()
        (value * value).sum().backward()  # type: ignore[no-untyped-call]
        self.steps_taken += 1
        return 0.0

    def fitted(self) -> Fitted:
        return Fitted(small_network(), Both(torch.zeros(1), torch.zeros(1)), self.steps_taken)


def run(fitter: object, turns: Turns, published: Queue[Fitted]) -> tuple[FitThread, Queue]:
    states: Queue[FitProgress] = Queue()

    def publish(fitted: Fitted) -> float:
        published.put(fitted)
        return 30.0

    def fail(error: Exception) -> None:
        raise error

    return FitThread(lambda: fitter, 1, turns, publish, states.put, fail), states


def end_of(states: Queue) -> FitProgress:
    while True:
        state = states.get(timeout=PATIENCE)
        if state.cancelled or state.fraction == 1:
            return state


def test_a_step_under_way_pauses_for_a_drawing_and_goes_on_after_it() -> None:
    turns, reached, drawn = Turns(), threading.Event(), threading.Event()

    def in_step() -> None:
        reached.set()
        drawn.wait(PATIENCE)

    fitter = Counting(1, in_step)
    thread, states = run(fitter, turns, Queue())
    assert reached.wait(PATIENCE)
    with turns.drawing():  # at once, in the middle of the step
        assert turns.is_drawing
        drawn.set()
        thread._thread.join(0.2)
        assert fitter.steps_taken == 0
    assert not turns.is_drawing
    assert end_of(states) == FitProgress(1, 1.0, 30.0)


def test_a_fit_stops_in_the_middle_of_a_step_even_while_it_pauses() -> None:
    turns, reached = Turns(), threading.Event()
    fitter = Counting(5, reached.set)
    published: Queue[Fitted] = Queue()
    with turns.drawing():
        thread, states = run(fitter, turns, published)
        thread.close(keep=False)
    assert fitter.steps_taken == 0
    assert end_of(states).cancelled
    assert published.empty()


def test_drawings_come_one_at_a_time() -> None:
    turns, order = Turns(), []

    def draw() -> None:
        with turns.drawing():
            order.append("second")

    second = threading.Thread(target=draw)
    with turns.drawing():
        second.start()
        second.join(0.05)
        order.append("first")
    second.join(PATIENCE)
    assert order == ["first", "second"]


def test_a_fit_that_is_disturbed_all_the_time_comes_out_bit_for_bit_the_same() -> None:
    plan = FitPlan(steps=6, tune=Tune.GENERATOR)
    pair = Both(portrait(1), portrait(2, width=1.1))
    alone = Fitter(small_network(), pair, plan)
    while not alone.is_done:
        alone.step()
    turns, published = Turns(), Queue()
    _, states = run(Fitter(small_network(), pair, plan), turns, published)
    ended = threading.Thread(target=end_of, args=(states,))
    ended.start()
    while ended.is_alive():
        with turns.drawing():
            ended.join(0.002)
        ended.join(0.002)
    expected, disturbed = alone.fitted(), published.queue[-1]
    assert disturbed.steps == 6
    torch.testing.assert_close(list(disturbed.vectors), list(expected.vectors), rtol=0, atol=0)
    weights = dict(disturbed.network.named_parameters())
    for name, weight in expected.network.named_parameters():
        torch.testing.assert_close(weights[name], weight, rtol=0, atol=0)
