"""The journal holds every committed edit, through crashes and full disks."""

from __future__ import annotations

import os
import shutil
import threading
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from documents import as_dict_without_film, edit, lit
from killing import lost_after_kill
from projects import photographed, random_document, random_project, values
from session_to_kill import states

from e4s_studio.core.errors import OutputError, ProjectError
from e4s_studio.core.settings import EditSettings
from e4s_studio.files.journal import Journal, recoverable_sessions
from e4s_studio.files.journal.record import record_of, replayed
from e4s_studio.files.project import Labelling, Project, save_project
from e4s_studio.files.provenance.facts import Ground

if TYPE_CHECKING:
    from pathlib import Path


def crash(journal: Journal) -> None:
    journal.close(discard=False)


def only(folder: Path):
    (session,) = recoverable_sessions(folder)
    return session


def test_every_edit_can_be_recovered(tmp_path):
    journal = Journal(tmp_path)
    for project in states(1, 40):
        journal.record(project)
        assert journal.flush()
    crash(journal)
    recovered = only(tmp_path).recover()
    assert recovered.warnings == ()
    assert values(recovered.project.contents) == values(project.contents)


def test_a_session_from_before_there_was_a_film(tmp_path, monkeypatch):
    document, journal = lit(0.125), Journal(tmp_path)
    with monkeypatch.context() as older:
        older.setattr(EditSettings, "as_dict", as_dict_without_film)
        for amount in (0.25, 0.875):
            journal.record(Project(document.contents()))
            assert journal.flush()
            document.change_settings(replace(document.settings, light=amount), name="Light")
        journal.record(Project(document.contents()))
        crash(journal)
    recovered = only(tmp_path).recover()
    assert recovered.warnings == ()
    assert values(recovered.project.contents) == values(document.contents())


def test_edits_that_come_faster_than_the_disk_are_all_in_the_last_one(tmp_path):
    journal = Journal(tmp_path)
    for project in states(2, 30):
        journal.record(project)
    crash(journal)
    assert values(only(tmp_path).recover().project.contents) == values(project.contents)


@pytest.mark.parametrize(("seed", "delay"), [(0, 0.03), (1, 0.2), (2, 0.6)])
def test_a_kill_loses_at_most_the_edit_under_way(tmp_path, seed, delay):
    made, lost = lost_after_kill(tmp_path, seed, 30, delay)
    assert lost <= min(made, 1)


def test_closing_in_good_order_leaves_nothing(tmp_path):
    journal = Journal(tmp_path)
    journal.record(random_project(1, 2))
    journal.close()
    assert list(tmp_path.iterdir()) == []
    assert recoverable_sessions(tmp_path) == []
    assert recoverable_sessions(tmp_path / "missing") == []


def test_sessions_that_never_held_anything_are_swept_away(tmp_path):
    empty, young = tmp_path / "old", tmp_path / "young"
    for folder in (empty, young):
        folder.mkdir()
        (folder / "lock").touch()
    for path in (empty / "lock", empty):
        os.utime(path, (0, 0))
    assert recoverable_sessions(tmp_path) == []
    assert list(tmp_path.iterdir()) == [young]


def test_windows_that_are_open_are_left_alone(tmp_path):
    journal = Journal(tmp_path)
    journal.record(random_project(1, 2))
    assert journal.flush()
    assert recoverable_sessions(tmp_path) == []
    crash(journal)
    assert recoverable_sessions(tmp_path)


def test_the_last_session_comes_first_and_can_be_discarded(tmp_path):
    for seed in range(2):
        journal = Journal(tmp_path)
        journal.record(random_project(seed, 1))
        crash(journal)
    first, second = recoverable_sessions(tmp_path)
    assert first.ended >= second.ended
    first.discard()
    assert recoverable_sessions(tmp_path) == [second]
    with pytest.raises(ProjectError, match="no longer there"):
        first.recover()


def test_a_session_is_offered_with_its_picture_and_its_file(tmp_path):
    journal = Journal(tmp_path)
    project = random_project(1, 1)
    journal.record(project)
    crash(journal)
    session = only(tmp_path)
    assert session.project_file is None
    np.testing.assert_array_equal(session.picture(), project.contents.target.image)
    session.discard()
    journal = Journal(tmp_path)
    journal.record(project)
    journal.show(np.full((600, 300, 3), 77, np.uint8))
    journal.belongs_to(tmp_path / "a.e4s")
    crash(journal)
    session = only(tmp_path)
    assert session.project_file == tmp_path / "a.e4s"
    assert session.picture().shape == (256, 128, 3)
    assert (session.picture() == 77).all()


def test_other_photographs_begin_a_new_generation(tmp_path):
    journal = Journal(tmp_path)
    document = random_document(1, 3)
    for target in (None, photographed(9, "new.png")):
        document.open(target=target)
        journal.record(Project(document.contents()))
        assert journal.flush()
    crash(journal)
    assert len(list(only(tmp_path).folder.glob("base-*"))) == 1
    found = only(tmp_path).recover().project.contents
    assert values(found) == values(document.contents())


class Held:
    """Writes whole projects, each as soon as `go_on` is set."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.go_on.set()

    def save(self, project: Project, path: Path) -> None:
        assert self.go_on.wait(10)
        save_project(project, path)


def recovered_copy(journal: Journal, folder: Path):
    """Return what is found if the program is killed once the last record is in the log."""
    picture = journal.folder / "picture.png"
    picture.unlink(missing_ok=True)
    journal.show(np.zeros((4, 4, 3), np.uint8))  # it is written after the record
    while not picture.exists():
        journal.flush(0.01)
    shutil.copytree(journal.folder, folder / "copy")
    return only(folder).recover()


def test_edits_are_kept_while_a_whole_project_is_being_written(tmp_path):
    held = Held()
    journal = Journal(tmp_path / "own", save=held.save, compacted_at=20_000)
    projects = states(4, 25)
    journal.record(next(projects))
    assert journal.flush()
    held.go_on.clear()
    for project in projects:
        journal.record(project)
        journal.flush(0.02)
    found = recovered_copy(journal, tmp_path / "killed")
    assert len(list(journal.folder.glob("edits-*"))) > 1
    assert values(found.project.contents) == values(project.contents)
    held.go_on.set()
    assert journal.flush()
    assert len(list(journal.folder.glob("base-*"))) == 1
    crash(journal)
    assert values(only(tmp_path / "own").recover().project.contents) == values(project.contents)


def test_edits_over_a_new_source_do_not_wait_for_it(tmp_path):
    held = Held()
    journal = Journal(tmp_path / "own", save=held.save)
    document = random_document(1, 3)
    journal.record(Project(document.contents()))
    assert journal.flush()
    held.go_on.clear()
    document.open(source=photographed(9, "new.png"))
    rng = np.random.default_rng(0)
    for _ in range(3):
        edit(document, rng)
        journal.record(Project(document.contents()))
    found = recovered_copy(journal, tmp_path / "killed").project.contents
    assert not journal.flush(0)
    assert values(found.state) == values(document.state())
    assert values(found.commands) == values(document.contents().commands)
    held.go_on.set()
    crash(journal)
    contents = only(tmp_path / "own").recover().project.contents
    assert values(contents) == values(document.contents())


def test_logs_without_a_link_are_not_joined(tmp_path):
    held = Held()
    journal = Journal(tmp_path / "own", save=held.save)
    document = random_document(1, 3)
    journal.record(Project(document.contents()))
    assert journal.flush()
    before = document.contents()
    held.go_on.clear()
    document.open(target=photographed(9, "new.png"))
    journal.record(Project(document.contents()))
    while len(list(journal.folder.glob("edits-*"))) < 2:
        journal.flush(0.01)
    shutil.copytree(journal.folder, tmp_path / "killed" / "copy")
    found = only(tmp_path / "killed").recover().project.contents
    assert values(found) == values(before)
    held.go_on.set()
    crash(journal)
    assert values(only(tmp_path / "own").recover().project.contents) == values(document.contents())


def test_a_whole_project_that_cannot_be_written_is_said_and_the_edits_stay(tmp_path):
    said = []
    is_full = threading.Event()

    def save(project, path):
        if is_full.is_set():
            raise OutputError("The disk is full.")
        save_project(project, path)

    journal = Journal(tmp_path, said.append, save=save)
    document = random_document(1, 3)
    journal.record(Project(document.contents()))
    assert journal.flush()
    is_full.set()
    document.open(source=photographed(9, "new.png"))
    journal.record(Project(document.contents()))
    edit(document, np.random.default_rng(0))
    journal.record(Project(document.contents()))
    journal.flush()
    crash(journal)
    assert len(said) == 1
    assert "disk is full" in said[0]
    assert values(only(tmp_path).recover().project.contents.state) == values(document.state())


def test_another_crop_of_the_same_photographs_is_an_edit_like_others(tmp_path):
    projects = [random_project(1, 4)]
    contents = projects[0].contents
    rng = np.random.default_rng(3)
    for role, shift in (("target", 3), ("source", 5), ("target", 8)):
        old = getattr(contents, role)
        crop = rng.integers(0, 256, old.image.shape, dtype=np.uint8)
        quad = None if shift == 5 else old.quad + shift / 3
        new = replace(old, image=crop, labels=np.roll(old.labels, shift, 1), quad=quad)
        contents = replace(contents, **{role: new}, kept={}, commands=(), index=0)
        projects.append(replace(projects[0], contents=contents))
    log = b"".join(record_of(a, b) for a, b in pairwise(projects))
    found, whole = replayed(projects[0], log)
    assert whole
    assert values(found.contents) == values(contents)
    journal = Journal(tmp_path)
    for project in projects:
        journal.record(project)
        assert journal.flush()
    (base,) = journal.folder.glob("base-*")
    assert base.name == "base-000001.e4s"
    crash(journal)
    assert values(only(tmp_path).recover().project.contents) == values(contents)


def test_labelling_is_kept_too(tmp_path):
    journal = Journal(tmp_path)
    project = random_project(1, 1)
    journal.record(project)
    assert journal.flush()
    labelling = Labelling(Ground.PUBLIC_DOMAIN, credential=False, mark=True)
    journal.record(replace(project, labelling=labelling))
    crash(journal)
    assert only(tmp_path).recover().project.labelling == labelling


def test_a_long_log_is_compacted(tmp_path):
    journal = Journal(tmp_path, compacted_at=20_000)
    for project in states(4, 25):
        journal.record(project)
        assert journal.flush()
    crash(journal)
    (base,) = only(tmp_path).folder.glob("base-*")
    assert base.name > "base-000001.e4s"
    assert values(only(tmp_path).recover().project.contents) == values(project.contents)


def test_a_log_that_is_cut_short_gives_the_state_before(tmp_path):
    projects = list(states(5, 12))
    records = [record_of(a, b) for a, b in pairwise(projects)]
    log = b"".join(records)
    known = {len(b"".join(records[:n])): n for n in range(len(records) + 1)}
    rng = np.random.default_rng(0)
    for end in [*known, *rng.integers(0, len(log), 20)]:
        done = max(n for place, n in known.items() if place <= end)
        found, whole = replayed(projects[0], log[:end])
        assert values(found.contents) == values(projects[done].contents)
        assert whole == (int(end) in known)


def test_a_damaged_log_gives_a_state_that_was(tmp_path):
    projects = list(states(6, 8))
    log = b"".join(record_of(a, b) for a, b in pairwise(projects))
    were = [values(project.contents) for project in projects]
    rng = np.random.default_rng(0)
    for _ in range(30):
        damaged = bytearray(log)
        damaged[rng.integers(len(log))] ^= int(rng.integers(1, 256))
        found, whole = replayed(projects[0], bytes(damaged))
        assert values(found.contents) in were
        assert not whole


def test_a_full_disk_is_said_once_and_the_next_edits_are_kept_again(tmp_path):
    resource = pytest.importorskip("resource", reason="file size limits are a Unix matter")
    said = []
    told = threading.Event()
    journal = Journal(tmp_path, lambda sentence: (said.append(sentence), told.set()))
    projects = list(states(7, 6))
    journal.record(projects[0])
    assert journal.flush()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limit[1]))
    try:
        for project in projects[1:4]:
            journal.record(project)
            assert not journal.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert told.wait(5)
    assert len(said) == 1
    assert "cannot be kept safe" in said[0]
    journal.record(projects[5])
    crash(journal)
    assert values(only(tmp_path).recover().project.contents) == values(projects[5].contents)


def test_a_folder_that_vanishes_is_said(tmp_path):
    said = []
    journal = Journal(tmp_path, said.append)
    journal.record(random_project(1, 1))
    assert journal.flush()
    for path in journal.folder.iterdir():
        path.unlink()
    journal.folder.rmdir()
    journal.record(random_project(2, 1))
    assert not journal.flush()
    assert len(said) == 1
    journal.close()


def test_a_session_whose_project_is_damaged(tmp_path):
    journal = Journal(tmp_path)
    journal.record(random_project(1, 1))
    crash(journal)
    session = only(tmp_path)
    (base,) = session.folder.glob("base-*")
    base.write_bytes(b"nothing")
    with pytest.raises(ProjectError):
        session.recover()
    assert session.picture() is None
