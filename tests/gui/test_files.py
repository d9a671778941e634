"""Drop, paste, dialogs, recent pairs and export."""

import numpy as np
import pytest
from PySide6.QtCore import QDir, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog

from e4s_studio.core.regions import Region
from e4s_studio.files.label_maps import read_label_map, write_label_map
from e4s_studio.gui.app import Start
from e4s_studio.gui.photographs import Photographs


def drop(widget, *paths) -> bool:
    """Drop files on `widget`; return whether they were taken."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
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

    qtbot.waitUntil(opened, timeout=60_000)
    studio.wait_for_final()
    name = "source" if pane == "source" else "canvas"
    assert studio.window.area.title_bar(name).detail.text() == path.name


@pytest.mark.parametrize("pane", ["source", "result"])
def test_two_dropped_photographs_are_source_and_target(studio, pair, qtbot, pane):
    assert drop(getattr(studio.window, pane), pair.target, pair.source)
    qtbot.waitUntil(lambda: studio.document.source.path == pair.target, timeout=60_000)
    assert studio.document.target.path == pair.source
    studio.wait_for_final()


def test_photographs_and_their_maps_are_dropped_together(studio, pair, qtbot):
    files = (pair.target_map, pair.source, pair.source_map, pair.target)
    revision = studio.document.revision
    assert drop(studio.window, *files)
    qtbot.waitUntil(lambda: studio.document.revision > revision, timeout=60_000)
    assert studio.document.source.path == pair.source
    expected = read_label_map(pair.source_map)
    np.testing.assert_array_equal(studio.document.source.labels, expected)
    studio.wait_for_final()


def test_a_dropped_map_goes_to_the_photograph_it_falls_on(studio, pair, tmp_path, qtbot):
    labels = np.zeros((256, 256), np.uint8)
    labels[60:200, 60:200] = Region.SKIN
    write_label_map(tmp_path / "other.png", labels)
    before = studio.document.target
    opened = studio.controller.pair_opened
    with qtbot.waitSignal(opened, timeout=60_000):
        assert drop(studio.window.source, tmp_path / "other.png")
    np.testing.assert_array_equal(studio.document.source.labels, labels)
    assert studio.document.source.path == pair.source
    assert studio.document.target is before
    studio.wait_for_final()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("red.png", "blue.png", "wide.png"), "two at once"),
        (("red_map.png", "blue_map.png"), "together with its photograph"),
        (("work.e4s", "red.png"), "by itself"),
    ],
)
def test_what_makes_no_sense_together_is_said(studio, pictures, qtbot, names, said):
    revision = studio.document.revision
    assert drop(studio.window.canvas, *(pictures / name for name in names))
    qtbot.waitUntil(studio.window.notice.isVisible, timeout=60_000)
    assert said in studio.window.notice.sentence.text()
    assert studio.document.revision == revision


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
    copied = studio.controller.rendering.results.newest.image
    studio.window.actions_by_name["edit.copy"].trigger()
    revision = studio.document.revision
    studio.window.actions_by_name["edit.paste_source"].trigger()
    qtbot.waitUntil(lambda: studio.document.revision > revision, timeout=60_000)
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
    qtbot.waitUntil(lambda: studio.document.source.path == pair.target, timeout=60_000)
    studio.wait_for_final()
    first = studio.window.recent.actions()[1]
    first.trigger()
    qtbot.waitUntil(lambda: studio.document.source.path == pair.source, timeout=60_000)
    studio.window.actions_by_name["file.forget"].trigger()
    assert studio.preferences.recent_pairs() == []


def test_recent_names_are_whole_or_their_ends(studio, pair, tmp_path, qtbot):
    names = ["a & b.png", "x" * 60 + " one.png"]
    source, target = (tmp_path / name for name in names)
    source.write_bytes(pair.source.read_bytes())
    target.write_bytes(pair.target.read_bytes())
    studio.controller.opening.open(Photographs(source, target, pair.source_map, pair.target_map))
    qtbot.waitUntil(lambda: studio.document.source.path == source, timeout=60_000)
    entry = studio.window.recent.actions()[0]
    assert entry.text().startswith("a && b.png → xxx")
    assert entry.text().endswith("x one.png")
    assert len(entry.text()) < 60
    assert str(target) in entry.toolTip()
    assert studio.window.recent.toolTipsVisible()


def dialog_of(studio) -> QFileDialog:
    return studio.window.findChildren(QFileDialog)[-1]


def test_open_by_dialog_remembers_the_folder(studio, pair, qtbot):
    studio.window.actions_by_name["file.open_source"].trigger()
    dialog_of(studio).fileSelected.emit(str(pair.target))
    dialog_of(studio).close()
    qtbot.waitUntil(lambda: studio.document.source.path == pair.target, timeout=60_000)
    assert studio.preferences.folder("source") == pair.target.parent


@pytest.mark.parametrize("name", ["a.gif", "a.jp2", "a.ppm", "a.heic", "a.tif", "a.JPG"])
def test_every_kind_of_photograph_is_offered(studio, name):
    studio.window.actions_by_name["file.open_source"].trigger()
    photographs = dialog_of(studio).nameFilters()[0]
    patterns = photographs[photographs.index("(") + 1 : -1].split()
    dialog_of(studio).close()
    assert QDir.match(patterns, name)


def test_an_empty_window_invites(make_studio, monkeypatch, qtbot):
    monkeypatch.setattr("e4s_studio.gui.handlers.files.sample_pair", lambda: None)
    studio = make_studio()
    studio.editor.start(Start())
    qtbot.waitUntil(lambda: len(studio.engines) == 1, timeout=60_000)
    assert studio.window.result.picture is None
    assert not studio.window.actions_by_name["file.export"].isEnabled()
    qtbot.mouseClick(studio.window.source, Qt.MouseButton.LeftButton)
    assert dialog_of(studio).isVisible()
    dialog_of(studio).close()
