"""Writing files whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from e4s_studio.core.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTIAL: Final = "part"
"""The suffix of files that are not whole yet."""
_WRITABLE: Final = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def write_whole(path: Path | str, data: bytes, *, mode: int | None = None) -> None:
    """Put `data` at `path`, as `replacing` does.

    Parameters
    ----------
    path
        The file to write.
    data
        The whole file.
    mode
        The file's permissions, 0o600 for example; the system's default for None.

    Raises
    ------
    OutputError
        As `replacing` does.
    """
    with replacing(path) as part, part.open("xb") as stream:
        if mode is not None:
            part.chmod(mode)
        stream.write(data)


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Give a hidden file in the folder of `path` to write to; it replaces `path` at the end.

    A full disk, a crash or Ctrl-C leaves the old file, or none, and never half of the new one.

    Raises
    ------
    OutputError
        If the folder is missing or not writable, `path` is a folder or read-only, or the disk is
        full.
    """
    path = Path(path)
    _require_place(path)
    part = _part(path)
    try:
        yield part
        with part.open("r+b") as stream:
            # Else a power cut right after the renaming could leave an empty file.
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        raise OutputError(f"“{path}” could not be written: {reason_of(error)}.") from error
    finally:
        # A disk that lets nothing be written lets nothing be removed: the first reason counts.
        with suppress(OSError):
            part.unlink(missing_ok=True)


def check_writable(path: Path | str) -> None:
    """Check before long work that `path` can be written at its end.

    A file of no bytes is made beside `path` and removed again: permissions alone do not tell
    (read-only disks, network folders).

    Raises
    ------
    OutputError
        If the folder is missing or not writable, or `path` is a folder or read-only.
    """
    path = Path(path)
    _require_place(path)
    part = _part(path)
    try:
        part.touch(exist_ok=False)
        part.unlink()
    except OSError as error:
        raise OutputError(
            f"The folder “{path.parent}” cannot be written to: {reason_of(error)}; choose another."
        ) from error


def require_other(path: Path | str, *read: Path | None) -> None:
    """Refuse to write over a file that is read for it.

    Raises
    ------
    OutputError
        If `path` is one of the files in `read`, by whatever name.
    """
    path = Path(path)
    for one in read:
        if one is not None and one.exists() and path.exists() and path.samefile(one):
            raise OutputError(
                f"“{path}” is read for this and would be lost; write under another name."
            )


def make_folder(path: Path | str) -> None:
    """Make the folder `path` and its parents, where they are missing.

    Raises
    ------
    OutputError
        If one of them cannot be made, or is a file.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder “{path}” cannot be made: {reason_of(error)}.") from error


def reason_of(error: OSError) -> str:
    """Return the system's reason for an error, in lower case, to stand in a sentence."""
    return (error.strerror or str(error)).lower()


def partial_of(target: Path) -> Path | None:
    """Return the file in which an unfinished download to `target` is so far, None without one."""
    found = target.parent.glob(f"{target.name}{PARTIAL}*.{PARTIAL}")
    return max(found, key=lambda path: path.stat().st_size, default=None)


def _require_place(path: Path) -> None:
    if path.is_dir():
        raise OutputError(f"“{path}” is a folder; add the name of the file to write.")
    if not path.parent.is_dir():
        raise OutputError(
            f"The folder “{path.parent}” does not exist; create it or choose another one."
        )
    if path.is_file() and not path.stat().st_mode & _WRITABLE:
        # A new file would take its place all the same; whoever locked it did not want that.
        raise OutputError(f"“{path}” is read-only; write under another name, or unlock it.")


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.{PARTIAL}")
