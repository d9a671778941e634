"""The session in `earlier`: its files were written by version 0.1.0, and still open.

    python tests/unit/files/earlier_session.py FOLDER

writes such files with the present version.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1] / "core")]

from documents import SIDE, dab, face_labels  # noqa: E402 - found by the line above

from e4s_studio.core.brush import Dab, soft_line  # noqa: E402
from e4s_studio.core.commands import Layer  # noqa: E402
from e4s_studio.core.document import Document  # noqa: E402
from e4s_studio.core.portrait import Portrait  # noqa: E402
from e4s_studio.core.regions import Region  # noqa: E402
from e4s_studio.files.journal import Journal  # noqa: E402
from e4s_studio.files.project import FittedWeights, Labelling, Project, save_project  # noqa: E402
from e4s_studio.files.provenance.facts import Ground  # noqa: E402
from e4s_studio.files.recipe import recipe_of, save_recipe  # noqa: E402

QUAD = np.array([(3.5, 2.0), (4.25, 90.0), (101.0, 88.125), (99.0, 1 / 3)])
RULES = (Region.EYES, Region.HAIR, frozenset({Region.SKIN, Region.EARS}))
# A safetensors file with no tensors: the length of its header, and the header.
WEIGHTS = (2).to_bytes(8, "little") + b"{}"


def portrait(level: int, name: str) -> Portrait:
    crop = np.full((SIDE, SIDE, 3), (level, 20, 30), np.uint8)
    crop[10:40, 30:50] = 200
    photograph = np.full((110, 120, 3), (level, 90, 60), np.uint8)
    return Portrait(crop, face_labels(), Path(name), photograph, QUAD + level / 64)


def states():
    """Yield the project when it is opened and after each edit."""
    document = Document()
    document.open(source=portrait(64, "ann.png"), target=portrait(128, "bob.png"))
    document.start(face_labels(), np.zeros((SIDE, SIDE), np.bool_))

    labelling = Labelling(Ground.CONSENT, credential=False, mark=True)
    fitted = FittedWeights("studio-256", WEIGHTS)

    def project() -> Project:
        return Project(document.contents(), labelling, fitted)

    yield project()
    dab(document, Region.LIP)
    yield project()
    document.keep("B")
    document.begin("Soft")
    document.cover(Layer.AMOUNT, soft_line(Dab(30, 30, 12), Dab(60, 50, 12), document.box), 0.3)
    document.commit()
    settings = document.settings.with_amount(Region.NOSE, 0.375)
    document.change_settings(replace(settings, light=0.25), name="Sliders")
    yield project()
    locked, painted, over = RULES
    document.rules = document.rules.with_lock(locked, locked=True).with_over(painted, over)
    document.undo()
    yield project()
    contents = document.contents()
    moved = replace(
        contents.target, labels=np.roll(contents.target.labels, 3, 1), quad=contents.target.quad + 1
    )
    yield replace(project(), contents=replace(contents, target=moved))


def write(folder: Path) -> None:
    journal = Journal(folder)
    for project in states():
        journal.record(project)
        assert journal.flush()
    journal.close(discard=False)
    journal.folder.rename(folder / "session")
    save_project(project, folder / "project.e4s")
    save_recipe(recipe_of(project.contents.state, "Soft lips"), folder / "recipe.e4srecipe")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
