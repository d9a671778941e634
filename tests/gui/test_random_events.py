"""A thousand random events on the real window, without a warning or an exception."""

import random

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QPointingDevice, QTabletEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMenu

EVENTS = 1000
# Dialogs of the platform and the end of the session would end the test, not try the window.
LEFT_OUT = frozenset({"file.quit", "file.open_source", "file.open_target", "file.export",
                      "file.open_project", "file.save", "file.save_as",
                      "model.checkpoint", "file.sample"})  # fmt: skip
KEYS = (
    Qt.Key.Key_BracketLeft,
    Qt.Key.Key_BracketRight,
    Qt.Key.Key_Tab,
    Qt.Key.Key_Escape,
    Qt.Key.Key_Return,
    Qt.Key.Key_Space,
    Qt.Key.Key_Backslash,
    Qt.Key.Key_Left,
    Qt.Key.Key_Up,
    Qt.Key.Key_Home,
    Qt.Key.Key_Backspace,
)


def test_random_events(studio):
    dice = random.Random(7)  # noqa: S311 - dice of a test
    window = studio.window
    for _ in range(EVENTS):
        dice.choice((click, drag, drag, wheel, key, pen, trigger))(studio, dice)
        close_popups()
        if dice.random() < 0.2:
            QApplication.processEvents()
    if window.area.is_maximised:
        window.actions_by_name["view.maximise"].trigger()
    studio.window.actions_by_name["tool.brush"].trigger()
    studio.document.abort()
    studio.controller.rendering.submit()
    studio.wait_for_final()


def somewhere(studio, dice):
    window = studio.window
    shown = [
        widget
        for widget in (
            window.source,
            window.canvas,
            window.canvas,
            window.result,
            window.history.view.viewport(),
            *(row.slider for row in window.regions.rows.values()),
            *window.tools.boxes.values(),
            window.blend.detail_row.slider,
        )
        if widget.isVisible()
    ]
    widget = dice.choice(shown or [window])
    return widget, QPoint(dice.randrange(widget.width()), dice.randrange(widget.height()))


def click(studio, dice):
    widget, place = somewhere(studio, dice)
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=place)


def drag(studio, dice):
    widget, place = somewhere(studio, dice)
    keys = dice.choice((Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier))
    button = dice.choice((Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton))
    QTest.mousePress(widget, button, keys, place)
    for _ in range(3):
        place = place + QPoint(dice.randrange(-60, 60), dice.randrange(-60, 60))
        QTest.mouseMove(widget, place)
    QTest.mouseRelease(widget, button, keys, place)


def wheel(studio, dice):
    widget, place = somewhere(studio, dice)
    event = QWheelEvent(
        QPointF(place),
        widget.mapToGlobal(QPointF(place)),
        QPoint(),
        QPoint(0, dice.choice((-120, -30, 30, 120))),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def key(studio, dice):
    widget, _ = somewhere(studio, dice)
    QTest.keyClick(widget, dice.choice(KEYS))


def pen(studio, dice):
    canvas = studio.window.canvas
    for kind in (QEvent.Type.TabletPress, QEvent.Type.TabletMove, QEvent.Type.TabletRelease):
        place = QPointF(dice.randrange(canvas.width()), dice.randrange(canvas.height()))
        down = kind != QEvent.Type.TabletRelease
        event = QTabletEvent(
            kind,
            QPointingDevice.primaryPointingDevice(),
            place,
            canvas.mapToGlobal(place),
            dice.random() if down else 0.0,
            0,
            0,
            0,
            0,
            0,
            Qt.KeyboardModifier.NoModifier,
            Qt.MouseButton.NoButton
            if kind == QEvent.Type.TabletMove
            else Qt.MouseButton.LeftButton,
            Qt.MouseButton.LeftButton if down else Qt.MouseButton.NoButton,
        )
        QApplication.sendEvent(canvas, event)


def trigger(studio, dice):
    actions = studio.window.actions_by_name
    names = [name for name in actions if name not in LEFT_OUT]
    actions[dice.choice(names)].trigger()


def close_popups():
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QDialog | QMenu) and widget.isVisible():
            widget.close()
