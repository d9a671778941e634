"""Recipes: what was painted, saved from one pair and done again on another."""

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from e4s_studio.core.commands import Layer
from e4s_studio.core.regions import Region
from e4s_studio.files.recipe import SUFFIX, open_recipe
from e4s_studio.gui.app import Start
from e4s_studio.gui.photographs import Photographs


def trigger(studio, name: str) -> None:
    studio.window.actions_by_name[name].trigger()


def choose_file(studio, path) -> None:
    dialog = studio.window.findChildren(QFileDialog)[-1]
    dialog.fileSelected.emit(str(path))
    dialog.close()


def paint(studio) -> None:
    studio.editor.toolbox.change(region=Region.LIP, size=30.0)
    canvas = studio.window.canvas
    place = canvas.rect().center()
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseMove(canvas, place + QPoint(60, 20))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=place + QPoint(60, 20))


def use(studio, path, qtbot) -> None:
    steps = len(studio.document.history.commands)
    trigger(studio, "edit.use_recipe")
    choose_file(studio, path)
    qtbot.waitUntil(lambda: len(studio.document.history.commands) > steps, timeout=60_000)


@pytest.fixture
def recipe(studio, tmp_path, qtbot):
    """Return a recipe's file, and which pixels were painted for it."""
    paint(studio)
    studio.editor.editing.set_amounts([Region.NOSE], 0.4)
    path = tmp_path / f"lips{SUFFIX}"
    trigger(studio, "edit.save_recipe")
    choose_file(studio, path)
    qtbot.waitUntil(path.is_file, timeout=60_000)
    return path, studio.document.pixels(Layer.PAINTED) == 1


def test_edits_are_done_again_on_another_photograph_as_one_step(recipe, studio, pair, qtbot):
    path, painted = recipe
    assert painted.any()
    assert open_recipe(path).name == "lips"
    with qtbot.waitSignal(studio.controller.pair_opened, timeout=60_000):
        studio.controller.opening.open(Photographs(target=pair.source, target_map=pair.source_map))
    fresh = studio.document.pixels(Layer.LABELS).copy()
    studio.editor.editing.set_amounts([Region.NOSE], 1.0)
    steps = studio.document.history.index
    use(studio, path, qtbot)
    expected = np.where(painted, Region.LIP, fresh)
    np.testing.assert_array_equal(studio.document.pixels(Layer.LABELS), expected)
    assert studio.document.settings.amount(Region.NOSE) == 0.4
    assert studio.document.history.top.name == "Recipe “lips”"
    studio.wait_for_final()
    trigger(studio, "edit.undo")
    assert studio.document.history.index == steps
    np.testing.assert_array_equal(studio.document.pixels(Layer.LABELS), fresh)
    assert studio.document.settings.amount(Region.NOSE) == 1.0


def test_a_dropped_recipe_is_used(recipe, studio, qtbot):
    path, _ = recipe
    studio.editor.editing.set_amounts([Region.NOSE], 0.9)
    steps = len(studio.document.history.commands)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    place = studio.window.canvas.rect().center()
    for event in (
        QDragEnterEvent(place, Qt.DropAction.CopyAction, data, buttons, keys),
        QDropEvent(QPointF(place), Qt.DropAction.CopyAction, data, buttons, keys),
    ):
        QApplication.sendEvent(studio.window.canvas, event)
    qtbot.waitUntil(lambda: len(studio.document.history.commands) > steps, timeout=60_000)
    assert studio.document.settings.amount(Region.NOSE) == 0.4


def test_there_is_nothing_to_keep_before_the_first_edit(studio):
    trigger(studio, "edit.save_recipe")
    assert studio.window.findChild(QFileDialog) is None
    assert "nothing to keep" in studio.window.notice.sentence.text()


def test_recipes_need_a_target(make_studio):
    studio = make_studio()
    for name in ("edit.save_recipe", "edit.use_recipe"):
        assert not studio.window.actions_by_name[name].isEnabled()


def test_a_file_that_is_no_recipe_leaves_all_as_it_was(studio, tmp_path, qtbot):
    bad = tmp_path / f"bad{SUFFIX}"
    bad.write_bytes(b"no recipe")
    revision = studio.document.revision
    trigger(studio, "edit.use_recipe")
    with qtbot.waitSignal(studio.controller.failed, timeout=60_000) as failed:
        choose_file(studio, bad)
    assert "no recipe" in failed.args[0]
    assert studio.document.revision == revision


def test_a_recipe_that_cannot_be_written_is_said(studio, tmp_path, qtbot):
    paint(studio)
    trigger(studio, "edit.save_recipe")
    with qtbot.waitSignal(studio.controller.failed, timeout=60_000) as failed:
        choose_file(studio, tmp_path / "gone" / f"a{SUFFIX}")
    assert "does not exist" in failed.args[0]


def test_a_recipe_is_safe_from_a_crash_like_every_edit(recipe, studio, make_studio, pair, qtbot):
    path, _ = recipe
    second = make_studio()
    second.editor.start(Start(pair))
    second.wait_for_pair()
    use(second, path, qtbot)
    assert second.window.isWindowModified()
    assert second.editor.keeper.journal.flush()
