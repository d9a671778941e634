"""Connects menus, drops and the window's cross with the project."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox

from e4s_studio.files.project import SUFFIX
from e4s_studio.gui.names import menu_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from e4s_studio.files.project import Opened
    from e4s_studio.gui.main_window import MainWindow
    from e4s_studio.gui.preferences import Preferences
    from e4s_studio.gui.project_session import ProjectSession

_MARKER: Final = "[*]"
"""Where Qt shows that a window's document is not saved."""


class ProjectHandler(QObject):
    """Saving and opening projects, however the artist asks for it."""

    def __init__(
        self, window: MainWindow, session: ProjectSession, preferences: Preferences
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._preferences = preferences
        self._leaving = False
        self._then: Callable[[], object] | None = None
        actions = window.actions_by_name
        actions["file.open_project"].triggered.connect(partial(self.ask_first, self._ask_open))
        actions["file.save"].triggered.connect(self._save)
        actions["file.save_as"].triggered.connect(self._ask_save)
        actions["file.forget_projects"].triggered.connect(self._forget)
        session.moved.connect(self._show_state)
        session.saved.connect(self._take_saved)
        session.not_saved.connect(self._drop_plan)
        session.opened.connect(self._take_opened)
        window.installEventFilter(self)
        self._show_state()
        self._show_recent()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ask before the window closes over work that is not saved."""
        if event.type() == QEvent.Type.Close and not self._may_leave():
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def open(self, path: Path) -> None:
        """Open a project, after asking what becomes of the open one."""
        self.ask_first(partial(self._open, path))

    def ask_first(self, go_on: Callable[[], object]) -> None:
        """Go on at once, or once the artist has decided what becomes of unsaved work."""
        if not self._session.is_modified:
            go_on()
            return
        box = self._question()
        box.buttonClicked.connect(lambda button: self._answer(box.standardButton(button), go_on))
        box.open()

    def leave(self) -> None:
        """Close the window without a question."""
        self._leaving = True
        self._window.close()

    # Closing

    def _may_leave(self) -> bool:
        if self._leaving:
            return True
        if self._session.is_saving:
            self._then = self._window.close
            return False
        if self._session.is_modified:
            self.ask_first(self.leave)
            return False
        return True

    def _question(self) -> QMessageBox:
        box = QMessageBox(self._window)
        box.setObjectName("unsaved")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setTextFormat(Qt.TextFormat.PlainText)  # file names may look like markup
        box.setWindowTitle(self.tr("Unsaved work"))
        box.setText(self.tr("Save the changes to “{0}”?").format(self._session.name))
        box.setInformativeText(self.tr("Without saving, the edits since the last save are lost."))
        box.setStandardButtons(
            QMessageBox.StandardButton.Save
            | QMessageBox.StandardButton.Discard
            | QMessageBox.StandardButton.Cancel
        )
        box.button(QMessageBox.StandardButton.Discard).setText(self.tr("&Don't save"))
        box.setDefaultButton(QMessageBox.StandardButton.Save)
        box.setEscapeButton(QMessageBox.StandardButton.Cancel)
        return box

    def _answer(self, answer: QMessageBox.StandardButton, go_on: Callable[[], object]) -> None:
        if answer == QMessageBox.StandardButton.Discard:
            go_on()
        elif answer == QMessageBox.StandardButton.Save:
            # Edits made while it is written are asked about again.
            self._then = partial(self.ask_first, go_on)
            self._save()

    # Saving

    def _save(self) -> None:
        if self._session.path is None:
            self._ask_save()
        else:
            self._session.save(self._session.path)

    def _ask_save(self) -> None:
        dialog = self._dialog(self.tr("Save project"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX.removeprefix("."))
        dialog.selectFile(f"{self._session.stem}{SUFFIX}")
        dialog.fileSelected.connect(lambda name: self._save_as(Path(name)))
        dialog.rejected.connect(self._drop_plan)
        dialog.open()

    def _save_as(self, path: Path) -> None:
        self._preferences.remember_folder("project", path.parent)
        self._session.save(path)

    def _take_saved(self, path: Path) -> None:
        self._preferences.remember_project(path)
        self._show_recent()
        self._window.status.show_written(path)
        then, self._then = self._then, None
        if then is not None:
            then()

    def _drop_plan(self) -> None:
        self._then = None

    # Opening

    def _ask_open(self) -> None:
        dialog = self._dialog(self.tr("Open project"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self._open(Path(name)))
        dialog.open()

    def _open(self, path: Path) -> None:
        self._preferences.remember_folder("project", path.parent)
        self._session.open(path)

    def _take_opened(self, opened: Opened) -> None:
        if self._session.path is not None:
            self._preferences.remember_project(self._session.path)
            self._show_recent()
        if opened.warnings:
            kept = self.tr("The damaged file stays as it is; save this under another name.")
            self._window.notice.say(" ".join((*opened.warnings, kept)))

    def _dialog(self, title: str) -> QFileDialog:
        folder = str(self._preferences.folder("project"))
        dialog = QFileDialog(self._window, title, folder)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setNameFilters([self.tr("Projects (*{0})").format(SUFFIX)])
        return dialog

    # What is shown

    def _show_state(self) -> None:
        window, session = self._window, self._session
        name = self._session.name
        title = self.tr("E4S Studio")
        window.setWindowTitle(f"{name}{_MARKER} – {title}" if name else f"{title}{_MARKER}")
        window.setWindowModified(session.is_modified)
        window.setWindowFilePath("" if session.path is None else str(session.path))
        for action in ("file.save", "file.save_as"):
            window.actions_by_name[action].setEnabled(bool(name))

    def _show_recent(self) -> None:
        menu, known = self._window.recent_projects, self._preferences.recent_projects()
        menu.clear()
        for path in known:
            action = menu.addAction(menu_name(path))
            action.setToolTip(str(path))
            action.triggered.connect(partial(self.open, path))
        menu.setEnabled(bool(known))
        menu.addSeparator()
        menu.addAction(self._window.actions_by_name["file.forget_projects"])

    def _forget(self) -> None:
        self._preferences.clear_recent_projects()
        self._show_recent()
