"""`train` trains in pieces, exports with a card, and says what is wrong in a sentence."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small import TINY
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from typer.testing import CliRunner

from e4s_studio.cli import progress
from e4s_studio.cli.app import app
from e4s_studio.cli.progress import StepProgress
from e4s_studio.files.resources import sha256_of
from e4s_studio.networks.config import PRESETS
from e4s_studio.networks.rgi import RGI
from e4s_studio.train.plan import PLANS, TrainingPlan
from e4s_studio.train.run import read_state

TRAIN = ("train", "--preset", "tiny", "--workers", "0", "--device", "cpu", "--finish", "0")
START = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[1] / "train")!r})
import torch
torch.set_num_threads(1)
from small import TINY
from e4s_studio.networks.config import PRESETS
from e4s_studio.train.plan import PLANS, TrainingPlan
PRESETS["tiny"] = TINY
PLANS["tiny"] = TrainingPlan(preset="tiny", steps=500, batch=1)
from e4s_studio.cli.app import main
main()
"""


@pytest.fixture(autouse=True)
def tiny_preset(monkeypatch):
    monkeypatch.setitem(PRESETS, "tiny", TINY)
    monkeypatch.setitem(PLANS, "tiny", TrainingPlan(preset="tiny", steps=2, batch=1))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def run(*arguments):
    return CliRunner().invoke(app, [*TRAIN, *map(str, arguments)])


def test_it_ends_with_weights_and_their_card(tmp_path):
    result = run("--out", tmp_path, "--seed", 4)
    assert result.exit_code == 0, result.output
    for name in ("lpips", "identity", "parsing"):
        assert f"Without the {name} loss" in result.stderr
    assert "step 2 of 2" in result.stderr
    weights = RGI.from_checkpoint(tmp_path / "tiny.safetensors")
    assert weights.config == TINY
    average = read_state(tmp_path / "state.pt")["average"]
    for key, value in weights.state_dict().items():
        assert torch.equal(value, average[f"module.{key}"])
    card = (tmp_path / "tiny.md").read_text()
    digest = sha256_of(tmp_path / "tiny.safetensors")
    for said in ("painted by the program", "MIT", "seed 4", "2 of 2 steps of 1 pairs", " dB"):
        assert said in card
    assert f"**SHA-256**: `{digest}`" in card
    assert RGI(TINY).state_dict().keys() == weights.state_dict().keys()


def test_it_starts_from_weights(tmp_path):
    torch.manual_seed(5)
    start = RGI(TINY)
    start.save(tmp_path / "start.safetensors")
    result = run("--out", tmp_path, "--start", tmp_path / "start.safetensors", "--rate", "0")
    assert result.exit_code == 0, result.output
    weights = RGI.from_checkpoint(tmp_path / "tiny.safetensors").state_dict()
    for key, value in start.state_dict().items():
        assert torch.allclose(value, weights[key], atol=1e-6)
    assert "start.safetensors" in (tmp_path / "tiny.md").read_text()


def test_it_finishes_with_the_codes_of_swaps(tmp_path):
    assert run("--out", tmp_path).exit_code == 0
    # All steps are taken: what is left of a training that was stopped while it finished.
    result = run("--out", tmp_path, "--finish", 8)
    assert result.exit_code == 0, result.output
    assert "Training: step" not in result.stderr
    average = read_state(tmp_path / "state.pt")["average"]
    weights = RGI.from_checkpoint(tmp_path / "tiny.safetensors").state_dict()
    changed = {
        key.split(".")[0]
        for key, value in weights.items()
        if not torch.equal(value, average[f"module.{key}"])
    }
    assert changed == {"MLPs", "encoder"}
    assert "codes of swaps from 8 pairs" in (tmp_path / "tiny.md").read_text()


def test_ctrl_c_while_it_finishes_saves_and_the_same_command_goes_on(tmp_path, monkeypatch):
    class Interrupted(StepProgress):
        """Presses Ctrl-C at the first of two batches of pairs."""

        def step(self, taken, losses=None):
            super().step(taken, losses)
            if self._title == "Finishing" and taken == 1:
                signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(progress, "StepProgress", Interrupted)
        stopped = run("--out", tmp_path, "--finish", 8)
    assert stopped.exit_code == 130
    assert "Stopped while finishing" in stopped.stderr
    assert not (tmp_path / "tiny.safetensors").exists()
    assert list(tmp_path.glob("lessons-*"))
    assert run("--out", tmp_path, "--finish", 8).exit_code == 0
    assert (tmp_path / "tiny.safetensors").exists()
    assert not list(tmp_path.glob("lessons-*"))


def test_every_sheet_is_drawn_once(tmp_path):
    assert run("--out", tmp_path, "--show-every", 1, "--finish", 4).exit_code == 0
    sheets = sorted(path.name for path in (tmp_path / "samples").iterdir())
    assert sheets == ["0000001.png", "0000002.png"]
    curves = EventAccumulator(str(tmp_path / "curves")).Reload()
    assert [point.step for point in curves.Scalars("psnr/swap")] == [1, 2]
    card = (tmp_path / "tiny.md").read_text()
    assert f"truth {curves.Scalars('psnr/swap')[-1].value:.2f} dB" in card


def test_ctrl_c_saves_and_the_same_command_goes_on(tmp_path):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", START, *TRAIN, "--out", str(tmp_path), "--save-every", "1"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 100
        while not (tmp_path / "state.pt").exists() and time.monotonic() < deadline:
            os.sched_yield()
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    taken = read_state(tmp_path / "state.pt")["step"]
    assert process.returncode == 130
    assert f"Stopped after step {taken} of 500, which is saved" in said
    assert not (tmp_path / "tiny.safetensors").exists()
    PLANS["tiny"] = replace(PLANS["tiny"], steps=500)
    result = run("--out", tmp_path, "--steps", 499)
    assert result.exit_code == 5
    assert "differs in steps" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (("--preset", "e4s-512"), "choose studio-256", 2),
        (("--precision", "8"), "auto, 32 or bf16", 2),
        (("--steps", "0"), "steps of 1 or more", 2),
        (("--device", "abacus"), "no device", 8),
        (("--data", "absent"), "holds no pictures", 3),
        (("--data", "absent", "--finish", "9"), "leave out --data", 2),
        (("--start", "absent.safetensors"), "no checkpoint", 5),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(tmp_path, arguments, said, code):
    result = run("--out", tmp_path / "new", *arguments)
    assert result.exit_code == code, result.output
    assert said in result.stderr
    assert not (tmp_path / "new").exists()


def test_weights_of_another_network_are_told(tmp_path):
    RGI(replace(TINY, style_dim=8)).save(tmp_path / "other.safetensors")
    result = run("--out", tmp_path, "--start", tmp_path / "other.safetensors")
    assert result.exit_code == 5
    assert "another network" in result.stderr


def test_a_plan_reads_back_from_its_state(tmp_path):
    assert run("--out", tmp_path, "--steps", 1, "--adversarial", 0).exit_code == 0
    plan = read_state(tmp_path / "state.pt")["plan"]
    assert plan["weights"]["adversarial"] == 0
    assert json.dumps(plan)
