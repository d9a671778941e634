"""The dialog of the models that can be installed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from e4s_studio.gui.dialogs.model_row import BUTTON, ModelRow

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from e4s_studio.files.models import Model


class ModelsDialog(QDialog):
    """What can be installed. It may stay open while the artist works; closed, work goes on.

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
        What the artist wants of one of them.
    pack_asked(), unpack_asked()
        All of them, for a machine without a network; and there.
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
        self.said = QLabel(self)
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)  # file names may look like markup
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.said.hide()
        self.pack = QPushButton(self.tr("&Pack …"), self)
        self.pack.setToolTip(
            self.tr("Put what is installed into one file, for a machine without a network")
        )
        self.unpack = QPushButton(self.tr("&Use a pack …"), self)
        self.unpack.setToolTip(self.tr("Install all models of a packed file"))
        self.close_button = QPushButton(self.tr("Close"), self)
        for button in (self.pack, self.unpack, self.close_button):
            button.setAutoDefault(False)
            button.setMinimumWidth(BUTTON)
        self._lay_out(folder)
        self.pack.clicked.connect(self.pack_asked)
        self.unpack.clicked.connect(self.unpack_asked)
        self.close_button.clicked.connect(self.close)
        self.close_button.setFocus()  # a stray key fetches nothing

    def say(self, sentence: str) -> None:
        """Show what went wrong, or well; an empty text hides it."""
        self.said.setText(sentence)
        self.said.setVisible(bool(sentence))

    def _row(self, model: Model) -> ModelRow:
        row = ModelRow(model, self)
        for wish in ("install", "file", "stop", "compute"):
            getattr(row, f"{wish}_asked").connect(
                partial(getattr(self, f"{wish}_asked").emit, model)
            )
        for button in row.findChildren(QPushButton):
            button.setAutoDefault(False)
        return row

    def _lay_out(self, folder: Path) -> None:
        head = QLabel(
            self.tr(
                "The editor works without any of these. Nothing is fetched before you ask for it;"
                " what comes is checked before it is used."
            ),
            self,
        )
        head.setWordWrap(True)
        inside = QWidget(self)
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(8)
        for row in self.rows.values():
            rows.addWidget(row)
        rows.addStretch(1)
        area = QScrollArea(self)
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        kept = QLabel(self.tr("They are kept in {0}.").format(folder), self)
        kept.setObjectName("heading")
        kept.setWordWrap(True)
        kept.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = QHBoxLayout()
        buttons.addWidget(self.pack)
        buttons.addWidget(self.unpack)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        column.addWidget(head)
        column.addWidget(area, 1)
        column.addWidget(self.said)
        column.addWidget(kept)
        column.addLayout(buttons)
