"""`e4s-studio inspect`: what a picture's credential says, and whether it still holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

CHANGED_EXIT_CODE: Final = 12
NONE_EXIT_CODE: Final = 13


def inspect(
    file: Annotated[Path, typer.Argument(help="A picture, with its credential inside or beside.")],
    *,
    roots: Annotated[
        Path | None,
        typer.Option(help="Certificates to trust, PEM; else this computer's own."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole credential.")] = False,
) -> None:
    """Show and verify the content credential of FILE.

    The exit code is 0 if the file is as it was signed, 12 if it was changed afterwards, and 13 if
    it has no credential.
    """
    # Verifying and signing take libraries that load slowly.
    from e4s_studio.files.places import keys_folder
    from e4s_studio.files.provenance.credential import inspect_file
    from e4s_studio.files.provenance.identity import known_roots

    found = inspect_file(file, known_roots(keys_folder(), roots))
    if found is None:
        typer.echo(f"{file} has no content credential.")
        raise typer.Exit(NONE_EXIT_CODE)
    if as_json:
        report = {"intact": found.is_intact, "problems": found.problems, "trusted": found.trusted}
        typer.echo(json.dumps(report | {"manifest": found.manifest}, indent=2))
    else:
        _show(found)
    if not found.is_intact:
        raise typer.Exit(CHANGED_EXIT_CODE)


def _show(found: Any) -> None:
    console = Console(soft_wrap=True)
    console.print(_verdict(found))
    if found.sidecar is not None:
        console.print(f"The credential lies beside it, in {found.sidecar.name}.", markup=False)
    trust = "which this computer trusts" if found.trusted else "which is on no list of trust here"
    console.print(f"Signed by “{found.signer}”, {trust}.", markup=False)
    for action in found.actions:
        text = action.get("description") or str(action.get("action", "")).removeprefix("c2pa.")
        console.print(f"  · {text}", markup=False)
        if source := action.get("digitalSourceType"):
            console.print(f"    ({source.rpartition('/')[2]})", markup=False)
    _show_facts(console, found.facts)


def _verdict(found: Any) -> Text:
    if found.is_intact:
        return Text("The file is exactly as it was signed.", style="bold green")
    if found.was_changed:
        return Text("The file was changed after it was signed.", style="bold red")
    return Text(f"The credential does not hold: {', '.join(found.problems)}.", style="bold red")


def _show_facts(console: Console, facts: dict[str, Any]) -> None:
    if not facts:
        return
    table = Table(box=None, show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row("model", str(facts.get("model")))
    table.add_row("ground for the face", str(facts.get("ground")))
    for region, amount in facts.get("amounts", {}).items():
        table.add_row(f"amount of {region}", f"{float(amount):.0%}")
    for name, digest in facts.get("hashes", {}).items():
        if name != "alg":
            table.add_row(f"SHA-256 of {name.replace('_', ' ')}", str(digest))
    console.print(table)
