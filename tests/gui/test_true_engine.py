"""The window over the true engine: a picture, a newer one after an edit, closing at work."""

import sys
import threading

import pytest
from PySide6.QtCore import QSettings

from e4s_studio.core.regions import Region
from e4s_studio.engine.request import EngineChoice
from e4s_studio.gui.app import Editor, Start, connect_engine
from e4s_studio.gui.preferences import Places, Preferences

PATIENCE_MS = 120_000


@pytest.fixture
def editor(qtbot, tmp_path):
    preferences = Preferences(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    editor = Editor(connect_engine, preferences, Places.under(tmp_path))
    yield editor
    editor.projects.leave()
    editor.window.deleteLater()
    editor.deleteLater()


def test_the_sample_pair_is_swapped_and_follows_an_edit(editor, qtbot):
    controller = editor.controller
    editor.start(Start())
    qtbot.waitUntil(lambda: controller.rendering.results.newest is not None, timeout=PATIENCE_MS)
    assert "torch" in sys.modules
    assert controller.fitting.is_running
    assert editor.window.status.device.text() in {"CPU", "GPU"}
    editor.editing.set_amounts([Region.SKIN], 0.3)
    revision = controller.document.revision
    qtbot.waitUntil(
        lambda: controller.rendering.results.newest.revision == revision, timeout=PATIENCE_MS
    )
    image = controller.rendering.results.newest.image
    assert image.ndim == 3
    assert image.std() > 10
    editor.projects.leave()
    names = {thread.name for thread in threading.enumerate()}
    assert not names & {"render", "fit"}


def test_a_checkpoint_that_is_none_is_said_and_the_window_goes_on(editor, qtbot, tmp_path):
    bad = tmp_path / "broken.safetensors"
    bad.write_bytes(b"no weights")
    with qtbot.waitSignal(editor.controller.failed, timeout=PATIENCE_MS) as failed:
        editor.start(Start(choice=EngineChoice(checkpoint=bad)))
    assert "broken" in failed.args[0] or "checkpoint" in failed.args[0]
    assert editor.window.notice.isVisible()
    qtbot.waitUntil(lambda: editor.controller.has_pair, timeout=PATIENCE_MS)
    assert editor.window.status.model.text() == "Built-in model"
    assert editor.controller.choice.checkpoint is None
