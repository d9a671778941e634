"""Writing the journal of a session: its files, and the thread that writes them."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from concurrent.futures import Future, ThreadPoolExecutor, wait as wait_for
from datetime import UTC, datetime
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Final, TypedDict, Unpack

from filelock import FileLock

from e4s_studio.core.errors import OutputError
from e4s_studio.files.journal.record import record_of, same_photograph
from e4s_studio.files.output import make_folder, write_whole
from e4s_studio.files.project.archive import png_of
from e4s_studio.files.project.saving import save_project, thumbnail_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import FileIO
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from e4s_studio.files.project.project import Project

LOCK: Final = "lock"
PICTURE: Final = "picture.png"
NOTE: Final = "session.json"
_COMPACTED_AT: Final = 64 << 20
"""Bytes of records after which the whole project is written anew."""


class _Waiting(TypedDict, total=False):
    """What is to be written next: of each kind the latest."""

    project: Project
    picture: NDArray[np.uint8]
    place: Path


class Journal:
    """The journal of one session. All methods but `flush` and `close` return at once.

    The session's folder holds a project file, and a log of the changes since; see `_Writer`. It is
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
        compacted_at: int = _COMPACTED_AT,
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
        self._writer = _Writer(self.folder, self._report, save, compacted_at)

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


class _Writer:
    """Writes generations: a whole project, and a log of records of the changes since.

    A generation numbered one higher than another continues it: its log begins where the other's
    ends. Edits go into it while its own project is still being written, and a reader who finds
    no such project replays both logs. Generations that do not continue each other leave a gap in
    the numbers.

    Parameters
    ----------
    folder
        The session's folder.
    on_failure
        Called from another thread with the error that kept a whole project from being written;
        the edits are safe all the same.
    save
        Writes a whole project to a path.
    compacted_at
        Bytes of records after which a new generation begins.
    """

    def __init__(
        self,
        folder: Path,
        on_failure: Callable[[BaseException], None],
        save: Callable[[Project, Path], None],
        compacted_at: int,
    ) -> None:
        self._folder = folder
        self._on_failure = on_failure
        self._save = save
        self._compacted_at = compacted_at
        self._generation = -1
        self._written: Project | None = None
        self._based: Project | None = None
        self._log: FileIO | None = None
        # A large project takes a while, in which the next edits must not have to wait.
        self._bases = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal base")
        self._last: Future[None] | None = None

    def write(self, project: Project) -> None:
        """Write a project: as a record if it has the target of the last one, else whole.

        Raises
        ------
        OSError, OutputError
            If it cannot be written; call `start_over` before the next one then.
        """
        old, new = self._written, project.contents
        if old is None or not same_photograph(new.target, old.contents.target):
            self._begin(project)
            return
        self._append(record_of(old, project))
        self._written = project
        if self._needs_base(project):
            self._open_log(self._generation + 1)
            self._based = project
            self._write_base(project).add_done_callback(self._tell)

    def start_over(self) -> None:
        """Write the next project whole: the end of the log may be damaged."""
        self._written = None

    def wait(self, timeout: float) -> bool:
        """Wait until no whole project is being written; return whether that is so."""
        last = self._last
        return last is None or not wait_for([last], timeout).not_done

    def close(self) -> None:
        """Finish what is being written."""
        self._bases.shutdown(wait=True)
        self._close_log()

    def _begin(self, project: Project) -> None:
        self._written = None
        self._open_log(self._generation + 2)
        self._write_base(project).result()
        self._written = self._based = project

    def _needs_base(self, project: Project) -> bool:
        based = self._based
        if based is None or self._log is None:
            return True
        same = same_photograph(project.contents.source, based.contents.source)
        grown = self._log.tell() > self._compacted_at
        return not same or grown or project.fitted is not based.fitted

    def _append(self, record: bytes) -> None:
        if self._log is None or self._log.write(record) != len(record):
            raise OSError("the disk is full")
        os.fsync(self._log.fileno())

    def _open_log(self, generation: int) -> None:
        self._close_log()
        self._generation = generation
        _, log = generation_files(self._folder, generation)
        # Unbuffered: what is written is the system's at once, whatever becomes of this program.
        self._log = log.open("xb", buffering=0)

    def _close_log(self) -> None:
        if self._log is not None:
            self._log.close()
        self._log = None

    def _write_base(self, project: Project) -> Future[None]:
        self._last = self._bases.submit(self._save_base, self._generation, project)
        return self._last

    def _save_base(self, generation: int, project: Project) -> None:
        """Write a generation's project, then remove the generations before it."""
        base, _ = generation_files(self._folder, generation)
        self._save(project, base)
        for older in range(1, generation):
            for path in generation_files(self._folder, older):
                path.unlink(missing_ok=True)

    def _tell(self, done: Future[None]) -> None:
        error = done.exception()
        if error is not None:
            self._on_failure(error)


def generation_files(folder: Path, generation: int) -> tuple[Path, Path]:
    """Return the paths of a generation's project and its log."""
    return folder / f"base-{generation:06}.e4s", folder / f"edits-{generation:06}.log"
