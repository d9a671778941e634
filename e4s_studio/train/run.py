"""Runs a training from its first step, or from its saved state, to its last."""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import torch
from lightning_fabric import Fabric, seed_everything
from lightning_fabric.strategies.ddp import DDPStrategy

from e4s_studio.core.errors import CheckpointError, DeviceError, OutputError
from e4s_studio.engine.drawing.devices import device_named
from e4s_studio.files.output import make_folder
from e4s_studio.train.batches import Batch, Collate, PairSampler, batches
from e4s_studio.train.reports import Reporter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from e4s_studio.networks.rgi import RGI
    from e4s_studio.train.pairs import Pairs
    from e4s_studio.train.reports import Figures
    from e4s_studio.train.trainer import Trainer

_STATE: Final = "state.pt"


def make_fabric(
    device: str = "auto", precision: str = "auto", environment: Mapping[str, str] = os.environ
) -> Fabric:
    """Set up device, processes and precision of a training.

    Parameters
    ----------
    device
        auto, cpu, cuda or mps.
    precision
        "32", "bf16" (mixed), or "auto": mixed on a GPU with bfloat16.
    environment
        WORLD_SIZE and LOCAL_WORLD_SIZE as set by `torchrun`.

    Raises
    ------
    DeviceError
        If the device does not exist, or there are fewer GPUs than processes.
    """
    kind = device_named(device).type
    world = int(environment.get("WORLD_SIZE", "1"))
    local = int(environment.get("LOCAL_WORLD_SIZE", "1"))
    if kind == "cuda" and torch.cuda.device_count() < local:
        raise DeviceError(
            f"There are {torch.cuda.device_count()} GPUs for {local} processes; start fewer of"
            " them, or choose --device cpu."
        )
    # Below full size the finest layers are not used.
    strategy: Any = DDPStrategy(find_unused_parameters=True) if world > 1 else "auto"
    fabric = Fabric(
        accelerator=kind,
        devices=local,
        num_nodes=world // local,
        strategy=strategy,
        precision=cast("Any", _precision(kind, precision)),
    )
    if world > 1:
        fabric.launch()
    return fabric


def _precision(kind: str, precision: str) -> str:
    if precision == "auto":
        mixed = kind == "cuda" and torch.cuda.is_bf16_supported()
    else:
        mixed = precision == "bf16"
    return "bf16-mixed" if mixed else "32-true"


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Write a state atomically: after a crash the file holds the old state or the new one.

    It is streamed, because the state of a published network takes several gigabytes.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as stream:
            torch.save(state, stream)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except (OSError, RuntimeError) as error:
        part.unlink(missing_ok=True)
        raise OutputError(
            f"The state of the training could not be written to “{path}”: {error}."
        ) from error


def read_state(path: Path) -> dict[str, Any]:
    """Read a state onto the CPU; no code in the file is executed.

    Raises
    ------
    CheckpointError
        If it is damaged, or not the state of a training.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, OSError) as error:
        raise CheckpointError(
            f"“{path}” is no state of a training, or it is damaged; remove it to start anew."
        ) from error
    if not isinstance(state, dict) or not {"step", "plan", "network"} <= state.keys():
        raise CheckpointError(f"“{path}” is no state of a training; remove it to start anew.")
    return state


@dataclass(frozen=True)
class Intervals:
    """Steps between two log entries, two sheets of samples and two saved states."""

    log: int = 10
    show: int = 500
    save: int = 250


@dataclass(frozen=True)
class Data:
    """Training and validation pairs, and the number of worker processes."""

    training: Pairs
    validation: Pairs
    workers: int = 0


@dataclass(frozen=True)
class Outcome:
    """The result of a run: all steps taken so far, and the averaged network."""

    steps: int
    network: RGI


class Run:
    """Trains in a folder; a run can be interrupted and resumed any number of times.

    Parameters
    ----------
    trainer
        Takes the steps.
    folder
        For state, sheets and curves; created if missing. A state that lies there is resumed.
    data
        The pairs.
    intervals
        How often to log, show and save.

    Raises
    ------
    CheckpointError
        If the state in the folder is damaged, or of another plan.
    """

    def __init__(
        self, trainer: Trainer, folder: Path, data: Data, intervals: Intervals | None = None
    ) -> None:
        self.trainer, self.folder, self.data = trainer, Path(folder), data
        self.fabric, self.plan = trainer.fabric, trainer.plan
        self.intervals = intervals or Intervals()
        make_folder(self.folder)
        self.collate = Collate(trainer.network.G.masked_resolutions())
        seed_everything(self.plan.seed, verbose=False)
        if self.state.is_file():
            trainer.load(read_state(self.state))
        self._reporter = self._report() if self.fabric.is_global_zero else None

    @property
    def state(self) -> Path:
        """The file from which the training resumes."""
        return self.folder / _STATE

    def __call__(
        self,
        on_step: Callable[[int, dict[str, float]], None] | None = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Outcome:
        """Train to the end, or until asked to stop; either way the state is saved.

        Parameters
        ----------
        on_step
            Called after each step with the number of steps so far and its losses.
        should_stop
            Called after each step. If one of several processes stops, all do.
        """
        trainer = self.trainer
        sampler = PairSampler(
            self.plan.batch,
            trainer.steps_taken,
            self.plan.steps,
            self.plan.picture_size,
            self.fabric.global_rank,
            self.fabric.world_size,
        )
        stopped = False
        for packed in batches(self.data.training, sampler, self.collate, self.data.workers):
            losses = trainer.step(Batch(packed, self.fabric.device))
            if on_step is not None:
                on_step(trainer.steps_taken, losses)
            self._after_step(losses)
            stopped = self._agreed(stop=should_stop())
            if stopped:
                break
        return self._end()

    def evaluated(self, network: RGI) -> Figures:
        """Write the sheet of the last step with the final network, and measure the network."""
        reporter = self._report()
        figures = reporter.show(self.trainer.steps_taken, network)
        reporter.close()
        return figures

    def _after_step(self, losses: dict[str, float]) -> None:
        step, intervals = self.trainer.steps_taken, self.intervals
        if self._reporter is None:
            return
        if step % intervals.log == 0:
            self._reporter.losses(step, losses, self.plan.rate_factor(step - 1))
        if step % intervals.show == 0 and not self.trainer.is_done:
            self._reporter.show(step, self.trainer.averaged())
        if step % intervals.save == 0:
            self._save()

    def _end(self) -> Outcome:
        if self._reporter is not None:
            self._save()
            self._reporter.close()
        self.fabric.barrier()
        return Outcome(self.trainer.steps_taken, self.trainer.averaged())

    def _save(self) -> None:
        write_state(self.state, self.trainer.state())

    def _report(self) -> Reporter:
        start = self.trainer.steps_taken
        return Reporter(self.folder, self.data.validation, self.collate, start)

    def _agreed(self, *, stop: bool) -> bool:
        if self.fabric.world_size == 1:
            return stop
        own: Any = torch.tensor(float(stop), device=self.fabric.device)
        total: Any = self.fabric.all_reduce(own, reduce_op="sum")
        return float(total) > 0
