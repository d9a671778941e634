"""The dialog that offers to continue sessions that crashed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QDateTime, QLocale, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QWidget,
)

from e4s_studio.gui.canvas.photograph import image_of
from e4s_studio.gui.widgets.layouts import column, row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from e4s_studio.files.journal import CrashedSession

PICTURE: Final = 128
_BUTTON: Final = 88

Found = tuple["CrashedSession", "NDArray[np.uint8] | None"]
"""A session and its (h, w, 3) uint8 picture; None if it has none."""


class RecoveryDialog(QDialog):
    """Sessions that were not closed normally, each with its picture.

    Parameters
    ----------
    found
        The sessions, the last one first; at least one.
    parent
        The window.

    Signals
    -------
    go_on_asked(CrashedSession)
        The artist wants to continue it.
    discard_asked(CrashedSession)
        The artist wants it deleted.
    """

    go_on_asked = Signal(object)
    discard_asked = Signal(object)

    def __init__(self, found: Sequence[Found], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Unsaved work was found"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(520, 400)
        self.list = QListWidget(self)
        self.list.setIconSize(QSize(PICTURE, PICTURE))
        self.list.setSpacing(4)
        self.list.setAccessibleName(self.tr("Sessions"))
        self._sessions = [session for session, _ in found]
        for session, picture in found:
            self._add(session, picture)
        self.go_on = QPushButton(self.tr("&Go on"), self)
        self.go_on.setObjectName("primary")
        self.go_on.setDefault(True)
        self.discard = QPushButton(self.tr("&Discard …"), self)
        self.later = QPushButton(self.tr("&Not now"), self)
        self._lay_out()
        self.go_on.clicked.connect(self._go_on)
        self.list.itemActivated.connect(self._go_on)
        self.discard.clicked.connect(self._ask_discard)
        self.later.clicked.connect(self.reject)
        self.list.setCurrentRow(0)
        self.list.setFocus()

    def _lay_out(self) -> None:
        said = QLabel(
            self.tr(
                "The editor did not close normally, but every finished edit was saved."
                " Continue where you were?"
            ),
            self,
        )
        said.setWordWrap(True)
        for button in (self.discard, self.later, self.go_on):
            button.setMinimumWidth(_BUTTON)
        buttons = row(self.discard, None, self.later, self.go_on)
        self.setLayout(column(said, (self.list, 1), buttons, margins=(16, 16, 16, 16), spacing=12))

    def _add(self, session: CrashedSession, picture: NDArray[np.uint8] | None) -> None:
        file = session.project_file
        name = self.tr("Not saved yet") if file is None else file.name
        moment = QDateTime.fromSecsSinceEpoch(int(session.ended.timestamp()))
        when = QLocale().toString(moment, QLocale.FormatType.ShortFormat)
        item = QListWidgetItem(_icon(picture), f"{name}\n{when}", self.list)
        item.setToolTip("" if file is None else str(file))

    def _current(self) -> CrashedSession | None:
        place = self.list.currentRow()
        return None if place < 0 else self._sessions[place]

    def _go_on(self) -> None:
        session = self._current()
        if session is not None:
            self.accept()
            self.go_on_asked.emit(session)

    def _ask_discard(self) -> None:
        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle(self.tr("Discard"))
        box.setText(self.tr("Delete these edits permanently?"))
        box.setStandardButtons(
            QMessageBox.StandardButton.Discard | QMessageBox.StandardButton.Cancel
        )
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        box.button(QMessageBox.StandardButton.Discard).clicked.connect(self._discard)
        box.open()

    def _discard(self) -> None:
        place = self.list.currentRow()
        self.list.takeItem(place)
        self.discard_asked.emit(self._sessions.pop(place))
        if self.list.count() == 0:
            self.reject()


def _icon(picture: NDArray[np.uint8] | None) -> QIcon:
    if picture is None:
        blank = QPixmap(PICTURE, PICTURE)
        blank.fill(Qt.GlobalColor.transparent)
        return QIcon(blank)
    shown = QPixmap.fromImage(image_of(picture))
    icon = QIcon(shown)
    # The selected one keeps its colours.
    icon.addPixmap(shown, QIcon.Mode.Selected)
    return icon
