"""Damaged and hostile files: a sentence or what is left, never more than that."""

from __future__ import annotations

import contextlib
import json
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hostile import KINDS, QUICK, bomb, entries, zipped
from projects import random_project, values

from e4s_studio.core.commands import Command, Layer
from e4s_studio.core.document import Document
from e4s_studio.core.errors import ProjectError, StudioError
from e4s_studio.core.plane import Patch
from e4s_studio.files.project import open_project, opened_bytes, project_bytes, save_project
from e4s_studio.files.project.manifest import VERSION, migrated

WHOLE = project_bytes(random_project(1, 20))


def walk(contents) -> None:
    """Do what an artist may do next: undo everything, redo everything, save."""
    document = Document()
    document.restore(contents)
    with contextlib.suppress(StudioError):
        for place in (0, len(contents.commands), contents.index):
            document.jump(place)
    if not document.is_empty:
        document.snapshot() if document.source else document.state()


@pytest.mark.parametrize("kind", sorted(set(QUICK), key=lambda kind: kind.__name__))
@pytest.mark.parametrize("seed", range(6))
def test_harm_is_kept_out(tmp_path, kind, seed):
    path = tmp_path / "in" / "a.e4s"
    path.parent.mkdir()
    path.write_bytes(kind(WHOLE, np.random.default_rng(seed)))
    with contextlib.suppress(ProjectError):
        walk(open_project(path).project.contents)
    assert list(tmp_path.rglob("*")) == [path.parent, path]


def test_a_bomb_is_not_unpacked():
    data = bomb(WHOLE, np.random.default_rng(3))
    tracemalloc.start()
    with contextlib.suppress(ProjectError):
        opened_bytes(data, "bomb")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 150 << 20
    assert len(KINDS) > len(QUICK)


def test_a_file_that_is_cut_short_keeps_the_edits():
    project = random_project(1, 20)
    content = entries(WHOLE)
    end = WHOLE.index(b"source/crop.png")
    found = opened_bytes(WHOLE[:end], "a")
    assert any("cut short" in warning for warning in found.warnings)
    assert values(found.project.contents.state) == values(project.contents.state)
    assert values(found.project.contents.commands) == values(project.contents.commands)
    assert found.project.contents.source is None
    assert any("source photograph is damaged" in warning for warning in found.warnings)
    assert "source/crop.png" in content


def without(*names: str):
    return opened_bytes(zipped({k: v for k, v in entries(WHOLE).items() if k not in names}), "a")


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("history.bin",), "history is damaged"),
        (("state/painted.png",), "painted is damaged in part"),
        (("kept_a/labels.png", "kept_b/labels.png", "kept_c/labels.png"), "snapshot"),
        (("fitted.safetensors",), "fit it again"),
        (("target/file.png",), "aligned face alone is left"),
        (("target/crop.png",), "target photograph is damaged"),
    ],
)
def test_what_is_missing_is_said_and_the_rest_is_there(names, sentence):
    found = without(*names)
    assert any(sentence in warning for warning in found.warnings), found.warnings
    walk(found.project.contents)
    whole = random_project(1, 20)
    assert found.project.labelling == whole.labelling
    assert values(found.project.contents.source) == values(whole.contents.source)


def test_a_history_that_would_break_the_label_map_is_left_out():
    whole = random_project(1)
    plane = whole.contents.state.planes[Layer.LABELS]
    settings = whole.contents.state.settings
    patch = Patch.between(plane, plane ^ 0x80)
    commands = (Command("Evil", {Layer.LABELS: patch}, settings, settings),)
    for index in (0, 1):
        contents = replace(whole.contents, commands=commands, index=index)
        found = opened_bytes(project_bytes(replace(whole, contents=contents)), "a")
        assert any("history is damaged" in warning for warning in found.warnings)
        assert found.project.contents.commands == ()
        assert values(found.project.contents.state) == values(whole.contents.state)


def manifest(**changes) -> dict:
    return {"format": "e4s-studio project", "version": 1, "program": "E4S Studio 9"} | changes


def test_older_versions_migrate_one_by_one():
    steps = {
        1: lambda plain: plain | {"b": plain["a"] + 1},
        2: lambda plain: plain | {"c": plain["b"] + 1},
    }
    found = migrated(manifest(a=1), "x", version=3, migrations=steps)
    assert found == manifest(a=1, b=2, c=3, version=3)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"version": 2}, "newer E4S Studio .E4S Studio 9.; update"),
        ({"version": 0}, "never was"),
        ({"version": "1"}, "which version"),
        ({"version": True}, "which version"),
        ({"format": "zip"}, "no project"),
    ],
)
def test_other_versions_are_refused_politely(changes, sentence):
    with pytest.raises(ProjectError, match=sentence):
        migrated(manifest(**changes), "x")


def test_a_whole_file_of_a_newer_version_is_refused():
    content = entries(WHOLE)
    plain = json.loads(content["manifest.json"]) | {"version": VERSION + 1, "unheard_of": [1]}
    content["manifest.json"] = json.dumps(plain).encode()
    with pytest.raises(ProjectError, match=r"“a.e4s” was saved by a newer E4S Studio .*; update"):
        opened_bytes(zipped(content), "a.e4s")


def test_files_that_are_none(tmp_path):
    with pytest.raises(ProjectError, match="no such file"):
        open_project(tmp_path / "missing.e4s")
    with pytest.raises(ProjectError, match="cannot be opened"):
        open_project(tmp_path)
    for content in ({}, {"manifest.json": b"[]"}, {"manifest.json": b"{"}):
        with pytest.raises(ProjectError):
            opened_bytes(zipped(content), "a")


def test_a_full_disk_leaves_the_old_file(tmp_path):
    resource = pytest.importorskip("resource", reason="file size limits are a Unix matter")
    path = tmp_path / "a.e4s"
    save_project(random_project(1), path)
    before = path.read_bytes()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limit[1]))
    try:
        with pytest.raises(StudioError, match="could not be written"):
            save_project(random_project(2), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
