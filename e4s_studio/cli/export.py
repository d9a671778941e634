"""`e4s-studio export`: from a project to pictures, without the editor."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from e4s_studio.cli.progress import fit_progress
from e4s_studio.core.errors import ProjectError, SettingsError
from e4s_studio.files.export.kinds import SHOWING, ExportKind, require_suffix
from e4s_studio.files.output import check_writable
from e4s_studio.files.provenance.facts import Ground

if TYPE_CHECKING:
    from e4s_studio.core.contents import DocumentSnapshot
    from e4s_studio.files.project import Labelling, Project


def export(
    project: Annotated[Path, typer.Argument(help="The project file, .e4s.")],
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", help="What to write: .png .jpg .webp .tif, or layered .psd .ora."
        ),
    ],
    kind: Annotated[
        ExportKind,
        typer.Option(
            help="The picture, the unblended face, the label map in one of three forms, or a"
            " before/after sheet."
        ),
    ] = ExportKind.PICTURE,
    *,
    ground: Annotated[
        Ground | None,
        typer.Option(help="On what ground the sitter's face is used; else as the project says."),
    ] = None,
    credential: Annotated[
        bool | None,
        typer.Option(help="Sign it with what was done to it (C2PA); else as the project says."),
    ] = None,
    mark: Annotated[
        bool | None,
        typer.Option(help="Say in its corner that it was edited; else as the project says."),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="Your own certificate to sign with, PEM; needs --key.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="The certificate's private key, PEM.")] = None,
    key_password: Annotated[
        str | None,
        typer.Option(envvar="E4S_STUDIO_KEY_PASSWORD", help="The key's password, if it has one."),
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="An E4S checkpoint in place of the built-in model.")
    ] = None,
    fit_steps: Annotated[
        int | None,
        typer.Option(min=0, help="Fit anew, with this many steps, whatever the project keeps."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Export what PROJECT holds, at full precision and at the photograph's own resolution.

    The first picture needs --ground. The project remembers it, and whether to sign and to mark.
    """
    require_suffix(output, kind)
    check_writable(output)
    # What follows takes seconds to import: only once the options are known to be good.
    from e4s_studio.files.places import keys_folder
    from e4s_studio.files.project import open_project
    from e4s_studio.files.provenance.identity import chosen_identity
    from e4s_studio.studio import Swap, fit

    opened = open_project(project)
    for warning in opened.warnings:
        typer.echo(warning, err=True)
    snapshot = _snapshot(opened.project, project)
    labelling = _labelling(opened.project.labelling, ground, credential=credential, mark=mark)
    if kind in SHOWING and labelling.ground is None:
        choices = ", ".join(f"“{one}”" for one in Ground)
        raise SettingsError(
            f"State once on what ground the sitter's face is used, with --ground: {choices}."
        )
    identity = (
        chosen_identity(keys_folder(), certificate, key, key_password)
        if labelling.credential
        else None
    )
    with fit_progress() as progress:
        pair = fit(
            snapshot.portraits,
            checkpoint=checkpoint,
            device=device,
            steps=fit_steps,
            kept=opened.project.fitted if fit_steps is None else None,
            progress=progress,
        )
    swap = Swap(pair, snapshot)
    if labelling != opened.project.labelling and not opened.warnings:
        _remember(opened.project, project, labelling)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Exporting", total=1.0)
        written = swap.export(
            output, kind, labelling, identity, lambda done: bar.update(task, completed=done)
        )
    for path in written:
        typer.echo(f"Wrote {path}")


def _snapshot(project: Project, path: Path) -> DocumentSnapshot:
    from e4s_studio.core.document import Document

    if project.contents.source is None or project.contents.target is None:
        raise ProjectError(
            f"“{path}” holds no pair of photographs; open both in the editor and save it again."
        )
    document = Document()
    document.restore(project.contents)
    return document.snapshot()


def _remember(project: Project, path: Path, labelling: Labelling) -> None:
    from e4s_studio.files.places import locks_folder
    from e4s_studio.files.project import hold, save_project

    lock = hold(path, locks_folder())
    try:
        save_project(replace(project, labelling=labelling), path)
    finally:
        lock.release()


def _labelling(
    saved: Labelling, ground: Ground | None, *, credential: bool | None, mark: bool | None
) -> Labelling:
    return replace(
        saved,
        ground=ground or saved.ground,
        credential=saved.credential if credential is None else credential,
        mark=saved.mark if mark is None else mark,
    )
