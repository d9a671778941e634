"""`e4s-studio train`: train the network on painted portraits, or on a folder of photographs."""

from __future__ import annotations

import shlex
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from e4s_studio.cli.train_parser import PRESET as PARSER, refuse_others, train_parser_in
from e4s_studio.core.errors import CancelledError, DeviceError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e4s_studio.networks.rgi import RGI
    from e4s_studio.train.finish import FinishPlan
    from e4s_studio.train.plan import TrainingPlan
    from e4s_studio.train.run import Data, Outcome, Run

_PAINTED_LICENCE: Final = "MIT, like the program"
_UNKNOWN_LICENCE: Final = "as the photographs' owners allow"


def train(
    context: typer.Context,
    out: Annotated[
        Path, typer.Option("-o", "--out", help="A folder: state, curves, samples, weights.")
    ],
    data: Annotated[
        Path | None,
        typer.Option(
            help="A folder of aligned NAME.jpg with NAME_map.png; without one, portraits are"
            " rendered during the training."
        ),
    ] = None,
    preset: Annotated[
        str, typer.Option(help="studio-256, e4s-1024, or the parser: parser-96.")
    ] = "studio-256",
    start: Annotated[
        Path | None, typer.Option(help="A checkpoint to start from instead of random weights.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Optimiser steps; the preset has its own.")] = (
        None
    ),
    batch: Annotated[
        int | None, typer.Option(help="Pairs of portraits per step and process.")
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(help="Learning rate of generator and MLPs; others in proportion."),
    ] = None,
    adversarial: Annotated[
        float | None, typer.Option(help="Weight of the adversarial loss; 0 leaves it out.")
    ] = None,
    judges: Annotated[
        Path | None,
        typer.Option(help="A folder with the weights of LPIPS, ArcFace and BiSeNet."),
    ] = None,
    finish: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Rendered pairs for the last phase, which trains the style codes of swaps; the"
            " preset has its own.",
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=0, help="Processes that make pairs; by default by the cores.")
    ] = None,
    save_every: Annotated[int, typer.Option(min=1, help="Steps between two saved states.")] = 250,
    show_every: Annotated[int, typer.Option(min=1, help="Steps between two sheets.")] = 500,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, 32 or bf16 (mixed).")] = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Random seed of weights and data.")] = 0,
) -> None:
    """Train the network. To resume an interrupted training, run the same command again.

    Several GPUs or machines: `torchrun --nproc-per-node N --no-python e4s-studio train …`.
    """
    if preset == PARSER:
        refuse_others(context)
        train_parser_in(out, start=start, seed=seed, steps=steps, batch=batch, rate=rate)
        return
    _check(precision)
    if finish and data is not None:
        raise SettingsError("--finish wants swaps whose truth is known: leave out --data.")
    plan = _plan(preset, steps, batch, rate, adversarial, seed)
    _require_extra()
    from e4s_studio.train.finish import FinishPlan, remove_examples
    from e4s_studio.train.perceptual import find_perceptual_losses
    from e4s_studio.train.run import Intervals, Run, make_fabric
    from e4s_studio.train.trainer import Trainer

    fabric = make_fabric(device, precision)
    losses = find_perceptual_losses(judges, plan.weights)
    if fabric.is_global_zero:
        for sentence in losses.absent:
            typer.echo(sentence, err=True)
    run = Run(
        Trainer(fabric, _start(start, plan), plan, losses.networks),
        out,
        _data(data, plan, _workers(workers)),
        Intervals(show=show_every, save=save_every),
    )
    outcome = _train(run)
    if outcome.steps < plan.steps:
        raise CancelledError(
            f"Stopped after step {outcome.steps} of {plan.steps}, which is saved. Run the same"
            " command to go on."
        )
    if fabric.is_global_zero:
        usual = FinishPlan().pairs if data is None and plan.config.light else 0
        ending = FinishPlan(pairs=usual if finish is None else finish)
        if ending.pairs:
            outcome = _finish(run, outcome, ending)
        _export(run, outcome, data, start, ending.pairs)
        remove_examples(run.folder)


def _check(precision: str) -> None:
    if precision not in ("auto", "32", "bf16"):
        raise SettingsError(f"There is no precision “{precision}”; choose auto, 32 or bf16.")


def _require_extra() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("lightning_fabric", "tensorboard") if find_spec(name) is None]
    if missing:
        raise DeviceError(
            f"Training needs {' and '.join(missing)}; install them with"
            " `pip install 'e4s-studio[train]'`."
        )


def _plan(
    preset: str,
    steps: int | None,
    batch: int | None,
    rate: float | None,
    adversarial: float | None,
    seed: int,
) -> TrainingPlan:
    from e4s_studio.train.plan import PLANS

    if preset not in PLANS:
        known = " or ".join([*PLANS, PARSER])
        raise SettingsError(f"There is no preset “{preset}”; choose {known}.")
    plan = PLANS[preset]
    changes: dict[str, Any] = {"seed": seed}
    if steps is not None:
        changes["steps"] = steps
    if batch is not None:
        changes["batch"] = batch
    if rate is not None:
        share = rate / plan.rate
        for name in ("rate", "encoder_rate", "judge_rate"):
            changes[name] = getattr(plan, name) * share
    if adversarial is not None:
        changes["weights"] = replace(plan.weights, adversarial=adversarial)
    return replace(plan, **changes)


def _workers(wanted: int | None) -> int:
    import os

    if wanted is not None:
        return wanted
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    # One core is left to each process that trains.
    return max((os.cpu_count() or 1) // here - 1, 0)


def _data(folder: Path | None, plan: TrainingPlan, workers: int) -> Data:
    from e4s_studio.train.pairs import FolderPairs, PortraitPairs, Stream
    from e4s_studio.train.run import Data

    size, seed = plan.config.size, plan.seed
    if folder is None:
        return Data(
            PortraitPairs(size, seed, Stream.TRAINING, plan.augment, both_ways=True),
            PortraitPairs(size, 0, Stream.VALIDATION),
            workers,
        )
    return Data(
        FolderPairs(folder, size, seed, Stream.TRAINING, plan.augment),
        FolderPairs(folder, size, 0, Stream.VALIDATION),
        workers,
    )


def _start(path: Path | None, plan: TrainingPlan) -> RGI:
    from e4s_studio.engine.drawing.models import load_network
    from e4s_studio.train.trainer import continue_from, initial_network

    return initial_network(plan) if path is None else continue_from(load_network(path), plan)


def _train(run: Run) -> Outcome:
    stop = _StopOnSignal()
    with stop.listening():
        if not run.fabric.is_global_zero:
            return run(should_stop=lambda: stop.asked)
        from e4s_studio.cli.progress import StepProgress

        with StepProgress("Training", run.plan.steps, run.trainer.steps_taken) as progress:
            return run(progress.step, lambda: stop.asked)


def _finish(run: Run, outcome: Outcome, ending: FinishPlan) -> Outcome:
    from e4s_studio.cli.progress import StepProgress
    from e4s_studio.train.finish import Finish
    from e4s_studio.train.pairs import PortraitPairs, Stream

    plan, stop = run.plan, _StopOnSignal()
    ending = replace(ending, first=plan.steps * plan.batch * run.fabric.world_size)
    # Not augmented: colours that change by region would obscure the lighting.
    pairs = PortraitPairs(plan.config.size, plan.seed, Stream.TRAINING, both_ways=True)
    data = replace(run.data, training=pairs)
    finish = Finish(outcome.network, data, ending, plan, run.folder)
    progress = StepProgress("Finishing", finish.steps, finish.steps_kept)
    with stop.listening(), progress:
        network = finish(progress.step, lambda: stop.asked)
    if network is None:
        raise CancelledError(
            "Stopped while finishing; what was painted is saved. Run the same command to go on."
        )
    return replace(outcome, network=network)


class _StopOnSignal:
    """Records Ctrl-C and termination signals until the current step is done."""

    def __init__(self) -> None:
        self.asked = False

    def listening(self) -> Any:
        from contextlib import contextmanager

        @contextmanager
        def listen() -> Iterator[None]:
            kinds = (signal.SIGINT, signal.SIGTERM)
            before = [signal.signal(kind, self._ask) for kind in kinds]
            try:
                yield
            finally:
                for kind, handler in zip(kinds, before, strict=True):
                    signal.signal(kind, handler)

        return listen()

    def _ask(self, *_: Any) -> None:
        self.asked = True


def _export(run: Run, outcome: Outcome, data: Path | None, start: Path | None, finish: int) -> None:
    from e4s_studio.files.output import write_whole
    from e4s_studio.files.resources import sha256_of
    from e4s_studio.train.card import PORTRAITS, Card

    preset = run.plan.preset
    weights = run.folder / f"{preset}.safetensors"
    outcome.network.save(weights)
    card = Card(
        plan=run.plan,
        steps=outcome.steps,
        data=PORTRAITS if data is None else f"The photographs of a folder, “{data.name}”.",
        licence=_PAINTED_LICENCE if data is None and start is None else _UNKNOWN_LICENCE,
        command=shlex.join(["e4s-studio", *sys.argv[1:]]),
        processes=run.fabric.world_size,
        start=start.name if start else None,
        figures=run.evaluated(outcome.network),
        finish=finish,
    )
    text = card.text(outcome.network, sha256_of(weights))
    write_whole(run.folder / f"{preset}.md", text.encode())
    typer.echo(f"Wrote {weights} and its card, {preset}.md")
