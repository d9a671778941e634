"""`e4s-studio train --preset parser-96`: train the parser that needs no download."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any, Final

import typer

from e4s_studio.core.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from e4s_studio.train.parser import ParserPlan

PRESET: Final = "parser-96"
_OPTIONS: Final = frozenset({"preset", "out", "start", "seed", "steps", "batch", "rate"})


def train_parser_in(
    out: Path,
    *,
    start: Path | None,
    seed: int,
    steps: int | None,
    batch: int | None,
    rate: float | None,
) -> None:
    """Train a parser and write its weights and their card.

    Parameters
    ----------
    out
        The folder, made where it is not there.
    start
        A parser's weights to go on from.
    seed
        Of weights, portraits and order.
    steps, batch, rate
        Of the optimiser; None for the plan's own.
    """
    from dataclasses import replace

    from e4s_studio.cli.progress import StepProgress
    from e4s_studio.engine.parsing.learned import parser_of
    from e4s_studio.files.output import make_folder, write_whole
    from e4s_studio.files.resources import sha256_of
    from e4s_studio.networks.parser import SIDE
    from e4s_studio.train.card import parser_card
    from e4s_studio.train.parser import ParserPlan, make_pool, train_parser

    changes: dict[str, Any] = {"seed": seed, "steps": steps, "batch": batch, "rate": rate}
    plan: ParserPlan = replace(
        ParserPlan(), **{name: value for name, value in changes.items() if value is not None}
    )
    first = parser_of(start) if start else None
    make_folder(out)
    with StepProgress("Painting", plan.scenes + plan.examples, 0) as progress:
        pool = make_pool(
            plan.seed, plan.scenes, plan.examples, SIDE, lambda n: progress.step(n, {})
        )
    with StepProgress("Training", plan.steps, 0) as progress:
        network = train_parser(pool, plan, lambda n, loss: progress.step(n, {"loss": loss}), first)
    weights = out / f"{PRESET}.safetensors"
    network.save(weights)
    command = shlex.join(["e4s-studio", *sys.argv[1:]])
    card = parser_card(network, sha256_of(weights), plan, command, start)
    write_whole(out / f"{PRESET}.md", card.encode())
    typer.echo(f"Wrote {weights} and its card, {PRESET}.md")


def refuse_others(context: typer.Context) -> None:
    """Refuse options that mean nothing to the parser.

    Raises
    ------
    SettingsError
        If one was given.
    """
    sources = {name: context.get_parameter_source(name) for name in context.params}
    named = [
        f"--{name.replace('_', '-')}"
        for name, source in sources.items()
        if name not in _OPTIONS and source is not None and source.name == "COMMANDLINE"
    ]
    if named:
        raise SettingsError(
            "The parser is trained on portraits painted here, in one go and on the CPU; leave out"
            f" {' and '.join(named)}."
        )
