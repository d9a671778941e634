"""The dialog that asks what to export, where to, and how the export is labelled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QWidget,
)

from e4s_studio.files.export.kinds import SUFFIXES, ExportKind
from e4s_studio.files.project import Labelling
from e4s_studio.files.provenance.facts import Ground
from e4s_studio.gui.exporter import ExportOrder, Signer
from e4s_studio.gui.widgets.layouts import column, hint_label, row, sentence_label

if TYPE_CHECKING:
    from collections.abc import Mapping

_WIDTH: Final = 540
_BUTTON: Final = 96
_STEPS: Final = 1000
_HINT: Final = 420
"""A wrapped text asks for the height that it needs at this width."""

_KINDS: Final = {
    ExportKind.PICTURE: QT_TRANSLATE_NOOP("Export", "Finished picture"),
    ExportKind.FACE: QT_TRANSLATE_NOOP("Export", "Face before blending, with alpha"),
    ExportKind.REGIONS: QT_TRANSLATE_NOOP("Export", "Label map, 12 regions"),
    ExportKind.CELEBAMASK: QT_TRANSLATE_NOOP("Export", "Label map, CelebAMask-19"),
    ExportKind.COLOURS: QT_TRANSLATE_NOOP("Export", "Label map in colours"),
    ExportKind.SHEET: QT_TRANSLATE_NOOP("Export", "Before and after, side by side"),
}
_FORMATS: Final = {
    ".png": QT_TRANSLATE_NOOP("Export", "PNG"),
    ".jpg": QT_TRANSLATE_NOOP("Export", "JPEG"),
    ".webp": QT_TRANSLATE_NOOP("Export", "WebP"),
    ".tif": QT_TRANSLATE_NOOP("Export", "TIFF, 16 bit"),
    ".psd": QT_TRANSLATE_NOOP("Export", "Photoshop, layers and masks"),
    ".ora": QT_TRANSLATE_NOOP("Export", "OpenRaster, layers and masks"),
}
_GROUNDS: Final = {
    None: QT_TRANSLATE_NOOP("Export", "Please state …"),
    Ground.OWN_FACE: QT_TRANSLATE_NOOP("Export", "It is my own face"),
    Ground.CONSENT: QT_TRANSLATE_NOOP("Export", "The person has agreed"),
    Ground.LICENSED: QT_TRANSLATE_NOOP("Export", "The photograph's licence allows it"),
    Ground.PUBLIC_DOMAIN: QT_TRANSLATE_NOOP("Export", "The photograph is in the public domain"),
    Ground.SYNTHETIC: QT_TRANSLATE_NOOP("Export", "The face is nobody's: it is synthetic"),
}
_MARKED: Final = frozenset({ExportKind.PICTURE, ExportKind.SHEET})
_SIGNED: Final = _MARKED | {ExportKind.FACE}
"""Label maps show nobody: they get neither mark nor credential."""


class ExportDialog(QDialog):
    """What, in which format, where to, and how labelled; then progress until it is written.

    Parameters
    ----------
    path
        Where to, at first.
    labelling
        How the project's exports are labelled.
    signer
        The key that signs them.
    parent
        The window.

    Signals
    -------
    export_asked(ExportOrder)
        The artist wants this export.
    cancel_asked()
        The artist wants to stop the running export.
    signer_asked()
        The artist wants to choose the signing key.
    """

    export_asked = Signal(object)
    cancel_asked = Signal()
    signer_asked = Signal()

    def __init__(
        self,
        path: Path,
        labelling: Labelling,
        signer: Signer | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export"))
        self.setMinimumWidth(_WIDTH)
        self._is_busy = False
        self._agreed: Path | None = None
        self._folder = path.parent
        self.kind = _combo(self, _KINDS)
        self.format = QComboBox(self)
        self.path = QLineEdit(str(path), self)
        self.browse = QPushButton(self.tr("&Browse …"), self)
        self.ground = _combo(self, _GROUNDS)
        self.credential = QCheckBox(self.tr("&Sign with a content credential"), self)
        self.signed_by = QLabel(self)
        self.change_signer = QPushButton(self.tr("C&hange …"), self)
        self.mark = QCheckBox(self.tr("Say “Face edited” in a &corner of the picture"), self)
        self.said = sentence_label(self)
        self.signed_by.setTextFormat(Qt.TextFormat.PlainText)
        self.said.hide()
        self.progress = QProgressBar(self)
        self.progress.setTextVisible(False)
        self.start = QPushButton(self.tr("&Export"), self)
        self.cancel = QPushButton(self.tr("Cancel"), self)
        self._show_labelling(labelling)
        self.show_signer(signer or Signer())
        self._fields = self._lay_out()
        self._connect()
        self._show_formats()
        self._show_ground()

    def show_progress(self, fraction: float) -> None:
        """Show the progress of the export, 0 to 1; 0 while the picture is being drawn."""
        self._show_busy(busy=True)
        self.progress.setRange(0, _STEPS if fraction > 0 else 0)
        self.progress.setValue(round(fraction * _STEPS))

    def say(self, sentence: str) -> None:
        """Show why nothing was written, and let the artist try again."""
        self._show_busy(busy=False)
        self.said.setText(sentence)
        self.said.show()
        # Without more height the texts above would be cut.
        needed = self.heightForWidth(self.width())
        self.resize(self.width(), max(self.height(), needed))

    def show_signer(self, signer: Signer) -> None:
        """Show which key signs exports."""
        self._signer = signer
        if signer.certificate is None:
            self.signed_by.setText(self.tr("with this computer's key"))
        else:
            self.signed_by.setText(self.tr("with “{0}”").format(signer.certificate.name))
            self.signed_by.setToolTip(str(signer.certificate))

    def reject(self) -> None:
        """Stop the running export, or close."""
        if self._is_busy:
            self.cancel.setEnabled(False)
            self.cancel_asked.emit()
        else:
            super().reject()

    # Layout

    def _lay_out(self) -> QWidget:
        fields = QWidget(self)
        form = QFormLayout(fields)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("&What"), self.kind)
        form.addRow(self.tr("&Format"), self.format)
        file = QLabel(self.tr("F&ile"), fields)
        file.setBuddy(self.path)
        form.addRow(file, row((self.path, 1), self.browse, spacing=8))
        form.addRow(self.tr("Face &used because"), self.ground)
        told = self.tr(
            "It tells what was done, with which model and on what ground, and shows later"
            " changes. Formats that cannot hold it get a .c2pa file beside them."
        )
        signer = row(self.credential, self.signed_by, None, self.change_signer, spacing=8)
        form.addRow("", column(signer, hint_label(told, self, _HINT), spacing=2))
        form.addRow("", self.mark)
        for button in (self.start, self.cancel):
            button.setMinimumWidth(_BUTTON)
        self.start.setObjectName("primary")
        self.start.setDefault(True)
        for button in (self.cancel, self.browse, self.change_signer):
            button.setAutoDefault(False)
        self.progress.setRange(0, _STEPS)
        policy = self.progress.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.progress.setSizePolicy(policy)
        self.progress.hide()
        buttons = row((self.progress, 1), self.cancel, self.start)
        self.setLayout(
            column(fields, self.said, None, buttons, margins=(16, 16, 16, 16), spacing=14)
        )
        return fields

    def _connect(self) -> None:
        self.kind.currentIndexChanged.connect(self._show_formats)
        self.format.currentIndexChanged.connect(self._show_suffix)
        self.path.editingFinished.connect(self._take_path)
        self.ground.currentIndexChanged.connect(self._show_ground)
        self.browse.clicked.connect(self._ask_path)
        self.credential.toggled.connect(self._show_signing)
        self.change_signer.clicked.connect(self.signer_asked)
        self.start.clicked.connect(self._ask_export)
        self.cancel.clicked.connect(self.reject)

    # What is shown

    def _show_labelling(self, labelling: Labelling) -> None:
        self.ground.setCurrentIndex(self.ground.findData(labelling.ground))
        self.credential.setChecked(labelling.credential)
        self.mark.setChecked(labelling.mark)

    def _show_formats(self) -> None:
        kind, before = self._kind(), self._typed().suffix.lower()
        self.format.blockSignals(True)
        self.format.clear()
        for suffix, name in _FORMATS.items():
            if suffix in SUFFIXES[kind]:
                self.format.addItem(f"{_tr(name)}  ({suffix})", suffix)
        self.format.setCurrentIndex(max(0, self.format.findData(before)))
        self.format.blockSignals(False)
        self.format.setEnabled(self.format.count() > 1)
        self.credential.setEnabled(kind in _SIGNED)
        self._show_signing()
        self.mark.setEnabled(kind in _MARKED)
        self._show_suffix()

    def _show_signing(self) -> None:
        signs = self._kind() in _SIGNED and self.credential.isChecked()
        self.signed_by.setEnabled(signs)
        self.change_signer.setEnabled(signs)

    def _show_suffix(self) -> None:
        path = self._typed()
        if path.name and path.suffix.lower() not in _same(self.format.currentData()):
            known = path.suffix.lower() in SUFFIXES[ExportKind.PICTURE]
            stem = path.stem if known else path.name
            self.path.setText(str(path.with_name(stem + self.format.currentData())))

    def _take_path(self) -> None:
        """Follow a typed suffix, or add the missing one."""
        suffix = self._typed().suffix.lower()
        places = [i for i in range(self.format.count()) if suffix in _same(self.format.itemData(i))]
        if places:
            self.format.setCurrentIndex(places[0])
        self._show_suffix()

    def _show_ground(self) -> None:
        stated = self._ground() is not None
        self.start.setEnabled(stated and not self._is_busy)
        self.start.setToolTip(
            "" if stated else self.tr("State first on what ground the face is used")
        )

    def _show_busy(self, *, busy: bool) -> None:
        self._is_busy = busy
        self._fields.setEnabled(not busy)
        self.progress.setVisible(busy)
        self.cancel.setText(self.tr("Stop") if busy else self.tr("Cancel"))
        self.cancel.setEnabled(True)
        self.said.setVisible(self.said.isVisible() and not busy)
        self._show_ground()

    # What is asked

    def _kind(self) -> ExportKind:
        return ExportKind(self.kind.currentData())

    def _ground(self) -> Ground | None:
        # Qt returns a plain string.
        stated = self.ground.currentData()
        return None if stated is None else Ground(stated)

    def _typed(self) -> Path:
        """Return the typed file; a name without a folder is in the folder first shown."""
        name = self.path.text().strip()
        return self._folder / Path(name).expanduser() if name else Path()

    def _ask_path(self) -> None:
        dialog = QFileDialog(self, self.tr("Export to"), str(self._typed().parent))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        suffixes = " ".join(f"*{suffix}" for suffix in SUFFIXES[self._kind()])
        dialog.setNameFilters([self.tr("Pictures ({0})").format(suffixes)])
        dialog.setDefaultSuffix(self.format.currentData().removeprefix("."))
        dialog.selectFile(self._typed().name)
        dialog.fileSelected.connect(self._take_chosen)
        dialog.open()

    def _take_chosen(self, name: str) -> None:
        self.path.setText(name)
        self._take_path()
        # The file dialog has already asked whether to replace it.
        self._agreed = self._typed()

    def _ask_export(self) -> None:
        path = self._typed()
        if not path.name:
            self.say(self.tr("Name the file to write."))
        elif path.is_file() and path != self._agreed:
            self._ask_replace(path)
        else:
            self._export(path)

    def _ask_replace(self, path: Path) -> None:
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setWindowTitle(self.tr("Replace"))
        box.setText(self.tr("“{0}” exists already. Replace it?").format(path.name))
        replace = box.addButton(self.tr("&Replace"), QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        replace.clicked.connect(lambda: self._export(path))
        box.open()

    def _export(self, path: Path) -> None:
        labelling = Labelling(self._ground(), self.credential.isChecked(), self.mark.isChecked())
        self.said.hide()
        self.show_progress(0.0)
        self.export_asked.emit(ExportOrder(path, self._kind(), labelling, self._signer))


def _combo(parent: QWidget, names: Mapping[Any, object]) -> QComboBox:
    combo = QComboBox(parent)
    for data, name in names.items():
        combo.addItem(_tr(name), data)
    return combo


def _same(suffix: str) -> tuple[str, ...]:
    """Return the suffixes that name the same format."""
    return {".jpg": (".jpg", ".jpeg"), ".tif": (".tif", ".tiff")}.get(suffix, (suffix,))


def _tr(text: object) -> str:
    return QCoreApplication.translate("Export", str(text))
