"""What was seen once is not looked for again."""

from pathlib import Path

import numpy as np
import pytest

from e4s_studio.core.face import Face
from e4s_studio.engine import sight as sight_module
from e4s_studio.engine.parsing.parsing import Parsing
from e4s_studio.engine.sight import REMEMBERED, Sight
from e4s_studio.files.models import ModelFolder

FACE = Face(0.9, (1, 1, 9, 9), ((3, 3), (6, 3), (4.5, 5), (3, 7), (6, 7)))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, Path | None]]:
    asked: list[tuple[int, Path | None]] = []

    def find(photograph: np.ndarray, weights: Path | None) -> list[Face]:
        asked.append((int(photograph[0, 0, 0]), weights))
        return [FACE]

    monkeypatch.setattr(sight_module, "find_faces", find)
    return asked


def picture(value: int) -> np.ndarray:
    return np.full((12, 16, 3), value, np.uint8)


def test_a_photograph_is_searched_once(asked, tmp_path):
    sight = Sight(ModelFolder(tmp_path))
    assert sight.faces(picture(1)) == sight.faces(picture(1).copy()) == [FACE]
    sight.faces(picture(1)).clear()
    assert sight.faces(picture(1)) == [FACE]
    sight.faces(picture(2))
    sight.faces(picture(2).reshape(16, 12, 3))
    assert asked == [(1, None), (2, None), (2, None)]


def test_a_newly_installed_model_looks_again(asked, tmp_path, monkeypatch):
    folder = ModelFolder(tmp_path)
    sight = Sight(folder)
    sight.faces(picture(1))
    weights = tmp_path / "weights.pth"
    monkeypatch.setattr(folder, "installed", lambda _: weights)
    sight.faces(picture(1))
    assert asked == [(1, None), (1, weights)]


def test_only_the_last_answers_are_kept(asked, tmp_path):
    sight = Sight(ModelFolder(tmp_path))
    for value in range(REMEMBERED + 1):
        sight.faces(picture(value))
    sight.faces(picture(REMEMBERED))
    assert len(asked) == REMEMBERED + 1
    sight.faces(picture(0))
    assert len(asked) == REMEMBERED + 2


def test_parsing_says_where_it_doubts(tmp_path, monkeypatch):
    parsing = Parsing(np.zeros((8, 8), np.uint8), np.ones((8, 8), np.float32))
    monkeypatch.setattr(sight_module, "parser_with", lambda _: lambda _: parsing)
    assert Sight(ModelFolder(tmp_path)).parse(picture(3)) is parsing
