"""Connects the model dock, the status bar and the notice with the engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog

from e4s_studio.gui.names import region_name

if TYPE_CHECKING:
    from e4s_studio.core.regions import Region
    from e4s_studio.engine.request import FitProgress, ModelInUse
    from e4s_studio.gui.controller import Controller
    from e4s_studio.gui.main_window import MainWindow
    from e4s_studio.gui.preferences import Preferences


class EngineHandler(QObject):
    """What computes, how far it is, and what went wrong."""

    def __init__(
        self, window: MainWindow, controller: Controller, preferences: Preferences
    ) -> None:
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._preferences = preferences
        self._connect_actions()
        self._connect_reports()
        self._show_pair()

    def _connect_actions(self) -> None:
        actions, controller = self._window.actions_by_name, self._controller
        dock = self._window.model
        actions["model.refine"].triggered.connect(controller.fitting.start)
        actions["model.stop"].triggered.connect(controller.fitting.cancel)
        actions["model.checkpoint"].triggered.connect(self._ask_checkpoint)
        actions["model.builtin"].triggered.connect(self._use_builtin)
        dock.refine_asked.connect(actions["model.refine"].trigger)
        dock.cancel_asked.connect(actions["model.stop"].trigger)
        dock.checkpoint_asked.connect(actions["model.checkpoint"].trigger)
        dock.builtin_asked.connect(actions["model.builtin"].trigger)
        dock.device_chosen.connect(self._use_device)
        self._window.status.cancel_asked.connect(self._stop)
        self._window.installEventFilter(self)

    def _connect_reports(self) -> None:
        window, controller = self._window, self._controller
        controller.model_known.connect(self._show_model)
        controller.fitting.moved.connect(self._show_fit)
        controller.fit_kept.connect(window.model.show_kept_fit)
        controller.rendering.shown.connect(window.status.show_result)
        controller.rendering.pending.connect(window.status.show_pending)
        controller.pair_opened.connect(self._show_pair)
        controller.recropped.connect(self._show_pair)
        controller.busy.connect(self._show_work)
        controller.failed.connect(self._show_failure)
        controller.noticed.connect(window.notice.say)
        window.canvas.pointed.connect(self._show_pointed)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stop an opening by Esc, unless whoever has the keyboard had a use for it."""
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if escape and event.type() == QEvent.Type.KeyPress and self._controller.jobs.can_stop:
            self._controller.jobs.stop()
            return True
        return super().eventFilter(watched, event)

    def _stop(self) -> None:
        """Stop what the status bar shows: other work goes before a fit there."""
        if self._controller.jobs.can_stop:
            self._controller.jobs.stop()
        else:
            self._controller.fitting.cancel()

    def _show_work(self, doing: str) -> None:
        self._window.status.show_work(doing, can_stop=self._controller.jobs.can_stop)

    def _show_model(self, model: ModelInUse) -> None:
        """Show another model, which is not fitted to the pair yet."""
        self._window.model.show_model(model)
        self._window.status.show_model(model)
        self._show_pair()

    def _show_pair(self) -> None:
        ready = self._controller.has_pair
        self._window.status.show_nothing()
        self._window.model.show_ready(ready=ready)
        self._window.actions_by_name["model.refine"].setEnabled(ready)
        self._window.actions_by_name["model.stop"].setEnabled(False)

    def _show_fit(self, fit: FitProgress) -> None:
        self._window.model.show_fit(fit)
        self._window.status.show_fit(fit)
        self._window.actions_by_name["model.refine"].setEnabled(fit.is_over)
        self._window.actions_by_name["model.stop"].setEnabled(not fit.is_over)
        percent = round(fit.fraction * 100)
        improving = self.tr("still improving, {0} %").format(percent)
        self._window.area.title_bar("result").detail.setText("" if fit.is_over else improving)

    def _show_failure(self, sentence: str) -> None:
        self._window.notice.say(sentence)
        # A device that could not be used was not taken.
        self._window.model.show_device(self._controller.choice.device)

    def _show_pointed(self, region: Region | None) -> None:
        self._window.status.show_pointed("" if region is None else region_name(region))

    def _ask_checkpoint(self) -> None:
        dialog = QFileDialog(
            self._window,
            self.tr("Load checkpoint"),
            str(self._preferences.folder("checkpoint")),
        )
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(
            [self.tr("Checkpoints (*.safetensors *.pt *.pth)"), self.tr("All files (*)")]
        )
        dialog.fileSelected.connect(lambda name: self._use_checkpoint(Path(name)))
        dialog.open()

    def _use_checkpoint(self, path: Path) -> None:
        self._preferences.remember_folder("checkpoint", path.parent)
        self._controller.use_engine(replace(self._controller.choice, checkpoint=path))

    def _use_builtin(self) -> None:
        self._controller.use_engine(replace(self._controller.choice, checkpoint=None))

    def _use_device(self, device: str) -> None:
        self._controller.use_engine(replace(self._controller.choice, device=device))
