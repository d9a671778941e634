"""`e4s-studio demo`: the whole path once, on portraits drawn for the purpose."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from e4s_studio.core.errors import ImageError
from e4s_studio.files.output import make_folder
from e4s_studio.files.resources import sample_pair


def demo(
    ctx: typer.Context,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where to write the swapped picture.")
    ] = Path("out/demo.png"),
) -> None:
    """Swap the sample pair that comes with the project; other options are given to `swap`."""
    arguments = [*_sample_arguments(), "-o", str(output), *ctx.args]
    make_folder(output.parent)
    typer.echo(f"e4s-studio swap {shlex.join(arguments)}")
    group = ctx.find_root()
    swap = group.command.commands["swap"]  # type: ignore[attr-defined] # the root is a group
    with swap.make_context("swap", arguments, parent=group) as swapping:
        swap.invoke(swapping)


def _sample_arguments() -> list[str]:
    pair = sample_pair()
    if pair is None:
        raise ImageError("The sample portraits are missing; install E4S Studio again.")
    photographs = [_near(path) for path in pair]
    maps = [path.with_name(f"{path.stem}_map.png") for path in photographs]
    masks = ["--source-mask", str(maps[0]), "--target-mask", str(maps[1])]
    return [*map(str, photographs), *masks]


def _near(path: Path) -> Path:
    """Return a path as it is typed here: relative where it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
