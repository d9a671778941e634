"""A training of the smallest network, as a process: python trainings.py FOLDER BATCH [kill-at]."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))

from small import TINY

from e4s_studio.networks.config import PRESETS
from e4s_studio.train.pairs import PortraitPairs, Stream
from e4s_studio.train.plan import TrainingPlan
from e4s_studio.train.run import Data, Intervals, Run, make_fabric
from e4s_studio.train.trainer import Trainer, initial_network

PRESETS["tiny"] = TINY
PLAN = TrainingPlan(
    preset="tiny",
    steps=6,
    batch=1,
    quarter=0.0,
    half=0.34,
    adversarial_from=0.34,
    judge_every=1,
    r1_every=2,
)


def run_in(folder: Path, plan: TrainingPlan = PLAN, workers: int = 0) -> Run:
    training = PortraitPairs(TINY.size, 0, Stream.TRAINING, plan.augment)
    data = Data(training, PortraitPairs(TINY.size, 0, Stream.VALIDATION), workers)
    trainer = Trainer(make_fabric("cpu", "32"), initial_network(plan), plan)
    return Run(trainer, folder, data, Intervals(1, 100, 3))


def main() -> None:
    torch.set_num_threads(1)
    folder, batch = Path(sys.argv[1]), int(sys.argv[2])
    kill_at = int(sys.argv[3]) if len(sys.argv) > 3 else -1
    run = run_in(folder, dataclasses.replace(PLAN, batch=batch))
    losses: list[dict[str, float]] = []

    def on_step(step: int, step_losses: dict[str, float]) -> None:
        losses.append(step_losses)
        if step == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    run(on_step)
    if run.fabric.is_global_zero:
        (folder / "losses.json").write_text(json.dumps(losses))


if __name__ == "__main__":
    main()
