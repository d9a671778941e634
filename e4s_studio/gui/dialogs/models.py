"""The dialog of the models that can be installed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QWidget,
)

from e4s_studio.files.models import State
from e4s_studio.gui.names import catalogue_text
from e4s_studio.gui.widgets.layouts import column, hint_label, row, sentence_label

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from e4s_studio.files.models import Model


_MEGABYTE: Final = 1_000_000
_BUTTON: Final = 104
_BAR_STEPS: Final = 1000


class ModelsDialog(QDialog):
    """What can be installed. It may stay open meanwhile; if it is closed, downloads continue.

    Parameters
    ----------
    models
        The models.
    folder
        Where they are kept.
    parent
        The window.

    Signals
    -------
    install_asked(Model), file_asked(Model), stop_asked(Model), compute_asked(Model)
        The artist clicked that button of a model.
    pack_asked(), unpack_asked()
        The artist wants all models in one file for a computer without a network, or from one.
    """

    install_asked = Signal(object)
    file_asked = Signal(object)
    stop_asked = Signal(object)
    compute_asked = Signal(object)
    pack_asked = Signal()
    unpack_asked = Signal()

    def __init__(self, models: Iterable[Model], folder: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Models"))
        self.resize(660, 560)
        self.rows = {model.name: self._row(model) for model in models}
        self.said = sentence_label(self)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.said.hide()
        self.pack = QPushButton(self.tr("&Pack …"), self)
        self.pack.setToolTip(
            self.tr("Put all installed models into one file, for a computer without a network")
        )
        self.unpack = QPushButton(self.tr("&Use a pack …"), self)
        self.unpack.setToolTip(self.tr("Install all models of such a file"))
        self.close_button = QPushButton(self.tr("Close"), self)
        for button in (self.pack, self.unpack, self.close_button):
            button.setAutoDefault(False)
            button.setMinimumWidth(_BUTTON)
        self._lay_out(folder)
        self.pack.clicked.connect(self.pack_asked)
        self.unpack.clicked.connect(self.unpack_asked)
        self.close_button.clicked.connect(self.close)
        self.close_button.setFocus()  # an accidental key downloads nothing

    def say(self, sentence: str) -> None:
        """Show a sentence; an empty text hides it."""
        self.said.setText(sentence)
        self.said.setVisible(bool(sentence))

    def _row(self, model: Model) -> ModelRow:
        one = ModelRow(model, self)
        one.install_asked.connect(partial(self.install_asked.emit, model))
        one.file_asked.connect(partial(self.file_asked.emit, model))
        one.stop_asked.connect(partial(self.stop_asked.emit, model))
        one.compute_asked.connect(partial(self.compute_asked.emit, model))
        for button in one.findChildren(QPushButton):
            button.setAutoDefault(False)
        return one

    def _lay_out(self, folder: Path) -> None:
        head = QLabel(
            self.tr(
                "The editor works without any of these. Nothing is downloaded before you ask for"
                " it; each file is verified before it is used."
            ),
            self,
        )
        head.setWordWrap(True)
        inside = QWidget(self)
        inside.setLayout(column(*self.rows.values(), None, margins=(0, 0, 0, 0), spacing=8))
        area = QScrollArea(self)
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        kept = hint_label(self.tr("They are stored in {0}.").format(folder), self)
        kept.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = row(self.pack, self.unpack, None, self.close_button)
        self.setLayout(
            column(head, (area, 1), self.said, kept, buttons, margins=(16, 14, 16, 14), spacing=10)
        )


class ModelRow(QFrame):
    """A model that can be installed.

    Parameters
    ----------
    model
        The model.
    parent
        The dialog.

    Signals
    -------
    install_asked(), file_asked(), stop_asked(), compute_asked()
        Download it; install it from a file; stop; use it for the result.
    """

    install_asked = Signal()
    file_asked = Signal()
    stop_asked = Signal()
    compute_asked = Signal()

    def __init__(self, model: Model, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("modelRow")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.model = model
        self._state = State.MISSING
        self.state = QLabel(self)
        self.state.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.progress = QProgressBar(self)
        self.progress.setRange(0, _BAR_STEPS)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(8)
        self.install = QPushButton(self)
        self.use_file = QPushButton(self.tr("Use a file …"), self)
        self.stop = QPushButton(self.tr("Stop"), self)
        self.compute = QPushButton(self.tr("Compute with it"), self)
        for button in (self.install, self.use_file, self.stop, self.compute):
            button.setMinimumWidth(_BUTTON)
        self.install.clicked.connect(self.install_asked)
        self.use_file.clicked.connect(self.file_asked)
        self.stop.clicked.connect(self.stop_asked)
        self.compute.clicked.connect(self.compute_asked)
        self.compute.setToolTip(self.tr("Use this network in place of the one in use"))
        self._lay_out()
        self.show_state(State.MISSING, 0)

    def show_state(self, state: State, received: int) -> None:
        """Show the state of the installation; `received` bytes are downloaded so far."""
        self._state = state
        words = {
            State.MISSING: self.tr("not installed"),
            State.STARTED: self.tr("{0} of {1} received").format(
                _megabytes(received), _megabytes(self.model.size)
            ),
            State.FOUND: self.tr("found, not verified"),
            State.INSTALLED: self.tr("✓ installed"),
        }
        texts = {
            State.MISSING: self.tr("Download"),
            State.STARTED: self.tr("Go on"),
            State.FOUND: self.tr("Check"),
            State.INSTALLED: "",
        }
        self.state.setText(words[state])
        self.install.setText(texts[state])
        self._show_working(working=False)

    def show_waiting(self) -> None:
        """Show that it waits for another installation."""
        self.state.setText(self.tr("waiting …"))
        self.progress.setRange(0, _BAR_STEPS)
        self.progress.setValue(0)
        self._show_working(working=True)

    def show_checking(self) -> None:
        """Show that a file is being verified."""
        self.state.setText(self.tr("checking …"))
        self.progress.setRange(0, 0)
        self._show_working(working=True)

    def show_progress(self, received: int, size: int | None) -> None:
        """Show how many bytes of how many are downloaded."""
        whole = max(size or self.model.size, 1)
        if received >= whole:
            self.show_checking()
            return
        self.progress.setRange(0, _BAR_STEPS)
        self.progress.setValue(round(_BAR_STEPS * received / whole))
        self.state.setText(self.tr("{0} of {1}").format(_megabytes(received), _megabytes(whole)))
        self._show_working(working=True)

    def _show_working(self, *, working: bool) -> None:
        installed = self._state is State.INSTALLED
        self.progress.setVisible(working)
        self.stop.setVisible(working)
        self.install.setVisible(not working and not installed)
        self.use_file.setVisible(not working)
        self.compute.setVisible(not working and installed and self.model.name == "e4s")

    def _lay_out(self) -> None:
        model = self.model
        title = QLabel(f"<b>{model.title}</b>", self)
        size = QLabel(_megabytes(model.size), self)
        size.setObjectName("heading")
        purpose = QLabel(catalogue_text(model.purpose), self)
        purpose.setWordWrap(True)
        text = self.tr('Licence: {0}<br>From: <a href="{1}">{1}</a>')
        terms = hint_label(text.format(catalogue_text(model.licence), model.page), self)
        terms.setOpenExternalLinks(True)
        head = row(title, size, None, self.state, spacing=8)
        buttons = row(None, self.compute, self.use_file, self.install, self.stop, spacing=6)
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 10, 12, 10)
        grid.setVerticalSpacing(4)
        grid.addLayout(head, 0, 0, 1, 2)
        grid.addWidget(purpose, 1, 0, 1, 2)
        grid.addWidget(terms, 2, 0)
        grid.addLayout(buttons, 2, 1, Qt.AlignmentFlag.AlignBottom)
        grid.addWidget(self.progress, 3, 0, 1, 2)
        grid.setColumnStretch(0, 1)


def _megabytes(size: int) -> str:
    return f"{size / _MEGABYTE:,.0f} MB"
