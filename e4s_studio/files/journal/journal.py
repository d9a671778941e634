"""Writing the journal, on a thread of its own."""

from __future__ import annotations

import json
import secrets
import shutil
from datetime import UTC, datetime
from threading import Condition, Thread
from time import monotonic
from typing import TYPE_CHECKING, Final

from filelock import FileLock

from e4s_studio.core.errors import OutputError
from e4s_studio.files.journal.writer import Writer
from e4s_studio.files.output import make_folder, write_whole
from e4s_studio.files.project.archive import png_of
from e4s_studio.files.project.saving import thumbnail_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from e4s_studio.files.project.project import Project

LOCK: Final = "lock"
PICTURE: Final = "picture.png"
NOTE: Final = "session.json"


class Journal:
    """The journal of one session. Its methods return at once; a thread writes.

    The session's folder holds a project file, and a log of what changed since; see `Writer`. It is
    locked for as long as the program lives, and goes when the session is closed in good order.

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
        self._writer = Writer(self.folder, self._report)
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
        end = monotonic() + timeout
        with self._changed:
            done = self._changed.wait_for(lambda: not (self._busy or self._has_work), timeout)
        return self._writer.wait(max(0.0, end - monotonic())) and done and not self._in_trouble

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
                    self._report(error)
                self._in_trouble = True

    def _report(self, error: BaseException) -> None:
        self._on_trouble(_sentence(error))

    def _write(
        self, project: Project | None, picture: NDArray[np.uint8] | None, place: Path | None
    ) -> None:
        if project is not None:
            self._writer.write(project)
        if picture is not None:
            write_whole(self.folder / PICTURE, png_of(thumbnail_of(picture)))
        if place is not None:
            write_whole(self.folder / NOTE, json.dumps({"project": str(place)}).encode())


def _sentence(error: BaseException) -> str:
    reason = str(error) if isinstance(error, OutputError) else f"({error})"
    return f"The edits cannot be kept safe against a crash: {reason} Save the project elsewhere."
