"""What is being opened can be stopped, and leaves the document as it was."""

import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from test_files import drop

from e4s_studio.core.regions import Region
from e4s_studio.gui.app import Start
from e4s_studio.gui.jobs import Job
from e4s_studio.gui.photographs import Photographs

PLACES = ("source", "canvas", "result", "slider")


@pytest.fixture
def opening(studio, pictures, qtbot):
    """A studio in the middle of opening another target."""
    studio.gate.open.clear()
    studio.gate.opening.clear()
    assert drop(studio.window.canvas, pictures / "red.png")
    qtbot.waitUntil(studio.gate.opening.is_set, timeout=60_000)
    qtbot.waitUntil(studio.window.status.cancel.isVisible)
    return studio


def let_go(studio, qtbot) -> None:
    """Let the background come to its end."""
    studio.gate.open.set()
    qtbot.waitUntil(lambda: not studio.window.status.progress.isVisible(), timeout=60_000)


@pytest.mark.parametrize("place", PLACES)
def test_escape_stops_an_opening(opening, qtbot, place):
    window, before = opening.window, opening.document.snapshot()
    slider = window.regions.rows[Region.SKIN].slider
    widget = slider if place == "slider" else getattr(window, place)
    widget.setFocus()
    qtbot.keyClick(widget, Qt.Key.Key_Escape)
    assert window.status.work.text() == "Stopping"
    assert not window.status.cancel.isVisible()
    let_go(opening, qtbot)
    assert opening.document.target is before.target
    assert opening.document.revision == before.revision
    assert not window.notice.isVisible()


def test_the_cross_stops_an_opening_and_the_next_one_goes_through(opening, pair, qtbot):
    before = opening.document.source
    qtbot.mouseClick(opening.window.status.cancel, Qt.MouseButton.LeftButton)
    let_go(opening, qtbot)
    assert opening.document.source is before
    opening.controller.opening.open(Photographs(source=pair.target))
    qtbot.waitUntil(lambda: opening.document.source.path == pair.target, timeout=60_000)
    assert opening.document.target.path == pair.target


def test_a_stop_at_the_last_moment_counts(opening, qtbot):
    before = opening.document.target
    opened = threading.Event()
    opening.controller.jobs.run(Job("", opened.set))  # runs after what is being opened
    opening.gate.open.set()
    assert opened.wait(60)
    opening.controller.jobs.stop()
    qtbot.waitUntil(lambda: not opening.window.status.progress.isVisible(), timeout=60_000)
    assert opening.document.target is before


def test_escape_is_the_stroke_s_first(opening, qtbot):
    canvas, window = opening.window.canvas, opening.window.windowHandle()
    place = canvas.mapTo(opening.window, canvas.rect().center())
    QApplication.processEvents()
    QTest.mousePress(window, Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseMove(window, place + QPoint(0, 40))
    assert opening.document.in_stroke
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert not opening.document.in_stroke
    QTest.mouseRelease(window, Qt.MouseButton.LeftButton, pos=place + QPoint(0, 40))
    assert opening.controller.jobs.can_stop
    assert opening.window.status.cancel.isVisible()
    let_go(opening, qtbot)
    assert opening.document.target.path.name == "red.png"


def test_a_message_does_not_hide_the_way_to_stop(studio, pair, qtbot):
    status = studio.window.status
    status.show_written(pair.source)
    studio.gate.open.clear()
    studio.gate.opening.clear()
    assert drop(studio.window, pair.target, pair.source)
    qtbot.waitUntil(studio.gate.opening.is_set, timeout=60_000)
    assert status.cancel.isVisible()
    assert "Esc" in status.cancel.toolTip()
    let_go(studio, qtbot)
    qtbot.waitUntil(lambda: pair.target.name in status.currentMessage(), timeout=60_000)


def test_a_project_that_is_not_opened_after_all_is_free_for_others(studio, tmp_path, qtbot):
    path, session = tmp_path / "kept.e4s", studio.editor.session
    with qtbot.waitSignal(session.saved, timeout=60_000):
        session.save(path)
    studio.controller.opening.exchange()
    qtbot.waitUntil(lambda: session.path is None, timeout=60_000)
    before = studio.document.target
    session.open(path)
    assert studio.controller.jobs.can_stop
    qtbot.keyClick(studio.window.canvas, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not studio.window.status.progress.isVisible(), timeout=60_000)
    assert studio.document.target is before
    with qtbot.waitSignal(session.opened, timeout=60_000):
        session.open(path)
    assert session.path == path


def test_a_stopped_first_opening_leaves_an_empty_window(make_studio, pair, qtbot):
    studio = make_studio()
    studio.preferences.hint_seen = True
    studio.gate.open.clear()
    studio.editor.start(Start(pair))
    qtbot.waitUntil(studio.gate.opening.is_set, timeout=60_000)
    qtbot.keyClick(studio.window.source, Qt.Key.Key_Escape)
    let_go(studio, qtbot)
    assert studio.document.is_empty
    assert not studio.controller.has_pair


def test_a_source_and_then_a_target_are_both_opened(studio, pair, pictures, qtbot):
    studio.gate.open.clear()
    studio.gate.opening.clear()
    assert drop(studio.window.source, pair.target)
    qtbot.waitUntil(studio.gate.opening.is_set, timeout=60_000)
    studio.controller.opening.open(Photographs(target=pair.source, target_map=pair.source_map))
    studio.gate.open.set()
    qtbot.waitUntil(lambda: studio.document.target.path == pair.source, timeout=60_000)
    assert studio.document.source.path == pair.target


def test_photographs_are_completed_with_map_and_quad(pair):
    lone = Photographs(source=pair.target, source_map=pair.target_map)
    assert lone.completed_by(pair) == replace(pair, source=pair.target, source_map=pair.target_map)
    assert pair.completed_by(lone) == pair
