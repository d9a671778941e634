"""A training from its first step, or from where it was left, to its last."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch
from lightning_fabric import seed_everything

from e4s_studio.files.output import make_folder
from e4s_studio.train.batches import Batch, Collate, Shares, batches
from e4s_studio.train.reports import Reporter
from e4s_studio.train.state_file import read_state, write_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from e4s_studio.networks.rgi import RGI
    from e4s_studio.train.pairs import Pairs
    from e4s_studio.train.reports import Figures
    from e4s_studio.train.trainer import Trainer

STATE: Final = "state.pt"


@dataclass(frozen=True)
class Rhythm:
    """How often what happens, in steps.

    Attributes
    ----------
    log
        Losses on the curves.
    show
        A sheet of samples, with its figures.
    save
        The state.
    """

    log: int = 10
    show: int = 500
    save: int = 250


@dataclass(frozen=True)
class Data:
    """What is trained on, and what is only looked at."""

    training: Pairs
    validation: Pairs
    workers: int = 0


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes
    ----------
    steps
        Steps taken, of this run and of those before.
    network
        The averaged network.
    """

    steps: int
    network: RGI


class Run:
    """Trains in a folder, in as many pieces as it takes.

    Parameters
    ----------
    trainer
        Takes the steps.
    folder
        Where state, sheets and curves are; made where it is not there. If a training lies there
        already, the trainer goes on with it.
    data
        What is trained on.
    rhythm
        How often what happens.

    Raises
    ------
    CheckpointError
        If the training that lies there is another one, or damaged.
    """

    def __init__(
        self, trainer: Trainer, folder: Path, data: Data, rhythm: Rhythm | None = None
    ) -> None:
        self.trainer, self.folder, self.data = trainer, Path(folder), data
        self.fabric, self.plan, self.rhythm = trainer.fabric, trainer.plan, rhythm or Rhythm()
        make_folder(self.folder)
        self.collate = Collate(trainer.network.G.masked_resolutions())
        seed_everything(self.plan.seed, verbose=False)
        if self.state.is_file():
            trainer.load(read_state(self.state))
        self._reporter = self._report() if self.fabric.is_global_zero else None

    @property
    def state(self) -> Path:
        """The file from which the training goes on."""
        return self.folder / STATE

    def __call__(
        self,
        on_step: Callable[[int, dict[str, float]], None] | None = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Outcome:
        """Train to the end, or until it should stop; the state is saved either way.

        Parameters
        ----------
        on_step
            Called after each step with the steps taken so far and its losses.
        should_stop
            Asked after each step. With several processes, one that should stop stops all.
        """
        trainer = self.trainer
        shares = Shares(
            self.plan.batch,
            trainer.steps_taken,
            self.plan.steps,
            self.plan.painted,
            self.fabric.global_rank,
            self.fabric.world_size,
        )
        stopped = False
        for packed in batches(self.data.training, shares, self.collate, self.data.workers):
            losses = trainer.step(Batch(packed, self.fabric.device))
            if on_step is not None:
                on_step(trainer.steps_taken, losses)
            self._after_step(losses)
            stopped = self._agreed(stop=should_stop())
            if stopped:
                break
        return self._end()

    def judged(self, network: RGI) -> Figures:
        """Draw the sheet of the last step with the network that came of it, and measure that."""
        reporter = self._report()
        figures = reporter.show(self.trainer.steps_taken, network)
        reporter.close()
        return figures

    def _after_step(self, losses: dict[str, float]) -> None:
        step, rhythm = self.trainer.steps_taken, self.rhythm
        if self._reporter is None:
            return
        if step % rhythm.log == 0:
            self._reporter.losses(step, losses, self.plan.rate_factor(step - 1))
        if step % rhythm.show == 0 and not self.trainer.is_done:
            self._reporter.show(step, self.trainer.averaged())
        if step % rhythm.save == 0:
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
        wish: Any = torch.tensor(float(stop), device=self.fabric.device)
        wishes: Any = self.fabric.all_reduce(wish, reduce_op="sum")
        return float(wishes) > 0
