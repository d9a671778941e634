"""Finding the sessions that ended in a crash, and recovering them."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout

from e4s_studio.core.errors import ImageError, ProjectError
from e4s_studio.files.images import read_image
from e4s_studio.files.journal.journal import LOCK, NOTE, PICTURE, generation_files
from e4s_studio.files.journal.record import replayed
from e4s_studio.files.project.opening import open_project

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from e4s_studio.files.project.project import Opened


_YOUNG: Final = timedelta(minutes=1)
"""An empty session younger than this may be one that another window has just begun."""


@dataclass(frozen=True)
class CrashedSession:
    """A session that ended in a crash.

    Attributes
    ----------
    folder
        The folder of its journal.
    ended
        When something was last written to it.
    """

    folder: Path
    ended: datetime

    @property
    def project_file(self) -> Path | None:
        """The project file of the session, if it had one."""
        try:
            place = json.loads((self.folder / NOTE).read_bytes())["project"]
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return Path(place) if isinstance(place, str) else None

    def picture(self) -> NDArray[np.uint8] | None:
        """Return a picture of the session, (h, w, 3) uint8, at most 256 pixels a side."""
        try:
            return read_image(self.folder / PICTURE)
        except ImageError:
            pass
        try:
            return self.recover().project.thumbnail
        except ProjectError:
            return None

    def recover(self) -> Opened:
        """Return the project as it was at the last committed edit.

        Raises
        ------
        ProjectError
            If nothing of it can be opened.
        """
        bases = _bases(self.folder)
        if not bases:
            raise ProjectError("This session is no longer there; another window has taken it.")
        opened = open_project(bases[-1])
        project = opened.project
        for log in _logs_after(bases[-1]):
            project, is_whole = replayed(project, log)
            if not is_whole:
                break
        return replace(opened, project=project)

    def discard(self) -> None:
        """Remove the journal."""
        shutil.rmtree(self.folder, ignore_errors=True)


def recoverable_sessions(folder: Path) -> list[CrashedSession]:
    """Return the sessions in a folder that ended in a crash, the last one first.

    Sessions of windows that are open are left out. What is left of sessions in which nothing was
    opened yet is removed.
    """
    if not folder.is_dir():
        return []
    found = []
    for session in folder.iterdir():
        if not session.is_dir() or _is_alive(session):
            continue
        ended = _last_written(session)
        if _bases(session):
            found.append(CrashedSession(session, ended))
        elif datetime.now(UTC) - ended > _YOUNG:
            shutil.rmtree(session, ignore_errors=True)
    return sorted(found, key=lambda one: one.ended, reverse=True)


def _last_written(session: Path) -> datetime:
    times = [0.0]
    # Without the lock's own time: a test whether it is held may change it.
    for path in (session, *session.glob("*.*")):
        # Another window may be discarding it.
        with suppress(FileNotFoundError):
            times.append(path.stat().st_mtime)
    return datetime.fromtimestamp(max(times), UTC)


def _bases(session: Path) -> list[Path]:
    return sorted(session.glob("base-[0-9][0-9][0-9][0-9][0-9][0-9].e4s"))


def _logs_after(base: Path) -> Iterator[bytes]:
    """Yield a project's log, and the logs that continue it without a project of their own."""
    generation = int(base.stem.removeprefix("base-"))
    while True:
        _, log = generation_files(base.parent, generation)
        try:
            yield log.read_bytes()
        except OSError:
            return
        generation += 1


def _is_alive(session: Path) -> bool:
    try:
        with FileLock(session / LOCK, is_singleton=False, timeout=0):
            return False
    except (Timeout, OSError):
        return True
