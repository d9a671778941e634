"""One window for one project file at a time."""

from __future__ import annotations

import hashlib
from pathlib import Path

from filelock import FileLock, Timeout

from e4s_studio.core.errors import ProjectError
from e4s_studio.files.output import make_folder


def hold(path: Path | str, folder: Path) -> FileLock:
    """Hold a project file, so that no other window opens it; release the lock at the end.

    The system releases it too when the program dies. The lock lies in a folder of the program's
    own, not beside the artist's file.

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
    OutputError
        If the folder cannot be written to.
    """
    make_folder(folder)
    name = hashlib.sha256(str(Path(path).resolve()).encode()).hexdigest()[:32]
    lock = FileLock(folder / f"{name}.lock", is_singleton=False, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ProjectError(
            f"“{path}” is open in another window; close it there, or save under another name."
        ) from error
    return lock
