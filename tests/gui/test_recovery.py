"""The journal: what a crash leaves behind, and going on with it."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer

import numpy as np
import pytest
from conftest import SIZE
from editor_to_kill import STEPS
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from e4s_studio.core.pair import Role
from e4s_studio.core.quad import Quad
from e4s_studio.core.regions import Region
from e4s_studio.files.journal import CrashedSession, recoverable_sessions
from e4s_studio.files.project import open_project
from e4s_studio.gui.app import Start
from e4s_studio.gui.dialogs.recovery import RecoveryDialog
from e4s_studio.gui.journal_keeper import UNTOUCHED
from e4s_studio.gui.photographs import Photographs, Recutting, Wish

AMOUNT = 0.4
SCRIPT = Path(__file__).with_name("editor_to_kill.py")


def sessions(tmp_path) -> Path:
    return tmp_path / "own" / "sessions"


def edit(studio, amount: float) -> None:
    studio.editor.editing.set_amounts([Region.SKIN], amount)
    studio.editor.editing.end_gesture()


def start(tmp_path, pictures, what: str) -> subprocess.Popen:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, SCRIPT, tmp_path, tmp_path / "own", pictures, what]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)


def crash(tmp_path, pictures, what: str) -> Path:
    """Leave behind what an editor leaves that is killed right after an edit, or without one."""
    with start(tmp_path, pictures, what) as process:
        assert process.stdout.readline() == b"1\n"
        process.send_signal(signal.SIGKILL)
    assert len(recoverable_sessions(sessions(tmp_path))) == 1
    return sessions(tmp_path)


@pytest.fixture
def crashed(tmp_path, pictures) -> Path:
    return crash(tmp_path, pictures, "edit")


@pytest.fixture
def asked(crashed, make_studio, qtbot):
    """A studio that has just started after a crash, and its dialog."""
    studio = make_studio()
    studio.preferences.hint_seen = True
    studio.editor.start(Start())
    qtbot.waitUntil(lambda: dialog_of(studio) is not None, timeout=60_000)
    return studio, dialog_of(studio)


def dialog_of(studio) -> RecoveryDialog | None:
    return studio.window.findChild(RecoveryDialog)


def test_going_on_after_a_crash(asked, crashed, qtbot):
    studio, dialog = asked
    assert dialog.list.count() == 1
    assert not dialog.list.item(0).icon().isNull()
    qtbot.mouseClick(dialog.go_on, Qt.MouseButton.LeftButton)
    studio.wait_for_pair()
    assert studio.document.settings.amount(Region.SKIN) == AMOUNT
    assert studio.window.isWindowModified()
    studio.wait_for_final()
    # The old journal goes, and a new one holds all that it held.
    qtbot.waitUntil(lambda: len(list(crashed.iterdir())) == 1, timeout=60_000)
    assert studio.editor.keeper.journal.folder.is_dir()
    studio.window.actions_by_name["edit.undo"].trigger()
    assert studio.document.settings.amount(Region.SKIN) == 1.0


def test_not_now_keeps_it_for_the_next_start(asked, crashed, qtbot):
    studio, dialog = asked
    qtbot.mouseClick(dialog.later, Qt.MouseButton.LeftButton)
    studio.wait_for_pair()
    assert studio.document.settings.amount(Region.SKIN) == 1.0
    assert len(recoverable_sessions(crashed)) == 1


def test_discarding_takes_a_second_answer(asked, crashed, qtbot):
    studio, dialog = asked
    qtbot.mouseClick(dialog.discard, Qt.MouseButton.LeftButton)
    box = dialog.findChild(QMessageBox)
    assert len(recoverable_sessions(crashed)) == 1
    qtbot.mouseClick(box.button(QMessageBox.StandardButton.Discard), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not recoverable_sessions(crashed), timeout=60_000)
    studio.wait_for_pair()


def test_nothing_is_offered_where_nothing_was_edited(tmp_path, pictures, make_studio):
    folder = crash(tmp_path, pictures, "nothing")
    studio = make_studio()
    studio.editor.start(Start())
    studio.wait_for_pair()
    assert dialog_of(studio) is None
    assert recoverable_sessions(folder) == []


def test_an_edit_is_on_the_disk_within_a_second(studio):
    begin = time.perf_counter()
    edit(studio, 0.2)
    handed = time.perf_counter() - begin
    assert studio.editor.keeper.journal.flush(timeout=1.0)
    assert handed < 1.0
    (log,) = studio.editor.keeper.journal.folder.glob("edits-*.log")
    assert log.stat().st_size > 0
    assert not (log.parent / UNTOUCHED).exists()


def test_a_stroke_is_kept_once_it_is_done(studio, monkeypatch):
    edit(studio, 0.2)
    recorded = []
    monkeypatch.setattr(studio.editor.keeper.journal, "record", recorded.append)
    canvas = studio.window.canvas
    place = canvas.rect().center()
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseMove(canvas, place + QPoint(40, 25))
    assert studio.document.in_stroke
    assert recorded == []
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=place + QPoint(40, 25))
    assert len(recorded) == 1
    assert len(recorded[0].contents.commands) == 2


def test_a_clean_close_leaves_nothing(studio, tmp_path):
    edit(studio, 0.2)
    assert studio.editor.keeper.journal.flush()
    studio.editor.projects.leave()
    assert list(sessions(tmp_path).iterdir()) == []


def test_a_saved_project_leaves_nothing_to_recover_until_the_next_edit(studio, tmp_path, qtbot):
    edit(studio, 0.2)
    journal = studio.editor.keeper.journal
    with qtbot.waitSignal(studio.editor.session.saved, timeout=60_000):
        studio.editor.session.save(tmp_path / "work.e4s")
    assert (journal.folder / UNTOUCHED).exists()
    edit(studio, 0.3)
    assert not (journal.folder / UNTOUCHED).exists()
    assert studio.editor.keeper.journal is journal
    assert journal.flush()
    found = CrashedSession(journal.folder, datetime.now(UTC))
    assert found.project_file == tmp_path / "work.e4s"
    contents = found.recover().project.contents
    assert contents.state.settings.amount(Region.SKIN) == 0.3
    assert len(contents.commands) == 2


@pytest.mark.parametrize("delay", [0.0, 0.1, 0.3])
def test_a_kill_right_after_opening_loses_at_most_the_edit_under_way(tmp_path, pictures, delay):
    with start(tmp_path, pictures, "edits") as process:
        said = [process.stdout.readline()]
        killer = Timer(delay, process.kill)
        killer.start()
        said += process.stdout.readlines()
        killer.join()
    made = int([line for line in said if line.endswith(b"\n")][-1])
    (left,) = recoverable_sessions(sessions(tmp_path))
    contents = left.recover().project.contents
    assert len(contents.commands) >= made - 1
    kept = contents.state.settings.amount(Region.SKIN) * STEPS
    assert made == 1 or kept == pytest.approx(len(contents.commands))
    assert contents.source is not None


def test_a_pair_is_on_the_disk_before_it_is_shown(make_studio, pair, qtbot, tmp_path):
    studio, found = make_studio(), []
    studio.controller.pair_opened.connect(lambda: found.extend(sessions(tmp_path).rglob("*.e4s")))
    studio.editor.start(Start(pair))
    studio.wait_for_pair()
    (base,) = found
    contents = open_project(base).project.contents
    np.testing.assert_array_equal(contents.target.image, studio.document.target.image)
    assert studio.editor.keeper.journal.folder == base.parent


def test_another_crop_is_an_edit_that_is_kept_and_undone_like_others(studio, qtbot):
    edit(studio, 0.2)
    journal = studio.editor.keeper.journal
    quad = Quad.whole(SIZE, SIZE).moved(12, 7)
    steps = len(studio.document.history.commands)
    Recutting(studio.controller.workspace).recut(Wish(Role.TARGET, quad, keep_map=True))
    qtbot.waitUntil(lambda: len(studio.document.history.commands) > steps, timeout=60_000)
    edit(studio, 0.6)
    assert studio.editor.keeper.journal is journal
    assert journal.flush()
    left = CrashedSession(journal.folder, datetime.now(UTC))
    contents = left.recover().project.contents
    np.testing.assert_allclose(contents.target.quad, quad.points)
    np.testing.assert_array_equal(contents.target.image, studio.document.target.image)
    assert contents.state.settings.amount(Region.SKIN) == 0.6
    for _ in range(2):
        studio.window.actions_by_name["edit.undo"].trigger()
    assert journal.flush()
    contents = left.recover().project.contents
    np.testing.assert_array_equal(contents.target.image, studio.document.target.image)
    assert contents.state.settings.amount(Region.SKIN) == 0.2


def test_an_opening_that_was_overtaken_leaves_no_journal(studio, pair, qtbot, tmp_path):
    first = studio.editor.keeper.journal.folder
    with qtbot.waitSignal(studio.controller.pair_opened, timeout=60_000):
        studio.controller.opening.open(Photographs(target=pair.source, target_map=pair.source_map))
        studio.controller.opening.open(Photographs(target=pair.target, target_map=pair.target_map))
    qtbot.waitUntil(lambda: not first.exists(), timeout=60_000)
    assert list(sessions(tmp_path).iterdir()) == [studio.editor.keeper.journal.folder]


def test_a_journal_that_cannot_be_written_is_said_once(make_studio, pair, tmp_path, qtbot):
    sessions(tmp_path).parent.mkdir()
    sessions(tmp_path).write_bytes(b"a file where the folder should be")
    studio = make_studio()
    with qtbot.waitSignal(studio.controller.failed, timeout=60_000) as failed:
        studio.editor.start(Start(pair))
    assert "crash" in failed.args[0]
    studio.wait_for_pair()
    with qtbot.assertNotEmitted(studio.controller.failed, wait=50):
        edit(studio, 0.3)
    assert studio.document.settings.amount(Region.SKIN) == 0.3
