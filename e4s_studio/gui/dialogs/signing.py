"""The dialog in which the artist chooses the key that signs exports."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFormLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QWidget,
)

from e4s_studio.gui.exporter import Signer
from e4s_studio.gui.widgets.layouts import column, hint_label, row, sentence_label

_WIDTH: Final = 520
_BUTTON: Final = 96
_INDENT: Final = 22
_HINT: Final = 360
"""A wrapped text asks for the height that it needs at this width."""


class SigningDialog(QDialog):
    """A choice between this computer's own key and the artist's certificate with its key.

    Parameters
    ----------
    signer
        The present choice.
    parent
        The window, or a dialog.

    Signals
    -------
    chosen(Signer)
        The artist chose this one; it is not validated yet.
    """

    chosen = Signal(object)

    def __init__(self, signer: Signer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Sign exports"))
        self.setMinimumWidth(_WIDTH)
        self.own = QRadioButton(self.tr("With a key made on &this computer"), self)
        self.mine = QRadioButton(self.tr("With &my own certificate"), self)
        self.certificate = _FileField(self.tr("Choose a certificate"), self)
        self.key = _FileField(self.tr("Choose the private key"), self)
        self.password = QLineEdit(signer.password or "", self)
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setPlaceholderText(self.tr("if the key has one"))
        self.said = sentence_label(self)
        self.said.hide()
        self.use = QPushButton(self.tr("&Use"), self)
        self.cancel = QPushButton(self.tr("Cancel"), self)
        self._files = self._lay_out()
        self._show_signer(signer)
        self.mine.toggled.connect(self._files.setEnabled)
        self.use.clicked.connect(self._choose)
        self.cancel.clicked.connect(self.reject)

    def say(self, sentence: str) -> None:
        """Show why the choice cannot be used, and let the artist choose again."""
        self._show_busy(busy=False)
        self.said.setText(sentence)
        self.said.show()
        self.adjustSize()

    def reject(self) -> None:
        """Close, unless a certificate is being validated."""
        if self.use.isEnabled():
            super().reject()

    def _show_signer(self, signer: Signer) -> None:
        has_own = signer.certificate is not None
        (self.mine if has_own else self.own).setChecked(True)
        self._files.setEnabled(has_own)
        for field, path in ((self.certificate, signer.certificate), (self.key, signer.key)):
            field.line.setText("" if path is None else str(path))

    def _show_busy(self, *, busy: bool) -> None:
        for widget in (self.own, self.mine, self.use, self.cancel):
            widget.setEnabled(not busy)
        self._files.setEnabled(not busy and self.mine.isChecked())

    def _choose(self) -> None:
        signer = Signer()
        if self.mine.isChecked():
            signer = Signer(self.certificate.path, self.key.path, self.password.text() or None)
            if signer.certificate is None or signer.key is None:
                self.say(self.tr("Choose the certificate and its private key."))
                return
        self.said.hide()
        self._show_busy(busy=True)
        self.chosen.emit(signer)

    def _lay_out(self) -> QWidget:
        files = QWidget(self)
        form = QFormLayout(files)
        form.setContentsMargins(_INDENT, 0, 0, 0)
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("&Certificate"), self.certificate)
        form.addRow(self.tr("Private &key"), self.key)
        form.addRow(self.tr("&Password"), self.password)
        forgotten = self.tr("The password is forgotten when the editor closes.")
        form.addRow("", hint_label(forgotten, self, _HINT))
        for button in (self.use, self.cancel):
            button.setMinimumWidth(_BUTTON)
        self.use.setObjectName("primary")
        self.use.setDefault(True)
        made = self.tr(
            "Created on the first export; only you can read it. Others see a valid signature by"
            " somebody they do not know."
        )
        own = hint_label(made, self, _HINT)
        own.setContentsMargins(_INDENT, 0, 0, 8)
        buttons = row(None, self.cancel, self.use)
        self.setLayout(
            column(
                *(self.own, own, self.mine, files, self.said, None, 6, buttons),
                margins=(16, 16, 16, 16),
                spacing=8,
            )
        )
        return files


class _FileField(QWidget):
    """The path of a file, typed or browsed for."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._title = title
        self.line = QLineEdit(self)
        self.browse = QPushButton(self.tr("Browse …"), self)
        self.browse.setAutoDefault(False)
        self.setFocusProxy(self.line)
        self.setLayout(row((self.line, 1), self.browse, margins=(0, 0, 0, 0), spacing=8))
        self.browse.clicked.connect(self._ask)

    @property
    def path(self) -> Path | None:
        """The path; None where nothing is typed."""
        text = self.line.text().strip()
        return Path(text).expanduser() if text else None

    def _ask(self) -> None:
        folder = "" if self.path is None else str(self.path.parent)
        dialog = QFileDialog(self, self._title, folder)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(
            [self.tr("PEM files (*.pem *.crt *.cer *.key)"), self.tr("All files (*)")]
        )
        dialog.fileSelected.connect(self.line.setText)
        dialog.open()
