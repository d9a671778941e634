"""What mouse, keyboard and pen do on a canvas."""

import numpy as np
import pytest
from canvases import ALT, LEFT, MIDDLE, NONE, RIGHT, SHIFT, face_labels
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from e4s_studio.core.regions import Region
from e4s_studio.gui.tools.tool import ToolKind

# Painting


def test_a_mouse_stroke_paints(artist):
    artist.stroke((40, 64), (64, 64), (90, 64))
    assert (artist.labels[64, 41:89] == Region.EARS).all()
    assert len(artist.document.history.commands) == 1


def test_a_stroke_leaves_the_canvas_and_comes_back(artist):
    artist.press(100, 64)
    for point in [(150, 64), (400, 64), (400, 90), (150, 90)]:
        artist.move(*point)
    artist.move(100, 90)
    artist.release(100, 90)
    assert (artist.labels[[64, 90]][:, 100:] == Region.EARS).all()
    assert len(artist.document.history.commands) == 1


def test_escape_takes_the_stroke_back(artist):
    artist.press(40, 64)
    artist.move(90, 64)
    assert artist.painted.any()
    artist.key(Qt.Key.Key_Escape)
    assert not artist.painted.any()
    artist.move(90, 100)
    artist.release(90, 100)
    assert not artist.painted.any()
    assert artist.document.history.commands == ()


def test_only_the_left_button_paints(artist):
    for button in (RIGHT, MIDDLE):
        artist.press(64, 64, button=button)
        artist.release(64, 64, button=button)
    assert not artist.painted.any()


def test_painting_in_a_mirrored_view_lands_under_the_cursor(artist):
    artist.view.set_mirrored(True)
    assert artist.at(20, 64).x() > artist.at(100, 64).x()
    artist.stroke((20, 64), (25, 64))
    assert artist.labels[64, 22] == Region.EARS
    assert artist.labels[64, 105] == face_labels()[64, 105]


def test_painting_at_high_zoom_meets_the_pixel(artist):
    artist.view.set_zoom(24, artist.size)
    artist.toolbox.change(size=1.0)
    artist.press(60.5, 66.5)
    artist.release(60.5, 66.5)
    assert np.argwhere(artist.painted).tolist() == [[66, 60]]


# Keys and modifiers


def test_shift_click_and_shift_drag(artist):
    artist.stroke((30, 64), (34, 64))
    artist.stroke((90, 64), held=SHIFT)
    assert (artist.labels[64, 34:90] == Region.EARS).all()
    artist.press(64, 100, SHIFT)
    artist.move(84, 100)
    artist.release(84, 100, SHIFT)
    assert artist.toolbox.options.size == pytest.approx(50, abs=1)
    assert len(artist.document.history.commands) == 2


@pytest.mark.parametrize(
    ("key", "kind"), [(Qt.Key.Key_Space, ToolKind.PAN), (Qt.Key.Key_Alt, ToolKind.PICK)]
)
def test_a_held_key_lends_a_tool(artist, key, kind):
    QTest.keyPress(artist.canvas, key)
    assert artist.toolbox.kind is kind
    QTest.keyRelease(artist.canvas, key)
    assert artist.toolbox.kind is ToolKind.BRUSH


def test_space_pans_and_paints_nothing(artist):
    artist.view.set_zoom(4, artist.size)
    before = artist.at(64, 64)
    QTest.keyPress(artist.canvas, Qt.Key.Key_Space)
    QTest.mousePress(artist.canvas, LEFT, NONE, QPoint(200, 200))
    QTest.mouseMove(artist.canvas, QPoint(230, 180))
    QTest.keyRelease(artist.canvas, Qt.Key.Key_Space)
    QTest.mouseRelease(artist.canvas, LEFT, NONE, QPoint(230, 180))
    assert artist.at(64, 64) - before == QPoint(30, -20)
    assert not artist.painted.any()
    artist.stroke((64, 64), (66, 64))
    assert artist.painted.any()


def test_alt_picks(artist):
    QTest.keyPress(artist.canvas, Qt.Key.Key_Alt, ALT)
    artist.press(64, 70, ALT)
    artist.release(64, 70, ALT)
    QTest.keyRelease(artist.canvas, Qt.Key.Key_Alt)
    assert artist.toolbox.options.region is Region.NOSE
    assert artist.toolbox.kind is ToolKind.BRUSH
    assert not artist.painted.any()


def test_alt_picks_though_the_key_was_pressed_elsewhere(artist):
    artist.press(64, 70, ALT)
    artist.release(64, 70)
    assert artist.toolbox.options.region is Region.NOSE
    assert artist.toolbox.kind is ToolKind.BRUSH
    assert not artist.painted.any()


def test_keys_that_qt_does_not_name_are_left_alone(artist):
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        event = QKeyEvent(kind, 0x0411, NONE, "Б")
        QApplication.sendEvent(artist.canvas, event)
        assert not event.isAccepted()


def test_a_button_that_came_up_elsewhere_ends_the_stroke(artist):
    artist.press(40, 64)
    artist.move(60, 64)
    place = QPointF(artist.at(100, 64))
    button = Qt.MouseButton.NoButton
    event = QMouseEvent(QEvent.Type.MouseMove, place, place, button, button, NONE)
    QApplication.sendEvent(artist.canvas, event)
    artist.move(100, 100)
    assert not artist.document.in_stroke
    assert not artist.painted[90:, :].any()
    artist.release(100, 100)
    assert len(artist.document.history.commands) == 1


def test_losing_the_keyboard_lets_go_of_a_held_tool(artist, qtbot):
    QTest.keyPress(artist.canvas, Qt.Key.Key_Alt)
    QApplication.sendEvent(artist.canvas, QEvent(QEvent.Type.FocusOut))
    assert artist.toolbox.kind is ToolKind.BRUSH


def test_the_keyboard_alone_fills(artist):
    artist.toolbox.choose(ToolKind.FILL)
    artist.view.set_zoom(2, artist.size)
    for _ in range(3):
        artist.key(Qt.Key.Key_Down, SHIFT)
    artist.key(Qt.Key.Key_Up)
    artist.key(Qt.Key.Key_Return)
    filled = (artist.labels == Region.EARS).sum()
    # 29 logical pixels below the middle of the picture: skin, under the nose.
    assert filled == (face_labels() == face_labels()[78, 64]).sum() > 0


def test_the_keyboard_alone_draws_a_polygon(artist):
    artist.toolbox.choose(ToolKind.LASSO)
    artist.view.set_zoom(2, artist.size)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Down, Qt.Key.Key_Right):
        for _ in range(4):
            artist.key(key, SHIFT)
        artist.key(Qt.Key.Key_Return)
    assert artist.toolbox.tool.is_busy
    artist.key(Qt.Key.Key_Return)
    # The corners: 40 logical pixels left of the middle, 40 below that, 40 right of that.
    assert (artist.labels == Region.EARS).sum() == pytest.approx(200, abs=25)
    assert artist.labels[80, 50] == Region.EARS


def test_return_and_escape_are_the_tools_while_it_is_busy(artist):
    artist.toolbox.choose(ToolKind.LASSO)
    for corner in [(20, 20), (100, 20), (100, 100)]:
        artist.stroke(corner)
    artist.key(Qt.Key.Key_Return)
    assert artist.labels[40, 90] == Region.EARS
    artist.stroke((20, 20))
    artist.key(Qt.Key.Key_Escape)
    assert not artist.toolbox.tool.is_busy


def test_a_double_click_closes_a_polygon(artist):
    artist.toolbox.choose(ToolKind.LASSO)
    for corner in [(20, 20), (100, 20), (100, 100)]:
        artist.stroke(corner)
    QTest.mouseDClick(artist.canvas, LEFT, NONE, artist.at(20, 100))
    assert artist.labels[60, 60] == Region.EARS
    assert not artist.toolbox.tool.is_busy


# Pen


def pen(artist, kind, x, y, pressure, *, pointer=QPointingDevice.PointerType.Pen):
    local = QPointF(artist.at(x, y))
    device = QPointingDevice(
        "pen", 1, QPointingDevice.DeviceType.Stylus, pointer,
        QPointingDevice.Capability.Position | QPointingDevice.Capability.Pressure, 1, 2,
    )  # fmt: skip
    button = Qt.MouseButton.NoButton if kind is QEvent.Type.TabletMove else LEFT
    held = Qt.MouseButton.NoButton if kind is QEvent.Type.TabletRelease else LEFT
    position = QPointF(artist.canvas.mapToGlobal(local))
    event = QTabletEvent(kind, device, local, position, pressure, 0, 0, 0, 0, 0, NONE, button, held)
    QApplication.sendEvent(artist.canvas, event)
    return event.isAccepted()


def test_pressure_drives_the_size(artist):
    artist.toolbox.change(size=20.0)
    assert pen(artist, QEvent.Type.TabletPress, 30, 100, 0.2)
    for x in range(32, 100, 4):
        assert pen(artist, QEvent.Type.TabletMove, x, 100, (x - 30) / 70)
    assert pen(artist, QEvent.Type.TabletRelease, 100, 100, 0.0)
    heights = artist.painted.sum(axis=0)
    assert heights[32] < 8
    assert heights[95] > 16
    assert len(artist.document.history.commands) == 1


def test_the_pens_other_end_erases(artist):
    artist.stroke((40, 64), (80, 64))
    eraser = QPointingDevice.PointerType.Eraser
    artist.toolbox.change(size=40.0)
    pen(artist, QEvent.Type.TabletPress, 40, 64, 1.0, pointer=eraser)
    pen(artist, QEvent.Type.TabletMove, 80, 64, 1.0, pointer=eraser)
    pen(artist, QEvent.Type.TabletRelease, 80, 64, 1.0, pointer=eraser)
    assert not artist.painted.any()
    assert artist.toolbox.kind is ToolKind.BRUSH


def test_a_pen_pans_as_the_mouse_does(artist):
    QTest.keyPress(artist.canvas, Qt.Key.Key_Space)
    assert not pen(artist, QEvent.Type.TabletPress, 64, 64, 1.0), "Qt makes a mouse event of it"
    assert not artist.painted.any()


# All of it at once


def random_event(artist, rng):
    point = QPoint(*rng.integers(-50, 550, 2).tolist())
    button = (*[LEFT] * 8, MIDDLE, RIGHT)[rng.integers(10)]
    held = (NONE, NONE, NONE, SHIFT, ALT, Qt.KeyboardModifier.ControlModifier)[rng.integers(6)]
    key = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Left, Qt.Key.Key_Tab)[rng.integers(4)]
    canvas, toolbox, document = artist.canvas, artist.toolbox, artist.document
    events = [
        lambda: QTest.mousePress(canvas, button, held, point),
        lambda: QTest.mousePress(canvas, button, held, point),
        lambda: QTest.mouseRelease(canvas, button, held, point),
        lambda: QTest.mouseRelease(canvas, button, held, point),
        lambda: QTest.mouseDClick(canvas, button, held, point),
        lambda: QTest.keyClick(canvas, key, held),
        lambda: artist.wheel(point, int(rng.integers(-3, 4)) * 120),
        lambda: toolbox.choose(list(ToolKind)[rng.integers(len(ToolKind))]),
        (document.undo, document.redo)[rng.integers(2)],
        lambda: toolbox.change(symmetric=bool(rng.integers(2)), region=Region.EARS),
        artist.view.fit,
        *[lambda: QTest.mouseMove(canvas, point)] * 5,
    ]
    events[rng.integers(len(events))]()


def test_1000_random_events(artist):
    rng = np.random.default_rng(3)
    painted = []
    artist.document.subscribe(lambda change: painted.append(not change.labels.is_empty))
    for _ in range(1000):
        random_event(artist, rng)
    assert sum(painted) > 30
    # All of them: QTest remembers for the tests after this one what is held down.
    for button in (LEFT, MIDDLE, RIGHT):
        QTest.mouseRelease(artist.canvas, button, NONE, QPoint(0, 0))
    artist.toolbox.tool.cancel()
    artist.document.jump(0)
    assert not artist.painted.any()
