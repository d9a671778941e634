"""`demo` swaps the sample pair as anybody would on the command line."""

from __future__ import annotations

import json
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from e4s_studio.cli.app import app
from e4s_studio.core.errors import ImageError
from e4s_studio.files import resources


@pytest.fixture
def swaps(monkeypatch):
    """Put a `swap` that notes what it was given in the place of the real one."""
    calls = []

    def swap(
        source: str,
        target: str,
        *,
        source_mask: Annotated[str, typer.Option()],
        target_mask: Annotated[str, typer.Option()],
        output: Annotated[str, typer.Option("-o")],
        fit_steps: Annotated[int, typer.Option()] = 400,
    ) -> None:
        calls.append((source, target, source_mask, target_mask, output, fit_steps))

    monkeypatch.setattr(app, "registered_commands", list(app.registered_commands))
    app.command("swap")(swap)
    return calls


@pytest.fixture
def samples(tmp_path, monkeypatch):
    folder = tmp_path / "samples"
    folder.mkdir()
    monkeypatch.setattr(resources, "SAMPLES", folder)
    return folder


def test_the_first_pair_is_swapped(samples, swaps, tmp_path):
    (samples / "samples.json").write_text(json.dumps({"first_pair": ["ann", "bob"]}))
    names = ("ann.jpg", "bob.png", "ann_map.png", "bob_map.png")
    for name in names:
        (samples / name).touch()
    output = tmp_path / "new" / "a.png"
    result = CliRunner().invoke(app, ["demo", "-o", str(output), "--fit-steps", "7"])
    assert result.exit_code == 0, result.stderr
    assert swaps == [(*(str(samples / name) for name in names), str(output), 7)]
    assert output.parent.is_dir()
    assert "e4s-studio swap" in result.stdout


def test_without_the_samples_it_says_what_to_do(samples, swaps, tmp_path):
    result = CliRunner().invoke(app, ["demo", "-o", str(tmp_path / "a.png")])
    assert result.exit_code == ImageError.exit_code
    assert "install E4S Studio again" in result.stderr
    assert not swaps
