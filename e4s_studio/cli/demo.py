"""`e4s-studio demo`: the whole path once, on portraits drawn for the purpose."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated, Final

import typer

from e4s_studio.core.errors import ImageError
from e4s_studio.files.output import make_folder

SAMPLES: Final = Path(__file__).resolve().parents[2] / "resources" / "samples"


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
    manifest = SAMPLES / "samples.json"
    if not manifest.is_file():
        raise ImageError(
            "The sample portraits come with the project's folder and not with the installed"
            " package; run this from a checkout."
        )
    here = Path.cwd()
    folder = SAMPLES.relative_to(here) if SAMPLES.is_relative_to(here) else SAMPLES
    source, target = json.loads(manifest.read_text(encoding="utf-8"))["first_pair"]
    return [
        *(str(path) for name in (source, target) for path in folder.glob(f"{name}.*")),
        "--source-mask",
        str(folder / f"{source}_map.png"),
        "--target-mask",
        str(folder / f"{target}_map.png"),
    ]
