"""Any photograph becomes a portrait: found, cut out, parsed."""

import numpy as np
import pytest
from PIL import Image

from e4s_studio.core.errors import FaceError, LabelMapError
from e4s_studio.core.regions import Region
from e4s_studio.engine import opening
from e4s_studio.engine.opening import open_portrait
from e4s_studio.engine.parse import Parsing
from e4s_studio.engine.quad import Quad
from e4s_studio.files.label_maps import write_label_map
from e4s_studio.files.model_folder import ModelFolder
from e4s_studio.train.portraits import random_shape, random_texture, render


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("E4S_STUDIO_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture(scope="module")
def painted():
    rng = np.random.default_rng(1)
    return render(random_shape(rng), random_texture(rng), 512)


@pytest.fixture
def in_a_canvas(painted, tmp_path):
    """Set a portrait into a wide photograph, at (300, 150)."""
    image, labels = painted
    canvas = np.full((800, 1100, 3), np.median(image, axis=(0, 1)), np.uint8)
    canvas[150:662, 300:812] = image
    whole = np.zeros((800, 1100), np.uint8)
    whole[150:662, 300:812] = labels
    path = tmp_path / "wide.png"
    Image.fromarray(canvas).save(path)
    return path, whole


def test_a_crop_is_taken_as_it_is(painted, tmp_path):
    path = tmp_path / "crop.png"
    Image.fromarray(painted[0]).save(path)
    portrait = open_portrait(path)
    assert np.array_equal(portrait.quad, Quad.whole(512, 512).points)
    true = np.asarray(Image.fromarray(painted[1]).resize(portrait.labels.shape[::-1], 0))
    assert (portrait.labels == true).mean() > 0.85


def test_a_face_in_a_wide_photograph_is_cut_out_and_parsed(in_a_canvas):
    portrait = open_portrait(in_a_canvas[0])
    true = Quad.whole(512, 512).moved(300, 150)
    assert np.abs(portrait.quad - true.points).max() < 0.08 * 512
    assert (portrait.labels == Region.EYES).any()


def test_a_map_of_the_whole_photograph_is_cut_out_with_it(in_a_canvas, tmp_path):
    path, whole = in_a_canvas
    write_label_map(tmp_path / "map.png", whole)
    quad = Quad.whole(512, 512).moved(300, 150)
    portrait = open_portrait(path, tmp_path / "map.png", quad=quad, order="regions")
    size = portrait.labels.shape[0]
    true = np.asarray(Image.fromarray(whole[150:662, 300:812]).resize((size, size), 0))
    assert (portrait.labels == true).mean() > 0.98


def test_a_map_of_neither_is_refused(in_a_canvas, tmp_path):
    write_label_map(tmp_path / "map.png", np.tile(in_a_canvas[1], (1, 3)))
    with pytest.raises(LabelMapError, match="same proportions"):
        open_portrait(in_a_canvas[0], tmp_path / "map.png", order="regions")


def test_no_face_and_too_few_faces_are_said(in_a_canvas, tmp_path):
    path = tmp_path / "empty.png"
    Image.new("RGB", (300, 200), "grey").save(path)
    with pytest.raises(FaceError, match="by hand"):
        open_portrait(path)
    with pytest.raises(FaceError, match="shows 1 face"):
        open_portrait(in_a_canvas[0], face=3)


def test_installed_models_are_used(in_a_canvas, models, monkeypatch):
    asked = []
    faces = opening.find_faces(np.asarray(Image.open(in_a_canvas[0])))

    def find(_photograph, weights):
        asked.append(weights)
        return faces

    def parser(name, folder):
        asked.append((name, folder.path))
        return lambda crop: Parsing(np.zeros(crop.shape[:2], np.uint8), np.zeros(crop.shape[:2]))

    monkeypatch.setattr(opening, "find_faces", find)
    monkeypatch.setattr(opening, "parser_named", parser)
    monkeypatch.setattr(ModelFolder, "installed", lambda folder, model: folder.path / model.file)
    open_portrait(in_a_canvas[0])
    assert asked == [models / "detection_Resnet50_Final.pth", ("auto", models)]
