"""Projects: saved, opened, marked as modified, and asked about before work would be lost."""

import errno
import zipfile

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from e4s_studio.core.commands import Layer
from e4s_studio.core.regions import Region
from e4s_studio.engine.request import EngineChoice
from e4s_studio.files.project import hold, open_project
from e4s_studio.gui.app import Start
from e4s_studio.gui.journal_keeper import UNTOUCHED
from e4s_studio.gui.photographs import Photographs


def edit(studio, amount: float = 0.3) -> None:
    studio.editor.editing.set_amounts([Region.SKIN], amount)
    studio.editor.editing.end_gesture()


def trigger(studio, name: str) -> None:
    studio.window.actions_by_name[name].trigger()


def choose_file(studio, path) -> None:
    """Answer the file dialog that is open."""
    dialog = studio.window.findChildren(QFileDialog)[-1]
    dialog.fileSelected.emit(str(path))
    dialog.close()


def save_as(studio, path, qtbot) -> None:
    trigger(studio, "file.save_as")
    with qtbot.waitSignal(studio.editor.session.saved, timeout=60_000):
        choose_file(studio, path)


def open_file(studio, path, qtbot) -> None:
    with qtbot.waitSignal(studio.editor.session.opened, timeout=60_000):
        studio.editor.projects.open(path)


def question(studio) -> QMessageBox:
    return studio.window.findChild(QMessageBox, "unsaved")


def answer(studio, button, qtbot) -> None:
    qtbot.mouseClick(question(studio).button(button), Qt.MouseButton.LeftButton)


@pytest.fixture
def saved(studio, tmp_path, qtbot):
    """Return a studio whose project is saved, and the file."""
    edit(studio)
    path = tmp_path / "work.e4s"
    save_as(studio, path, qtbot)
    return studio, path


def test_an_edit_marks_the_window_and_undo_takes_the_mark_away(studio):
    assert not studio.window.isWindowModified()
    edit(studio)
    assert studio.window.isWindowModified()
    trigger(studio, "edit.undo")
    assert not studio.window.isWindowModified()


def test_a_project_opens_as_it_was_saved(saved, make_studio, qtbot):
    studio, path = saved
    assert not studio.window.isWindowModified()
    assert studio.window.windowTitle().startswith("work.e4s")
    before = studio.document
    studio.window.close()
    second = make_studio()
    second.editor.start(Start(project=path))
    second.wait_for_pair()
    second.wait_for_final()
    after = second.document
    assert after.settings == before.settings
    assert [one.name for one in after.history.commands] == [
        one.name for one in before.history.commands
    ]
    for layer in Layer:
        np.testing.assert_array_equal(after.pixels(layer), before.pixels(layer))
    np.testing.assert_array_equal(after.source.image, before.source.image)
    assert not second.window.isWindowModified()
    trigger(second, "edit.undo")
    assert after.settings.amount(Region.SKIN) == 1.0
    assert second.window.isWindowModified()


def test_snapshots_are_kept_with_the_project_and_show_their_pictures(
    studio, make_studio, tmp_path, qtbot
):
    trigger(studio, "compare.keep_B")
    shown = studio.controller.rendering.results.newest.image
    edit(studio, 0.0)
    save_as(studio, tmp_path / "kept.e4s", qtbot)
    studio.window.close()
    second = make_studio()
    second.editor.start(Start(project=tmp_path / "kept.e4s"))
    second.wait_for_pair()
    second.wait_for_final()
    actions = second.window.actions_by_name
    assert actions["compare.recall_B"].isEnabled()
    actions["compare.show_B"].trigger()
    qtbot.waitUntil(lambda: second.controller.rendering.results.kept("B") is not None)
    np.testing.assert_array_equal(second.controller.rendering.results.kept("B"), shown)


def test_save_writes_to_the_same_file(saved, qtbot):
    studio, path = saved
    edit(studio, 0.7)
    with qtbot.waitSignal(studio.editor.session.saved, timeout=60_000):
        trigger(studio, "file.save")
    state = open_project(path).project.contents.state
    assert state.settings.amount(Region.SKIN) == 0.7
    assert not studio.window.isWindowModified()


def test_the_first_save_asks_for_a_name(studio, tmp_path, qtbot):
    edit(studio)
    trigger(studio, "file.save")
    with qtbot.waitSignal(studio.editor.session.saved, timeout=60_000):
        choose_file(studio, tmp_path / "first.e4s")
    assert (tmp_path / "first.e4s").is_file()
    entries = [action.text() for action in studio.window.recent_projects.actions()]
    assert entries[0] == "first.e4s"


def test_edits_made_while_it_is_written_are_not_taken_for_saved(saved, qtbot):
    studio, path = saved
    edit(studio, 0.5)
    with qtbot.waitSignal(studio.editor.session.saved, timeout=60_000):
        studio.editor.session.save(path)
        edit(studio, 0.6)
    assert studio.window.isWindowModified()
    assert open_project(path).project.contents.state.settings.amount(Region.SKIN) == 0.5


REASONS = {
    "full": "no space",
    "gone": "does not exist",
    "locked": "read-only",
    "held": "another window",
}


@pytest.mark.parametrize("reason", REASONS)
def test_a_save_that_fails_is_said_and_nothing_is_lost(saved, tmp_path, request, reason):
    (studio, path), qtbot = saved, request.getfixturevalue("qtbot")
    old = path.read_bytes()
    edit(studio, 0.9)
    place = path
    if reason == "full":
        full = OSError(errno.ENOSPC, "No space left on device")
        request.getfixturevalue("monkeypatch").setattr(
            "os.fsync", lambda _: (_ for _ in ()).throw(full)
        )
    elif reason == "gone":
        place = tmp_path / "gone" / "work.e4s"
    elif reason == "locked":
        path.chmod(0o444)
    else:
        place = tmp_path / "held.e4s"
        request.addfinalizer(hold(place, tmp_path / "own" / "locks").release)
    with qtbot.waitSignal(studio.editor.session.not_saved, timeout=60_000):
        studio.editor.session.save(place)
    assert studio.window.notice.isVisible()
    assert REASONS[reason] in studio.window.notice.sentence.text()
    assert path.read_bytes() == old
    assert studio.window.isWindowModified()
    assert studio.document.settings.amount(Region.SKIN) == 0.9
    assert studio.editor.session.path == path


@pytest.mark.parametrize("kind", ["newer", "rubbish", "missing"])
def test_a_file_that_is_no_project_leaves_all_as_it_was(saved, tmp_path, qtbot, kind):
    studio, _ = saved
    bad = tmp_path / "bad.e4s"
    if kind == "newer":
        with zipfile.ZipFile(bad, "w") as archive:
            archive.writestr("manifest.json", '{"version": 99}')
    elif kind == "rubbish":
        bad.write_bytes(b"no project")
    revision = studio.document.revision
    with qtbot.waitSignal(studio.controller.failed, timeout=60_000) as failed:
        studio.editor.projects.open(bad)
    assert "bad.e4s" in failed.args[0]
    assert studio.window.notice.sentence.text() == failed.args[0]
    assert studio.document.revision == revision
    assert studio.editor.session.path.name == "work.e4s"


def test_work_is_saved_where_the_programs_own_folder_cannot_be_written_to(
    studio, tmp_path, monkeypatch, qtbot
):
    (tmp_path / "file").touch()
    monkeypatch.setattr(studio.editor.session, "_locks", tmp_path / "file" / "locks")
    edit(studio)
    save_as(studio, tmp_path / "work.e4s", qtbot)
    assert not studio.window.isWindowModified()
    edit(studio, 0.7)
    save_as(studio, tmp_path / "work.e4s", qtbot)
    open_file(studio, tmp_path / "work.e4s", qtbot)
    assert studio.document.settings.amount(Region.SKIN) == 0.7


def test_a_project_that_another_window_holds_is_not_opened(saved, tmp_path, qtbot):
    studio, path = saved
    copy = tmp_path / "copy.e4s"
    copy.write_bytes(path.read_bytes())
    lock = hold(copy, tmp_path / "own" / "locks")
    with qtbot.waitSignal(studio.controller.failed, timeout=60_000) as failed:
        studio.editor.projects.open(copy)
    assert "another window" in failed.args[0]
    lock.release()
    open_file(studio, copy, qtbot)
    # The first file is free again for others.
    hold(path, tmp_path / "own" / "locks").release()


def test_a_damaged_project_opens_as_far_as_it_goes_without_its_name(saved, tmp_path, qtbot):
    studio, path = saved
    data = path.read_bytes()
    cut = tmp_path / "cut.e4s"
    cut.write_bytes(data[: len(data) * 3 // 4])
    open_file(studio, cut, qtbot)
    assert "another name" in studio.window.notice.sentence.text()
    assert studio.editor.session.path is None
    assert studio.window.isWindowModified()


def test_a_dropped_project_opens(saved, qtbot):
    studio, path = saved
    studio.controller.opening.open(Photographs(target=studio.document.source.path))
    qtbot.waitUntil(lambda: studio.editor.session.path is None, timeout=60_000)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    place = studio.window.canvas.rect().center()
    with qtbot.waitSignal(studio.editor.session.opened, timeout=60_000):
        for event in (
            QDragEnterEvent(place, Qt.DropAction.CopyAction, data, buttons, keys),
            QDropEvent(QPointF(place), Qt.DropAction.CopyAction, data, buttons, keys),
        ):
            QApplication.sendEvent(studio.window.canvas, event)
    assert studio.editor.session.path == path


def test_the_artist_is_asked_before_work_is_closed(studio, qtbot):
    edit(studio)
    assert not studio.window.close()
    answer(studio, QMessageBox.StandardButton.Cancel, qtbot)
    assert studio.window.isVisible()
    assert studio.document.settings.amount(Region.SKIN) == 0.3
    qtbot.waitUntil(lambda: question(studio) is None)
    assert not studio.window.close()
    answer(studio, QMessageBox.StandardButton.Discard, qtbot)
    assert not studio.window.isVisible()


def test_closing_can_save_first(saved, qtbot):
    studio, path = saved
    edit(studio, 0.8)
    assert not studio.window.close()
    answer(studio, QMessageBox.StandardButton.Save, qtbot)
    qtbot.waitUntil(lambda: not studio.window.isVisible(), timeout=60_000)
    assert open_project(path).project.contents.state.settings.amount(Region.SKIN) == 0.8


def test_a_new_target_asks_before_it_drops_the_paint(studio, pair, qtbot):
    edit(studio)
    target = studio.document.target
    trigger(studio, "file.exchange")
    answer(studio, QMessageBox.StandardButton.Cancel, qtbot)
    assert studio.document.target is target
    qtbot.waitUntil(lambda: question(studio) is None)
    trigger(studio, "file.exchange")
    answer(studio, QMessageBox.StandardButton.Discard, qtbot)
    qtbot.waitUntil(lambda: studio.document.target.path == pair.source, timeout=60_000)
    assert not studio.window.isWindowModified()


def test_another_source_stays_in_the_project_as_an_unsaved_change(saved, pair, qtbot):
    studio, path = saved
    studio.controller.opening.open(Photographs(source=pair.target, source_map=pair.target_map))
    qtbot.waitUntil(lambda: studio.document.source.path == pair.target, timeout=60_000)
    assert studio.editor.session.path == path
    assert studio.window.isWindowModified()


def test_paint_is_unsaved_work_under_another_source_too(studio, pair, qtbot):
    edit(studio)
    assert studio.editor.session.path is None
    studio.controller.opening.open(Photographs(source=pair.target, source_map=pair.target_map))
    qtbot.waitUntil(lambda: studio.document.source.path == pair.target, timeout=60_000)
    assert studio.window.isWindowModified()
    assert not (studio.editor.keeper.journal.folder / UNTOUCHED).exists()
    trigger(studio, "file.exchange")
    answer(studio, QMessageBox.StandardButton.Cancel, qtbot)
    assert studio.document.source.path == pair.target


def test_the_fit_is_kept_and_not_made_again(saved, make_studio, qtbot):
    studio, path = saved
    kept = open_project(path).project.fitted
    assert kept.model == studio.engine.model
    edit(studio, 0.7)
    with qtbot.waitSignal(studio.editor.session.saved, timeout=60_000):
        trigger(studio, "file.save")
    assert len(studio.engine.packed) == 1  # what did not change is not packed again
    studio.window.close()
    second = make_studio()
    second.editor.start(Start(project=path))
    second.wait_for_pair()
    second.wait_for_final()
    assert not second.controller.fitting.is_running
    assert "project" in second.window.model.fit_state.text()
    ((taken, source),) = second.engine.taken
    assert taken.safetensors == kept.safetensors
    assert source is second.document.source
    assert second.editor.session.project().fitted.safetensors == kept.safetensors


def test_a_fit_of_another_model_is_made_anew(saved, make_studio, tmp_path, qtbot):
    studio, path = saved
    studio.window.close()
    second = make_studio()
    with qtbot.waitSignal(second.controller.failed, timeout=60_000) as failed:
        second.editor.start(Start(project=path, choice=EngineChoice(tmp_path / "other.pt")))
    assert "network" in failed.args[0]
    second.wait_for_final()
    assert second.editor.session.project().contents.commands


def test_an_unfinished_fit_is_not_kept(saved, qtbot):
    studio, path = saved
    studio.gate.fit.clear()
    trigger(studio, "model.refine")
    with qtbot.waitSignal(studio.editor.session.saved, timeout=60_000):
        trigger(studio, "file.save")
    assert open_project(path).project.fitted is None
    studio.gate.fit.set()
    studio.wait_for_fit()


def test_a_fit_that_cannot_be_packed_does_not_stop_the_save(studio, tmp_path, qtbot, monkeypatch):
    def fail(snapshot):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(studio.engine, "packed_fit", fail)
    edit(studio)
    save_as(studio, tmp_path / "work.e4s", qtbot)
    assert open_project(tmp_path / "work.e4s").project.contents.commands
