"""One model in the dialog of models: what it is, how far it is, what can be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QProgressBar, QPushButton

from e4s_studio.files.models import State
from e4s_studio.gui.names import model_licence, model_purpose

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from e4s_studio.files.models import Model

MEGABYTE: Final = 1_000_000
BUTTON: Final = 104
BAR_STEPS: Final = 1000


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
        Download it; take it from disk; stop; compute with it.
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
        self.progress.setRange(0, BAR_STEPS)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(8)
        self.install = QPushButton(self)
        self.use_file = QPushButton(self.tr("Use a file …"), self)
        self.stop = QPushButton(self.tr("Stop"), self)
        self.compute = QPushButton(self.tr("Compute with it"), self)
        for button in (self.install, self.use_file, self.stop, self.compute):
            button.setMinimumWidth(BUTTON)
        self.install.clicked.connect(self.install_asked)
        self.use_file.clicked.connect(self.file_asked)
        self.stop.clicked.connect(self.stop_asked)
        self.compute.clicked.connect(self.compute_asked)
        self.compute.setToolTip(self.tr("Use this network in place of the one in use"))
        self._lay_out()
        self.show_state(State.MISSING, 0)

    def show_state(self, state: State, received: int) -> None:
        """Show how far the installation is; `received` bytes of a download have come so far."""
        self._state = state
        words = {
            State.MISSING: self.tr("not installed"),
            State.STARTED: self.tr("{0} of {1} received").format(
                _megabytes(received), _megabytes(self.model.size)
            ),
            State.FOUND: self.tr("there, not checked"),
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
        """Show that it is its turn after what is under way."""
        self.state.setText(self.tr("waiting …"))
        self.progress.setRange(0, BAR_STEPS)
        self.progress.setValue(0)
        self._show_working(working=True)

    def show_checking(self) -> None:
        """Show that a file is being looked at."""
        self.state.setText(self.tr("checking …"))
        self.progress.setRange(0, 0)
        self._show_working(working=True)

    def show_progress(self, received: int, size: int | None) -> None:
        """Show how much has been received, of how many bytes."""
        whole = max(size or self.model.size, 1)
        if received >= whole:
            self.show_checking()
            return
        self.progress.setRange(0, BAR_STEPS)
        self.progress.setValue(round(BAR_STEPS * received / whole))
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
        purpose = QLabel(model_purpose(model), self)
        purpose.setWordWrap(True)
        terms = QLabel(
            self.tr('Licence: {0}<br>From: <a href="{1}">{1}</a>').format(
                model_licence(model), model.page
            ),
            self,
        )
        terms.setObjectName("heading")
        terms.setWordWrap(True)
        terms.setOpenExternalLinks(True)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(title)
        head.addWidget(size)
        head.addStretch(1)
        head.addWidget(self.state)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addStretch(1)
        for button in (self.compute, self.use_file, self.install, self.stop):
            buttons.addWidget(button)
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
    return f"{size / MEGABYTE:,.0f} MB"
