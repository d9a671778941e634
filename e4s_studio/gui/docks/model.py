"""The model dock: which model computes, where, and how well it fits the pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QProgressBar, QPushButton, QWidget

from e4s_studio.gui.names import device_name, model_name, quality_name
from e4s_studio.gui.theme import name_icon
from e4s_studio.gui.widgets.layouts import column, row

if TYPE_CHECKING:
    from e4s_studio.engine.request import FitProgress, ModelInUse


class ModelDock(QWidget):
    """The model in use.

    Signals
    -------
    refine_asked(), cancel_asked(), checkpoint_asked(), builtin_asked()
        The artist clicked that button.
    device_chosen(str)
        "auto", "cpu" or "cuda".
    """

    refine_asked = Signal()
    cancel_asked = Signal()
    checkpoint_asked = Signal()
    builtin_asked = Signal()
    device_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = QLabel(self.tr("starting …"), self)
        self.model.setWordWrap(True)
        self.device = QComboBox(self)
        for name, text in (
            ("auto", self.tr("Best available")),
            ("cpu", self.tr("Processor")),
            ("cuda", self.tr("Graphics card (CUDA)")),
        ):
            self.device.addItem(text, name)
        self.device.activated.connect(
            lambda index: self.device_chosen.emit(self.device.itemData(index))
        )
        self.open_checkpoint = QPushButton(self.tr("Load checkpoint …"), self)
        self.use_builtin = QPushButton(self.tr("Built-in"), self)
        self.fit_state = QLabel(self.tr("Not fitted to this pair yet."), self)
        self.fit_state.setWordWrap(True)
        self.progress = QProgressBar(self)
        self.progress.setRange(0, 100)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(8)
        self.refine = QPushButton(self.tr("Refine"), self)
        self.refine.setObjectName("primary")
        self.refine.setIconSize(QSize(16, 16))
        name_icon(self.refine, "refine")
        self.cancel = QPushButton(self.tr("Stop"), self)
        self.cancel.setEnabled(False)
        self.refine.setEnabled(False)
        self._connect()
        self._lay_out()

    def show_model(self, model: ModelInUse) -> None:
        """Show which model computes, and where."""
        self.model.setText(
            self.tr("{0}\non {1}").format(model_name(model.name), device_name(model.device))
        )

    def show_device(self, name: str) -> None:
        """Show which device was requested: "auto", "cpu" or "cuda"."""
        self.device.setCurrentIndex(max(0, self.device.findData(name)))

    def show_ready(self, *, ready: bool) -> None:
        """Enable refining once a pair is open."""
        self.refine.setEnabled(ready)
        if ready:
            self.progress.setValue(0)
            self.fit_state.setText(self.tr("Not fitted to this pair yet."))

    def show_fit(self, fit: FitProgress) -> None:
        """Show a fit's progress, or its end."""
        self.progress.setValue(round(fit.fraction * 100))
        self.cancel.setEnabled(not fit.is_over)
        self.refine.setEnabled(fit.is_over)
        self.fit_state.setText(self._fit_text(fit))

    def show_kept_fit(self) -> None:
        """Show that the fit comes from the project."""
        self.progress.setValue(self.progress.maximum())
        self.fit_state.setText(self.tr("Continues with the fit saved in the project."))

    def _fit_text(self, fit: FitProgress) -> str:
        likeness = ""
        if fit.quality is not None:
            likeness = self.tr("\nThat is a {0}, {1:.1f} dB.").format(
                quality_name(fit.quality), fit.quality
            )
        if fit.cancelled:
            return self.tr("Stopped. The fit so far is in use.{0}").format(likeness)
        if fit.is_over:
            return self.tr("Fitted to this pair.{0}").format(likeness)
        return self.tr("Fitting to this pair …{0}").format(likeness)

    def _connect(self) -> None:
        self.refine.clicked.connect(self.refine_asked)
        self.cancel.clicked.connect(self.cancel_asked)
        self.open_checkpoint.clicked.connect(self.checkpoint_asked)
        self.use_builtin.clicked.connect(self.builtin_asked)
        self.refine.setToolTip(self.tr("Fit the model further to these two photographs"))
        self.cancel.setToolTip(self.tr("Stop fitting and keep the fit so far"))
        self.open_checkpoint.setToolTip(self.tr("Use published or own weights from a file"))
        self.use_builtin.setToolTip(self.tr("Use the model that comes with the editor"))
        self.fit_state.setToolTip(
            self.tr(
                "How closely the model alone redraws the two faces; detail and blend add what it"
                " lacks"
            )
        )
        self.device.setToolTip(self.tr("Where the network computes"))

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(8)
        form.addRow(self.tr("Model"), self.model)
        form.addRow(self.tr("Device"), self.device)
        layout = column(
            form,
            row((self.open_checkpoint, 2), (self.use_builtin, 1), spacing=4),
            4,
            self.fit_state,
            self.progress,
            row((self.refine, 2), (self.cancel, 1), spacing=4),
            None,
            margins=(8, 6, 8, 8),
            spacing=6,
        )
        layout.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setLayout(layout)
