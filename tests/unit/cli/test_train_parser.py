"""`train --preset parser-96` writes a parser that parses, with its card."""

from functools import partial

import pytest
import torch
from typer.testing import CliRunner

from e4s_studio.cli.app import app
from e4s_studio.files.resources import sha256_of
from e4s_studio.networks.parser import ParserNet
from e4s_studio.train import parser


@pytest.fixture(autouse=True)
def few_examples(monkeypatch):
    few = partial(parser.ParserPlan, scenes=2, examples=4, batch=2, steps=2)
    monkeypatch.setattr(parser, "ParserPlan", few)


def run(*arguments):
    return CliRunner().invoke(app, ["train", "--preset", "parser-96", *map(str, arguments)])


def test_it_writes_weights_and_their_card(tmp_path):
    result = run("--out", tmp_path, "--seed", 4)
    assert result.exit_code == 0, result.output
    assert "Training: step 2 of 2" in result.stderr
    network = ParserNet.from_file(tmp_path / "parser-96.safetensors")
    with torch.inference_mode():
        assert network(torch.rand(1, 3, 96, 96)).isfinite().all()
    card = (tmp_path / "parser-96.md").read_text()
    digest = sha256_of(tmp_path / "parser-96.safetensors")
    for said in ("painted by the program", "MIT", "seed 4", "2 steps of 2 examples", digest):
        assert said in card


def test_it_goes_on_from_weights(tmp_path):
    run("--out", tmp_path / "first")
    start = tmp_path / "first" / "parser-96.safetensors"
    assert run("--out", tmp_path / "second", "--start", start, "--rate", "1e-9").exit_code == 0
    again = ParserNet.from_file(tmp_path / "second" / "parser-96.safetensors")
    for key, value in ParserNet.from_file(start).state_dict().items():
        assert torch.allclose(again.state_dict()[key], value, atol=1e-3), key
    assert "parser-96.safetensors" in (tmp_path / "second" / "parser-96.md").read_text()


def test_weights_of_something_else_are_refused_before_anything_is_painted(tmp_path):
    other = tmp_path / "other.safetensors"
    other.write_bytes(b"nothing")
    result = run("--out", tmp_path / "out", "--start", other)
    assert result.exit_code != 0
    assert "does not hold the parser's weights" in result.output
    assert not (tmp_path / "out").exists()


def test_options_of_the_other_network_are_refused(tmp_path):
    result = run("--out", tmp_path / "out", "--device", "cpu", "--save-every", "5")
    assert result.exit_code == 2
    assert "leave out --device and --save-every" in result.output
    assert not (tmp_path / "out").exists()
