"""`edit` opens photographs, or a project."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from e4s_studio.cli.app import app
from e4s_studio.core.errors import ImageError


@pytest.fixture
def started(monkeypatch):
    """Return what the editor was started with; no window opens."""
    starts = []

    def run(start):
        starts.append(start)
        return 0

    monkeypatch.setattr("e4s_studio.gui.app.run", run)
    return starts


def test_a_project_is_opened_as_one(started, tmp_path):
    path = tmp_path / "work.E4S"
    path.write_bytes(b"")
    assert CliRunner().invoke(app, ["edit", str(path)]).exit_code == 0
    (start,) = started
    assert start.project == path
    assert start.photographs.source is None


def test_photographs_are_opened_as_a_pair(started, tmp_path):
    paths = [tmp_path / "a.jpg", tmp_path / "b.jpg"]
    for path in paths:
        path.write_bytes(b"")
    assert CliRunner().invoke(app, ["edit", *map(str, paths)]).exit_code == 0
    (start,) = started
    assert start.project is None
    assert [start.photographs.source, start.photographs.target] == paths


def test_a_file_that_is_not_there_is_said(started):
    result = CliRunner().invoke(app, ["edit", "nowhere.e4s"])
    assert result.exit_code == ImageError.exit_code
    assert "nowhere.e4s" in result.output
    assert started == []
