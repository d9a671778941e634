"""`doctor` looks at everything and says what to do."""

from __future__ import annotations

import shutil
import subprocess
import sys

import psutil
import pytest
from typer.testing import CliRunner

from e4s_studio import __version__
from e4s_studio.cli.app import app
from e4s_studio.engine.health import Finding, Verdict, examine
from e4s_studio.files import places, resources
from e4s_studio.files.models import ModelFolder


@pytest.fixture(autouse=True)
def own_folders(monkeypatch, tmp_path):
    for name in ("keys_folder", "sessions_folder"):
        monkeypatch.setattr(places, name, lambda name=name: tmp_path / name)
    monkeypatch.setenv("E4S_STUDIO_MODELS", str(tmp_path / "models"))
    return tmp_path


def found(subject):
    return next(finding for finding in examine() if finding.subject == subject)


def test_a_machine_that_runs_the_tests_is_well():
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 0, result.output
    for subject in ("Python", "Qt", "PyTorch", "Device", "Model e4s", "Memory", "Disk", "Folder"):
        assert subject in result.stdout
    assert sys.version.split()[0] in result.stdout


def test_the_version_and_every_shipped_network_are_told():
    assert found("E4S Studio").found == __version__
    for name in resources.NETWORKS:
        assert found(f"Model {name}") == Finding(f"Model {name}", "built in, intact")


@pytest.mark.parametrize("state", ["missing", "damaged"])
def test_a_shipped_network_that_cannot_be_used_is_told(monkeypatch, tmp_path, state):
    if state == "damaged":
        (tmp_path / "studio-256.safetensors").write_bytes(b"no weights")
    monkeypatch.setattr(resources, "CHECKPOINTS", tmp_path)
    finding = found("Model studio-256")
    assert finding.verdict is Verdict.BAD
    assert state in finding.found
    assert "Install E4S Studio again" in finding.advice
    assert CliRunner().invoke(app, ["doctor"]).exit_code == 1


def test_whatever_is_not_good_comes_with_advice():
    for finding in examine():
        assert bool(finding.advice) == (finding.verdict is not Verdict.GOOD), finding


def test_looking_makes_no_folders(own_folders):
    list(examine())
    assert list(own_folders.iterdir()) == []


def test_a_full_disk_is_told(monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=10**8)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert found("Disk").verdict is Verdict.BAD
    assert CliRunner().invoke(app, ["doctor"]).exit_code == 1


@pytest.mark.parametrize(("free", "verdict"), [(1, "BAD"), (4, "NOTE"), (9, "GOOD")])
def test_memory_is_weighed(monkeypatch, free, verdict):
    memory = psutil.virtual_memory()._replace(available=free * 1024**3)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    assert found("Memory").verdict is Verdict[verdict]


def test_a_folder_that_cannot_be_written_to_is_named(monkeypatch, own_folders):
    (own_folders / "in the way").write_text("a file")
    monkeypatch.setattr(places, "keys_folder", lambda: own_folders / "in the way" / "keys")
    finding = found("Folder for keys")
    assert finding.verdict is Verdict.BAD
    assert finding.advice


def test_qt_that_does_not_load_ends_only_its_own_process(monkeypatch):
    broken = subprocess.CompletedProcess([], 1, "", "ImportError: libEGL.so.1: no such file")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: broken)
    finding = found("Qt")
    assert finding.verdict is Verdict.BAD
    assert "libEGL" in finding.found
    assert "system_libraries" in finding.advice


def test_a_model_put_there_by_hand_is_to_be_checked(tmp_path):
    folder = ModelFolder(tmp_path / "models")
    folder.path.mkdir()
    (folder.path / "parsing_bisenet.pth").write_bytes(b"?")
    finding = next(f for f in examine(folder) if f.subject == "Model bisenet")
    assert finding.found == "there, not checked"
    assert "models install bisenet" in finding.advice
