"""`parse` writes the label map of a photograph or of a crop."""

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from e4s_studio.cli.app import app
from e4s_studio.core.errors import (
    CheckpointError,
    FaceError,
    ImageError,
    OutputError,
    SettingsError,
)
from e4s_studio.core.regions import PALETTE, Region
from e4s_studio.files.label_maps import read_label_map
from e4s_studio.train.portraits import random_shape, random_texture, render
from tests.samples import PHOTOGRAPHS, needs_photographs, placed


@pytest.fixture(autouse=True)
def no_models(monkeypatch, tmp_path):
    monkeypatch.setenv("E4S_STUDIO_MODELS", str(tmp_path / "models"))


@pytest.fixture
def crop(tmp_path):
    rng = np.random.default_rng(1)
    image, labels = render(random_shape(rng), random_texture(rng), 256)
    path = tmp_path / "crop.png"
    Image.fromarray(image).save(path)
    return path, labels


def run(*arguments):
    return CliRunner().invoke(app, ["parse", *map(str, arguments)])


def test_a_crop_is_parsed_at_its_own_size(crop, tmp_path):
    image, true = crop
    output = tmp_path / "map.png"
    result = run(image, "-o", output, "--aligned", "--parser", "starter")
    assert result.exit_code == 0, result.output
    picture = Image.open(output)
    assert picture.mode == "P"
    assert np.array_equal(np.reshape(picture.getpalette()[:36], (12, 3)), PALETTE)
    labels = np.asarray(picture)
    assert labels.max() < 12
    assert (labels == true).mean() > 0.85


def test_a_photograph_is_parsed_where_its_face_is(tmp_path):
    photograph, output = tmp_path / "photograph.png", tmp_path / "map.png"
    image, true = placed("amara", 418, 520, 0.3)
    Image.fromarray(image).save(photograph)
    result = run(photograph, "-o", output)
    assert result.exit_code == 0, result.output
    labels = read_label_map(output, order="regions")
    assert labels.shape == true.shape
    found, there = (np.argwhere(each == Region.EYES).mean(axis=0) for each in (labels, true))
    assert np.abs(found - there).max() < 3  # of the face's 200 pixels


@needs_photographs
def test_a_camera_photograph_is_parsed_where_its_face_is(tmp_path):
    output = tmp_path / "map.png"
    result = run(PHOTOGRAPHS / "unaligned_1.jpg", "-o", output)
    assert result.exit_code == 0, result.output
    labels = read_label_map(output, order="regions")
    assert labels.shape == (520, 418)
    y, x = np.nonzero(labels == Region.EYES)
    assert 90 < y.mean() < 140  # the face's height in that photograph
    assert 110 < x.mean() < 220
    assert (labels[300:] == Region.BACKGROUND).all()  # below the crop


def test_every_failure_has_its_code_and_sentence(crop, tmp_path):
    image, _ = crop
    output = tmp_path / "map.png"
    wide = tmp_path / "wide.png"
    Image.new("RGB", (300, 200), "grey").save(wide)
    failures = {
        (wide, "-o", output): FaceError,
        (wide, "-o", output, "--aligned"): ImageError,
        (image, "-o", output, "--parser", "segnext"): SettingsError,
        (image, "-o", output, "--parser", "bisenet"): CheckpointError,
        (tmp_path / "absent.png", "-o", output): ImageError,
        (image, "-o", tmp_path / "absent" / "map.png", "--aligned"): OutputError,
    }
    for arguments, error in failures.items():
        result = run(*arguments)
        assert result.exit_code == error.exit_code, (arguments, result.output)
        assert "Error: " in result.stderr
    assert not output.exists()
    before = image.read_bytes()
    assert run(image, "-o", image, "--aligned").exit_code == OutputError.exit_code
    assert image.read_bytes() == before
