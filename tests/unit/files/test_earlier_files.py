"""Projects, recipes and journals that version 0.1.0 wrote open as they were."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from documents import frozen
from earlier_session import WEIGHTS, states

from e4s_studio.core.document import Document
from e4s_studio.files.journal import recoverable_sessions
from e4s_studio.files.project import open_project
from e4s_studio.files.recipe import open_recipe, recipe_of

EARLIER = Path(__file__).with_name("earlier")


def last_project():
    *_, project = states()
    return project


def require_same(found, expected) -> None:
    assert found.labelling == expected.labelling
    assert found.fitted.model == expected.fitted.model
    assert found.fitted.safetensors == WEIGHTS
    for role in ("source", "target"):
        one, other = (getattr(project.contents, role) for project in (found, expected))
        for name in ("image", "labels", "photograph", "quad"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert one.path == other.path
    one, other = Document(), Document()
    one.restore(found.contents)
    other.restore(expected.contents)
    assert one.rules == other.rules
    assert one.history.index == other.history.index
    names = [command.name for command in other.history.commands]
    assert [command.name for command in one.history.commands] == names
    for place in range(len(names) + 1):
        one.jump(place)
        other.jump(place)
        assert frozen(one) == frozen(other)
    (kept,) = found.contents.kept.values()
    (wanted,) = expected.contents.kept.values()
    assert kept.settings == wanted.settings
    for layer, plane in wanted.planes.items():
        np.testing.assert_array_equal(kept.planes[layer], plane)


def test_a_project():
    found = open_project(EARLIER / "project.e4s")
    assert found.warnings == ()
    require_same(found.project, last_project())


def test_a_journal(tmp_path):
    shutil.copytree(EARLIER / "session", tmp_path / "session")
    (session,) = recoverable_sessions(tmp_path)
    found = session.recover()
    assert found.warnings == ()
    require_same(found.project, last_project())


def test_a_recipe():
    found = open_recipe(EARLIER / "recipe.e4srecipe")
    expected = recipe_of(last_project().contents.state, "Soft lips")
    assert found.name == expected.name
    assert found.settings == expected.settings
    np.testing.assert_array_equal(found.paint, expected.paint)
    np.testing.assert_array_equal(found.amount, expected.amount)
