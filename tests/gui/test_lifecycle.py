"""Closing and opening while the engine is at work; what fails leaves the document as it was."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from e4s_studio.core.errors import DeviceError
from e4s_studio.core.regions import Region
from e4s_studio.engine.request import EngineChoice
from e4s_studio.gui.app import Start, close_once_drawn
from e4s_studio.gui.photographs import Photographs


def engine_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("fake")]


@pytest.fixture
def fitting(make_studio, pair, qtbot):
    """A studio in the middle of its first fit, which the status bar shows."""
    studio = make_studio()
    studio.gate.fit.clear()
    studio.editor.start(Start(pair))
    studio.wait_for_pair()
    qtbot.waitUntil(studio.gate.fitting.is_set, timeout=60_000)
    # Opening goes on for a moment behind the pair, and has the progress bar until then.
    qtbot.waitUntil(studio.window.status.cancel.isVisible, timeout=60_000)
    return studio


def test_the_window_shows_before_the_engine_is_made(make_studio, pair):
    studio = make_studio()
    studio.editor.start(Start(pair))
    assert studio.window.isVisible()
    assert studio.engines == []
    studio.wait_for_pair()
    assert len(studio.engines) == 1


def test_fit_runs_by_itself_and_reports(make_studio, pair, qtbot):
    studio = make_studio()
    seen = []
    studio.controller.fitting.moved.connect(seen.append)
    studio.editor.start(Start(pair))
    qtbot.waitUntil(lambda: bool(seen) and seen[-1].is_over, timeout=60_000)
    assert not seen[-1].cancelled
    assert [fit.fraction for fit in seen] == sorted(fit.fraction for fit in seen)
    quality = f"{seen[-1].quality:.1f} dB"
    assert quality in studio.window.model.fit_state.text()
    assert studio.window.status.fit.text() in studio.window.model.fit_state.text()
    assert "likeness" in studio.window.status.fit.text()
    assert studio.window.actions_by_name["model.refine"].isEnabled()


def test_the_artist_works_while_the_model_is_fitted(fitting):
    fitting.editor.editing.set_amounts([Region.SKIN], 0.3)
    fitting.wait_for_final()
    assert fitting.controller.fitting.is_running
    status = fitting.window.status
    assert status.progress.isVisible()
    # Other work shows first, and gives the place back.
    fitting.controller.busy.emit("Saving")
    assert (status.work.text(), status.cancel.isVisible()) == ("Saving", False)
    fitting.controller.busy.emit("")
    assert status.progress.isVisible()
    assert status.cancel.isVisible()


def test_a_fit_can_be_cancelled(fitting, qtbot):
    qtbot.mouseClick(fitting.window.status.cancel, Qt.MouseButton.LeftButton)
    fitting.gate.fit.set()
    fitting.wait_for_fit()
    assert "Stopped" in fitting.window.model.fit_state.text()
    assert not fitting.window.status.progress.isVisible()


def test_closing_during_a_fit_ends_every_thread(fitting):
    fitting.window.close()
    assert engine_threads() == []
    assert not fitting.window.isVisible()


def test_closing_during_a_render_ends_every_thread(studio, qtbot):
    studio.gate.render.clear()
    studio.gate.rendering.clear()
    studio.editor.editing.set_amounts([Region.SKIN], 0.1)
    qtbot.waitUntil(studio.gate.rendering.is_set, timeout=60_000)
    studio.editor.projects.leave()
    assert engine_threads() == []


def test_closing_before_the_engine_is_there(make_studio, pair):
    studio = make_studio()
    studio.editor.start(Start(pair))
    studio.window.close()
    assert engine_threads() == []


def test_a_check_closes_the_window_once_a_result_is_drawn(make_studio, pair, qtbot):
    studio = make_studio()
    failures, shown = close_once_drawn(studio.editor), []
    studio.controller.rendering.shown.connect(shown.append)
    studio.editor.start(Start(pair))
    qtbot.waitUntil(lambda: bool(shown) and not studio.window.isVisible(), timeout=60_000)
    assert failures == []


def test_a_check_that_fails_says_why(make_studio, pictures, qtbot):
    studio = make_studio()
    failures = close_once_drawn(studio.editor)
    studio.editor.start(Start(Photographs(pictures / "missing.png", pictures / "blue.png")))
    qtbot.waitUntil(lambda: bool(failures) and not studio.window.isVisible(), timeout=60_000)
    assert "missing.png" in failures[0]


def test_another_pair_during_a_fit(fitting, pair, qtbot):
    other = Photographs(pair.target, pair.source, pair.target_map, pair.source_map)
    fitting.controller.opening.open(other)
    qtbot.waitUntil(lambda: fitting.document.source.path == pair.target, timeout=60_000)
    stale = []
    fitting.controller.fitting.moved.connect(stale.append)
    fitting.gate.fit.set()
    fitting.wait_for_fit()
    fitting.wait_for_final()
    assert len({fit.pair for fit in stale}) == 1
    assert not any(fit.cancelled for fit in stale)
    newest = fitting.controller.rendering.results.newest
    np.testing.assert_array_equal(newest.image[0, 0], fitting.document.target.image[0, 0])


def test_only_the_pair_asked_for_last_is_opened(studio, pair, qtbot):
    opened = []
    studio.controller.pair_opened.connect(lambda: opened.append(studio.document.source.path))
    studio.controller.opening.open(replace(pair, source=pair.target))
    studio.controller.opening.open(pair)
    qtbot.waitUntil(lambda: bool(opened), timeout=60_000)
    studio.wait_for_final()
    assert opened == [pair.source]


@pytest.mark.parametrize("name", ["wide.png", "missing.png"])
def test_a_photograph_that_cannot_be_opened_leaves_all_as_it_was(studio, pictures, qtbot, name):
    before = studio.document.snapshot()
    shown = studio.controller.rendering.results.newest
    with qtbot.waitSignal(studio.controller.failed, timeout=60_000) as failed:
        studio.controller.opening.open(Photographs(source=pictures / name))
    assert studio.window.notice.isVisible()
    assert studio.window.notice.sentence.text() == failed.args[0]
    assert studio.document.source is before.source
    assert studio.document.revision == before.revision
    # The old pair still works.
    studio.editor.editing.set_amounts([Region.SKIN], 0.2)
    studio.wait_for_final()
    assert studio.controller.rendering.results.newest.revision > shown.revision


def test_a_device_that_is_not_there_is_not_taken(studio, monkeypatch, qtbot):
    def refuse(choice, post):
        raise DeviceError("There is no device cuda on this machine.")

    monkeypatch.setattr(studio.controller, "_connect", refuse)
    before = studio.engine
    device = studio.window.model.device
    device.setCurrentIndex(device.findData("cuda"))
    with qtbot.waitSignal(studio.controller.failed, timeout=60_000):
        device.activated.emit(device.currentIndex())
    assert device.currentData() == "auto"
    studio.editor.editing.set_amounts([Region.SKIN], 0.2)
    studio.wait_for_final()
    assert studio.engine is before


def test_another_model_takes_over(studio, tmp_path, qtbot):
    before = studio.engine
    assert studio.window.status.fit.isVisible()
    studio.controller.use_engine(EngineChoice(checkpoint=tmp_path / "published.pt"))
    qtbot.waitUntil(lambda: studio.window.status.model.text() == "published", timeout=60_000)
    qtbot.waitUntil(lambda: studio.controller.choice.checkpoint is not None)
    assert studio.engine is not before
    studio.editor.editing.set_amounts([Region.SKIN], 0.2)
    studio.wait_for_final()
    # Published weights are fitted on demand alone.
    assert not studio.controller.fitting.is_running
    assert not studio.window.status.fit.isVisible()  # it was the other model's
    studio.window.actions_by_name["model.refine"].trigger()
    assert studio.controller.fitting.is_running
    studio.wait_for_fit()
