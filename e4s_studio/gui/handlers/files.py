"""Connects dialogs, drops, the clipboard and recent pairs with the controller."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from e4s_studio.core.pair import Role
from e4s_studio.files.resources import sample_map, sample_pair
from e4s_studio.gui.jobs import Job
from e4s_studio.gui.names import menu_name
from e4s_studio.gui.photographs import Photographs, Wanted

if TYPE_CHECKING:
    from e4s_studio.gui.controller import Controller
    from e4s_studio.gui.handlers.project import ProjectHandler
    from e4s_studio.gui.main_window import MainWindow
    from e4s_studio.gui.preferences import Preferences

_READABLE: Final = (
    "*.png *.jpg *.jpeg *.webp *.tif *.tiff *.bmp *.heic *.heif *.avif *.jp2 *.gif *.ppm"
)


class FilesHandler(QObject):
    """Opening photographs, however the artist asks for it.

    Signals
    -------
    files_chosen(Role, list[Path])
        Files were chosen in a dialog or pasted.
    """

    files_chosen = Signal(object, object)

    def __init__(
        self,
        window: MainWindow,
        controller: Controller,
        preferences: Preferences,
        projects: ProjectHandler,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._projects = projects
        self._preferences = preferences
        self._pasted = TemporaryDirectory(prefix="e4s-studio-")
        self._connect_actions()
        self._connect_panes()
        controller.pair_opened.connect(self._show_opened)
        self._show_recent()
        self._show_opened()

    @property
    def folder(self) -> Path:
        """The folder of pictures that go with the session: what was pasted, or made here."""
        return Path(self._pasted.name)

    def open_sample(self) -> None:
        """Open the sample pair, where one ships."""
        pair = sample_pair()
        if pair is not None:
            self._open_pair(*pair)

    def open(self, photographs: Photographs) -> None:
        """Open photographs, after asking where a new target would drop unsaved work."""
        for role in Role:
            wanted = photographs.wanted[role]
            if wanted is not None:
                self._preferences.remember_folder(role, wanted.path.parent)
        if photographs.target is None:  # what is painted stays
            self._controller.opening.open(photographs)
        else:
            self._projects.ask_first(lambda: self._controller.opening.open(photographs))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ask for a target where the empty canvas is clicked."""
        if event.type() == QEvent.Type.MouseButtonPress and self._controller.document.is_empty:
            self._ask(Role.TARGET)
            return True
        return super().eventFilter(watched, event)

    def close(self) -> None:
        """Remove the pasted pictures."""
        self._pasted.cleanup()

    def _connect_actions(self) -> None:
        actions = self._window.actions_by_name
        actions["file.open_source"].triggered.connect(partial(self._ask, Role.SOURCE))
        actions["file.open_target"].triggered.connect(partial(self._ask, Role.TARGET))
        actions["file.exchange"].triggered.connect(
            lambda: self._projects.ask_first(self._controller.opening.exchange)
        )
        actions["file.sample"].triggered.connect(self.open_sample)
        actions["file.sample"].setEnabled(sample_pair() is not None)
        actions["file.forget"].triggered.connect(self._forget)
        actions["file.quit"].triggered.connect(self._window.close)
        actions["edit.paste_source"].triggered.connect(partial(self._paste, Role.SOURCE))
        actions["edit.paste_target"].triggered.connect(partial(self._paste, Role.TARGET))

    def _connect_panes(self) -> None:
        window = self._window
        window.source.asked.connect(partial(self._ask, Role.SOURCE))
        window.canvas.installEventFilter(self)

    def _ask(self, role: Role) -> None:
        title = self.tr("Open source") if role is Role.SOURCE else self.tr("Open target")
        dialog = QFileDialog(self._window, title, str(self._preferences.folder(role)))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(
            [self.tr("Photographs ({0})").format(_READABLE), self.tr("All files (*)")]
        )
        dialog.fileSelected.connect(lambda name: self.files_chosen.emit(role, [Path(name)]))
        dialog.open()

    def _open(self, role: Role, path: Path) -> None:
        photographs = Photographs.alone(role, Wanted(path, sample_map(path)))
        if role is Role.SOURCE:  # what is painted stays
            self._controller.opening.open(photographs)
        else:
            self._projects.ask_first(lambda: self._controller.opening.open(photographs))

    def _open_pair(self, source: Path, target: Path) -> None:
        pair = Photographs(source, target, sample_map(source), sample_map(target))
        self._projects.ask_first(lambda: self._controller.opening.open(pair))

    def _paste(self, role: Role) -> None:
        clipboard = QGuiApplication.clipboard()
        data, image = clipboard.mimeData(), clipboard.image()
        urls = [] if data is None else data.urls()
        files = [url.toLocalFile() for url in urls if url.isLocalFile()]
        if files:
            self.files_chosen.emit(role, [Path(name) for name in files])
        elif not image.isNull():
            pasted, stop = Path(self._pasted.name) / f"pasted {role}.png", threading.Event()
            self._controller.jobs.run(
                Job(
                    self.tr("Opening"),
                    partial(image.save, str(pasted)),
                    lambda _: self._open(role, pasted),
                    stop=stop,
                )
            )
        else:
            self._window.notice.say(
                self.tr("There is no picture on the clipboard; copy one first.")
            )

    def _show_opened(self) -> None:
        actions, document = self._window.actions_by_name, self._controller.document
        source, target = document.source, document.target
        self._show_name("source", None if source is None else source.path)
        self._show_name("canvas", None if target is None else target.path)
        for name in ("file.export", "file.exchange", "edit.copy"):
            actions[name].setEnabled(self._controller.has_pair)
        if source and target and source.path and target.path and not self._is_pasted():
            self._preferences.remember_pair(source.path, target.path)
            self._show_recent()

    def _is_pasted(self) -> bool:
        document = self._controller.document
        folder = Path(self._pasted.name)
        return any(
            portrait is not None and portrait.path is not None and portrait.path.parent == folder
            for portrait in (document.source, document.target)
        )

    def _show_name(self, pane: str, path: Path | None) -> None:
        self._window.area.title_bar(pane).detail.setText("" if path is None else path.name)

    def _show_recent(self) -> None:
        menu = self._window.recent
        menu.clear()
        pairs = self._preferences.recent_pairs()
        for source, target in pairs:
            action = menu.addAction(
                self.tr("{0} → {1}").format(menu_name(source), menu_name(target))
            )
            action.setToolTip(f"{source}\n{target}")
            action.triggered.connect(partial(self._open_pair, source, target))
        menu.setEnabled(bool(pairs))
        menu.addSeparator()
        menu.addAction(self._window.actions_by_name["file.forget"])

    def _forget(self) -> None:
        self._preferences.clear_recent_pairs()
        self._show_recent()
