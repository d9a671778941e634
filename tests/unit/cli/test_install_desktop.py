"""`install-desktop` adds the editor to the menu of a Linux desktop, and takes it away again."""

from __future__ import annotations

import configparser
import re
import shlex
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from e4s_studio.cli.app import app
from e4s_studio.core.errors import OutputError
from e4s_studio.files.resources import ICONS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux desktops alone")


@pytest.fixture
def data(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    return folder


def installed_in(folder: Path, monkeypatch) -> Path:
    """Stand for an environment in `folder`, and return its program."""
    folder.mkdir()
    program = folder / "e4s-studio"
    program.touch()
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    return program


def run(*arguments):
    return CliRunner().invoke(app, ["install-desktop", *arguments])


def entry_of(data: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read(data / "applications" / "e4s-studio.desktop", encoding="utf-8")
    return parser["Desktop Entry"]


def files(data: Path) -> dict[str, bytes]:
    return {
        path.relative_to(data).as_posix(): path.read_bytes()
        for path in data.rglob("*")
        if path.is_file()
    }


def test_the_entry_starts_the_installed_program(data, tmp_path, monkeypatch):
    program = installed_in(tmp_path / "with a space", monkeypatch)
    result = run()
    assert result.exit_code == 0, result.output
    entry = entry_of(data)
    assert entry["Type"] == "Application"
    assert shlex.split(entry["Exec"]) == [str(program), "edit", "%f"]
    icon = data / "icons" / "hicolor" / "scalable" / "apps" / f"{entry['Icon']}.svg"
    assert icon.read_bytes() == (ICONS / "e4s-studio.svg").read_bytes()


def test_reserved_characters_are_escaped_twice_and_percents_doubled(data, tmp_path, monkeypatch):
    program = installed_in(tmp_path / 'a"b$c\\d 5%', monkeypatch)
    assert run().exit_code == 0
    # The rules of the Desktop Entry Specification: a string value has its backslashes doubled,
    # and within it Exec quotes its arguments.
    value = entry_of(data)["Exec"].replace("\\\\", "\\")
    quoted = re.fullmatch(r'"(.*)" edit %f', value)[1]
    assert re.sub(r'\\(["`$\\])', r"\1", quoted).replace("%%", "%") == str(program)


def test_again_it_writes_the_same_and_remove_takes_all_away(data, tmp_path, monkeypatch):
    installed_in(tmp_path / "bin", monkeypatch)
    run()
    first = files(data)
    run()
    assert files(data) == first
    assert len(first) == 2
    for _ in range(2):
        assert run("--remove").exit_code == 0
        assert files(data) == {}


def test_without_an_installed_program_it_says_what_to_do(data, tmp_path, monkeypatch):
    installed_in(tmp_path / "bin", monkeypatch).unlink()
    result = run()
    assert result.exit_code == OutputError.exit_code
    assert "install the program first" in result.stderr
    assert files(data) == {}


def test_elsewhere_a_sentence_says_so(data, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    result = run()
    assert result.exit_code == OutputError.exit_code
    assert "Only Linux" in result.stderr
    assert files(data) == {}
