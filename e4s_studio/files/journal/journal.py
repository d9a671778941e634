"""Writing the journal, on a thread of its own."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from datetime import UTC, datetime
from threading import Condition, Thread
from typing import TYPE_CHECKING, Final

from filelock import FileLock

from e4s_studio.core.errors import OutputError
from e4s_studio.files.journal.record import record_of
from e4s_studio.files.output import make_folder, write_whole
from e4s_studio.files.project.pixels import png_of
from e4s_studio.files.project.saving import project_bytes, thumbnail_of

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
COMPACTED_AT: Final = 64 << 20
"""Bytes of records after which the whole project is written anew."""


class Journal:
    """The journal of one session. Its methods return at once; a thread writes.

    The session's folder holds a project file, and a log of what changed since. It is locked for
    as long as the program lives, and goes when the session is closed in good order.

    Parameters
    ----------
    folder
        Where the sessions lie.
    on_trouble
        Called from the thread with a sentence when something cannot be written, and again only
        after something could.

    Raises
    ------
    OutputError
        If the folder cannot be written to.
    """

    def __init__(self, folder: Path, on_trouble: Callable[[str], None] = lambda _: None) -> None:
        name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
        self.folder = folder / name
        make_folder(self.folder)
        self._lock = FileLock(self.folder / LOCK, is_singleton=False, thread_local=False)
        self._lock.acquire(timeout=0)
        self._on_trouble = on_trouble
        self._changed = Condition()
        self._waiting: Project | None = None
        self._picture: NDArray[np.uint8] | None = None
        self._place: Path | None = None
        self._busy = self._closing = self._in_trouble = False
        self._writer = _Writer(self.folder)
        self._thread = Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def record(self, project: Project) -> None:
        """Have the project as it is now on the disk within a second."""
        with self._changed:
            self._waiting = project
            self._changed.notify_all()

    def show(self, picture: NDArray[np.uint8]) -> None:
        """Keep an (h, w, 3) uint8 picture of the result, to offer the session with."""
        with self._changed:
            self._picture = picture
            self._changed.notify_all()

    def belongs_to(self, project_file: Path) -> None:
        """Note which project file the session works on."""
        with self._changed:
            self._place = project_file
            self._changed.notify_all()

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until all is written; return whether it is."""
        with self._changed:
            done = self._changed.wait_for(lambda: not (self._busy or self._has_work), timeout)
            return done and not self._in_trouble

    def close(self, *, discard: bool = True) -> None:
        """End the session; its journal goes, unless it is to be found at the next start."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        self._writer.close()
        self._lock.release()
        if discard:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _has_work(self) -> bool:
        return any(one is not None for one in (self._waiting, self._picture, self._place))

    def _run(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._has_work or self._closing)
                if not self._has_work:
                    return
                project, picture, place = self._waiting, self._picture, self._place
                self._waiting = self._picture = self._place = None
                self._busy = True
            try:
                self._write(project, picture, place)
                self._in_trouble = False
            except Exception as error:  # noqa: BLE001 - a journal that ends in silence is worse
                self._writer.start_over()
                if not self._in_trouble:
                    self._on_trouble(_sentence(error))
                self._in_trouble = True

    def _write(
        self, project: Project | None, picture: NDArray[np.uint8] | None, place: Path | None
    ) -> None:
        if project is not None:
            self._writer.write(project)
        if picture is not None:
            write_whole(self.folder / PICTURE, png_of(thumbnail_of(picture)))
        if place is not None:
            write_whole(self.folder / NOTE, json.dumps({"project": str(place)}).encode())


class _Writer:
    """Writes generations: a whole project, and records of what changed since."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._generation = 0
        self._written: Project | None = None
        self._log: FileIO | None = None

    def write(self, project: Project) -> None:
        if self._written is None or self._log is None or self._needs_base(project, self._written):
            self._write_base(project)
        else:
            record = record_of(self._written, project)
            if self._log.write(record) != len(record):
                raise OSError("the disk is full")
            os.fsync(self._log.fileno())
        self._written = project

    def start_over(self) -> None:
        """Begin with a whole project again: the end of the log may be damaged."""
        self._written = None

    def close(self) -> None:
        if self._log is not None:
            self._log.close()

    def _needs_base(self, project: Project, written: Project) -> bool:
        new, old = project.contents, written.contents
        same = new.source is old.source and new.target is old.target
        grown = self._log is not None and self._log.tell() > COMPACTED_AT
        return not same or project.fitted is not written.fitted or grown

    def _write_base(self, project: Project) -> None:
        self.close()
        self._log = None
        self._generation += 1
        base, log = generation_files(self._folder, self._generation)
        # Unbuffered: what is written is the system's at once, whatever becomes of this program.
        self._log = log.open("xb", buffering=0)
        write_whole(base, project_bytes(project))
        for older in range(1, self._generation):
            for path in generation_files(self._folder, older):
                path.unlink(missing_ok=True)


def generation_files(folder: Path, generation: int) -> tuple[Path, Path]:
    """Return where a generation's project and its log lie."""
    return folder / f"base-{generation:06}.e4s", folder / f"edits-{generation:06}.log"


def _sentence(error: Exception) -> str:
    reason = str(error) if isinstance(error, OutputError) else f"({error})"
    return f"The edits cannot be kept safe against a crash: {reason} Save the project elsewhere."
