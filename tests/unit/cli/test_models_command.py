"""`models` lists, installs, takes from disk and packs."""

import hashlib

import pytest
from model_server import serving
from typer.testing import CliRunner

from e4s_studio.cli.app import app
from e4s_studio.core.errors import CheckpointError, DownloadError, SettingsError
from e4s_studio.files import downloads, models
from e4s_studio.files.models import Model, ModelFolder, State

CONTENT = b"weights" * 10_000


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Put one small model into the catalogue, served from this machine."""
    monkeypatch.setenv("E4S_STUDIO_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(downloads, "RETRIES", 0)
    with serving(CONTENT) as server:
        model = Model(
            name="small",
            title="A small network",
            purpose="To test with.",
            licence="MIT",
            page="https://example.org",
            file="small.pth",
            url=server.url,
            size=len(CONTENT),
            sha256=hashlib.sha256(CONTENT).hexdigest(),
        )
        monkeypatch.setattr(models, "CATALOGUE", (model,))
        yield model, server


def run(*arguments):
    return CliRunner().invoke(app, ["models", *map(str, arguments)])


@pytest.mark.parametrize("arguments", [(), ("list",)])
def test_the_list_says_all_before_anything_is_fetched(small, arguments):
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    for words in ("small", "To test with.", "MIT", "https://example.org", "not installed"):
        assert words in result.stdout
    assert small[1].requests == []


def test_installing_and_packing_for_another_machine(small, tmp_path, monkeypatch):
    result = run("install", "small")
    assert result.exit_code == 0, result.output
    assert "is installed" in result.stdout
    assert hashlib.sha256(CONTENT).hexdigest() in run().stdout

    pack = tmp_path / "models.zip"
    assert run("pack", pack).exit_code == 0
    monkeypatch.setenv("E4S_STUDIO_MODELS", str(tmp_path / "elsewhere"))
    assert run("use", "pack", pack).exit_code == 0
    assert ModelFolder().state(small[0]) is State.INSTALLED


def test_a_file_from_disk(small, tmp_path):
    file = tmp_path / "mine.pth"
    file.write_bytes(CONTENT)
    assert run("use", "small", file).exit_code == 0
    file.write_bytes(b"something else")
    result = run("use", "small", file)
    assert result.exit_code == CheckpointError.exit_code
    assert "SHA-256" in result.stderr
    assert f"“{file}” is not" in result.stderr
    assert ModelFolder().installed(small[0]).read_bytes() == CONTENT


def test_what_cannot_be_fetched_is_said_in_a_sentence(small):
    small[1].status = 404
    result = run("install", "small")
    assert result.exit_code == DownloadError.exit_code
    assert "404" in result.stderr
    assert run("install", "dlib").exit_code == SettingsError.exit_code
    assert run("pack", "models.zip").exit_code == CheckpointError.exit_code
