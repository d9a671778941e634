"""`inspect` tells what a credential says and whether it holds."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from e4s_studio.cli.app import app
from e4s_studio.core.errors import ImageError
from e4s_studio.core.settings import EditSettings
from e4s_studio.files import places
from e4s_studio.files.provenance.credential import sign, write_signed
from e4s_studio.files.provenance.facts import Facts, Ground, Photograph
from e4s_studio.files.provenance.identity import local_identity


def png() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.arange(3000, dtype=np.uint8).reshape(25, 40, 3)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def signed(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "keys_folder", lambda: tmp_path / "keys")
    facts = Facts(
        Photograph("ann.png", png()),
        Photograph("bob.png", png()),
        "0" * 64,
        EditSettings(),
        "studio-256",
        Ground.OWN_FACE,
    )
    path = tmp_path / "swap.png"
    write_signed(path, sign(png(), path.name, facts, local_identity(tmp_path / "keys")))
    return path


def run(*arguments):
    return CliRunner().invoke(app, ["inspect", *map(str, arguments)])


def test_an_intact_file(signed):
    result = run(signed)
    assert result.exit_code == 0, result.stderr
    for text in ("exactly as it was signed", "this computer trusts", "studio-256", "own-face"):
        assert text in result.stdout
    assert "compositeWithTrainedAlgorithmicMedia" in result.stdout


def test_a_changed_file(signed):
    data = signed.read_bytes()
    place = data.rindex(b"IEND") - 20
    signed.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    result = run(signed)
    assert result.exit_code == 12
    assert "changed after it was signed" in result.stdout


def test_the_whole_credential_as_json(signed):
    report = json.loads(run(signed, "--json").stdout)
    assert report["intact"]
    assert report["manifest"]["title"] == "swap.png"


def test_files_without_one(tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    result = run(tmp_path / "a.png")
    assert result.exit_code == 13
    assert "no content credential" in result.stdout
    assert run(tmp_path / "missing.png").exit_code == ImageError.exit_code
    for suffix in (".png", ".jpg", ".webp", ".tif"):
        (tmp_path / f"text{suffix}").write_text("not a picture")
        result = run(tmp_path / f"text{suffix}")
        assert result.exit_code == ImageError.exit_code
        assert "is not a picture" in result.stderr
