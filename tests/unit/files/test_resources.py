"""What ships is found from wherever the package lies; damage to weights is an error."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from e4s_studio.core.errors import CheckpointError
from e4s_studio.files import resources
from e4s_studio.files.resources import NETWORKS, NetworkState, network_file, network_state

ROOT = Path(__file__).resolve().parents[3]
FIND = """
from e4s_studio.files.resources import CHECKPOINTS, ICONS, SAMPLES, TRANSLATIONS
print(CHECKPOINTS, ICONS, SAMPLES, TRANSLATIONS, sep="\\n")
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Copy the parser, weights and card, to a folder that stands for the shipped one."""
    for suffix in (".safetensors", ".md"):
        shutil.copy(resources.CHECKPOINTS / f"parser-96{suffix}", tmp_path)
    monkeypatch.setattr(resources, "CHECKPOINTS", tmp_path)
    return tmp_path


def found_from(package: Path) -> list[Path]:
    """Return the folders that a program beside `package` finds."""
    finding = subprocess.run(
        [sys.executable, "-c", FIND],
        cwd=package.parent,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(package.parent)},
    )
    return [Path(line) for line in finding.stdout.splitlines()]


@pytest.mark.parametrize("inside", [True, False])
def test_folders_are_found_in_an_installed_package_and_beside_a_checkout(tmp_path, inside):
    package = tmp_path / "e4s_studio"
    for part in ("__init__.py", "core", "files"):
        place = ROOT / "e4s_studio" / part
        if place.is_dir():
            shutil.copytree(place, package / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            package.mkdir(exist_ok=True)
            shutil.copy(place, package)
    top = package if inside else tmp_path
    for name in ("checkpoints", "resources"):
        (top / name).mkdir()
    shipped = [top / "resources" / name for name in ("icons", "samples", "translations")]
    assert found_from(package) == [top / "checkpoints", *shipped]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_shipped_network_is_intact(name):
    assert network_state(name) is NetworkState.INTACT
    assert network_file(name).is_file()


def test_missing_weights_are_an_error(folder):
    (folder / "parser-96.safetensors").unlink()
    assert network_state("parser-96") is NetworkState.MISSING
    with pytest.raises(CheckpointError, match="is missing; install E4S Studio again"):
        network_file("parser-96")


def test_one_changed_bit_is_damage(folder):
    weights = folder / "parser-96.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert network_state("parser-96") is NetworkState.DAMAGED
    with pytest.raises(CheckpointError, match="install E4S Studio again"):
        network_file("parser-96")


def test_weights_without_their_card_are_not_taken_for_intact(folder):
    (folder / "parser-96.md").unlink()
    with pytest.raises(CheckpointError, match="copy the card too"):
        network_file("parser-96")
