"""Connects the dialog of models with the folder they are kept in."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog

from e4s_studio.files import models
from e4s_studio.gui.dialogs.models import ModelsDialog
from e4s_studio.gui.jobs import Job, Jobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from e4s_studio.files.models import Model, ModelFolder
    from e4s_studio.gui.controller import Controller
    from e4s_studio.gui.dialogs.models import ModelRow
    from e4s_studio.gui.main_window import MainWindow
    from e4s_studio.gui.preferences import Preferences


class ModelsHandler(QObject):
    """Installs models off the GUI thread, one after the other.

    Parameters
    ----------
    window
        Where the dialog shows.
    controller
        What computes with an installed network.
    preferences
        Which folders were used last.
    folder
        Where models are kept.
    """

    _moved = Signal(object, object, object)

    def __init__(
        self,
        window: MainWindow,
        controller: Controller,
        preferences: Preferences,
        folder: ModelFolder,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._preferences = preferences
        self._folder = folder
        # The controller's own thread must not wait for a network.
        self._jobs = Jobs(self)
        self._jobs.failed.connect(self._say)
        self._stops: dict[str, threading.Event] = {}
        self._dialog: ModelsDialog | None = None
        self._moved.connect(self._show_progress, Qt.ConnectionType.QueuedConnection)
        window.actions_by_name["model.install"].triggered.connect(self._open)

    def close(self) -> None:
        """Stop what is under way; what was received is kept."""
        for stop in self._stops.values():
            stop.set()
        self._jobs.close()

    def _open(self) -> None:
        dialog = self._dialog = self._dialog or self._make_dialog()
        for name in dialog.rows:
            if name not in self._stops:
                self._show_state(models.model_named(name))
        dialog.show()
        dialog.activateWindow()

    def _make_dialog(self) -> ModelsDialog:
        dialog = ModelsDialog(models.CATALOGUE, self._folder.path, self._window)
        dialog.install_asked.connect(self._install)
        dialog.file_asked.connect(self._ask_file)
        dialog.stop_asked.connect(self._stop)
        dialog.compute_asked.connect(self._compute)
        dialog.pack_asked.connect(self._ask_pack)
        dialog.unpack_asked.connect(self._ask_unpack)
        return dialog

    # One model

    def _install(self, model: Model) -> None:
        stop = threading.Event()
        self._begin(model, partial(self._install_in_background, model, stop), stop)

    def _use(self, model: Model, name: str) -> None:
        file = Path(name)
        self._preferences.remember_folder("model", file.parent)
        work = partial(self._folder.use, model, file, _check)
        self._begin(model, work, threading.Event())
        self._row(model).show_checking()

    def _begin(self, model: Model, work: Callable[[], object], stop: threading.Event) -> None:
        self._say("")
        self._stops[model.name] = stop
        self._row(model).show_waiting()
        done, failed = lambda _: self._take_installed(model), partial(self._take_failure, model)
        self._jobs.run(Job("", work, done, failed))

    def _install_in_background(self, model: Model, stop: threading.Event) -> object:
        moved = partial(self._moved.emit, model)
        return self._folder.install(model, _check, progress=moved, cancel=stop)

    def _stop(self, model: Model) -> None:
        if model.name in self._stops:
            self._stops[model.name].set()

    def _compute(self, model: Model) -> None:
        path = self._folder.installed(model)
        if path is not None:
            self._controller.use_engine(replace(self._controller.choice, checkpoint=path))

    def _take_installed(self, model: Model) -> None:
        self._end(model)
        if model.name == "e4s":
            self._say(self.tr("{0} is installed.").format(model.title))
        else:
            self._say(
                self.tr("{0} is installed; photographs opened from now on use it.").format(
                    model.title
                )
            )

    def _take_failure(self, model: Model, sentence: str) -> None:
        self._end(model)
        self._say(sentence)

    def _end(self, model: Model) -> None:
        self._stops.pop(model.name, None)
        self._show_state(model)

    # All of them

    def _pack(self, name: str) -> None:
        path = Path(name)
        self._preferences.remember_folder("model", path.parent)
        self._jobs.run(
            Job(
                "",
                partial(self._folder.pack, path),
                lambda packed: self._say(self.tr("“{0}” holds {1}.").format(path, _names(packed))),
            )
        )

    def _unpack(self, name: str) -> None:
        path = Path(name)
        self._preferences.remember_folder("model", path.parent)
        self._say(self.tr("Unpacking …"))
        work = partial(self._folder.unpack, path, _check)
        self._jobs.run(Job("", work, self._take_unpacked))

    def _take_unpacked(self, installed: list[Model]) -> None:
        for model in installed:
            self._show_state(model)
        self._say(self.tr("Installed: {0}.").format(_names(installed)))

    # Dialogs of files

    def _ask_file(self, model: Model) -> None:
        dialog = self._file_dialog(self.tr("Use a file as {0}").format(model.title))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(
            [self.tr("Networks (*.pth *.pt *.safetensors)"), self.tr("All files (*)")]
        )
        dialog.fileSelected.connect(partial(self._use, model))
        dialog.open()

    def _ask_pack(self) -> None:
        dialog = self._file_dialog(self.tr("Pack the installed models"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("zip")
        dialog.selectFile("models.zip")
        dialog.fileSelected.connect(self._pack)
        dialog.open()

    def _ask_unpack(self) -> None:
        dialog = self._file_dialog(self.tr("Use a pack of models"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("Packs (*.zip)"), self.tr("All files (*)")])
        dialog.fileSelected.connect(self._unpack)
        dialog.open()

    def _file_dialog(self, title: str) -> QFileDialog:
        dialog = QFileDialog(self._dialog, title, str(self._preferences.folder("model")))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog

    # What is shown

    def _row(self, model: Model) -> ModelRow:
        if self._dialog is None:
            raise RuntimeError("nobody has asked for a model yet")
        return self._dialog.rows[model.name]

    def _show_state(self, model: Model) -> None:
        self._row(model).show_state(self._folder.state(model), self._folder.received(model))

    def _show_progress(self, model: Model, received: int, size: int | None) -> None:
        if model.name in self._stops:
            self._row(model).show_progress(received, size)

    def _say(self, sentence: str) -> None:
        if self._dialog is not None:
            self._dialog.say(sentence)
        if sentence and (self._dialog is None or not self._dialog.isVisible()):
            self._window.notice.say(sentence)


def _check(model: Model, file: Path) -> Any:
    """Look into a file; importing what does it brings torch along, so not on the GUI thread."""
    from e4s_studio.engine.drawing.models import check_model  # noqa: PLC0415 - see above

    return check_model(model, file)


def _names(installed: list[Model]) -> str:
    return ", ".join(model.title for model in installed)
