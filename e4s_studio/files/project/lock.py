"""One window for one project file at a time."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from filelock import FileLock, Timeout

from e4s_studio.core.errors import OutputError, ProjectError
from e4s_studio.files.output import make_folder

_LOG = logging.getLogger(__name__)


def hold(path: Path | str, folder: Path) -> FileLock:
    """Hold a project file, so that no other window opens it; release the lock at the end.

    The system releases it too when the program dies. The lock lies in a folder of the program's
    own, not beside the artist's file. Where nothing can be written there, nothing is held: work
    can be saved all the same, and is worth more than the guard.

    Parameters
    ----------
    path
        The project file; it need not exist.
    folder
        Where the locks lie.

    Raises
    ------
    ProjectError
        If another window holds it.
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
