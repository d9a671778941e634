"""Exports: what is asked before, what is written, and what goes wrong."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMessageBox

from e4s_studio.core.regions import Region
from e4s_studio.core.settings import FilmTrait
from e4s_studio.engine.request import EngineChoice
from e4s_studio.files.export.kinds import ExportKind
from e4s_studio.files.images import read_image
from e4s_studio.files.provenance.credential import inspect_file
from e4s_studio.files.provenance.facts import Ground
from e4s_studio.gui.dialogs.export import ExportDialog


def open_dialog(studio) -> ExportDialog:
    """Open the dialog; one that was closed before may not be deleted yet."""
    studio.window.actions_by_name["file.export"].trigger()
    (dialog,) = (one for one in studio.window.findChildren(ExportDialog) if one.isVisible())
    return dialog


def choose(combo, data) -> None:
    combo.setCurrentIndex(combo.findData(data))


@pytest.fixture
def dialog(studio, tmp_path) -> ExportDialog:
    """The dialog, its ground stated, with a file to write."""
    dialog = open_dialog(studio)
    choose(dialog.ground, Ground.CONSENT)
    dialog.path.setText(str(tmp_path / "swap.png"))
    return dialog


def export(studio, dialog, qtbot):
    """Click Export and return what was written."""
    with qtbot.waitSignal(studio.editor.exporter.written, timeout=60_000) as written:
        qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    return written.args[0]


def test_the_ground_is_asked_for_once_per_project(studio, tmp_path, qtbot):
    dialog = open_dialog(studio)
    assert not dialog.start.isEnabled()
    choose(dialog.ground, Ground.SYNTHETIC)
    assert dialog.start.isEnabled()
    dialog.path.setText(str(tmp_path / "swap.png"))
    export(studio, dialog, qtbot)
    assert studio.editor.session.labelling.ground is Ground.SYNTHETIC
    assert studio.window.isWindowModified()
    qtbot.waitUntil(lambda: studio.window.findChild(ExportDialog) is None)
    assert open_dialog(studio).start.isEnabled()


def test_a_signed_picture_of_the_newest_edit(studio, dialog, tmp_path, qtbot):
    studio.editor.editing.set_amounts([Region.SKIN], 0.25)
    studio.wait_for_final()
    assert dialog.credential.isChecked()
    (path,) = export(studio, dialog, qtbot)
    assert path == tmp_path / "swap.png"
    np.testing.assert_array_equal(
        read_image(path), studio.controller.rendering.results.newest.image
    )
    found = inspect_file(path)
    assert found.facts["ground"] == "consent"
    assert found.facts["amounts"]["skin"] == 0.25
    assert str(path) in studio.window.status.currentMessage()


@pytest.mark.parametrize("film", [None, FilmTrait.COLOURS])
def test_a_film_that_was_followed_is_named(studio, dialog, qtbot, monkeypatch, film):
    layers = studio.engine.export_layers
    monkeypatch.setattr(
        studio.engine, "export_layers", lambda snapshot: replace(layers(snapshot), film=film)
    )
    (path,) = export(studio, dialog, qtbot)
    found = inspect_file(path)
    named = [action["parameters"]["film"] for action in found.actions[3:]]
    assert named == ([] if film is None else [film])
    assert ("film" in found.facts["settings"]) == (film is not None)


def test_turning_the_credential_off_is_remembered_in_the_project(studio, dialog, qtbot):
    box = dialog.credential  # wider than the part that can be clicked
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(10, box.height() // 2))
    assert not box.isChecked()
    (path,) = export(studio, dialog, qtbot)
    assert b"c2pa" not in path.read_bytes()
    assert not studio.editor.session.project().labelling.credential
    qtbot.waitUntil(lambda: studio.window.findChild(ExportDialog) is None)
    assert not open_dialog(studio).credential.isChecked()


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [
        (ExportKind.PICTURE, ".jpg"),
        (ExportKind.PICTURE, ".webp"),
        (ExportKind.PICTURE, ".tif"),
        (ExportKind.PICTURE, ".psd"),
        (ExportKind.PICTURE, ".ora"),
        (ExportKind.FACE, ".png"),
        (ExportKind.REGIONS, ".png"),
        (ExportKind.CELEBAMASK, ".png"),
        (ExportKind.COLOURS, ".png"),
        (ExportKind.SHEET, ".jpg"),
    ],
)
def test_every_kind_and_format(studio, dialog, qtbot, kind, suffix):
    choose(dialog.kind, kind)
    choose(dialog.format, suffix)
    path, *_ = export(studio, dialog, qtbot)
    assert path.suffix == suffix
    assert path.stat().st_size > 100
    if kind is ExportKind.FACE:
        assert Image.open(BytesIO(path.read_bytes())).mode == "RGBA"


def test_the_format_and_the_name_follow_each_other(dialog, tmp_path):
    choose(dialog.format, ".psd")
    assert dialog.path.text() == str(tmp_path / "swap.psd")
    dialog.path.setText(str(tmp_path / "other.tiff"))
    dialog.path.editingFinished.emit()
    assert dialog.format.currentData() == ".tif"
    assert dialog.path.text().endswith("other.tiff")
    choose(dialog.kind, ExportKind.REGIONS)
    assert dialog.path.text() == str(tmp_path / "other.png")
    assert not dialog.credential.isEnabled()
    dialog.path.setText(str(tmp_path / "v1.2 plain"))
    dialog.path.editingFinished.emit()
    assert dialog.path.text() == str(tmp_path / "v1.2 plain.png")


def test_a_visible_mark_shows(studio, dialog, qtbot):
    dialog.mark.setChecked(True)
    (path,) = export(studio, dialog, qtbot)
    marked = read_image(path) != studio.controller.rendering.results.newest.image
    assert 0 < marked.mean() < 0.2


def test_a_failure_is_said_in_the_dialog(studio, dialog, tmp_path, qtbot):
    dialog.path.setText(str(tmp_path / "nowhere" / "swap.png"))
    with qtbot.waitSignal(studio.editor.exporter.failed, timeout=60_000):
        qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    assert "does not exist" in dialog.said.text()
    assert dialog.said.isVisible()
    assert dialog.start.isEnabled()
    # The way out is to name another place.
    dialog.path.setText(str(tmp_path / "swap.png"))
    export(studio, dialog, qtbot)


def test_an_export_can_be_stopped(studio, dialog, tmp_path, qtbot):
    studio.gate.export.clear()
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(studio.gate.exporting.is_set, timeout=60_000)
    assert dialog.progress.isVisible()
    assert not dialog.start.isEnabled()
    qtbot.mouseClick(dialog.cancel, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(studio.editor.exporter.failed, timeout=60_000):
        studio.gate.export.set()
    assert not (tmp_path / "swap.png").exists()
    assert dialog.said.isVisible()
    qtbot.mouseClick(dialog.cancel, Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()


def test_the_window_is_painted_in_during_an_export(studio, dialog, tmp_path, qtbot):
    exported = studio.controller.rendering.results.newest.image
    studio.gate.export.clear()
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(studio.gate.exporting.is_set, timeout=60_000)
    canvas, window = studio.window.canvas, studio.window.windowHandle()
    # Through the window system, which lets nothing into a window behind a modal dialog.
    QApplication.processEvents()
    place = canvas.mapTo(studio.window, canvas.rect().center())
    QTest.mousePress(window, Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseMove(window, place + QPoint(0, 40))
    QTest.mouseRelease(window, Qt.MouseButton.LeftButton, pos=place + QPoint(0, 40))
    assert studio.document.history.index == 1
    with qtbot.waitSignal(studio.editor.exporter.written, timeout=60_000):
        studio.gate.export.set()
    np.testing.assert_array_equal(read_image(tmp_path / "swap.png"), exported)


def test_a_window_closed_during_an_export_waits_for_it(studio, dialog, tmp_path, qtbot):
    dialog.credential.setChecked(True)
    studio.gate.export.clear()
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(studio.gate.exporting.is_set, timeout=60_000)
    studio.editor.session.save(tmp_path / "saved.e4s")
    studio.window.close()
    assert studio.window.isVisible()
    studio.gate.export.set()
    qtbot.waitUntil(lambda: not studio.window.isVisible(), timeout=60_000)
    assert (tmp_path / "swap.png").is_file()
    assert (tmp_path / "saved.e4s").is_file()


def test_an_artist_who_stays_after_all_is_not_sent_away_by_the_next_export(
    studio, dialog, tmp_path, qtbot
):
    studio.gate.export.clear()
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(studio.gate.exporting.is_set, timeout=60_000)
    studio.window.close()
    studio.gate.export.set()
    qtbot.waitUntil(
        lambda: studio.window.findChild(QMessageBox, "unsaved") is not None, timeout=60_000
    )
    question = studio.window.findChild(QMessageBox, "unsaved")
    question.button(QMessageBox.StandardButton.Cancel).click()
    again = open_dialog(studio)
    again.path.setText(str(tmp_path / "again.png"))
    export(studio, again, qtbot)
    QApplication.processEvents()
    assert studio.window.findChild(QMessageBox, "unsaved") is None


@pytest.fixture
def exporting(studio, dialog, qtbot):
    """A studio in the middle of drawing an export."""
    studio.gate.export.clear()
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(studio.gate.exporting.is_set, timeout=60_000)
    return studio


def finish(studio, qtbot) -> None:
    with qtbot.waitSignal(studio.editor.exporter.written, timeout=60_000):
        studio.gate.export.set()


def test_a_project_is_saved_beside_an_export(exporting, tmp_path, qtbot):
    path = tmp_path / "beside.e4s"
    exporting.window.activateWindow()
    qtbot.waitUntil(exporting.window.isActiveWindow)
    qtbot.keyClick(exporting.window.canvas, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    files = exporting.window.findChildren(QFileDialog)[-1]
    with qtbot.waitSignal(exporting.editor.session.saved, timeout=60_000):
        files.fileSelected.emit(str(path))
    files.close()
    assert path.is_file()
    assert exporting.editor.exporter.is_writing
    assert exporting.window.status.work.text() == "Exporting"
    finish(exporting, qtbot)


def test_photographs_are_opened_beside_an_export_of_others(exporting, pair, tmp_path, qtbot):
    exported = exporting.controller.rendering.results.newest.image
    exporting.controller.opening.open(replace(pair, source=pair.target, source_map=pair.target_map))
    qtbot.waitUntil(lambda: exporting.document.source.path == pair.target, timeout=60_000)
    assert exporting.editor.exporter.is_writing
    finish(exporting, qtbot)
    np.testing.assert_array_equal(read_image(tmp_path / "swap.png"), exported)
    qtbot.waitUntil(lambda: exporting.window.findChild(ExportDialog) is None, timeout=60_000)


def test_a_failed_export_of_faces_that_are_gone_is_not_tried_again(exporting, dialog, pair, qtbot):
    exporting.controller.opening.open(replace(pair, source=pair.target, source_map=pair.target_map))
    qtbot.waitUntil(lambda: exporting.document.source.path == pair.target, timeout=60_000)
    qtbot.mouseClick(dialog.cancel, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(exporting.editor.exporter.failed, timeout=60_000):
        exporting.gate.export.set()
    qtbot.waitUntil(lambda: exporting.window.findChild(ExportDialog) is None, timeout=60_000)
    assert "Nothing was written" in exporting.window.notice.sentence.text()


def test_another_model_is_taken_beside_an_export(exporting, tmp_path, qtbot):
    exported, before = exporting.controller.rendering.results.newest.image, exporting.engine
    exporting.controller.use_engine(EngineChoice(checkpoint=tmp_path / "published.pt"))
    qtbot.waitUntil(lambda: exporting.engine is not before, timeout=60_000)
    finish(exporting, qtbot)
    np.testing.assert_array_equal(read_image(tmp_path / "swap.png"), exported)


def test_a_result_that_waits_for_an_export_says_so(exporting, qtbot):
    status = exporting.window.status
    exporting.gate.render.clear()
    exporting.editor.editing.set_amounts([Region.SKIN], 0.4)
    assert status.stage.text() == "after the export"
    finish(exporting, qtbot)
    assert status.stage.text() == "working …"
    exporting.gate.render.set()
    exporting.wait_for_final()
    assert status.stage.text() == "final"


def test_another_pair_takes_the_dialog_away(studio, dialog, pair, qtbot):
    assert open_dialog(studio) is dialog
    studio.controller.opening.open(replace(pair, source=pair.target, source_map=pair.target_map))
    qtbot.waitUntil(lambda: studio.window.findChild(ExportDialog) is None, timeout=60_000)


def test_a_name_alone_lies_in_the_folder_shown_first(studio, tmp_path, monkeypatch, qtbot):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    studio.preferences.remember_folder("export", tmp_path)
    dialog = open_dialog(studio)
    choose(dialog.ground, Ground.CONSENT)
    dialog.path.setText("mine.png")
    assert export(studio, dialog, qtbot) == [tmp_path / "mine.png"]


def test_what_is_said_leaves_the_texts_above_whole(dialog, qtbot):
    hint = next(one for one in dialog.findChildren(QLabel) if one.objectName() == "heading")
    dialog.say("The folder does not exist; create it or choose another one. " * 3)
    qtbot.waitUntil(lambda: hint.height() >= hint.heightForWidth(hint.width()))
    assert dialog.said.height() >= dialog.said.heightForWidth(dialog.said.width())


def test_closing_during_an_export_ends_it(studio, dialog, tmp_path, qtbot):
    studio.gate.export.clear()
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(studio.gate.exporting.is_set, timeout=60_000)
    studio.editor.exporter.cancel()
    studio.gate.export.set()
    studio.editor.projects.leave()
    assert not (tmp_path / "swap.png").exists()


def test_a_file_is_replaced_only_after_a_question(studio, dialog, tmp_path, qtbot):
    path = tmp_path / "swap.png"
    path.write_bytes(b"an older picture")
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    box = dialog.findChild(QMessageBox)
    qtbot.mouseClick(box.button(QMessageBox.StandardButton.Cancel), Qt.MouseButton.LeftButton)
    assert path.read_bytes() == b"an older picture"
    qtbot.mouseClick(dialog.browse, Qt.MouseButton.LeftButton)
    files = dialog.findChild(QFileDialog)
    files.fileSelected.emit(str(path))
    files.close()
    # That dialog of the platform has asked.
    assert export(studio, dialog, qtbot) == [path]
    assert path.read_bytes() != b"an older picture"
