"""What a canvas shows, and what happens to it but for hands."""

import numpy as np
import pytest
from canvases import LEFT, MIDDLE, NONE, SIDE, face_labels, opened, portrait
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from e4s_studio.core.document import Document
from e4s_studio.core.label_map import FREE
from e4s_studio.core.regions import Region
from e4s_studio.gui.canvas.canvas import MaskCanvas
from e4s_studio.gui.canvas.view import ViewTransform
from e4s_studio.gui.tools.tool import ToolKind
from e4s_studio.gui.tools.toolbox import Toolbox

# Painted pixels


def test_the_screen_shows_what_was_painted(artist):
    artist.canvas.change_style(opacity=1.0)
    artist.stroke((64, 90), (70, 90))
    artist.move(10, 10)
    assert artist.pixel(66, 90) == Region.EARS.colour
    assert artist.pixel(40, 90) == Region.SKIN.colour


def on_screen(artist):
    screen = artist.canvas.screen()
    image = screen.grabWindow(artist.canvas.winId()).toImage()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return rows[..., :3].astype(int)


@pytest.mark.parametrize("zoom", [0.5, 1.0, 4.0])
def test_what_is_repainted_in_parts_equals_the_whole(artist, zoom):
    rng = np.random.default_rng(0)
    artist.view.set_zoom(zoom, artist.size)
    for _ in range(5):
        artist.stroke(*rng.uniform(0, SIDE, (4, 2)))
        QApplication.processEvents()
    in_parts = on_screen(artist)
    artist.canvas.repaint()
    assert np.abs(on_screen(artist) - in_parts).max() <= (2 if zoom < 1 else 0)


# The view


def test_the_wheel_zooms_about_the_cursor(artist):
    point = QPoint(310, 150)
    before, zoom = (
        artist.view.to_picture(QPointF(point), artist.size),
        artist.view.zoom(artist.size),
    )
    artist.wheel(point, 240)
    after = artist.view.to_picture(QPointF(point), artist.size)
    assert artist.view.zoom(artist.size) > zoom
    assert (after - before).manhattanLength() < 1e-6
    artist.wheel(point, -240)
    assert artist.view.zoom(artist.size) == pytest.approx(zoom)


@pytest.mark.parametrize("double", [False, True])
def test_the_middle_button_pans(artist, double):
    artist.view.set_zoom(4, artist.size)
    before = artist.at(64, 64)
    press = QTest.mouseDClick if double else QTest.mousePress
    press(artist.canvas, MIDDLE, NONE, QPoint(100, 100))
    if double:  # a double click ends released; the drag comes after a further press
        QTest.mousePress(artist.canvas, MIDDLE, NONE, QPoint(100, 100))
    QTest.mouseMove(artist.canvas, QPoint(160, 110))
    QTest.mouseRelease(artist.canvas, MIDDLE, NONE, QPoint(160, 110))
    QTest.mouseMove(artist.canvas, QPoint(300, 300))
    assert artist.at(64, 64) - before == QPoint(60, 10)


def test_magnified_pixels_are_crisp(artist):
    artist.view.set_zoom(20, artist.size)
    artist.canvas.change_style(shown=False)
    artist.toolbox.choose(ToolKind.FILL)
    place = artist.at(60, 60)
    block = artist.grab()[place.y() + 2 : place.y() + 18, place.x() + 2 : place.x() + 18]
    assert (block == artist.document.target.image[60, 60]).all()


def test_the_photograph_is_shown_under_the_overlay(artist):
    artist.canvas.change_style(opacity=0.5)
    artist.view.set_zoom(20, artist.size)
    artist.toolbox.choose(ToolKind.FILL)
    mixed = (artist.document.target.image[70, 64].astype(int) + Region.NOSE.colour) / 2
    assert np.abs(np.subtract(artist.pixel(64.5, 70.5), mixed)).max() <= 2


# The overlay


def test_the_overlay_can_be_hidden(artist, qtbot):
    shown = artist.grab()
    with qtbot.waitSignal(artist.canvas.style_changed, timeout=0):
        artist.canvas.change_style(shown=False)
    assert (artist.grab() != shown).any()
    with qtbot.assertNotEmitted(artist.canvas.style_changed):
        artist.canvas.change_style(shown=False)


def test_outlines_leave_the_insides_clear(artist):
    artist.canvas.change_style(shown=False)
    bare = artist.grab()
    artist.canvas.change_style(shown=True, outlines=True)
    differs = (artist.grab() != bare).any(axis=2)
    assert 0.005 < differs.mean() < 0.15


def test_the_mouse_outside_the_picture_points_at_nothing(artist, qtbot):
    pointed = []
    artist.canvas.pointed.connect(pointed.append)
    artist.move(64, 70)
    artist.move(64, 100)
    artist.move(-20, 64)
    assert pointed == [Region.NOSE, Region.SKIN, None]


# The cursor


def outline_width(artist, x, y):
    """Return the width of the brush outline around a point, in logical pixels."""
    artist.canvas.change_style(shown=False)
    artist.move(300, 300)
    bare = artist.grab().astype(int)
    artist.move(x, y)
    differs = (np.abs(artist.grab() - bare) > 20).any(axis=2)
    columns = np.flatnonzero(differs[artist.at(x, y).y()])
    return columns[-1] - columns[0]


@pytest.mark.parametrize("zoom", [0.5, 1.0, 4.0])
def test_the_cursor_shows_the_true_outline(artist, zoom):
    artist.view.set_zoom(zoom, artist.size)
    artist.toolbox.change(size=40.0)
    assert outline_width(artist, 64, 64) == pytest.approx(40 * zoom, abs=3)


def test_at_high_zoom_the_outline_follows_the_pixels(artist):
    artist.view.set_zoom(20, artist.size)
    artist.toolbox.change(size=5.0)
    artist.move(64.5, 64.5)
    assert outline_width(artist, 64.5, 64.5) == pytest.approx(100, abs=3)


def test_the_cursor_leaves_no_trace(artist):
    artist.move(300, 300)
    bare = artist.grab()
    for x in range(20, 100, 7):
        artist.move(x, 64)
        QApplication.processEvents()
    QApplication.sendEvent(artist.canvas, QEvent(QEvent.Type.Leave))
    QApplication.processEvents()
    screen = artist.canvas.screen().grabWindow(artist.canvas.winId()).toImage()
    assert screen == artist.canvas.grab().toImage().convertToFormat(screen.format())
    assert (artist.grab() == bare).all()


def test_the_cursor_says_what_will_happen(artist):
    shapes = []
    for kind in (ToolKind.BRUSH, ToolKind.FILL, ToolKind.PAN):
        artist.toolbox.choose(kind)
        shapes.append(artist.canvas.cursor().shape())
    assert shapes == [
        Qt.CursorShape.BlankCursor, Qt.CursorShape.CrossCursor, Qt.CursorShape.OpenHandCursor,
    ]  # fmt: skip
    artist.toolbox.choose(ToolKind.BRUSH)
    artist.document.rules = FREE.with_lock(Region.EARS, locked=True)
    assert artist.canvas.cursor().shape() is Qt.CursorShape.ForbiddenCursor


def test_symmetry_shows_a_second_cursor(artist):
    artist.toolbox.change(symmetric=True)
    artist.canvas.change_style(shown=False)
    artist.move(30, 64)
    both = artist.grab().astype(int)
    differs = (np.abs(both - both[:, ::-1]) > 100).any(axis=2)
    artist.toolbox.change(symmetric=False)
    alone = artist.grab().astype(int)
    differs_alone = (np.abs(alone - alone[:, ::-1]) > 100).any(axis=2)
    assert differs.sum() < differs_alone.sum()


def test_the_midline_can_be_moved_by_its_handles(artist):
    artist.toolbox.change(symmetric=True)
    (x, y), lower = artist.toolbox.midline_tool.handles()
    artist.move(x, y)
    assert artist.canvas.cursor().shape() is Qt.CursorShape.SizeHorCursor
    artist.press(x, y)
    artist.move(x + 20, y + 9)
    artist.release(x + 20, y + 9)
    moved, still = artist.toolbox.midline_tool.handles()
    assert moved == (pytest.approx(x + 20, abs=1), pytest.approx(y))
    assert still == pytest.approx(lower)
    assert not artist.painted.any()
    artist.move(30, 64)
    assert artist.canvas.cursor().shape() is Qt.CursorShape.BlankCursor
    artist.stroke((30, 64), (32, 64))
    assert artist.painted.any()


def test_escape_puts_the_midline_back(artist):
    artist.toolbox.change(symmetric=True)
    line = artist.toolbox.midline
    place = artist.toolbox.midline_tool.handles()[1]
    artist.press(*place)
    artist.move(20, 120)
    assert artist.toolbox.midline != line
    artist.key(Qt.Key.Key_Escape)
    assert artist.toolbox.midline == line


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


def test_a_new_target_replaces_the_old_one(artist):
    artist.stroke((64, 64), (80, 64))
    artist.view.set_zoom(8, artist.size)
    artist.document.open(source=portrait(64), target=portrait(64))
    assert artist.view.is_fitted
    artist.canvas.change_style(opacity=1.0)
    artist.toolbox.choose(ToolKind.FILL)
    assert artist.pixel(32, 20) == Region(int(face_labels(64)[20, 32])).colour


def test_a_new_target_in_a_stroke(artist):
    artist.press(64, 64)
    artist.move(70, 64)
    artist.document.open(source=portrait(64), target=portrait(64))
    artist.move(20, 20)
    artist.release(20, 20)
    assert (artist.labels == face_labels(64)).all()


def test_a_deleted_canvas_hears_nothing(artist, qtbot):
    canvas = MaskCanvas(artist.toolbox, artist.view)
    canvas.close()
    canvas.deleteLater()
    QApplication.sendPostedEvents(canvas, QEvent.Type.DeferredDelete)
    artist.stroke((64, 64), (70, 64))
    artist.toolbox.choose(ToolKind.FILL)
    artist.view.fit()
