"""A recipe does the same edits on another photograph."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from documents import SIDE, opened, random_dab

from e4s_studio.core import brush
from e4s_studio.core.brush import Dab
from e4s_studio.core.commands import Layer
from e4s_studio.core.document import Document
from e4s_studio.core.errors import LabelMapError, ProjectError
from e4s_studio.core.regions import Region
from e4s_studio.core.settings import ShapeSource
from e4s_studio.files.recipe import open_recipe, recipe_of, replay, save_recipe


def edited() -> Document:
    document, rng = opened(), np.random.default_rng(0)
    for region in (Region.LIP, Region.HAIR, Region.BACKGROUND):
        document.begin("Paint")
        document.paint(brush.line(random_dab(rng), random_dab(rng), document.box), region)
    document.begin("Soft")
    soft = brush.soft_line(Dab(30, 30, 12), Dab(60, 50, 12), document.box)
    document.cover(Layer.AMOUNT, soft, 0.3)
    settings = document.settings.with_amount(Region.NOSE, 0.375)
    document.change_settings(settings, name="Nose")
    return document


def test_paint_and_amounts_are_done_again(tmp_path):
    document = edited()
    save_recipe(recipe_of(document.state(), "Soft lips"), tmp_path / "a.e4srecipe")
    recipe = open_recipe(tmp_path / "a.e4srecipe")
    assert recipe.name == "Soft lips"
    other = opened()
    moved = np.roll(other.pixels(Layer.LABELS), 7, axis=1)
    other.start(moved, np.zeros(moved.shape, bool))
    replay(recipe, other)
    painted = document.pixels(Layer.PAINTED) == 1
    assert painted.any()
    expected = np.where(painted, document.pixels(Layer.LABELS), moved)
    np.testing.assert_array_equal(other.pixels(Layer.LABELS), expected)
    np.testing.assert_array_equal(other.pixels(Layer.AMOUNT), document.pixels(Layer.AMOUNT))
    assert other.settings.amount(Region.NOSE) == 0.375
    assert [command.name for command in other.history.commands] == ["Recipe Soft lips"]
    other.undo()
    assert other.settings.amount(Region.NOSE) == 1
    np.testing.assert_array_equal(other.pixels(Layer.LABELS), moved)


def test_blending_is_done_again(tmp_path):
    document = edited()
    wanted = replace(document.settings, detail=0.25, light=0.75, blend_width=40.0, film=0.125)
    document.change_settings(wanted, name="Blend")
    save_recipe(recipe_of(document.state(), "x"), tmp_path / "a.e4srecipe")
    other = opened()
    replay(open_recipe(tmp_path / "a.e4srecipe"), other)
    assert other.settings == wanted


def test_the_film_alone_is_worth_keeping():
    document = opened()
    assert not recipe_of(document.state(), "x").is_worth_keeping
    document.change_settings(replace(document.settings, film=0.0), name="Film")
    assert recipe_of(document.state(), "x").is_worth_keeping


def test_a_recipe_from_before_there_was_a_film(tmp_path):
    save_recipe(recipe_of(edited().state(), "x"), tmp_path / "new.e4srecipe")
    with (
        zipfile.ZipFile(tmp_path / "new.e4srecipe") as new,
        zipfile.ZipFile(tmp_path / "old.e4srecipe", "w") as old,
    ):
        for name in new.namelist():
            data = new.read(name)
            if name == "recipe.json":
                contents = json.loads(data)
                del contents["settings"]["film"]
                data = json.dumps(contents).encode()
            old.writestr(name, data)
    assert open_recipe(tmp_path / "old.e4srecipe").settings.film == 1


def test_locked_regions_are_spared():
    recipe = recipe_of(edited().state(), "x")
    other = opened()
    other.rules = other.rules.with_lock(Region.SKIN, locked=True)
    before = other.pixels(Layer.LABELS) == Region.SKIN
    replay(recipe, other)
    np.testing.assert_array_equal(other.pixels(Layer.LABELS) == Region.SKIN, before)


def test_shapes_stay_the_pairs_own():
    document = edited()
    settings = document.settings.with_shape(Region.HAIR, ShapeSource.SOURCE)
    document.change_settings(settings, name="Shape")
    other = opened()
    shapes = other.settings.shapes
    replay(recipe_of(document.state(), "x"), other)
    assert other.settings.shapes == shapes


def test_another_size():
    other = opened(2 * SIDE)
    recipe = recipe_of(edited().state(), "x")
    replay(recipe, other)
    painted = recipe.paint != 255
    large = np.kron(painted, np.ones((2, 2), bool))
    np.testing.assert_array_equal(other.pixels(Layer.PAINTED) == 1, large)


def test_without_a_target():
    with pytest.raises(LabelMapError, match="target photograph first"):
        replay(recipe_of(edited().state(), "x"), Document())


def test_the_step_has_the_name_that_is_given():
    other = opened()
    replay(recipe_of(edited().state(), "x"), other, name="Rezept x")
    assert [command.name for command in other.history.commands] == ["Rezept x"]


def test_files_that_are_no_recipe(tmp_path):
    path = tmp_path / "a.e4srecipe"
    save_recipe(recipe_of(edited().state(), "x"), path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for damaged in (b"", b"junk", whole[:100], whole[: len(whole) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(ProjectError):
            open_recipe(path)
    for _ in range(40):
        flipped = bytearray(whole)
        flipped[rng.integers(len(whole))] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(flipped))
        try:
            recipe = open_recipe(path)
        except ProjectError:
            continue
        assert recipe.paint.shape == (SIDE, SIDE)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("recipe.json", "[" * 100_000)
    with pytest.raises(ProjectError):
        open_recipe(path)
    with pytest.raises(ProjectError, match="no such file"):
        open_recipe(tmp_path / "missing")
