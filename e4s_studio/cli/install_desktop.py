"""`e4s-studio install-desktop`: an entry in the applications menu of a Linux desktop."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from platformdirs import user_data_path

from e4s_studio.core.errors import OutputError
from e4s_studio.files.output import make_folder, write_whole
from e4s_studio.files.resources import ICONS

_NAME: Final = "e4s-studio"
_ENTRY: Final = """\
[Desktop Entry]
Type=Application
Name=E4S Studio
GenericName=Face swap editor
Comment=Swap faces by editing them
Exec={program} edit %f
Icon=e4s-studio
Terminal=false
Categories=Graphics;2DGraphics;RasterGraphics;
MimeType=image/jpeg;image/png;image/tiff;image/webp;
"""


def install_desktop(
    *,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take the entry and its icon away again.")
    ] = False,
) -> None:
    """Add the editor to the applications menu (Linux), for this user alone."""
    if sys.platform != "linux":
        raise OutputError(
            "Only Linux desktops have such entries; on this system, make a shortcut to"
            " “e4s-studio edit” yourself."
        )
    # The XDG base folder for data, where desktops look for both.
    data = user_data_path()
    entry = data / "applications" / f"{_NAME}.desktop"
    icon = data / "icons" / "hicolor" / "scalable" / "apps" / f"{_NAME}.svg"
    if remove:
        _remove(entry, icon)
        return
    program = Path(sys.executable).with_name(_NAME)
    if not program.is_file():
        raise OutputError(
            f"There is no “{program}” to start; install the program first, as the README says."
        )
    _write(icon, (ICONS / f"{_NAME}.svg").read_bytes())
    _write(entry, _ENTRY.format(program=_quoted(program)).encode())


def _write(path: Path, data: bytes) -> None:
    make_folder(path.parent)
    write_whole(path, data)
    typer.echo(f"Wrote {path}")


def _remove(*paths: Path) -> None:
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"“{path}” could not be removed: {error.strerror}.") from error
        typer.echo(f"Removed {path}")


def _quoted(program: Path) -> str:
    """Quote a path as the Desktop Entry Specification has it for Exec, within a string value."""
    quoted = re.sub(r'(["`$\\])', r"\\\1", str(program))
    return '"{}"'.format(quoted.replace("\\", "\\\\").replace("%", "%%"))
