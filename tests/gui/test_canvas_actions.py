import pytest
from canvases import opened
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMainWindow, QPushButton, QVBoxLayout, QWidget

from e4s_studio.core.regions import Region
from e4s_studio.gui.actions import Actions
from e4s_studio.gui.canvas.canvas import MaskCanvas
from e4s_studio.gui.canvas.view import ViewTransform
from e4s_studio.gui.handlers.tools import connect_canvas_actions
from e4s_studio.gui.tools.tool import ToolKind, ToolOptions
from e4s_studio.gui.tools.toolbox import Toolbox


class Window(QMainWindow):
    def __init__(self):
        super().__init__()
        self.document = opened()
        self.toolbox = Toolbox(self.document, ToolOptions(region=Region.EARS, size=40.0))
        self.canvas = MaskCanvas(self.toolbox, ViewTransform())
        self.elsewhere = QPushButton("elsewhere")
        both = QWidget()
        layout = QVBoxLayout(both)
        layout.addWidget(self.canvas)
        layout.addWidget(self.elsewhere)
        self.setCentralWidget(both)
        self.by_name = Actions(self)
        for name in self.by_name:
            self.addAction(self.by_name[name])
        connect_canvas_actions(self.by_name, self.toolbox, self.canvas)

    def key(self, key, held=Qt.KeyboardModifier.NoModifier):
        QTest.keyClick(self.canvas, key, held)


@pytest.fixture
def window(qtbot):
    window = Window()
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    window.canvas.setFocus()
    return window


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (Qt.Key.Key_E, ToolKind.ERASER),
        (Qt.Key.Key_G, ToolKind.FILL),
        (Qt.Key.Key_L, ToolKind.LASSO),
        (Qt.Key.Key_I, ToolKind.PICK),
        (Qt.Key.Key_N, ToolKind.PAN),
        (Qt.Key.Key_S, ToolKind.SMART),
        (Qt.Key.Key_O, ToolKind.ORIGINAL),
        (Qt.Key.Key_A, ToolKind.AMOUNT),
    ],
)
def test_a_key_takes_a_tool_and_b_the_brush(window, key, kind):
    window.key(key)
    assert window.toolbox.kind is kind
    assert window.by_name[f"tool.{kind}"].isChecked()
    window.key(Qt.Key.Key_B)
    assert window.toolbox.kind is ToolKind.BRUSH
    assert not window.by_name[f"tool.{kind}"].isChecked()


def test_brackets_change_the_size(window):
    window.key(Qt.Key.Key_BracketRight)
    assert window.toolbox.options.size == 48
    window.key(Qt.Key.Key_BracketLeft)
    window.key(Qt.Key.Key_BracketLeft)
    assert window.toolbox.options.size == 33


def test_tab_hides_the_overlay_on_the_canvas_alone(window):
    window.key(Qt.Key.Key_Tab)
    assert not window.canvas.style_of_overlay.shown
    assert not window.by_name["overlay.show"].isChecked()
    window.key(Qt.Key.Key_Tab)
    assert window.canvas.style_of_overlay.shown
    window.elsewhere.setFocus()
    assert window.elsewhere.hasFocus()
    QTest.keyClick(window.elsewhere, Qt.Key.Key_Tab)
    assert window.canvas.style_of_overlay.shown
    assert not window.elsewhere.hasFocus()


def test_the_overlay_has_keys(window):
    window.key(Qt.Key.Key_U)
    assert window.canvas.style_of_overlay.outlines
    window.by_name["overlay.fainter"].trigger()
    assert window.canvas.style_of_overlay.opacity == pytest.approx(0.35)
    for _ in range(9):
        window.by_name["overlay.stronger"].trigger()
    assert window.canvas.style_of_overlay.opacity == 1


def test_switches_follow_what_they_switch(window):
    window.key(Qt.Key.Key_Y)
    assert window.toolbox.options.symmetric
    window.toolbox.change(symmetric=False)
    assert not window.by_name["brush.symmetric"].isChecked()
    window.key(Qt.Key.Key_P)
    assert window.document.rules.preserve_others
    assert window.by_name["paint.preserve_others"].isChecked()


def test_a_held_space_does_not_press_buttons(window):
    QTest.keyPress(window.canvas, Qt.Key.Key_Space)
    assert window.toolbox.kind is ToolKind.PAN
    assert window.by_name["tool.brush"].isChecked()
    QTest.keyRelease(window.canvas, Qt.Key.Key_Space)
    assert window.toolbox.kind is ToolKind.BRUSH


def test_no_two_actions_share_a_key(window):
    taken = {}
    for name in window.by_name:
        for key in window.by_name[name].shortcuts():
            assert key.toString() not in taken, f"{name} and {taken[key.toString()]}"
            taken[key.toString()] = name
