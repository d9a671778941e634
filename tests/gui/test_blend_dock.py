"""How the new face is blended in: sliders of the blend dock, driven with real events."""

import numpy as np
import pytest
from conftest import SIZE, photograph
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from e4s_studio.core.document import Document
from e4s_studio.files.images import write_image
from e4s_studio.files.project import Project
from e4s_studio.gui.photographs import Photographs


@pytest.fixture
def colourful(tmp_path):
    """Two photographs that no print could be: their halves have other colours."""
    paths = []
    for seed in range(2):
        picture = photograph((200, 80, 60), seed)
        picture[:, SIZE // 2 :] = photograph((60, 80, 200), seed)[:, SIZE // 2 :]
        paths.append(tmp_path / f"{seed}.png")
        write_image(paths[-1], picture)
    return paths


@pytest.fixture
def grey(tmp_path):
    path = tmp_path / "grey.png"
    write_image(path, photograph((120, 120, 120), 7))
    return path


def open_pair(studio, source, target, qtbot):
    with qtbot.waitSignal(studio.controller.pair_opened, timeout=60_000):
        studio.controller.opening.open(Photographs(source, target))
    studio.wait_for_final()


def press(slider, key):
    slider.setFocus()
    QTest.keyClick(slider, key)


@pytest.mark.parametrize("name", ["detail", "light", "film"])
def test_a_key_changes_a_setting_as_one_step_that_is_undone(studio, name):
    slider = getattr(studio.window.blend, f"{name}_row").slider
    home = getattr(studio.document.settings, name)
    press(slider, Qt.Key.Key_Home)
    assert getattr(studio.document.settings, name) == 0
    assert studio.document.revision in studio.engine.submitted
    assert len(studio.document.history.commands) == 1
    studio.editor.editing.undo()
    assert getattr(studio.document.settings, name) == home
    assert slider.value() == round(home * 100)
    studio.editor.editing.redo()
    assert slider.value() == 0
    press(slider, Qt.Key.Key_Backspace)
    assert getattr(studio.document.settings, name) == home


def test_the_film_can_be_set_where_there_is_one_to_follow(studio, colourful, grey, qtbot):
    row = studio.window.blend.film_row
    open_pair(studio, *colourful, qtbot)
    assert not row.isEnabled()
    assert "Both photographs are in colour" in row.slider.toolTip()
    for source, target in ((grey, colourful[1]), (colourful[0], grey)):
        open_pair(studio, source, target, qtbot)
        assert row.isEnabled()
        assert "black-and-white" in row.slider.toolTip()
        press(row.slider, Qt.Key.Key_PageDown)
        assert studio.document.settings.film == pytest.approx(0.9)
        studio.editor.editing.undo()


def test_before_any_photograph_is_open_the_film_can_be_set(make_studio):
    assert make_studio().window.blend.film_row.isEnabled()


def test_of_a_photograph_alone_the_film_can_be_set(studio, colourful, qtbot):
    open_pair(studio, *colourful, qtbot)
    alone = Document()
    alone.open(target=studio.document.target)
    controller = studio.controller
    controller.restore(Project(alone.contents()))
    assert studio.window.blend.film_row.isEnabled()


def test_the_film_of_another_source_is_looked_at_too(studio, colourful, grey, qtbot):
    open_pair(studio, *colourful, qtbot)
    before = np.array(studio.document.target.image)
    with qtbot.waitSignal(studio.controller.pair_opened, timeout=60_000):
        studio.controller.opening.open(Photographs(source=grey))
    studio.wait_for_final()
    np.testing.assert_array_equal(studio.document.target.image, before)
    assert studio.window.blend.film_row.isEnabled()
