"""Keeps the journal of the session: what is not saved is on the disk all the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, Signal

from e4s_studio.core.errors import StudioError
from e4s_studio.files.journal import Journal, same_photograph

if TYPE_CHECKING:
    from pathlib import Path

    from e4s_studio.core.events import Change
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.engine.request import RenderResult
    from e4s_studio.files.project import Project
    from e4s_studio.gui.controller import Controller
    from e4s_studio.gui.project_session import ProjectSession


UNTOUCHED: Final = "untouched"
"""The name of a file in a session's folder for as long as nothing in it is unsaved."""
_PATIENCE: Final = 2.0
"""Seconds that photographs wait for a slow disk before they are shown all the same."""


class JournalKeeper(QObject):
    """Hands every committed edit to a journal.

    A journal begins before a target or a project is shown, so that the first edit already finds
    them on the disk; as long as nothing is unsaved it says so.

    Signals
    -------
    troubled(str)
        A sentence: edits cannot be kept safe.

    Parameters
    ----------
    controller
        Whose document it is.
    session
        What of it is saved.
    folder
        Where the journals lie.
    """

    troubled = Signal(str)

    def __init__(self, controller: Controller, session: ProjectSession, folder: Path) -> None:
        super().__init__(controller)
        self._controller = controller
        self._document = controller.document
        self._session = session
        self._folder = folder
        self._journal: Journal | None = None
        self._target: Portrait | None = None
        self._place: Path | None = None
        self._prepared = _Prepared()
        self._has_failed = False
        # The end of a journal waits for its last write, which the window must not.
        self._ends = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journals")
        controller.opening.prepare = self.prepare
        controller.changed.connect(self._take_change)
        controller.pair_opened.connect(self._settle)
        controller.rendering.shown.connect(self._show)
        session.labelled.connect(self._settle)
        session.saved.connect(self._settle)
        session.opened.connect(self._settle)
        # The journal's thread emits it.
        self.troubled.connect(controller.failed, Qt.ConnectionType.QueuedConnection)

    @property
    def journal(self) -> Journal | None:
        """The journal; None as long as nothing is open."""
        return self._journal

    def prepare(self, project: Project) -> None:
        """Have what is about to be opened on the disk, off the GUI thread.

        A new source alone needs no new journal: the paint stays, and the present one goes on.
        """
        target = project.contents.target
        if target is None or same_photograph(target, self._target):
            return
        journal = self._new_journal()
        if journal is not None:
            journal.record(project)
            journal.flush(_PATIENCE)
            self._prepared.put(journal, target)

    def record(self) -> None:
        """Have all that there is now on the disk within a second."""
        self._follow_target()
        self._leave_no_doubt()
        self._hand_over()

    def close(self) -> None:
        """End the journal: the session has come to a good end."""
        self._retire()
        self._prepared.close()
        self._ends.shutdown(wait=True)

    def _follow_target(self) -> None:
        """Have the journal of the open target: the one that was prepared, else a new one."""
        target = self._document.target
        if self._journal is None or not same_photograph(target, self._target):
            self._retire()
            self._journal = self._prepared.take(target) or self._new_journal()
            self._target, self._place = target, None

    def _hand_over(self) -> None:
        if self._journal is None:
            return
        self._journal.record(self._session.project())
        if self._session.path is not None and self._session.path != self._place:
            self._place = self._session.path
            self._journal.belongs_to(self._place)

    def _leave_no_doubt(self) -> None:
        """Say of the journal, before anything is written, that it holds what no file does."""
        if self._journal is None:
            return
        try:
            (self._journal.folder / UNTOUCHED).unlink(missing_ok=True)
        except OSError:
            self._retire()  # another one is begun that never said so
            self._journal = self._new_journal(untouched=False)

    def _new_journal(self, *, untouched: bool = True) -> Journal | None:
        if self._has_failed:
            return None
        try:
            journal = Journal(self._folder, self.troubled.emit)
        except (StudioError, OSError) as error:
            self._has_failed = True
            self.troubled.emit(
                self.tr("The edits cannot be kept safe against a crash: {0}").format(error)
            )
            return None
        if untouched:
            _say_untouched(journal)
        return journal

    def _take_change(self, change: Change) -> None:
        committed = change.history or change.rules or change.snapshots
        # Half of a pair may be open now; the whole of it is told of at its end.
        if self._controller.is_opening or change.in_stroke or not committed:
            return
        if self._journal is not None or self._session.is_modified:
            self.record()

    def _settle(self) -> None:
        """Follow what was opened, saved or labelled."""
        if self._session.is_opening:
            return  # it tells when it knows whose file this is
        if self._session.is_modified:
            self.record()
        elif self._document.source is not None or self._document.target is not None:
            self._follow_target()
            if self._journal is not None:
                _say_untouched(self._journal)
            self._hand_over()

    def _retire(self) -> None:
        journal, self._journal = self._journal, None
        if journal is not None:
            self._ends.submit(journal.close)

    def _show(self, result: RenderResult) -> None:
        if self._journal is not None and result.final:
            self._journal.show(result.image)


class _Prepared:
    """The journal of what was opened last but is not shown yet; handed from thread to thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._journal: Journal | None = None
        self._target: Portrait | None = None

    def put(self, journal: Journal, target: Portrait) -> None:
        with self._lock:
            stale, self._journal, self._target = self._journal, journal, target
        if stale is not None:
            stale.close()

    def take(self, target: Portrait | None) -> Journal | None:
        """Return the target's journal, if it was prepared."""
        with self._lock:
            if target is None or target is not self._target:
                return None
            journal, self._journal, self._target = self._journal, None, None
            return journal

    def close(self) -> None:
        with self._lock:
            journal, self._journal = self._journal, None
        if journal is not None:
            journal.close()


def _say_untouched(journal: Journal) -> None:
    # The journal itself tells of a disk that cannot be written to.
    with suppress(OSError):
        (journal.folder / UNTOUCHED).touch()
