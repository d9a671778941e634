"""Writing the journal, on a thread of its own."""

from __future__ import annotations

import json
import secrets
import shutil
from concurrent.futures import Future, ThreadPoolExecutor, wait as wait_for
from datetime import UTC, datetime
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Final, TypedDict, Unpack

from filelock import FileLock

from e4s_studio.core.errors import OutputError
from e4s_studio.files.journal.writer import COMPACTED_AT, Writer
from e4s_studio.files.output import make_folder, write_whole
from e4s_studio.files.project.archive import png_of
from e4s_studio.files.project.saving import save_project, thumbnail_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from e4s_studio.files.project.project import Project

LOCK: Final = "lock"
PICTURE: Final = "picture.png"
NOTE: Final = "session.json"


class _Waiting(TypedDict, total=False):
    """What is to be written next: of each kind the latest."""

    project: Project
    picture: NDArray[np.uint8]
    place: Path


class Journal:
    """The journal of one session. All methods but `flush` and `close` return at once.

    The session's folder holds a project file, and a log of the changes since; see `Writer`. It is
    locked as long as the program runs, and is removed when the session is closed.

    Parameters
    ----------
    folder
        The folder of all sessions.
    on_trouble
        Called from the thread with a sentence when something cannot be written, and again only
        after something was written.
    save
        Writes a whole project to a path, as `save_project` does.
    compacted_at
        Bytes of records after which the whole project is written anew.

    Raises
    ------
    OutputError
        If the folder cannot be written to.
    """

    def __init__(
        self,
        folder: Path,
        on_trouble: Callable[[str], None] = lambda _: None,
        *,
        save: Callable[[Project, Path], None] = save_project,
        compacted_at: int = COMPACTED_AT,
    ) -> None:
        name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
        self.folder = folder / name
        make_folder(self.folder)
        self._lock = FileLock(self.folder / LOCK, is_singleton=False, thread_local=False)
        self._lock.acquire(timeout=0)
        self._on_trouble = on_trouble
        self._in_trouble = False
        self._guard = Lock()
        self._waiting = _Waiting()
        self._last: Future[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._writer = Writer(self.folder, self._report, save, compacted_at)

    def record(self, project: Project) -> None:
        """Have the project as it is now on the disk within a second."""
        self._put(project=project)

    def show(self, picture: NDArray[np.uint8]) -> None:
        """Keep an (h, w, 3) uint8 picture of the result, to offer the session with."""
        self._put(picture=picture)

    def belongs_to(self, project_file: Path) -> None:
        """Note which project file the session works on."""
        self._put(place=project_file)

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until everything is written; return whether it is."""
        end = monotonic() + timeout
        done = self._last is None or not wait_for([self._last], timeout).not_done
        return self._writer.wait(max(0.0, end - monotonic())) and done and not self._in_trouble

    def close(self, *, discard: bool = True) -> None:
        """End the session, once everything is written.

        `discard` removes the journal; otherwise the next start finds it.
        """
        self._thread.shutdown(wait=True)
        self._writer.close()
        self._lock.release()
        if discard:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _put(self, **waiting: Unpack[_Waiting]) -> None:
        with self._guard:
            self._waiting |= waiting
            self._last = self._thread.submit(self._write_waiting)

    def _write_waiting(self) -> None:
        with self._guard:
            waiting, self._waiting = self._waiting, _Waiting()
        if not waiting:
            return  # an earlier turn wrote it
        try:
            self._write(waiting)
            self._in_trouble = False
        except Exception as error:  # noqa: BLE001 - a journal that ends in silence is worse
            self._writer.start_over()
            if not self._in_trouble:
                self._report(error)
            self._in_trouble = True

    def _write(self, waiting: _Waiting) -> None:
        if "project" in waiting:
            self._writer.write(waiting["project"])
        if "picture" in waiting:
            write_whole(self.folder / PICTURE, png_of(thumbnail_of(waiting["picture"])))
        if "place" in waiting:
            note = json.dumps({"project": str(waiting["place"])})
            write_whole(self.folder / NOTE, note.encode())

    def _report(self, error: BaseException) -> None:
        reason = str(error) if isinstance(error, OutputError) else f"({error})"
        self._on_trouble(
            f"The edits cannot be kept safe against a crash: {reason} Save the project elsewhere."
        )
