"""`e4s-studio models`: what can be installed, and installing it. Nothing is fetched unasked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

if TYPE_CHECKING:
    from e4s_studio.files.models import Model

_MEGABYTE: Final = 1_000_000
_STATES: Final = {"INSTALLED": "green", "STARTED": "yellow", "FOUND": "yellow", "MISSING": "dim"}

models = typer.Typer(help="List, install and pack the networks that are not part of this program.")

Name = Annotated[str, typer.Argument(help="The model's name, as `models list` shows it.")]


@models.callback(invoke_without_command=True)
def _default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_models()


@models.command("list")
def list_models() -> None:
    """List what can be installed: purpose, size, licence, where from, and what is there."""
    from e4s_studio.files.models import CATALOGUE, ModelFolder

    folder = ModelFolder()
    console = Console(soft_wrap=True)
    for model in CATALOGUE:
        state = folder.state(model)
        console.print(
            f"[bold]{model.name}[/]  {model.title}, {model.size / _MEGABYTE:,.0f} MB"
            f"  [{_STATES[state.name]}]{state.value}[/]"
        )
        facts = {"purpose": model.purpose, "licence": model.licence, "from": model.page}
        if digest := folder.recorded_hash(model):
            facts["SHA-256"] = digest
        for fact, words in facts.items():
            console.print(f"    {fact}: {words}", markup=False, highlight=False)
    console.print(f"They are kept in {folder.path}.", markup=False, highlight=False)


@models.command()
def install(name: Name) -> None:
    """Download a model and verify it. A download that was cut goes on where it ended."""
    from e4s_studio.engine.drawing.models import check_model
    from e4s_studio.files.models import ModelFolder, model_named

    model, folder = model_named(name), ModelFolder()
    columns = "[progress.description]{task.description}", BarColumn(), DownloadColumn()
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(model.title, total=model.size)
        path = folder.install(
            model,
            check_model,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    typer.echo(f"{model.title} is installed: {path}")


@models.command()
def use(
    name: Annotated[str, typer.Argument(help="The model's name, or `pack`.")],
    file: Annotated[Path, typer.Argument(help="Its file on disk, or a pack of several.")],
) -> None:
    """Install a model from a FILE on disk, or all models of a packed file (`use pack FILE`)."""
    from e4s_studio.engine.drawing.models import check_model
    from e4s_studio.files.models import ModelFolder, model_named

    folder = ModelFolder()
    if name == "pack":
        _say_installed(folder.unpack(file, check_model))
    else:
        model = model_named(name)
        folder.use(model, file, check_model)
        _say_installed([model])


@models.command()
def pack(target: Annotated[Path, typer.Argument(help="The .zip file to write.")]) -> None:
    """Pack the installed models into one file for a machine without a network."""
    from e4s_studio.files.models import ModelFolder

    packed = ModelFolder().pack(target)
    names = ", ".join(model.name for model in packed)
    typer.echo(f"{target} holds {names}. There, run: e4s-studio models use pack {target.name}")


def _say_installed(installed: list[Model]) -> None:
    for model in installed:
        typer.echo(f"{model.title} is installed.")
