"""What is opened is what was saved, bit for bit, history included."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from documents import as_dict_without_film, frozen, lit, opened
from hostile import entries
from PIL import Image
from projects import photographed, random_document, random_project, values

from e4s_studio.core.document import Document
from e4s_studio.core.errors import ProjectError
from e4s_studio.core.portrait import Portrait
from e4s_studio.core.settings import EditSettings
from e4s_studio.files.project import (
    Labelling,
    Project,
    hold,
    open_project,
    opened_bytes,
    project_bytes,
    save_project,
)
from e4s_studio.files.provenance.facts import Ground


@pytest.mark.parametrize("seed", range(5))
def test_everything_comes_back(tmp_path, seed):
    project = random_project(seed)
    save_project(project, tmp_path / "a.e4s")
    found = open_project(tmp_path / "a.e4s")
    assert found.warnings == ()
    assert values(found.project.contents) == values(project.contents)
    assert found.project.labelling == project.labelling
    assert values(found.project.fitted) == values(project.fitted)


def test_the_history_goes_on_where_it_was():
    before = random_document(3, 20)
    after = Document()
    after.restore(opened_bytes(project_bytes(Project(before.contents())), "a").project.contents)
    for place in (0, len(before.history.commands), 4):
        before.jump(place)
        after.jump(place)
        assert frozen(before) == frozen(after)


def test_an_empty_document():
    project = opened_bytes(project_bytes(Project(Document().contents())), "a").project
    assert project.contents.target is None
    assert project.labelling == Labelling(ground=None, credential=True, mark=False)


def test_crops_without_a_photograph():
    contents = opened().contents()
    found = opened_bytes(project_bytes(Project(contents)), "a")
    assert found.warnings == ()
    assert values(found.project.contents) == values(contents)


def test_a_photograph_whose_file_nobody_kept(tmp_path):
    portrait = replace(photographed(1, "gone.jpg"), file=None, quad=None)
    document = Document()
    document.open(target=portrait)
    found = opened_bytes(project_bytes(Project(document.contents())), "a")
    assert values(found.project.contents.target) == values(portrait)


def test_the_photographs_file_is_taken_from_its_place_if_it_still_is_that(tmp_path):
    known = photographed(1, "ann.png")
    path = tmp_path / "ann.png"
    path.write_bytes(known.file)
    document = Document()
    document.open(target=replace(known, path=path, file=None))
    contents = document.contents()
    assert opened_bytes(project_bytes(Project(contents)), "a").project.contents.target.file == (
        known.file
    )
    Image.fromarray(255 - known.photograph).save(path)
    target = opened_bytes(project_bytes(Project(contents)), "a").project.contents.target
    assert target.file is None
    np.testing.assert_array_equal(target.photograph, known.photograph)


def test_a_project_from_before_there_was_a_film(monkeypatch):
    document = lit(0.125, 0.875)
    document.keep("A")
    with monkeypatch.context() as older:
        older.setattr(EditSettings, "as_dict", as_dict_without_film)
        data = project_bytes(Project(document.contents()))
    written = b"".join(entries(data).values())
    assert b'"light"' in written
    assert b'"film"' not in written
    found = opened_bytes(data, "a")
    assert found.warnings == ()
    assert values(found.project.contents) == values(document.contents())


def test_folders_are_not_told(tmp_path):
    document = Document()
    place = tmp_path / "private folder" / "ann.png"
    document.open(target=replace(photographed(1, "ann.png"), path=place))
    data = project_bytes(Project(document.contents()))
    assert b"private folder" not in data
    assert str(opened_bytes(data, "a").project.contents.target.path) == "ann.png"


def test_the_thumbnail():
    project = random_project(1)
    own = np.random.default_rng(0).integers(0, 256, (300, 600, 3), dtype=np.uint8)
    found = opened_bytes(project_bytes(replace(project, thumbnail=own)), "a").project
    assert found.thumbnail.shape == (128, 256, 3)
    found = opened_bytes(project_bytes(project), "a").project
    np.testing.assert_array_equal(found.thumbnail, project.contents.target.image)


def test_the_same_project_gives_the_same_bytes():
    assert project_bytes(random_project(2)) == project_bytes(random_project(2))


@pytest.mark.parametrize("ground", [None, *Ground])
def test_every_ground(ground):
    project = Project(Document().contents(), Labelling(ground, credential=False, mark=True))
    assert opened_bytes(project_bytes(project), "a").project.labelling == project.labelling


def test_one_window_for_one_file(tmp_path):
    lock = hold(tmp_path / "a.e4s", tmp_path / "locks")
    with pytest.raises(ProjectError, match="another window"):
        hold(tmp_path / "b" / ".." / "a.e4s", tmp_path / "locks")
    hold(tmp_path / "b.e4s", tmp_path / "locks").release()
    lock.release()
    hold(tmp_path / "a.e4s", tmp_path / "locks").release()
    assert {path.name for path in tmp_path.iterdir()} == {"locks"}


def test_a_portrait_may_have_a_file_and_no_photograph():
    document = Document()
    known = photographed(1, "a.png")
    document.open(target=Portrait(known.image, known.labels, known.path, file=known.file))
    contents = document.contents()
    found = opened_bytes(project_bytes(Project(contents)), "a").project.contents
    assert values(found) == values(contents)
