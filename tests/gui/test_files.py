"""Drop, paste, dialogs, recent pairs and export."""

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog

from e4s_studio.gui.app import Start


def drop(widget, path) -> bool:
    """Drop a file on `widget`; return whether it was taken."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    place = widget.rect().center()
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    action = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(place, action, data, buttons, keys)
    QApplication.sendEvent(widget, enter)
    event = QDropEvent(QPointF(place), action, data, buttons, keys)
    QApplication.sendEvent(widget, event)
    return enter.isAccepted()


@pytest.mark.parametrize("pane", ["source", "canvas", "result"])
def test_a_dropped_photograph_opens_where_it_falls(studio, pair, qtbot, pane):
    path = pair.target if pane == "source" else pair.source
    assert drop(getattr(studio.window, pane), path)

    def opened():
        portrait = studio.document.source if pane == "source" else studio.document.target
        return portrait.path == path

    qtbot.waitUntil(opened, timeout=5_000)
    studio.wait_for_final()
    name = "source" if pane == "source" else "canvas"
    assert studio.window.area.title_bar(name).detail.text() == path.name


def test_text_is_not_taken(studio):
    data = QMimeData()
    data.setText("no picture")
    event = QDragEnterEvent(
        QPoint(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(studio.window.source, event)
    assert not event.isAccepted()


def test_a_pasted_picture_becomes_the_source(studio, qtbot):
    copied = studio.controller.results.newest.image
    studio.window.actions_by_name["edit.copy"].trigger()
    revision = studio.document.revision
    studio.window.actions_by_name["edit.paste_source"].trigger()
    qtbot.waitUntil(lambda: studio.document.revision > revision, timeout=5_000)
    np.testing.assert_array_equal(studio.document.source.image, copied)
    assert studio.document.source.path.name == "pasted source.png"
    # A pasted picture is gone with the session, so it is no recent pair.
    recent = [path.name for pair in studio.preferences.recent_pairs() for path in pair]
    assert "pasted source.png" not in recent


def test_an_empty_clipboard_is_said(studio):
    QGuiApplication.clipboard().clear()
    studio.window.actions_by_name["edit.paste_target"].trigger()
    assert "clipboard" in studio.window.notice.sentence.text()


def test_recent_pairs_come_back(studio, pair, qtbot):
    entries = [action.text() for action in studio.window.recent.actions()]
    assert entries[0] == "red.png → blue.png"
    studio.window.actions_by_name["file.exchange"].trigger()
    qtbot.waitUntil(lambda: studio.document.source.path == pair.target, timeout=5_000)
    studio.wait_for_final()
    first = studio.window.recent.actions()[1]
    first.trigger()
    qtbot.waitUntil(lambda: studio.document.source.path == pair.source, timeout=5_000)
    studio.window.actions_by_name["file.forget"].trigger()
    assert studio.preferences.recent_pairs() == []


def dialog_of(studio) -> QFileDialog:
    return studio.window.findChildren(QFileDialog)[-1]


def test_open_by_dialog_remembers_the_folder(studio, pair, qtbot):
    studio.window.actions_by_name["file.open_source"].trigger()
    dialog_of(studio).fileSelected.emit(str(pair.target))
    dialog_of(studio).close()
    qtbot.waitUntil(lambda: studio.document.source.path == pair.target, timeout=5_000)
    assert studio.preferences.folder("source") == pair.target.parent


def test_an_empty_window_invites(make_studio, monkeypatch, qtbot):
    monkeypatch.setattr("e4s_studio.gui.handlers.files.sample_pair", lambda: None)
    studio = make_studio()
    studio.editor.start(Start())
    qtbot.waitUntil(lambda: len(studio.engines) == 1, timeout=5_000)
    assert studio.window.result.picture is None
    assert not studio.window.actions_by_name["file.export"].isEnabled()
    qtbot.mouseClick(studio.window.source, Qt.MouseButton.LeftButton)
    assert dialog_of(studio).isVisible()
    dialog_of(studio).close()
