"""Wipe, side by side, the held original, snapshots and the heat map."""

import numpy as np
import pytest
from canvases import turn_wheel
from PySide6.QtCore import QPoint, QSizeF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from e4s_studio.core.regions import Region
from e4s_studio.gui.panes.picture_panes import Compare, heat_picture


def colour(pane, x: int, y: int) -> tuple[int, int, int]:
    return pane.grab().toImage().pixelColor(x, y).getRgb()[:3]


def is_source(pane, x: float, y: float = 0.55) -> bool:
    """Whether the pane is the source's red there, rather than the target's blue."""
    red, _green, blue = colour(pane, round(pane.width() * x), round(pane.height() * y))
    return red > blue


def test_the_divider_is_dragged(studio):
    pane = studio.window.result
    studio.window.actions_by_name["compare.wipe"].trigger()
    assert pane.mode is Compare.WIPE
    assert not is_source(pane, 0.45)
    assert is_source(pane, 0.55)
    y = pane.height() // 4
    QTest.mousePress(pane, Qt.MouseButton.LeftButton, pos=QPoint(pane.width() // 2, y))
    QTest.mouseMove(pane, QPoint(pane.width() // 4, y))
    QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=QPoint(pane.width() // 4, y))
    assert pane.divider == pytest.approx(0.25, abs=0.01)
    assert is_source(pane, 0.45)
    QTest.mouseMove(pane, QPoint(pane.width() // 2, y))
    assert pane.divider == pytest.approx(0.25, abs=0.01)


def test_side_by_side_lies_where_there_is_room(studio, qtbot):
    actions, pane = studio.window.actions_by_name, studio.window.result
    actions["compare.side"].trigger()
    studio.window.area.toggle_maximised("result")
    qtbot.waitUntil(lambda: pane.width() > 1.2 * pane.height())
    assert not is_source(pane, 0.25)
    assert is_source(pane, 0.75)
    actions["view.even_layout"].trigger()
    qtbot.waitUntil(lambda: pane.height() > 1.2 * pane.width())
    assert not is_source(pane, 0.5, 0.27)
    assert is_source(pane, 0.5, 0.77)


def test_the_original_shows_while_its_key_is_held(studio):
    pane = studio.window.result
    assert is_source(pane, 0.5)
    for widget in (studio.window.canvas, studio.window.regions.rows[Region.SKIN].slider):
        widget.setFocus()
        QTest.keyPress(studio.window.windowHandle(), Qt.Key.Key_Backslash)
        assert not is_source(pane, 0.5)
        QTest.keyRelease(studio.window.windowHandle(), Qt.Key.Key_Backslash)
        assert is_source(pane, 0.5)


def test_snapshots_flip_and_come_back(studio):
    actions, pane = studio.window.actions_by_name, studio.window.result
    assert not actions["compare.show_A"].isEnabled()
    actions["compare.keep_A"].trigger()
    kept = studio.document.settings
    studio.editor.editing.set_amounts(Region, 0.0)
    studio.wait_for_final()
    assert not is_source(pane, 0.5)
    actions["compare.show_A"].trigger()
    assert actions["compare.show_A"].isChecked()
    assert is_source(pane, 0.5)
    actions["compare.show_A"].trigger()
    assert not is_source(pane, 0.5)
    actions["compare.recall_A"].trigger()
    assert studio.document.settings == kept
    studio.wait_for_final()
    assert is_source(pane, 0.5)


def test_a_snapshot_kept_before_its_picture_is_there_shows_its_own(studio, qtbot):
    actions, pane = studio.window.actions_by_name, studio.window.result
    studio.gate.render.clear()
    studio.editor.editing.set_amounts(Region, 0.0)
    actions["compare.keep_C"].trigger()  # what is shown is still the full swap
    studio.gate.render.set()
    studio.editor.editing.set_amounts(Region, 1.0)
    studio.wait_for_final()
    assert is_source(pane, 0.5)
    actions["compare.show_C"].trigger()
    qtbot.waitUntil(lambda: studio.controller.rendering.results.kept("C") is not None)
    assert not is_source(pane, 0.5)


def test_an_edit_leaves_the_shown_snapshot(studio):
    actions = studio.window.actions_by_name
    actions["compare.keep_B"].trigger()
    actions["compare.show_B"].trigger()
    studio.editor.editing.set_amounts(Region, 0.0)
    studio.wait_for_final()
    assert not actions["compare.show_B"].isChecked()
    assert not is_source(studio.window.result, 0.5)


def test_the_heat_map_glows_where_the_last_edit_changed_something(studio):
    studio.editor.editing.set_amounts([Region.NOSE], 0.0)
    studio.wait_for_final()
    before, after = (
        studio.controller.rendering.results.before,
        studio.controller.rendering.results.newest.image,
    )
    changed = (before != after).any(axis=2)
    nose = studio.document.snapshot().labels == Region.NOSE
    np.testing.assert_array_equal(changed, nose)
    studio.window.actions_by_name["compare.heat"].trigger()
    pane = studio.window.result
    hot = colour(pane, pane.width() // 2, round(pane.height() * 0.55))
    cold = colour(pane, pane.width() // 2, round(pane.height() * 0.82))
    assert sum(hot) > 2 * sum(cold)


def test_heat_is_zero_without_a_change_and_monotonous(studio):
    picture = np.full((8, 8, 3), 100, np.uint8)
    still = heat_picture(picture, picture)
    assert (still == still[0, 0]).all()
    warmth = [int(heat_picture(picture, picture + step).sum()) for step in (0, 10, 20, 40)]
    assert warmth == sorted(warmth)
    assert len(set(warmth)) == 4


def test_a_drag_is_one_edit_for_the_heat_map(studio):
    start = studio.controller.rendering.results.newest.image
    for percent in (80, 60, 40):
        studio.editor.editing.set_amounts([Region.SKIN], percent / 100, "one drag")
        studio.wait_for_final()
    np.testing.assert_array_equal(studio.controller.rendering.results.before, start)


def test_the_whole_photograph_shows_the_swap_of_the_newest_edit(studio, qtbot):
    actions, pane = studio.window.actions_by_name, studio.window.result
    assert (
        studio.controller.rendering.results.newest.photograph is None
    )  # costs nothing until it is shown
    actions["compare.whole"].trigger()
    qtbot.waitUntil(lambda: studio.controller.rendering.results.newest.photograph is not None)
    assert colour(pane, pane.width() // 10, pane.height() // 2) == (255, 255, 255)
    assert is_source(pane, 0.5, 0.5)
    pane.hold_original(held=True)
    assert colour(pane, pane.width() // 10, pane.height() // 2) == (255, 255, 255)
    assert not is_source(pane, 0.5, 0.5)
    pane.hold_original(held=False)
    studio.editor.editing.set_amounts(Region, 0.0)
    studio.wait_for_final()
    assert not is_source(pane, 0.5, 0.5)
    actions["compare.result"].trigger()
    studio.editor.editing.set_amounts(Region, 1.0)
    studio.wait_for_final()
    assert studio.controller.rendering.results.newest.photograph is None
    assert colour(pane, pane.width() // 10, pane.height() // 2) != (255, 255, 255)


@pytest.fixture
def whole(studio, qtbot):
    """The result pane with the whole photograph in it, three times as wide as the crop."""
    studio.window.actions_by_name["compare.whole"].trigger()
    qtbot.waitUntil(lambda: studio.controller.rendering.results.newest.photograph is not None)
    return studio.window.result


def in_photograph(pane, point: QPoint) -> tuple[float, float]:
    place = pane.photograph_view.to_picture(point.toPointF(), QSizeF(pane.size()))
    return place.x(), place.y()


def test_the_wheel_zooms_the_whole_photograph_about_the_cursor(whole, studio):
    point = QPoint(round(whole.width() * 0.4), whole.height() // 2)
    held, before = in_photograph(whole, point), studio.editor.view.zoom(QSizeF(whole.size()))
    corner = colour(whole, 8, whole.height() // 2)
    for _ in range(6):
        turn_wheel(whole, point, 120)
    assert in_photograph(whole, point) == pytest.approx(held)
    assert corner == (255, 255, 255)
    assert is_source(whole, 0.9, 0.55)  # the white beside the crop is out of sight now
    assert studio.editor.view.is_fitted  # the crop stays as it was in the other panes
    assert studio.editor.view.zoom(QSizeF(whole.size())) == before


@pytest.mark.parametrize("button", [Qt.MouseButton.MiddleButton, Qt.MouseButton.LeftButton])
def test_the_whole_photograph_is_dragged(whole, studio, button):
    start = whole.rect().center()
    for _ in range(6):
        turn_wheel(whole, start, 120)
    held = in_photograph(whole, start)
    QTest.mousePress(whole, button, pos=start)
    QTest.mouseMove(whole, start + QPoint(60, -25))
    QTest.mouseRelease(whole, button, pos=start + QPoint(60, -25))
    assert in_photograph(whole, start + QPoint(60, -25)) == pytest.approx(held)
    assert studio.editor.view.is_fitted


def test_keys_fit_zoom_and_mirror_the_whole_photograph(whole, studio):
    QTest.mouseClick(whole, Qt.MouseButton.LeftButton, pos=whole.rect().center())
    keys = studio.window.windowHandle()
    size, view = QSizeF(whole.size()), whole.photograph_view
    fitted = view.zoom(size)
    QTest.keyClick(keys, Qt.Key.Key_1)
    assert view.zoom(size) * whole.devicePixelRatioF() == pytest.approx(1)
    QTest.keyClick(keys, Qt.Key.Key_Plus)
    assert view.zoom(size) * whole.devicePixelRatioF() == pytest.approx(1.25)
    QTest.keyClick(keys, Qt.Key.Key_0)
    assert view.zoom(size) == fitted
    QTest.keyClick(keys, Qt.Key.Key_M)
    assert view.is_mirrored
    assert studio.editor.view.is_mirrored
    QTest.keyClick(keys, Qt.Key.Key_R)
    QTest.keyClick(keys, Qt.Key.Key_1)
    assert view.zoom(size) == fitted
    assert not studio.editor.view.is_fitted


def test_a_newer_swap_leaves_the_whole_photograph_where_it_was_moved(whole, studio):
    point = whole.rect().center()
    turn_wheel(whole, point, 480)
    zoom = whole.photograph_view.zoom(QSizeF(whole.size()))
    studio.editor.editing.set_amounts(Region, 0.0)
    studio.wait_for_final()
    assert whole.photograph_view.zoom(QSizeF(whole.size())) == zoom
    assert not is_source(whole, 0.5, 0.5)


def test_a_reduced_photograph_says_so(whole):
    pixels = np.full((100, 300, 3), 255, np.uint8)
    whole.show_photograph(pixels, pixels)
    plain = whole.grab().toImage()
    whole.show_photograph(pixels, pixels, 0.25)
    tagged = whole.grab().toImage()
    assert plain != tagged
    assert tagged.pixelColor(8, whole.height() // 2) == plain.pixelColor(8, whole.height() // 2)


def test_the_result_goes_to_the_clipboard(studio):
    QGuiApplication.clipboard().clear()
    studio.window.actions_by_name["edit.copy"].trigger()
    QApplication.processEvents()
    image = QGuiApplication.clipboard().image()
    assert image.width() == 256
