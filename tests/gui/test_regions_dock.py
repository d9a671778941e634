"""Sliders, shapes, eyes and locks, driven with real events on the real window."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from e4s_studio.core.commands import Layer
from e4s_studio.core.regions import GROUPS, Region
from e4s_studio.core.settings import ShapeSource


def knob(slider) -> QPoint:
    return QPoint(round(slider.knob_x()), slider.height() // 2)


def drag(slider, start: QPoint, *ends: QPoint) -> None:
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=start)
    for end in ends:
        QTest.mouseMove(slider, end)
        QApplication.processEvents()


def wheel(widget, notches: int) -> None:
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle,
        widget.mapToGlobal(middle),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def test_a_drag_is_one_step_and_the_result_follows_it(studio, qtbot):
    slider = studio.window.regions.rows[Region.SKIN].slider
    before = studio.controller.rendering.results.newest
    shown = []
    studio.controller.rendering.shown.connect(lambda result: shown.append(result.revision))
    middle = slider.height() // 2
    ends = [QPoint(round(slider.width() * share), middle) for share in (0.8, 0.6, 0.4)]
    drag(slider, knob(slider), *ends)
    qtbot.waitUntil(lambda: bool(shown))
    assert slider.isSliderDown()
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=ends[-1])
    studio.wait_for_final()
    assert len(studio.document.history.commands) == 1
    assert studio.document.settings.amount(Region.SKIN) == pytest.approx(0.4, abs=0.05)
    assert shown == sorted(shown)
    after = studio.controller.rendering.results.newest
    # The source is red and the target blue: less of the source is less red.
    assert after.image[205, 128, 0] < before.image[205, 128, 0] - 20
    studio.editor.editing.undo()
    studio.wait_for_final()
    np.testing.assert_array_equal(studio.controller.rendering.results.newest.image, before.image)


def test_two_drags_are_two_steps(studio):
    slider = studio.window.regions.rows[Region.NOSE].slider
    for share in (0.5, 0.2):
        end = QPoint(round(slider.width() * share), slider.height() // 2)
        drag(slider, knob(slider), end)
        QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=end)
    assert len(studio.document.history.commands) == 2


def test_a_drag_that_comes_back_leaves_no_step(studio):
    slider = studio.window.regions.rows[Region.NOSE].slider
    start, middle = knob(slider), slider.height() // 2
    end = QPoint(slider.width() - 1, middle)
    drag(slider, start, QPoint(slider.width() // 2, middle), end)
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=end)
    assert studio.document.settings.amount(Region.NOSE) == 1
    assert studio.document.history.commands == ()


def test_wheel_keys_and_double_click(studio):
    slider = studio.window.regions.rows[Region.HAIR].slider
    wheel(slider, 2)
    assert studio.document.settings.amount(Region.HAIR) == pytest.approx(0.10)
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_PageUp)
    QTest.keyClick(slider, Qt.Key.Key_Right)
    assert studio.document.settings.amount(Region.HAIR) == pytest.approx(0.21)
    QTest.mouseDClick(slider, Qt.MouseButton.LeftButton, pos=knob(slider))
    assert studio.document.settings.amount(Region.HAIR) == 0
    assert len(studio.document.history.commands) == 4


def test_up_and_down_walk_through_the_rows(studio):
    rows = studio.window.regions.rows
    rows[Region.NOSE].slider.setFocus()
    QTest.keyClick(rows[Region.NOSE].slider, Qt.Key.Key_Down)
    assert rows[Region.EYES].slider.hasFocus()
    assert studio.editor.toolbox.options.region is Region.EYES


def test_a_group_slider_moves_its_regions_as_one_step(studio):
    group = studio.window.regions.groups[0].slider
    group.setFocus()
    QTest.keyClick(group, Qt.Key.Key_Home)
    settings = studio.document.settings
    for region in Region:
        inside = region in GROUPS["inner_face"]
        expected = 0 if inside else float(region in GROUPS["swapped"])
        assert settings.amount(region) == expected
    assert len(studio.document.history.commands) == 1
    assert studio.window.regions.groups[1].value.text() == "mixed"


def test_a_shape_from_the_target_changes_the_map_as_one_step(studio, qtbot):
    labels = studio.document.pixels(Layer.LABELS).copy()
    source = studio.document.source.labels
    np.testing.assert_array_equal(labels, source)  # both maps are the same oval
    row = studio.window.regions.rows[Region.EYES]
    qtbot.mouseClick(row.shapes[ShapeSource.TARGET], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: studio.document.settings.shape(Region.EYES) is ShapeSource.TARGET, timeout=60_000
    )
    assert [command.name for command in studio.document.history.commands] == ["Eyes shape: target"]
    studio.editor.editing.undo()
    assert row.shapes[ShapeSource.SOURCE].isChecked()


def test_two_quick_shape_clicks_both_count(studio, qtbot):
    rows = studio.window.regions.rows
    for region in (Region.EYES, Region.NOSE):
        qtbot.mouseClick(rows[region].shapes[ShapeSource.TARGET], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(studio.document.history.commands) == 2, timeout=60_000)
    for region in (Region.EYES, Region.NOSE):
        assert studio.document.settings.shape(region) is ShapeSource.TARGET


def test_eye_and_lock(studio, qtbot):
    row = studio.window.regions.rows[Region.HAIR]
    qtbot.mouseClick(row.eye, Qt.MouseButton.LeftButton)
    assert studio.window.canvas.style_of_overlay.hidden == {Region.HAIR}
    qtbot.mouseClick(row.lock, Qt.MouseButton.LeftButton)
    assert studio.document.rules.locked == {Region.HAIR}
    qtbot.mouseClick(row.lock, Qt.MouseButton.LeftButton)
    assert studio.document.rules.locked == frozenset()


def test_a_click_on_a_row_chooses_the_region(studio, qtbot):
    row = studio.window.regions.rows[Region.LIP]
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton, pos=QPoint(4, 4))
    assert studio.editor.toolbox.options.region is Region.LIP
    assert row.property("chosen")


def test_without_live_preview_the_result_waits_for_the_release(studio, qtbot):
    qtbot.mouseClick(studio.window.blend.live, Qt.MouseButton.LeftButton, pos=QPoint(8, 10))
    assert not studio.document.settings.live_preview
    slider = studio.window.regions.rows[Region.SKIN].slider
    end = QPoint(slider.width() // 2, slider.height() // 2)
    drag(slider, knob(slider), end)
    assert studio.document.revision not in studio.engine.submitted
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=end)
    assert studio.document.revision in studio.engine.submitted
    studio.wait_for_final()
