"""Which of several files becomes what; no window is needed."""

from pathlib import Path

import numpy as np
import pytest

from e4s_studio.core.errors import StudioError
from e4s_studio.core.pair import Role
from e4s_studio.files.images import write_image
from e4s_studio.files.label_maps import write_label_map
from e4s_studio.gui.handlers.drops import Dropped, sorted_files, what_to_open
from e4s_studio.gui.photographs import Photographs

A, B, C = Path("a.jpg"), Path("b.jpg"), Path("c.jpg")
A_MAP, B_MAP, OTHER = Path("a_map.png"), Path("b_map.png"), Path("labels.png")


def test_files_are_sorted_files_by_what_is_in_them(tmp_path):
    labels = np.zeros((64, 64), np.uint8)
    labels[16:48, 16:48] = 6
    grain = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    names = ("one.png", "map.png", "two.jpg", "work.e4s", "missing.png")
    one, label_map, two, project, missing = (tmp_path / name for name in names)
    write_image(one, grain)
    write_image(two, np.zeros((64, 64, 3), np.uint8))  # black, but never a map
    write_label_map(label_map, labels)
    dropped = sorted_files([one, label_map, two, project, missing])
    assert dropped == Dropped((project,), (label_map,), (one, two, missing))


@pytest.mark.parametrize(
    ("dropped", "role", "opened"),
    [
        (Dropped(photographs=(A,)), Role.SOURCE, Photographs(source=A)),
        (Dropped(photographs=(A,)), Role.TARGET, Photographs(target=A)),
        (Dropped(photographs=(A, B)), Role.TARGET, Photographs(A, B)),
        (
            Dropped(label_maps=(OTHER,), photographs=(A,)),
            Role.TARGET,
            Photographs(target=A, target_map=OTHER),
        ),
        (
            Dropped(label_maps=(B_MAP, A_MAP), photographs=(A, B)),
            Role.SOURCE,
            Photographs(A, B, A_MAP, B_MAP),
        ),
        (
            Dropped(label_maps=(B_MAP,), photographs=(A, B)),
            Role.SOURCE,
            Photographs(A, B, None, B_MAP),
        ),
        (Dropped(projects=(Path("p.e4s"),)), Role.SOURCE, Path("p.e4s")),
    ],
)
def test_what_is_opened(dropped, role, opened):
    assert what_to_open(dropped, role, None) == opened


def test_a_map_alone_is_for_the_photograph_that_is_shown(tmp_path):
    shown = tmp_path / "shown.jpg"
    shown.touch()
    alone = Dropped(label_maps=(OTHER,))
    assert what_to_open(alone, Role.SOURCE, shown) == Photographs(source=shown, source_map=OTHER)
    with pytest.raises(StudioError, match="together with its photograph"):
        what_to_open(alone, Role.SOURCE, None)


@pytest.mark.parametrize(
    "dropped",
    [
        Dropped(photographs=(A, B, C)),
        Dropped(label_maps=(A_MAP, B_MAP)),
        Dropped(label_maps=(OTHER,), photographs=(A, B)),
        Dropped(projects=(Path("p.e4s"),), photographs=(A,)),
        Dropped(projects=(Path("p.e4s"), Path("q.e4s"))),
    ],
)
def test_what_makes_no_sense_together_is_a_sentence(dropped):
    with pytest.raises(StudioError, match=r"\w+ .*[.]$"):
        what_to_open(dropped, Role.SOURCE, A)
