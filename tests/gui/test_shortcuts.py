"""The dialog in which actions get other keys."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest

from e4s_studio.gui.app import Start
from e4s_studio.gui.dialogs.shortcuts import ShortcutsDialog


@pytest.fixture
def dialog(studio):
    studio.window.actions_by_name["edit.shortcuts"].trigger()
    return studio.window.findChildren(ShortcutsDialog)[-1]


def choose(dialog, name: str) -> None:
    dialog.tree.setCurrentItem(dialog.items[name])


def type_key(dialog, key) -> None:
    dialog.edit.setKeySequence(QKeySequence(key))
    dialog.edit.editingFinished.emit()


def test_a_new_key_works_and_is_remembered(studio, dialog, make_studio, pair):
    choose(dialog, "compare.wipe")
    type_key(dialog, "Ctrl+Shift+W")
    dialog.accept()
    action = studio.window.actions_by_name["compare.wipe"]
    assert action.shortcut() == QKeySequence("Ctrl+Shift+W")
    assert "Ctrl+Shift+W" in action.toolTip()
    studio.window.close()
    second = make_studio()
    second.editor.start(Start(pair))
    assert second.window.actions_by_name["compare.wipe"].shortcut() == action.shortcut()


def test_a_taken_key_moves_over_and_says_so(studio, dialog):
    choose(dialog, "compare.wipe")
    type_key(dialog, "B")
    assert "Brush" in dialog.warning.text()
    dialog.accept()
    actions = studio.window.actions_by_name
    assert actions["compare.wipe"].shortcut() == QKeySequence("B")
    assert actions["tool.brush"].shortcut().isEmpty()


def test_cancel_changes_nothing(studio, dialog):
    before = studio.window.actions_by_name["compare.wipe"].shortcut()
    choose(dialog, "compare.wipe")
    type_key(dialog, "Ctrl+Shift+W")
    dialog.reject()
    assert studio.window.actions_by_name["compare.wipe"].shortcut() == before
    assert studio.preferences.shortcuts() == {}


def test_the_default_comes_back(studio, dialog, qtbot):
    choose(dialog, "compare.wipe")
    type_key(dialog, "Ctrl+Shift+W")
    qtbot.mouseClick(dialog.restore, Qt.MouseButton.LeftButton)
    assert dialog.chosen()["compare.wipe"] == "W"


def test_search_finds_by_name_and_key(dialog):
    QTest.keyClicks(dialog.search, "wipe")
    shown = [name for name, item in dialog.items.items() if not item.isHidden()]
    assert shown == ["compare.wipe"]
    dialog.search.setText("Ctrl+Shift+Z")
    shown = [name for name, item in dialog.items.items() if not item.isHidden()]
    assert shown == ["edit.redo"]


def test_the_key_of_an_action_triggers_it(studio, qtbot):
    window = studio.window
    window.activateWindow()
    window.canvas.setFocus()
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_W)
    assert window.actions_by_name["compare.wipe"].isChecked()
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_E)
    assert window.actions_by_name["tool.eraser"].isChecked()
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Tab)
    assert not window.canvas.style_of_overlay.shown
    assert window.canvas.hasFocus()
    # Elsewhere Tab goes on moving the keyboard.
    slider = window.blend.detail_row.slider
    slider.setFocus()
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Tab)
    assert not slider.hasFocus()
    assert not window.canvas.style_of_overlay.shown
