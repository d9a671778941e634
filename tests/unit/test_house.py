"""The house rules that no linter knows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from e4s_studio.core.errors import StudioError

ROOT = Path(__file__).resolve().parents[2]
LONGEST_MODULE = 500
OWN = ("e4s_studio", "tests", "benchmarks", "docs", "tools")
TEXT_SUFFIXES = {".py", ".md", ".toml", ".yaml", ".json", ".sh", ".ui", ".svg"}

# A folder of somebody's machine, written out as an absolute path.
MACHINE_PATH = re.compile(
    r"(?<![\w./~>$}])/(?:home|root|tmp|work|Users|mnt|opt)(?:/\w|\b(?![\w/-]))"
)

# A test module is as long as the behaviour of the module that it mirrors.
MODULES = sorted(
    path for folder in OWN if folder != "tests" for path in ROOT.glob(f"{folder}/**/*.py")
)
TEXTS = sorted(
    path
    for place in (*(ROOT / folder for folder in OWN), ROOT)
    for path in (place.glob("*") if place == ROOT else place.rglob("*"))
    if path.suffix in TEXT_SUFFIXES and path != Path(__file__).resolve()
)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def test_every_module_fits_in_the_head():
    assert MODULES
    lengths = {relative(path): len(lines(path)) for path in MODULES}
    assert {path: n for path, n in lengths.items() if n > LONGEST_MODULE} == {}


def test_no_file_knows_the_machine_it_was_written_on():
    found = {
        f"{relative(path)}:{number}": line
        for path in TEXTS
        for number, line in enumerate(lines(path), start=1)
        if MACHINE_PATH.search(line)
    }
    assert found == {}


@pytest.mark.parametrize("text", ["open('/tmp/a')", "cd /root", "/home/ann/b.png", "at /work/x."])
def test_machine_paths_are_found(text):
    assert MACHINE_PATH.search(text)


@pytest.mark.parametrize("text", ["https://a.org/home/x", "~/work/x", "docs/work/a", "and/or"])
def test_other_paths_are_left_alone(text):
    assert not MACHINE_PATH.search(text)


def test_the_map_of_the_house_names_rooms_that_exist():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    packages = "|".join(path.parent.name for path in ROOT.glob("e4s_studio/*/__init__.py"))
    rooms = set(re.findall(rf"`((?:{packages})/[\w/.]+)`", text))
    assert rooms
    assert {room for room in rooms if not (ROOT / "e4s_studio" / room).exists()} == set()
    shown = {room.split("/")[0] for room in rooms}
    assert shown == set(packages.split("|"))


def test_the_readme_lists_every_exit_code():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    codes = {kind.exit_code for kind in [StudioError, *StudioError.__subclasses__()]}
    assert {code for code in codes if f"\n| {code} |" not in text} == set()


def test_the_window_starts_without_torch():
    code = "import sys, e4s_studio.gui.app; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
