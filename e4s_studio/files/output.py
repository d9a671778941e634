"""Writing files whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from e4s_studio.core.errors import OutputError

_WRITABLE: Final = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def write_whole(path: Path | str, data: bytes, *, mode: int | None = None) -> None:
    """Put `data` at `path`, replacing what was there only when every byte is on the disk.

    The bytes go to a hidden file in the same folder first, so that a full disk, a crash or
    Ctrl-C leaves the old file, or none, and never half of the new one.

    Parameters
    ----------
    path
        Where to write.
    data
        The whole file.
    mode
        The file's permissions, 0o600 for example; the system's default for None.

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
        with part.open("xb") as stream:
            if mode is not None:
                part.chmod(mode)
            stream.write(data)
            stream.flush()
            # Else a power cut right after the renaming could leave an empty file.
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        raise OutputError(f"“{path}” could not be written: {_reason(error)}.") from error
    finally:
        # A disk that lets nothing be written lets nothing be removed: the first reason counts.
        with suppress(OSError):
            part.unlink(missing_ok=True)


def check_writable(path: Path | str) -> None:
    """Find out before long work whether `path` can be written at its end.

    A file of no bytes is made beside `path` and removed again: permissions alone don't tell
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
            f"The folder “{path.parent}” cannot be written to: {_reason(error)}; choose another."
        ) from error


def require_other(path: Path | str, *read: Path | None) -> None:
    """Refuse to write over a file that is read for it: nothing else may hold what it holds.

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
    """Make the folder `path`, and those it lies in, where they are not there yet.

    Raises
    ------
    OutputError
        If one of them cannot be made, or is a file.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder “{path}” cannot be made: {_reason(error)}.") from error


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
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
