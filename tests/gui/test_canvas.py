import numpy as np
import pytest
from canvases import SIDE, face_labels, opened, portrait
from PySide6.QtCore import QEvent, QPoint, QPointF, QSizeF, Qt
from PySide6.QtGui import (
    QEnterEvent,
    QKeyEvent,
    QMouseEvent,
    QPointingDevice,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from e4s_studio.core.commands import Layer
from e4s_studio.core.document import Document
from e4s_studio.core.label_map import FREE
from e4s_studio.core.regions import Region
from e4s_studio.gui.canvas.canvas import MaskCanvas
from e4s_studio.gui.canvas.view import ViewTransform
from e4s_studio.gui.tools.options import ToolKind, ToolOptions
from e4s_studio.gui.tools.toolbox import Toolbox

LEFT, MIDDLE, RIGHT = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.MiddleButton,
    Qt.MouseButton.RightButton,
)
NONE, SHIFT, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


class Studio:
    """A shown canvas and the hands of an artist."""

    def __init__(self, qtbot):
        self.document = opened()
        self.toolbox = Toolbox(
            self.document, ToolOptions(region=Region.EARS, size=10.0, encircle=False)
        )
        self.view = ViewTransform()
        self.canvas = MaskCanvas(self.toolbox, self.view)
        self.canvas.resize(500, 400)
        qtbot.addWidget(self.canvas)
        with qtbot.waitExposed(self.canvas):
            self.canvas.show()
        self.canvas.setFocus()

    @property
    def size(self):
        return QSizeF(self.canvas.size())

    @property
    def labels(self):
        return self.document.pixels(Layer.LABELS)

    @property
    def painted(self):
        return self.labels != face_labels()

    def at(self, x, y):
        return self.view.transform(self.size).map(QPointF(x, y)).toPoint()

    def move(self, x, y):
        QTest.mouseMove(self.canvas, self.at(x, y))

    def press(self, x, y, held=NONE, button=LEFT):
        QTest.mousePress(self.canvas, button, held, self.at(x, y))

    def release(self, x, y, held=NONE, button=LEFT):
        QTest.mouseRelease(self.canvas, button, held, self.at(x, y))

    def stroke(self, *points, held=NONE):
        self.press(*points[0], held)
        for point in points[1:]:
            self.move(*point)
        self.release(*points[-1], held)

    def key(self, key, held=NONE):
        QTest.keyClick(self.canvas, key, held)

    def grab(self):
        """Return (H, W, 3) uint8: the canvas as it is on the screen."""
        image = (
            self.canvas.grab()
            .toImage()
            .convertToFormat(self.canvas.grab().toImage().Format.Format_RGB888)
        )
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
        return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()

    def pixel(self, x, y):
        point = self.at(x, y)
        return tuple(self.grab()[point.y(), point.x()].tolist())


@pytest.fixture
def studio(qtbot):
    return Studio(qtbot)


# Painting


def test_a_mouse_stroke_paints(studio):
    studio.stroke((40, 64), (64, 64), (90, 64))
    assert (studio.labels[64, 41:89] == Region.EARS).all()
    assert len(studio.document.history.commands) == 1


def test_a_stroke_leaves_the_canvas_and_comes_back(studio):
    studio.press(100, 64)
    for point in [(150, 64), (400, 64), (400, 90), (150, 90)]:
        studio.move(*point)
    studio.move(100, 90)
    studio.release(100, 90)
    assert (studio.labels[[64, 90]][:, 100:] == Region.EARS).all()
    assert len(studio.document.history.commands) == 1


def test_escape_takes_the_stroke_back(studio):
    studio.press(40, 64)
    studio.move(90, 64)
    assert studio.painted.any()
    studio.key(Qt.Key.Key_Escape)
    assert not studio.painted.any()
    studio.move(90, 100)
    studio.release(90, 100)
    assert not studio.painted.any()
    assert studio.document.history.commands == ()


def test_only_the_left_button_paints(studio):
    for button in (RIGHT, MIDDLE):
        studio.press(64, 64, button=button)
        studio.release(64, 64, button=button)
    assert not studio.painted.any()


def test_painting_in_a_mirrored_view_lands_under_the_cursor(studio):
    studio.view.set_mirrored(True)
    assert studio.at(20, 64).x() > studio.at(100, 64).x()
    studio.stroke((20, 64), (25, 64))
    assert studio.labels[64, 22] == Region.EARS
    assert studio.labels[64, 105] == face_labels()[64, 105]


def test_painting_at_high_zoom_meets_the_pixel(studio):
    studio.view.set_zoom(24, studio.size)
    studio.toolbox.change(size=1.0)
    studio.press(60.5, 66.5)
    studio.release(60.5, 66.5)
    assert np.argwhere(studio.painted).tolist() == [[66, 60]]


def test_the_screen_shows_what_was_painted(studio):
    studio.canvas.change_style(opacity=1.0)
    studio.stroke((64, 90), (70, 90))
    studio.move(10, 10)
    assert studio.pixel(66, 90) == Region.EARS.colour
    assert studio.pixel(40, 90) == Region.SKIN.colour


def on_screen(studio):
    screen = studio.canvas.screen()
    image = screen.grabWindow(studio.canvas.winId()).toImage()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return rows[..., :3].astype(int)


@pytest.mark.parametrize("zoom", [0.5, 1.0, 4.0])
def test_what_is_repainted_in_parts_equals_the_whole(studio, zoom):
    rng = np.random.default_rng(0)
    studio.view.set_zoom(zoom, studio.size)
    for _ in range(5):
        studio.stroke(*rng.uniform(0, SIDE, (4, 2)))
        QApplication.processEvents()
    in_parts = on_screen(studio)
    studio.canvas.repaint()
    assert np.abs(on_screen(studio) - in_parts).max() <= (2 if zoom < 1 else 0)


# Keys and modifiers


def test_shift_click_and_shift_drag(studio):
    studio.stroke((30, 64), (34, 64))
    studio.stroke((90, 64), held=SHIFT)
    assert (studio.labels[64, 34:90] == Region.EARS).all()
    studio.press(64, 100, SHIFT)
    studio.move(84, 100)
    studio.release(84, 100, SHIFT)
    assert studio.toolbox.options.size == pytest.approx(50, abs=1)
    assert len(studio.document.history.commands) == 2


@pytest.mark.parametrize(
    ("key", "kind"), [(Qt.Key.Key_Space, ToolKind.PAN), (Qt.Key.Key_Alt, ToolKind.PICK)]
)
def test_a_held_key_lends_a_tool(studio, key, kind):
    QTest.keyPress(studio.canvas, key)
    assert studio.toolbox.kind is kind
    QTest.keyRelease(studio.canvas, key)
    assert studio.toolbox.kind is ToolKind.BRUSH


def test_space_pans_and_paints_nothing(studio):
    studio.view.set_zoom(4, studio.size)
    before = studio.at(64, 64)
    QTest.keyPress(studio.canvas, Qt.Key.Key_Space)
    QTest.mousePress(studio.canvas, LEFT, NONE, QPoint(200, 200))
    QTest.mouseMove(studio.canvas, QPoint(230, 180))
    QTest.keyRelease(studio.canvas, Qt.Key.Key_Space)
    QTest.mouseRelease(studio.canvas, LEFT, NONE, QPoint(230, 180))
    assert studio.at(64, 64) - before == QPoint(30, -20)
    assert not studio.painted.any()
    studio.stroke((64, 64), (66, 64))
    assert studio.painted.any()


def test_alt_picks(studio):
    QTest.keyPress(studio.canvas, Qt.Key.Key_Alt, ALT)
    studio.press(64, 70, ALT)
    studio.release(64, 70, ALT)
    QTest.keyRelease(studio.canvas, Qt.Key.Key_Alt)
    assert studio.toolbox.options.region is Region.NOSE
    assert studio.toolbox.kind is ToolKind.BRUSH
    assert not studio.painted.any()


def test_alt_picks_though_the_key_was_pressed_elsewhere(studio):
    studio.press(64, 70, ALT)
    studio.release(64, 70)
    assert studio.toolbox.options.region is Region.NOSE
    assert studio.toolbox.kind is ToolKind.BRUSH
    assert not studio.painted.any()


def test_keys_that_qt_does_not_name_are_left_alone(studio):
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        event = QKeyEvent(kind, 0x0411, NONE, "Б")
        QApplication.sendEvent(studio.canvas, event)
        assert not event.isAccepted()


def test_a_button_that_came_up_elsewhere_ends_the_stroke(studio):
    studio.press(40, 64)
    studio.move(60, 64)
    place = QPointF(studio.at(100, 64))
    button = Qt.MouseButton.NoButton
    event = QMouseEvent(QEvent.Type.MouseMove, place, place, button, button, NONE)
    QApplication.sendEvent(studio.canvas, event)
    studio.move(100, 100)
    assert not studio.document.in_stroke
    assert not studio.painted[90:, :].any()
    studio.release(100, 100)
    assert len(studio.document.history.commands) == 1


def test_losing_the_keyboard_lets_go_of_a_held_tool(studio, qtbot):
    QTest.keyPress(studio.canvas, Qt.Key.Key_Alt)
    QApplication.sendEvent(studio.canvas, QEvent(QEvent.Type.FocusOut))
    assert studio.toolbox.kind is ToolKind.BRUSH


def test_the_keyboard_alone_fills(studio):
    studio.toolbox.choose(ToolKind.FILL)
    studio.view.set_zoom(2, studio.size)
    for _ in range(3):
        studio.key(Qt.Key.Key_Down, SHIFT)
    studio.key(Qt.Key.Key_Up)
    studio.key(Qt.Key.Key_Return)
    filled = (studio.labels == Region.EARS).sum()
    # 29 logical pixels below the middle of the picture: skin, under the nose.
    assert filled == (face_labels() == face_labels()[78, 64]).sum() > 0


def test_the_keyboard_alone_draws_a_polygon(studio):
    studio.toolbox.choose(ToolKind.LASSO)
    studio.view.set_zoom(2, studio.size)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Down, Qt.Key.Key_Right):
        for _ in range(4):
            studio.key(key, SHIFT)
        studio.key(Qt.Key.Key_Return)
    assert studio.toolbox.tool.is_busy
    studio.key(Qt.Key.Key_Return)
    # The corners: 40 logical pixels left of the middle, 40 below that, 40 right of that.
    assert (studio.labels == Region.EARS).sum() == pytest.approx(200, abs=25)
    assert studio.labels[80, 50] == Region.EARS


def test_return_and_escape_are_the_tools_while_it_is_busy(studio):
    studio.toolbox.choose(ToolKind.LASSO)
    for corner in [(20, 20), (100, 20), (100, 100)]:
        studio.stroke(corner)
    studio.key(Qt.Key.Key_Return)
    assert studio.labels[40, 90] == Region.EARS
    studio.stroke((20, 20))
    studio.key(Qt.Key.Key_Escape)
    assert not studio.toolbox.tool.is_busy


def test_a_double_click_closes_a_polygon(studio):
    studio.toolbox.choose(ToolKind.LASSO)
    for corner in [(20, 20), (100, 20), (100, 100)]:
        studio.stroke(corner)
    QTest.mouseDClick(studio.canvas, LEFT, NONE, studio.at(20, 100))
    assert studio.labels[60, 60] == Region.EARS
    assert not studio.toolbox.tool.is_busy


# Pen


def pen(studio, kind, x, y, pressure, *, pointer=QPointingDevice.PointerType.Pen):
    local = QPointF(studio.at(x, y))
    device = QPointingDevice(
        "pen", 1, QPointingDevice.DeviceType.Stylus, pointer,
        QPointingDevice.Capability.Position | QPointingDevice.Capability.Pressure, 1, 2,
    )  # fmt: skip
    button = Qt.MouseButton.NoButton if kind is QEvent.Type.TabletMove else LEFT
    held = Qt.MouseButton.NoButton if kind is QEvent.Type.TabletRelease else LEFT
    position = QPointF(studio.canvas.mapToGlobal(local))
    event = QTabletEvent(kind, device, local, position, pressure, 0, 0, 0, 0, 0, NONE, button, held)
    QApplication.sendEvent(studio.canvas, event)
    return event.isAccepted()


def test_pressure_drives_the_size(studio):
    studio.toolbox.change(size=20.0)
    assert pen(studio, QEvent.Type.TabletPress, 30, 100, 0.2)
    for x in range(32, 100, 4):
        assert pen(studio, QEvent.Type.TabletMove, x, 100, (x - 30) / 70)
    assert pen(studio, QEvent.Type.TabletRelease, 100, 100, 0.0)
    heights = studio.painted.sum(axis=0)
    assert heights[32] < 8
    assert heights[95] > 16
    assert len(studio.document.history.commands) == 1


def test_the_pens_other_end_erases(studio):
    studio.stroke((40, 64), (80, 64))
    eraser = QPointingDevice.PointerType.Eraser
    studio.toolbox.change(size=40.0)
    pen(studio, QEvent.Type.TabletPress, 40, 64, 1.0, pointer=eraser)
    pen(studio, QEvent.Type.TabletMove, 80, 64, 1.0, pointer=eraser)
    pen(studio, QEvent.Type.TabletRelease, 80, 64, 1.0, pointer=eraser)
    assert not studio.painted.any()
    assert studio.toolbox.kind is ToolKind.BRUSH


def test_a_pen_pans_as_the_mouse_does(studio):
    QTest.keyPress(studio.canvas, Qt.Key.Key_Space)
    assert not pen(studio, QEvent.Type.TabletPress, 64, 64, 1.0), "Qt makes a mouse event of it"
    assert not studio.painted.any()


# The view


def wheel(studio, point, angle):
    position = QPointF(point)
    event = QWheelEvent(
        position, QPointF(studio.canvas.mapToGlobal(position)), QPoint(), QPoint(0, angle),
        Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(studio.canvas, event)


def test_the_wheel_zooms_about_the_cursor(studio):
    point = QPoint(310, 150)
    before, zoom = (
        studio.view.to_picture(QPointF(point), studio.size),
        studio.view.zoom(studio.size),
    )
    wheel(studio, point, 240)
    after = studio.view.to_picture(QPointF(point), studio.size)
    assert studio.view.zoom(studio.size) > zoom
    assert (after - before).manhattanLength() < 1e-6
    wheel(studio, point, -240)
    assert studio.view.zoom(studio.size) == pytest.approx(zoom)


@pytest.mark.parametrize("double", [False, True])
def test_the_middle_button_pans(studio, double):
    studio.view.set_zoom(4, studio.size)
    before = studio.at(64, 64)
    press = QTest.mouseDClick if double else QTest.mousePress
    press(studio.canvas, MIDDLE, NONE, QPoint(100, 100))
    if double:  # a double click ends released; the drag comes after a further press
        QTest.mousePress(studio.canvas, MIDDLE, NONE, QPoint(100, 100))
    QTest.mouseMove(studio.canvas, QPoint(160, 110))
    QTest.mouseRelease(studio.canvas, MIDDLE, NONE, QPoint(160, 110))
    QTest.mouseMove(studio.canvas, QPoint(300, 300))
    assert studio.at(64, 64) - before == QPoint(60, 10)


def test_magnified_pixels_are_crisp(studio):
    studio.view.set_zoom(20, studio.size)
    studio.canvas.change_style(shown=False)
    studio.toolbox.choose(ToolKind.FILL)
    place = studio.at(60, 60)
    block = studio.grab()[place.y() + 2 : place.y() + 18, place.x() + 2 : place.x() + 18]
    assert (block == studio.document.target.image[60, 60]).all()


def test_the_photograph_is_shown_under_the_overlay(studio):
    studio.canvas.change_style(opacity=0.5)
    studio.view.set_zoom(20, studio.size)
    studio.toolbox.choose(ToolKind.FILL)
    mixed = (studio.document.target.image[70, 64].astype(int) + Region.NOSE.colour) / 2
    assert np.abs(np.subtract(studio.pixel(64.5, 70.5), mixed)).max() <= 2


# The overlay


def test_the_overlay_can_be_hidden(studio, qtbot):
    shown = studio.grab()
    with qtbot.waitSignal(studio.canvas.style_changed, timeout=0):
        studio.canvas.change_style(shown=False)
    assert (studio.grab() != shown).any()
    with qtbot.assertNotEmitted(studio.canvas.style_changed):
        studio.canvas.change_style(shown=False)


def test_outlines_leave_the_insides_clear(studio):
    studio.canvas.change_style(shown=False)
    bare = studio.grab()
    studio.canvas.change_style(shown=True, outlines=True)
    differs = (studio.grab() != bare).any(axis=2)
    assert 0.005 < differs.mean() < 0.15


def test_the_mouse_outside_the_picture_points_at_nothing(studio, qtbot):
    pointed = []
    studio.canvas.pointed.connect(pointed.append)
    studio.move(64, 70)
    studio.move(64, 100)
    studio.move(-20, 64)
    assert pointed == [Region.NOSE, Region.SKIN, None]


# The cursor


def outline_width(studio, x, y):
    """Return the width of the brush outline around a point, in logical pixels."""
    studio.canvas.change_style(shown=False)
    studio.move(300, 300)
    bare = studio.grab().astype(int)
    studio.move(x, y)
    differs = (np.abs(studio.grab() - bare) > 20).any(axis=2)
    columns = np.flatnonzero(differs[studio.at(x, y).y()])
    return columns[-1] - columns[0]


@pytest.mark.parametrize("zoom", [0.5, 1.0, 4.0])
def test_the_cursor_shows_the_true_outline(studio, zoom):
    studio.view.set_zoom(zoom, studio.size)
    studio.toolbox.change(size=40.0)
    assert outline_width(studio, 64, 64) == pytest.approx(40 * zoom, abs=3)


def test_at_high_zoom_the_outline_follows_the_pixels(studio):
    studio.view.set_zoom(20, studio.size)
    studio.toolbox.change(size=5.0)
    studio.move(64.5, 64.5)
    assert outline_width(studio, 64.5, 64.5) == pytest.approx(100, abs=3)


def test_the_cursor_leaves_no_trace(studio):
    studio.move(300, 300)
    bare = studio.grab()
    for x in range(20, 100, 7):
        studio.move(x, 64)
        QApplication.processEvents()
    QApplication.sendEvent(studio.canvas, QEvent(QEvent.Type.Leave))
    QApplication.processEvents()
    screen = studio.canvas.screen().grabWindow(studio.canvas.winId()).toImage()
    assert screen == studio.canvas.grab().toImage().convertToFormat(screen.format())
    assert (studio.grab() == bare).all()


def test_the_cursor_says_what_will_happen(studio):
    shapes = []
    for kind in (ToolKind.BRUSH, ToolKind.FILL, ToolKind.PAN):
        studio.toolbox.choose(kind)
        shapes.append(studio.canvas.cursor().shape())
    assert shapes == [
        Qt.CursorShape.BlankCursor, Qt.CursorShape.CrossCursor, Qt.CursorShape.OpenHandCursor,
    ]  # fmt: skip
    studio.toolbox.choose(ToolKind.BRUSH)
    studio.document.rules = FREE.with_lock(Region.EARS, locked=True)
    assert studio.canvas.cursor().shape() is Qt.CursorShape.ForbiddenCursor


def test_symmetry_shows_a_second_cursor(studio):
    studio.toolbox.change(symmetric=True)
    studio.canvas.change_style(shown=False)
    studio.move(30, 64)
    both = studio.grab().astype(int)
    differs = (np.abs(both - both[:, ::-1]) > 100).any(axis=2)
    studio.toolbox.change(symmetric=False)
    alone = studio.grab().astype(int)
    differs_alone = (np.abs(alone - alone[:, ::-1]) > 100).any(axis=2)
    assert differs.sum() < differs_alone.sum()


def test_the_midline_can_be_moved_by_its_handles(studio):
    studio.toolbox.change(symmetric=True)
    (x, y), lower = studio.toolbox.midline_tool.handles()
    studio.move(x, y)
    assert studio.canvas.cursor().shape() is Qt.CursorShape.SizeHorCursor
    studio.press(x, y)
    studio.move(x + 20, y + 9)
    studio.release(x + 20, y + 9)
    moved, still = studio.toolbox.midline_tool.handles()
    assert moved == (pytest.approx(x + 20, abs=1), pytest.approx(y))
    assert still == pytest.approx(lower)
    assert not studio.painted.any()
    studio.move(30, 64)
    assert studio.canvas.cursor().shape() is Qt.CursorShape.BlankCursor
    studio.stroke((30, 64), (32, 64))
    assert studio.painted.any()


def test_escape_puts_the_midline_back(studio):
    studio.toolbox.change(symmetric=True)
    line = studio.toolbox.midline
    place = studio.toolbox.midline_tool.handles()[1]
    studio.press(*place)
    studio.move(20, 120)
    assert studio.toolbox.midline != line
    studio.key(Qt.Key.Key_Escape)
    assert studio.toolbox.midline == line


# What else happens to it


def test_the_pointer_takes_the_keyboard_unless_someone_writes(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    canvas = MaskCanvas(Toolbox(opened()), ViewTransform(), window)
    layout, line, other = QVBoxLayout(window), QLineEdit(), QWidget()
    other.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    for widget in (canvas, line, other):
        layout.addWidget(widget)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    enter = QEnterEvent(QPointF(5, 5), QPointF(5, 5), QPointF(5, 5))
    line.setFocus()
    QApplication.sendEvent(canvas, enter)
    assert line.hasFocus()
    other.setFocus()
    QApplication.sendEvent(canvas, enter)
    assert canvas.hasFocus()


def test_an_empty_canvas_asks_for_a_photograph(qtbot):
    document = Document()
    canvas = MaskCanvas(Toolbox(document), ViewTransform())
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    canvas.show()
    QTest.mousePress(canvas, LEFT, NONE, QPoint(100, 100))
    QTest.mouseMove(canvas, QPoint(120, 100))
    QTest.mouseRelease(canvas, LEFT, NONE, QPoint(120, 100))
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Left):
        QTest.keyClick(canvas, key)
    canvas.change_style(outlines=True)
    before = canvas.grab().toImage()
    document.open(target=portrait())
    assert canvas.grab().toImage() != before


def test_a_new_target_replaces_the_old_one(studio):
    studio.stroke((64, 64), (80, 64))
    studio.view.set_zoom(8, studio.size)
    studio.document.open(source=portrait(64), target=portrait(64))
    assert studio.view.is_fitted
    studio.canvas.change_style(opacity=1.0)
    studio.toolbox.choose(ToolKind.FILL)
    assert studio.pixel(32, 20) == Region(int(face_labels(64)[20, 32])).colour


def test_a_new_target_in_a_stroke(studio):
    studio.press(64, 64)
    studio.move(70, 64)
    studio.document.open(source=portrait(64), target=portrait(64))
    studio.move(20, 20)
    studio.release(20, 20)
    assert (studio.labels == face_labels(64)).all()


def test_a_deleted_canvas_hears_nothing(studio, qtbot):
    canvas = MaskCanvas(studio.toolbox, studio.view)
    canvas.close()
    canvas.deleteLater()
    QApplication.sendPostedEvents(canvas, QEvent.Type.DeferredDelete)
    studio.stroke((64, 64), (70, 64))
    studio.toolbox.choose(ToolKind.FILL)
    studio.view.fit()


def random_event(studio, rng):
    point = QPoint(*rng.integers(-50, 550, 2).tolist())
    button = (*[LEFT] * 8, MIDDLE, RIGHT)[rng.integers(10)]
    held = (NONE, NONE, NONE, SHIFT, ALT, Qt.KeyboardModifier.ControlModifier)[rng.integers(6)]
    key = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Left, Qt.Key.Key_Tab)[rng.integers(4)]
    canvas, toolbox, document = studio.canvas, studio.toolbox, studio.document
    events = [
        lambda: QTest.mousePress(canvas, button, held, point),
        lambda: QTest.mousePress(canvas, button, held, point),
        lambda: QTest.mouseRelease(canvas, button, held, point),
        lambda: QTest.mouseRelease(canvas, button, held, point),
        lambda: QTest.mouseDClick(canvas, button, held, point),
        lambda: QTest.keyClick(canvas, key, held),
        lambda: wheel(studio, point, int(rng.integers(-3, 4)) * 120),
        lambda: toolbox.choose(list(ToolKind)[rng.integers(len(ToolKind))]),
        (document.undo, document.redo)[rng.integers(2)],
        lambda: toolbox.change(symmetric=bool(rng.integers(2)), region=Region.EARS),
        studio.view.fit,
        *[lambda: QTest.mouseMove(canvas, point)] * 5,
    ]
    events[rng.integers(len(events))]()


def test_1000_random_events(studio):
    rng = np.random.default_rng(3)
    painted = []
    studio.document.subscribe(lambda change: painted.append(not change.labels.is_empty))
    for _ in range(1000):
        random_event(studio, rng)
    assert sum(painted) > 30
    QTest.mouseRelease(studio.canvas, LEFT, NONE, QPoint(0, 0))
    studio.toolbox.tool.cancel()
    studio.document.jump(0)
    assert not studio.painted.any()
