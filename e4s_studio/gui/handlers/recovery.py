"""Connects what a crash left behind with the window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from e4s_studio.files.journal import recoverable_sessions
from e4s_studio.gui.dialogs.recovery import RecoveryDialog
from e4s_studio.gui.jobs import Job, Jobs
from e4s_studio.gui.journal_keeper import UNTOUCHED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from e4s_studio.files.journal import CrashedSession, Journal
    from e4s_studio.files.project import Opened
    from e4s_studio.gui.controller import Controller
    from e4s_studio.gui.dialogs.recovery import Found
    from e4s_studio.gui.journal_keeper import JournalKeeper
    from e4s_studio.gui.main_window import MainWindow
    from e4s_studio.gui.project_session import ProjectSession


class RecoveryHandler(QObject):
    """Offers, at the start, to go on with sessions that ended in a crash.

    Parameters
    ----------
    window
        Where the dialog shows.
    controller
        Whose document takes the session over.
    session, keeper
        What knows of files and keeps the journal from then on.
    folder
        Where the journals lie.
    """

    def __init__(
        self,
        window: MainWindow,
        controller: Controller,
        session: ProjectSession,
        keeper: JournalKeeper,
        folder: Path,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._session = session
        self._keeper = keeper
        self._folder = folder
        # The controller's own thread is busy with the network at the start.
        self._jobs = Jobs(self)
        self._jobs.failed.connect(controller.failed)

    def offer(self, otherwise: Callable[[], None]) -> None:
        """Look for such sessions; `otherwise` is called unless the artist goes on with one."""
        work, done = partial(_found, self._folder), partial(self._take_found, otherwise)
        self._jobs.run(Job("", work, done, partial(self._fail, otherwise)))

    def close(self) -> None:
        """Stop looking."""
        self._jobs.close()

    def _take_found(self, otherwise: Callable[[], None], found: list[Found]) -> None:
        if not found:
            otherwise()
            return
        dialog = RecoveryDialog(found, self._window)
        dialog.go_on_asked.connect(partial(self._go_on, otherwise))
        dialog.discard_asked.connect(self._discard)
        dialog.rejected.connect(otherwise)
        dialog.open()

    def _go_on(self, otherwise: Callable[[], None], crashed: CrashedSession) -> None:
        self._jobs.run(
            Job(
                "",
                partial(_recovered, crashed, self._keeper),
                partial(self._take_recovered, crashed),
                partial(self._fail, otherwise),
                stop=self._controller.opening.announce(),
            )
        )

    def _take_recovered(self, crashed: CrashedSession, opened: Opened) -> None:
        if not self._session.take_recovered(opened, crashed.project_file):
            return
        self._keeper.record()
        if opened.warnings:
            self._window.notice.say(" ".join(opened.warnings))
        # The old journal goes only once the new one holds everything.
        if self._keeper.journal is not None:
            self._jobs.run(Job("", partial(_replace, self._keeper.journal, crashed)))

    def _discard(self, crashed: CrashedSession) -> None:
        self._jobs.run(Job("", crashed.discard))

    def _fail(self, otherwise: Callable[[], None], sentence: str) -> None:
        self._controller.failed.emit(sentence)
        otherwise()


def _found(folder: Path) -> list[Found]:
    """Return the sessions with unsaved work; what is left of others is removed."""
    found: list[Found] = []
    for session in recoverable_sessions(folder):
        if (session.folder / UNTOUCHED).exists():
            session.discard()
        else:
            found.append((session, session.picture()))
    return found


def _recovered(crashed: CrashedSession, keeper: JournalKeeper) -> Opened:
    opened = crashed.recover()
    keeper.prepare(opened.project)
    return opened


def _replace(journal: Journal, crashed: CrashedSession) -> None:
    if journal.flush():
        crashed.discard()
