import threading
from collections.abc import Iterator
from dataclasses import replace
from queue import Queue

import numpy as np
import pytest

from e4s_studio.core.document import Document
from e4s_studio.core.settings import FilmTrait
from e4s_studio.engine.fitting.fit import FitPlan, Tune
from e4s_studio.engine.request import Failure, FitProgress, Message, RenderResult
from e4s_studio.engine.running import engine as engine_module
from e4s_studio.engine.running.engine import Engine
from tests.unit.engine.pairs import portrait, small_network

PATIENCE = 60
"""Seconds after which a test gives up; no test waits for them."""


class Heard:
    """Collects what an engine tells."""

    def __init__(self) -> None:
        self.results: Queue[RenderResult] = Queue()
        self.fits: Queue[FitProgress] = Queue()
        self.errors: list[str] = []

    def post(self, message: Message) -> None:
        """Take a message of the engine."""
        match message:
            case RenderResult():
                self.results.put(message)
            case FitProgress():
                self.fits.put(message)
            case Failure():
                self.errors.append(message.sentence)

    def final(self, revision: int) -> RenderResult:
        """Wait for the final picture of a revision."""
        while True:
            result = self.results.get(timeout=PATIENCE)
            if result.final and result.revision == revision:
                return result

    def end_of_fit(self) -> FitProgress:
        """Wait until a fit is over."""
        while True:
            state = self.fits.get(timeout=PATIENCE)
            if state.cancelled or state.fraction == 1:
                return state


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def engine(heard: Heard) -> Iterator[Engine]:
    made = Engine(small_network(), heard.post)
    yield made
    made.close()
    assert not heard.errors
    assert not [thread for thread in threading.enumerate() if thread.name in ("fit", "render")]


def document(engine: Engine) -> Document:
    made = Document()
    source, target = portrait(1), portrait(2, width=1.1)
    made.open(source=source, target=target)
    made.start(*engine.start_map(source, target, made.settings))
    return made


def short_fits(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    plan = FitPlan(steps=steps, tune=Tune.GENERATOR)
    monkeypatch.setattr(engine_module, "plan_for", lambda _: plan)


def test_an_edit_becomes_a_picture_of_its_revision(engine: Engine, heard: Heard) -> None:
    edited = document(engine)
    engine.submit(edited.snapshot(), 1)
    result = heard.final(edited.revision)
    assert result.image.shape == (1024, 1024, 3)
    assert result.image.dtype == np.uint8


def test_pictures_tell_what_is_taken_from_the_targets_film(engine: Engine, heard: Heard) -> None:
    edited = document(engine)
    engine.submit(edited.snapshot(), 1)
    assert heard.final(edited.revision).film is None
    colour = portrait(2)
    grey = colour.image.mean(axis=2, keepdims=True).astype(np.uint8).repeat(3, axis=2)
    edited.open(target=replace(colour, image=grey))
    engine.submit(edited.snapshot(), 2)
    assert heard.results.get(timeout=PATIENCE).film is FilmTrait.TONE


def test_a_fit_improves_the_picture_and_draws_it_again(
    engine: Engine, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_fits(monkeypatch, 12)
    edited = document(engine)
    engine.submit(edited.snapshot(), 1)
    before = heard.final(edited.revision)
    engine.start_fit(edited.snapshot(), 1)
    ended = heard.end_of_fit()
    assert (ended.pair, ended.fraction, ended.cancelled) == (1, 1.0, False)
    after = heard.final(edited.revision)
    assert (after.image != before.image).any()


def test_a_fit_can_be_stopped_and_replaced_by_another_pairs(
    engine: Engine, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_fits(monkeypatch, 10_000)
    edited = document(engine)
    engine.start_fit(edited.snapshot(), 1)
    engine.start_fit(edited.snapshot(), 2)
    assert heard.end_of_fit().pair == 1
    engine.cancel_fit()
    stopped = heard.end_of_fit()
    assert (stopped.pair, stopped.cancelled) == (2, True)


def test_what_is_exported_has_the_photographs_size(engine: Engine) -> None:
    edited = document(engine)
    assert engine.export_layers(edited.snapshot()).result.shape == portrait(2).image.shape


def test_the_whole_photograph_comes_with_the_final_picture_where_it_is_wanted(
    engine: Engine, heard: Heard
) -> None:
    edited = document(engine)
    engine.submit(edited.snapshot(), 1)
    assert heard.final(edited.revision).photograph is None
    engine.submit(edited.snapshot(), 1, whole=True)
    result = heard.final(edited.revision)
    assert result.photograph is not None
    assert result.original is not None
    assert result.photograph.shape == portrait(2).image.shape
    assert (result.photograph != result.original).any()


def test_a_finished_fit_says_how_well_it_reproduces_the_pair(
    engine: Engine, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_fits(monkeypatch, 2)
    engine.start_fit(document(engine).snapshot(), 1)
    quality = heard.end_of_fit().quality
    assert quality is not None
    assert 0 < quality < 60


def test_closing_in_the_middle_of_a_fit_publishes_nothing(
    heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_fits(monkeypatch, 10_000)
    engine = Engine(small_network(), heard.post)
    engine.start_fit(document(engine).snapshot(), 1)
    heard.fits.get(timeout=PATIENCE)
    engine.close()
    assert heard.end_of_fit() == FitProgress(1, 0.0, None, cancelled=True)


def test_a_fault_in_a_fit_is_a_sentence(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no good")

    monkeypatch.setattr(engine_module, "Fitter", broken)
    engine = Engine(small_network(), heard.post)
    engine.start_fit(document(engine).snapshot(), 1)
    assert heard.end_of_fit().cancelled
    engine.close()
    assert "no good" in str(heard.errors[0])
