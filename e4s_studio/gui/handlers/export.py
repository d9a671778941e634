"""Connects the export dialog with the exporter and the project's labelling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject

from e4s_studio.gui.dialogs.export import ExportDialog

if TYPE_CHECKING:
    from pathlib import Path

    from e4s_studio.gui.exporter import Exporter, ExportOrder, Signer
    from e4s_studio.gui.handlers.signing import SigningHandler
    from e4s_studio.gui.main_window import MainWindow
    from e4s_studio.gui.preferences import Preferences
    from e4s_studio.gui.project_session import ProjectSession


class ExportHandler(QObject):
    """Asks what to export, and shows how far it is."""

    def __init__(
        self,
        window: MainWindow,
        session: ProjectSession,
        exporter: Exporter,
        preferences: Preferences,
        signing: SigningHandler,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._exporter = exporter
        self._preferences = preferences
        self._signing = signing
        self._dialog: ExportDialog | None = None
        self._closing = self._is_outdated = False
        window.actions_by_name["file.export"].triggered.connect(self._ask)
        exporter.progressed.connect(self._show_progress)
        exporter.drawing.connect(lambda draws: window.status.show_export(draws=draws))
        exporter.written.connect(self._take_written)
        exporter.failed.connect(self._take_failure)
        signing.changed.connect(self._show_signer)
        exporter.outdated.connect(self._leave)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Close the window only once the export under way is written."""
        if event.type() == QEvent.Type.Close and self._exporter.is_writing:
            self._closing = True
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def _ask(self) -> None:
        if self._dialog is not None:
            self._dialog.activateWindow()
            return
        if not self._exporter.can_export:
            return
        path = self._preferences.folder("export") / f"{self._session.stem} swapped.png"
        signer, labelling = self._signing.signer, self._session.labelling
        self._dialog = dialog = ExportDialog(path, labelling, signer, self._window)
        dialog.export_asked.connect(self._export)
        dialog.signer_asked.connect(lambda: self._signing.ask(dialog))
        dialog.cancel_asked.connect(self._exporter.cancel)
        dialog.finished.connect(self._forget)
        dialog.show()  # beside the window, which can be used meanwhile

    def _export(self, order: ExportOrder) -> None:
        self._preferences.remember_folder("export", order.path.parent)
        self._session.labelling = order.labelling
        self._exporter.start(order)

    def _show_signer(self, signer: Signer) -> None:
        if self._dialog is not None:
            self._dialog.show_signer(signer)

    def _show_progress(self, fraction: float) -> None:
        if self._dialog is not None:
            self._dialog.show_progress(fraction)

    def _take_written(self, written: list[Path]) -> None:
        self._is_outdated = False
        self._window.status.show_written(written[0])
        self._close_dialog()
        closing, self._closing = self._closing, False
        if closing:
            self._window.close()

    def _take_failure(self, sentence: str) -> None:
        self._closing = False
        outdated, self._is_outdated = self._is_outdated, False
        if outdated:  # to try again would export the faces that are open now
            self._window.notice.say(sentence)
            self._close_dialog()
        elif self._dialog is not None:
            self._dialog.say(sentence)

    def _leave(self) -> None:
        """Ask no more: what was stated is not for the faces that are open now."""
        if self._exporter.is_under_way:
            self._is_outdated = True
        else:
            self._close_dialog()

    def _close_dialog(self) -> None:
        if self._dialog is not None:
            self._dialog.accept()

    def _forget(self) -> None:
        dialog, self._dialog = self._dialog, None
        if dialog is not None:
            dialog.deleteLater()
