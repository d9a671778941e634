from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from e4s_studio.core.errors import CancelledError, FaceError, LabelMapError
from e4s_studio.core.face import Face
from e4s_studio.core.quad import Quad
from e4s_studio.core.regions import Region
from e4s_studio.engine import opening
from e4s_studio.engine.opening import REMEMBERED, Sight, open_portrait
from e4s_studio.engine.parsing.parsing import Parsing
from e4s_studio.files.label_maps import write_label_map
from e4s_studio.files.models import ModelFolder
from tests.samples import PHOTOGRAPHS, needs_photographs, placed
from tests.unit.engine.pairs import drawn_map, portrait


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    path = tmp_path / "face.png"
    Image.fromarray(portrait(1).image).save(path)
    return path


def test_a_square_photograph_with_a_map_is_an_aligned_crop(photograph: Path) -> None:
    path = photograph.with_name("map.png")
    write_label_map(path, drawn_map())
    opened = open_portrait(photograph, path)
    assert opened.quad is not None
    np.testing.assert_array_equal(opened.quad, Quad.whole(256, 256).points)
    np.testing.assert_array_equal(opened.labels[::4, ::4], drawn_map())
    assert opened.image.shape == (1024, 1024, 3)


def test_without_a_face_there_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "wall.png"
    Image.new("RGB", (300, 200), (120, 130, 140)).save(path)
    with pytest.raises(FaceError, match="No face was found"):
        open_portrait(path)


@pytest.fixture(
    params=["rendered", pytest.param("unaligned_1.jpg", marks=needs_photographs)],
)
def unaligned(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A portrait as a camera takes it, larger than the crop of its face."""
    if request.param != "rendered":
        return PHOTOGRAPHS / request.param
    path = tmp_path / "unaligned.png"
    Image.fromarray(placed("amara", 418, 520, 0.3, tilt=8)[0]).save(path)
    return path


def test_a_camera_photograph_is_found_aligned_and_parsed(unaligned: Path) -> None:
    opened = open_portrait(unaligned)
    eyes = np.argwhere(opened.labels == Region.EYES).mean(axis=0) / 1024
    assert eyes == pytest.approx((0.48, 0.5), abs=0.06)  # where FFHQ's crops have them
    assert opened.photograph is not None
    assert opened.photograph.shape[:2] != opened.image.shape[:2]
    with pytest.raises(FaceError, match="shows one face, so there is no face 10; choose face 1"):
        open_portrait(unaligned, face=9)


def test_maps_fit_the_photograph_or_the_crop(unaligned: Path, tmp_path: Path) -> None:
    with Image.open(unaligned) as picture:
        width, height = picture.size
    crop_map, whole_map, wrong_map = (tmp_path / f"{name}.png" for name in "abc")
    write_label_map(crop_map, drawn_map())
    whole = np.zeros((height, width), np.uint8)
    whole[height // 4 :] = Region.SKIN
    write_label_map(whole_map, whole)
    write_label_map(wrong_map, np.pad(drawn_map(), ((0, 0), (0, 256))))
    opened = open_portrait(unaligned, crop_map)
    np.testing.assert_array_equal(opened.labels[::4, ::4], drawn_map())
    halved = open_portrait(unaligned, whole_map).labels
    assert set(np.unique(halved)) == {Region.BACKGROUND, Region.SKIN}
    with pytest.raises(LabelMapError, match="fits neither"):
        open_portrait(unaligned, wrong_map)


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_it_is_stopped_between_any_two_steps(photograph: Path, steps: int) -> None:
    asked: list[int] = []

    def is_cancelled() -> bool:
        asked.append(len(asked))
        return len(asked) > steps

    with pytest.raises(CancelledError):
        open_portrait(photograph, quad=Quad.whole(256, 256), is_cancelled=is_cancelled)
    assert len(asked) == steps + 1


FACE = Face(0.9, (1, 1, 9, 9), ((3, 3), (6, 3), (4.5, 5), (3, 7), (6, 7)))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, Path | None]]:
    asked: list[tuple[int, Path | None]] = []

    def find(photograph: np.ndarray, weights: Path | None) -> list[Face]:
        asked.append((int(photograph[0, 0, 0]), weights))
        return [FACE]

    monkeypatch.setattr(opening, "find_faces", find)
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
    monkeypatch.setattr(opening, "parser_with", lambda _: lambda _: parsing)
    assert Sight(ModelFolder(tmp_path)).parse(picture(3)) is parsing
