"""Painting with the mouse on the real canvas, and what the result makes of it."""

import random

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QSizeF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from e4s_studio.core.commands import Layer
from e4s_studio.core.regions import Region
from e4s_studio.core.settings import ShapeSource
from e4s_studio.gui.tools.tool import ToolKind


def on_canvas(studio, x: float, y: float) -> QPoint:
    """Return the canvas's point over a point of the crop."""
    canvas = studio.window.canvas
    transform = studio.editor.view.transform(QSizeF(canvas.size()))
    return transform.map(QPointF(x, y)).toPoint()


def press(studio, x, y):
    canvas = studio.window.canvas
    QTest.mouseMove(canvas, on_canvas(studio, x, y))
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=on_canvas(studio, x, y))


def move(studio, x, y):
    QTest.mouseMove(studio.window.canvas, on_canvas(studio, x, y))
    QApplication.processEvents()


def release(studio, x, y):
    QTest.mouseRelease(studio.window.canvas, Qt.MouseButton.LeftButton, pos=on_canvas(studio, x, y))


def test_the_result_changes_under_the_stroke(studio, qtbot):
    before = studio.controller.rendering.results.newest
    studio.editor.toolbox.change(region=Region.BACKGROUND, size=40.0)
    press(studio, 90, 130)
    for x in range(95, 170, 5):
        move(studio, x, 130)
    assert studio.document.in_stroke
    qtbot.waitUntil(
        lambda: studio.controller.rendering.results.newest.revision > before.revision,
        timeout=60_000,
    )
    assert studio.document.in_stroke
    release(studio, 170, 130)
    studio.wait_for_final()
    after = studio.controller.rendering.results.newest
    assert after.revision == studio.document.revision
    # Background keeps the target's texture: blue again under the stroke.
    np.testing.assert_array_equal(after.image[130, 130], studio.document.target.image[130, 130])
    assert [command.name for command in studio.document.history.commands] != []
    assert len(studio.document.history.commands) == 1


def test_without_live_preview_a_stroke_shows_when_it_ends(studio):
    studio.editor.editing.set_setting("live_preview", value=False)
    before = studio.engine.submitted[-1]
    studio.editor.toolbox.change(region=Region.BACKGROUND, size=40.0)
    press(studio, 90, 130)
    move(studio, 150, 130)
    assert studio.engine.submitted[-1] == before
    assert not studio.controller.rendering.findChild(QTimer).isActive()
    release(studio, 150, 130)
    assert studio.engine.submitted[-1] == studio.document.revision
    studio.wait_for_final()


def test_a_map_that_comes_during_a_stroke_waits_for_its_end(studio, qtbot):
    document = studio.document
    press(studio, 40, 60)
    move(studio, 60, 60)
    with qtbot.waitSignal(studio.controller.busy, check_params_cb=lambda doing: not doing):
        studio.editor.editing.set_shape(Region.NOSE, ShapeSource.TARGET)
    assert document.in_stroke
    move(studio, 200, 60)
    release(studio, 200, 60)
    painted = document.pixels(Layer.LABELS)[60, 40:200] == Region.SKIN
    assert painted.all()
    qtbot.waitUntil(lambda: document.settings.shape(Region.NOSE) is ShapeSource.TARGET)
    assert document.history.index == 2
    studio.editor.editing.undo()
    assert document.settings.shape(Region.NOSE) is ShapeSource.SOURCE


def test_escape_takes_the_stroke_back(studio):
    labels = studio.document.pixels(Layer.LABELS).copy()
    studio.editor.toolbox.change(region=Region.HAIR, size=30.0)
    press(studio, 100, 130)
    move(studio, 140, 130)
    QTest.keyClick(studio.window.canvas, Qt.Key.Key_Escape)
    release(studio, 140, 130)
    np.testing.assert_array_equal(studio.document.pixels(Layer.LABELS), labels)
    assert studio.document.history.commands == ()
    studio.wait_for_final()


def test_undo_and_redo_by_key_and_by_the_history(studio, qtbot):
    studio.editor.toolbox.change(region=Region.HAIR, size=30.0)
    start = studio.document.pixels(Layer.LABELS).copy()
    for y in (90, 130, 170):
        press(studio, 100, y)
        move(studio, 150, y)
        release(studio, 150, y)
    end = studio.document.pixels(Layer.LABELS).copy()
    actions = studio.window.actions_by_name
    actions["edit.undo"].trigger()
    actions["edit.undo"].trigger()
    actions["edit.undo"].trigger()
    np.testing.assert_array_equal(studio.document.pixels(Layer.LABELS), start)
    assert not actions["edit.undo"].isEnabled()
    view = studio.window.history.view
    assert view.model().rowCount() == 4
    last = view.visualRect(view.model().index(3)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=last)
    np.testing.assert_array_equal(studio.document.pixels(Layer.LABELS), end)
    assert not actions["edit.redo"].isEnabled()
    studio.wait_for_final()


def test_300_random_edits_undo_and_redo_bit_for_bit(studio):
    dice = random.Random(5)  # noqa: S311 - dice of a test
    toolbox, editing = studio.editor.toolbox, studio.editor.editing
    start, start_settings = studio.document.state().planes, studio.document.settings
    for _ in range(300):
        if dice.random() < 0.5:
            region = dice.choice(list(Region))
            editing.set_amounts([region], dice.randrange(101) / 100)
            editing.end_gesture()
            continue
        toolbox.choose(dice.choice([ToolKind.BRUSH, ToolKind.ERASER, ToolKind.ORIGINAL]))
        toolbox.change(region=dice.choice(list(Region)), size=float(dice.randrange(4, 60)))
        press(studio, dice.randrange(256), dice.randrange(256))
        move(studio, dice.randrange(256), dice.randrange(256))
        release(studio, dice.randrange(256), dice.randrange(256))
    end, end_settings = studio.document.state().planes, studio.document.settings
    steps = len(studio.document.history.commands)
    assert steps >= 200
    for _ in range(steps):
        editing.undo()
    assert studio.document.settings == start_settings
    for layer in Layer:
        np.testing.assert_array_equal(studio.document.state().planes[layer], start[layer])
    for _ in range(steps):
        editing.redo()
    assert studio.document.settings == end_settings
    for layer in Layer:
        np.testing.assert_array_equal(studio.document.state().planes[layer], end[layer])
    studio.wait_for_final()
