"""An interrupted or distributed training gives the same weights."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from trainings import PLAN, run_in

from e4s_studio.core.errors import CheckpointError
from e4s_studio.train.run import read_state

SCRIPT = Path(__file__).with_name("trainings.py")
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}


pytestmark = pytest.mark.usefixtures("tiny_preset")


def tensors_in(value, name=""):
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from tensors_in(inner, f"{name}.{key}")
    elif isinstance(value, list | tuple):
        for key, inner in enumerate(value):
            yield from tensors_in(inner, f"{name}.{key}")


def assert_same_states(one, other):
    first, second = (dict(tensors_in(state)) for state in (one, other))
    assert first.keys() == second.keys()
    assert len(first) > 100
    assert [name for name in first if not torch.equal(first[name], second[name])] == []


def process(*arguments, launcher=()):
    command = [sys.executable, *launcher, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(
        command, env=ENVIRONMENT, check=False, capture_output=True, timeout=200, text=True
    )


def test_a_killed_training_resumes_exactly(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    # The last saved state is that of step 3, so step 4 is repeated.
    assert process(killed, 1, 4).returncode == -signal.SIGKILL
    assert read_state(killed / "state.pt")["step"] == 3
    steps = []
    run_in(killed)(lambda step, _: steps.append(step))
    assert steps == [4, 5, 6]
    run_in(whole)()
    assert_same_states(*(read_state(folder / "state.pt") for folder in (whole, killed)))


def test_two_processes_have_the_losses_of_one_with_twice_the_batch(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    alone = process(one, 2)
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
    shared = process(two, 1, launcher=launcher)
    assert alone.returncode == 0, alone.stderr
    assert shared.returncode == 0, shared.stderr
    first, second = (json.loads((f / "losses.json").read_text()) for f in (one, two))
    assert len(first) == PLAN.steps
    assert {"square", "pyramid", "adversarial", "discriminator", "r1"} <= first[-2].keys()
    for expected, got in zip(first, second, strict=True):
        assert got == pytest.approx(expected, rel=2e-3)


def test_a_stopped_training_is_saved_and_resumes(tmp_path):
    plan = dataclasses.replace(PLAN, steps=3)
    stopped = run_in(tmp_path / "a", plan)(should_stop=lambda: True)
    assert stopped.steps == 1
    finished = run_in(tmp_path / "a", plan)()
    assert finished.steps == 3
    assert list((tmp_path / "a" / "curves").glob("events*"))
    run_in(tmp_path / "b", plan)()
    assert_same_states(*(read_state(tmp_path / f / "state.pt") for f in "ab"))


def test_workers_make_the_same_pairs(tmp_path):
    plan = dataclasses.replace(PLAN, steps=2)
    run_in(tmp_path / "a", plan)()
    run_in(tmp_path / "b", plan, workers=2)()
    assert_same_states(*(read_state(tmp_path / f / "state.pt") for f in "ab"))


def test_random_generators_are_restored(tmp_path):
    def draws():
        return random.random(), np.random.random(), torch.rand(1).item()  # noqa: NPY002, S311

    run = run_in(tmp_path, dataclasses.replace(PLAN, steps=1))
    state = run.trainer.state()
    expected = draws()
    assert draws() != expected
    run.trainer.load(state)
    assert draws() == expected


def test_another_plan_is_refused(tmp_path):
    plan = dataclasses.replace(PLAN, steps=1)
    run_in(tmp_path, plan)()
    before = (tmp_path / "state.pt").read_bytes()
    with pytest.raises(CheckpointError, match="differs in batch, rate"):
        run_in(tmp_path, dataclasses.replace(plan, batch=2, rate=1.0))
    assert (tmp_path / "state.pt").read_bytes() == before


@pytest.mark.parametrize("damage", [b"", b"no state", None])
def test_a_damaged_state_is_refused(tmp_path, damage):
    path = tmp_path / "state.pt"
    torch.save({"a": 1}, path)
    if damage is not None:
        path.write_bytes(damage)
    with pytest.raises(CheckpointError, match="start anew"):
        read_state(path)
