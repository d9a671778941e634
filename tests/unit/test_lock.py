"""The lock of the dependencies follows `pyproject.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]


def test_every_dependency_is_locked_within_its_range():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    texts = [*project["dependencies"], *(text for extra in extras for text in extra)]
    wanted = [one for one in map(Requirement, texts) if one.name != project["name"]]
    lines = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.lstrip().startswith("#")]
    versions: dict[str, list[str]] = {}
    for pin in pins:
        (exact,) = pin.specifier
        versions.setdefault(canonicalize_name(pin.name), []).append(exact.version)
    astray = {
        str(one)
        for one in wanted
        if not (locked := versions.get(canonicalize_name(one.name)))
        or not all(one.specifier.contains(version) for version in locked)
    }
    assert not astray, "bring requirements-dev.lock up to date, as CONTRIBUTING.md says"
