"""`e4s-studio edit`: the editor's window."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from e4s_studio.core.errors import ImageError


def edit(
    source: Annotated[
        Path | None,
        typer.Argument(help="The photograph whose face is taken; or, alone, a project, .e4s."),
    ] = None,
    target: Annotated[
        Path | None, typer.Argument(help="The photograph that the face goes into.")
    ] = None,
    source_mask: Annotated[Path | None, typer.Option(help="The source's label map, a PNG.")] = None,
    target_mask: Annotated[Path | None, typer.Option(help="The target's label map, a PNG.")] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="An E4S checkpoint in place of the built-in model.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    *,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Close the window once a result is drawn: tests an installation."
        ),
    ] = False,
) -> None:
    """Open the editor, with SOURCE and TARGET, a project, or else with the sample pair."""
    for path in (source, target, source_mask, target_mask):
        if path is not None and not path.is_file():
            raise ImageError(f"There is no file “{path}”; check its name.")
    # The window's libraries are needed by this command alone.
    from e4s_studio.engine.request import EngineChoice
    from e4s_studio.files.project import SUFFIX
    from e4s_studio.gui.app import Start, run
    from e4s_studio.gui.photographs import Photographs

    choice = EngineChoice(checkpoint, device)
    if source is not None and source.suffix.lower() == SUFFIX:
        raise typer.Exit(run(Start(choice=choice, project=source, check=check)))
    photographs = Photographs(source, target, source_mask, target_mask)
    raise typer.Exit(run(Start(photographs, choice, check=check)))
