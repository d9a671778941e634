"""The status bar: device, model, the shown result and its time, progress with cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QProgressBar, QStatusBar, QToolButton, QWidget

from e4s_studio.gui.names import device_name, model_name, quality_name
from e4s_studio.gui.theme import name_icon

if TYPE_CHECKING:
    from pathlib import Path

    from e4s_studio.engine.request import FitProgress, ModelInUse, RenderResult

SAID_FOR_MS: Final = 8_000


class StatusBar(QStatusBar):
    """The state of engine and result.

    Signals
    -------
    cancel_asked()
        The cross beside the progress bar was clicked.
    """

    cancel_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._work, self._can_stop = "", False
        self._is_pending = self._export_draws = False
        self._fit: FitProgress | None = None
        self.work = QLabel(self)
        self.progress = QProgressBar(self)
        self.progress.setFixedWidth(140)
        self.progress.setTextVisible(False)
        self.cancel = QToolButton(self)
        self.cancel.setIconSize(QSize(16, 16))
        self.cancel.setAccessibleName(self.tr("Stop"))
        name_icon(self.cancel, "cancel")
        self.cancel.clicked.connect(self.cancel_asked)
        self.stage = QLabel(self)
        self.time = QLabel(self)
        self.model = QLabel(self.tr("starting …"), self)
        self.fit = QLabel(self)
        self.device = QLabel(self)
        self.pointed = QLabel(self)
        self.pointed.setMinimumWidth(90)
        for widget in (self.pointed, self.work, self.progress, self.cancel):
            self.addWidget(widget)
        self._fences: dict[QLabel, QFrame] = {}
        self.zoom = QLabel(self)
        self.zoom.setToolTip(self.tr("Pixels of the screen for one of the crop, on the canvas"))
        for widget in (self.zoom, self.stage, self.time, self.model, self.fit, self.device):
            fence = _fence(self)
            self.addPermanentWidget(fence)
            self.addPermanentWidget(widget)
            self._fences[widget] = fence
        self.stage.setToolTip(
            self.tr(
                "Whether the shown result is a coarse preview or final; a newer one waits while an"
                " export is being drawn"
            )
        )
        self.time.setToolTip(self.tr("From the last edit to the shown result"))
        self.model.setToolTip(self.tr("The model that makes the result"))
        self.fit.setToolTip(self.tr("How well the model reproduces the two faces"))
        self.device.setToolTip(self.tr("Where the network computes"))
        self.messageChanged.connect(self._show_progress)
        self._show_progress()
        self._show_likeness("")

    def show_model(self, model: ModelInUse) -> None:
        """Show which model computes, and where."""
        self.model.setText(model_name(model.name))
        self.device.setText(device_name(model.device))

    def show_result(self, result: RenderResult) -> None:
        """Show whether the shown result is final, and how long it took."""
        final = result.final
        self._is_pending = False
        self.stage.setText(self.tr("final") if final else self.tr("coarse"))
        self.time.setText(self._time_text(result.seconds))

    def show_written(self, path: Path) -> None:
        """Show for some seconds where a picture was written."""
        self.showMessage(self.tr("Wrote {0}").format(path), SAID_FOR_MS)

    def show_pointed(self, name: str) -> None:
        """Show which region is under the pointer."""
        self.pointed.setText(name)

    def show_zoom(self, zoom: float) -> None:
        """Show the canvas's zoom, 1 for one screen pixel per pixel of the crop."""
        self.zoom.setText(self.tr("{0} %").format(round(zoom * 100)))

    def show_pending(self) -> None:
        """Show that a newer result is being computed, or waits for an export."""
        self._is_pending = True
        waits = self._export_draws
        self.stage.setText(self.tr("after the export") if waits else self.tr("working …"))

    def show_export(self, *, draws: bool) -> None:
        """Note whether an export is being drawn, which other pictures wait for."""
        self._export_draws = draws
        if self._is_pending:
            self.show_pending()

    def show_nothing(self) -> None:
        """Show that there is no result, and no fit."""
        self._fit = None
        self._is_pending = False
        self._show_progress()
        self.stage.setText(self.tr("no result"))
        self.time.setText("–")
        self._show_likeness("")

    def show_work(self, text: str, *, can_stop: bool = False) -> None:
        """Show work of unknown length; an empty text for none."""
        if can_stop and not self._can_stop:
            self.clearMessage()  # the stop button must be visible
        self._work, self._can_stop = text, can_stop
        self._show_progress()

    def show_fit(self, fit: FitProgress) -> None:
        """Show a fit's progress, and how well the model reproduces the pair."""
        self._fit = None if fit.is_over else fit
        self._show_likeness("" if fit.quality is None else quality_name(fit.quality))
        self._show_progress()

    def _show_likeness(self, text: str) -> None:
        self.fit.setText(text)
        for widget in (self.fit, self._fences[self.fit]):
            widget.setVisible(bool(text))

    def _time_text(self, seconds: float) -> str:
        if seconds < 1:
            return self.tr("{0} ms").format(round(seconds * 1000))
        return self.tr("{0:.1f} s").format(seconds)

    def _show_progress(self) -> None:
        """Show the work, if there is some, rather than the fit: the artist waits for it."""
        fitting = self._fit is not None and not self._work
        self.work.setText(self._work or self.tr("Fitting to this pair"))
        self.progress.setRange(0, 1000 if fitting else 0)
        self.progress.setValue(round(1000 * self._fit.fraction) if fitting and self._fit else 0)
        # A message is shown in their place for some seconds.
        room = not self.currentMessage()
        for widget in (self.work, self.progress):
            widget.setVisible(room and (fitting or bool(self._work)))
        self.cancel.setToolTip(
            self.tr("Stop opening (Esc)") if self._can_stop else self.tr("Stop fitting")
        )
        self.cancel.setVisible(room and (fitting or self._can_stop))


def _fence(parent: QWidget) -> QFrame:
    fence = QFrame(parent)
    fence.setObjectName("fence")
    fence.setFixedSize(1, 14)
    fence.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    return fence
