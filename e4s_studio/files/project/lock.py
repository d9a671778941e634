"""A lock, so that only one window has a project file open."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from filelock import FileLock, Timeout

from e4s_studio.core.errors import OutputError, ProjectError
from e4s_studio.files.output import make_folder

_LOG = logging.getLogger(__name__)


def hold(path: Path | str, folder: Path) -> FileLock:
    """Lock a project file, so that no other window opens it; release the lock at the end.

    The system releases it too when the program ends. The lock is in a folder of the program's
    own, not beside the artist's file. If that folder cannot be written to, nothing is locked:
    saving the work matters more than the lock.

    Parameters
    ----------
    path
        The project file; it need not exist.
    folder
        The folder of the locks.

    Raises
    ------
    ProjectError
        If another window has it open.
    """
    name = hashlib.sha256(str(Path(path).resolve()).encode()).hexdigest()[:32]
    lock = FileLock(folder / f"{name}.lock", is_singleton=False, thread_local=False)
    try:
        make_folder(folder)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ProjectError(
            f"“{path}” is open in another window; close it there, or save under another name."
        ) from error
    except (OutputError, OSError):
        _LOG.warning("“%s” is not guarded against other windows", path, exc_info=True)
    return lock
