"""Keeps the journal of the session: what is not saved is on the disk all the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, Signal

from e4s_studio.core.errors import StudioError
from e4s_studio.files.journal.journal import Journal
from e4s_studio.gui.ports import Stage

if TYPE_CHECKING:
    from pathlib import Path

    from e4s_studio.core.events import Change
    from e4s_studio.gui.controller import Controller
    from e4s_studio.gui.ports import Rendered
    from e4s_studio.gui.project_session import ProjectSession


UNTOUCHED: Final = "untouched"
"""The name of a file in a session's folder for as long as nothing in it is unsaved."""


class JournalKeeper(QObject):
    """Hands every committed edit to a journal.

    The journal begins when photographs or a project are opened, so that the first edit already
    finds them on the disk; as long as nothing is unsaved it says so.

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
        self._session = session
        self._folder = folder
        self._journal: Journal | None = None
        self._place: Path | None = None
        self._has_failed = self._is_opening = False
        # The end of a journal waits for its last write, which the window must not.
        self._ends = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journals")
        controller.changed.connect(self._take_change)
        controller.pair_opened.connect(self._settle)
        controller.result_shown.connect(self._show)
        session.labelled.connect(self._settle)
        session.saved.connect(self._settle)
        session.opened.connect(self._settle)
        # The journal's thread emits it.
        self.troubled.connect(controller.failed, Qt.ConnectionType.QueuedConnection)

    @property
    def journal(self) -> Journal | None:
        """The journal; None as long as nothing is open."""
        return self._journal

    def record(self) -> None:
        """Have all that there is now on the disk within a second."""
        self._leave_no_doubt()
        self._hand_over()

    def close(self) -> None:
        """End the journal: the session has come to a good end."""
        self._retire()
        self._ends.shutdown(wait=True)

    def _hand_over(self) -> None:
        journal = self._journal or self._new_journal()
        if journal is None:
            return
        journal.record(self._session.project())
        if self._session.path is not None and self._session.path != self._place:
            self._place = self._session.path
            journal.belongs_to(self._place)

    def _begin(self) -> None:
        """Begin a journal of what is saved, or was only just opened."""
        journal = self._new_journal()
        if journal is not None:
            with suppress(OSError):  # the journal itself tells of a disk that cannot be written to
                (journal.folder / UNTOUCHED).touch()
            self._hand_over()

    def _leave_no_doubt(self) -> None:
        """Say of the journal, before anything is written, that it holds what no file does."""
        if self._journal is None:
            return
        try:
            (self._journal.folder / UNTOUCHED).unlink(missing_ok=True)
        except OSError:
            self._retire()  # another one is begun that never said so

    def _new_journal(self) -> Journal | None:
        if self._has_failed:
            return None
        try:
            self._journal = Journal(self._folder, self.troubled.emit)
        except (StudioError, OSError) as error:
            self._has_failed = True
            self.troubled.emit(
                self.tr("The edits cannot be kept safe against a crash: {0}").format(error)
            )
        self._place = None
        return self._journal

    def _take_change(self, change: Change) -> None:
        committed = change.history or change.rules or change.snapshots
        # Half of a pair may be open now; the whole of it is told of at its end.
        self._is_opening = self._is_opening or change.portraits
        if self._is_opening or change.in_stroke or not committed:
            return
        if self._journal is not None or self._session.is_modified:
            self.record()

    def _settle(self) -> None:
        """Go on where something is not saved; else begin anew."""
        self._is_opening = False
        if self._session.is_opening:
            return  # it tells when it knows whose file this is
        document = self._controller.document
        if self._session.is_modified:
            self.record()
            return
        self._retire()
        if document.source is not None or document.target is not None:
            self._begin()

    def _retire(self) -> None:
        journal, self._journal = self._journal, None
        if journal is not None:
            self._ends.submit(journal.close)

    def _show(self, result: Rendered) -> None:
        if self._journal is not None and result.stage is Stage.FINAL:
            self._journal.show(result.image)
