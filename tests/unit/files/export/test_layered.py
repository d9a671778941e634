"""PSD and ORA composite to the flat export in readers that are not ours."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from PIL import Image
from psd_tools import PSDImage
from psd_tools.constants import Resource
from pyora import Project, Renderer
from swaps import WINDOW, encoded, photograph, swap, wide_profile

from e4s_studio.core.errors import OutputError
from e4s_studio.core.geometry import Box
from e4s_studio.files.export.captions import visible_mark
from e4s_studio.files.export.layered import MAX_SIDE, openraster_file, photoshop_file
from e4s_studio.files.export.layers import ExportLayers, to_8
from e4s_studio.files.export.pictures import finished_picture, original_of
from e4s_studio.files.images import read_image

NAMES = ["Target", "Face", "Occluder", "Unblended face", "Face matte", "Occluder matte"]
REGIONS = ["Background", "Lips", "Skin"]


def flat(layers, original, marks=()):
    return to_8(finished_picture(layers, original, marks).pixels).astype(int)


def psd_composite(data: bytes) -> np.ndarray:
    document = PSDImage.open(io.BytesIO(data))
    picture = document.composite(force=True, ignore_preview=True, apply_icc=False)
    return np.asarray(picture)[..., :3].astype(int)


def ora_composite(data: bytes) -> np.ndarray:
    picture = Renderer(Project.load(io.BytesIO(data))).render()
    return np.asarray(picture.convert("RGB")).astype(int)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("marked", [False, True])
def test_both_composite_to_the_flat_export(seed, marked):
    layers = swap(seed)
    original = original_of(layers.photograph, None)
    marks = (visible_mark(original),) if marked else ()
    expected = flat(layers, original, marks)
    for composite in (
        psd_composite(photoshop_file(layers, original, marks)),
        ora_composite(openraster_file(layers, original, marks)),
    ):
        assert np.abs(composite - expected).max() <= 1


def test_extremes_composite_too():
    rng = np.random.default_rng(5)
    picture = rng.choice(np.array([0, 1, 254, 255], np.uint8), (24, 30, 3))
    window = Box(2, 3, 28, 22)
    before = picture[window.slices].astype(np.float32)
    result = rng.choice(np.array([0, 0.4, 128, 254.6, 255], np.float32), before.shape)
    matte = rng.choice(np.array([0, 0.001, 0.5, 1], np.float32), window.shape)
    occluder = rng.choice(np.array([0, 0.5, 0.998, 1], np.float32), window.shape)
    layers = ExportLayers(
        picture, window, result, result, matte, occluder, np.zeros(window.shape, np.uint8)
    )
    original = original_of(picture, None)
    expected = flat(layers, original)
    assert np.abs(psd_composite(photoshop_file(layers, original)) - expected).max() <= 1
    assert np.abs(ora_composite(openraster_file(layers, original)) - expected).max() <= 1


def test_a_psd_keeps_the_photographs_profile_and_depth(tmp_path):
    picture = photograph(1)
    file = encoded(picture, "PNG", icc_profile=wide_profile())
    (tmp_path / "a.png").write_bytes(file)
    seen = read_image(tmp_path / "a.png")
    layers = swap(picture=seen)
    original = original_of(seen, file)
    data = photoshop_file(layers, original)
    document = PSDImage.open(io.BytesIO(data))
    assert document.depth == 16
    assert document.image_resources.get_data(Resource.ICC_PROFILE) == wide_profile()
    assert np.abs(psd_composite(data) - flat(layers, original)).max() <= 1


def test_the_psds_layers():
    layers = swap()
    data = photoshop_file(layers, original_of(layers.photograph, None))
    document = PSDImage.open(io.BytesIO(data))
    assert [layer.name for layer in document] == [*NAMES, "Regions"]
    assert [layer.name for layer in document if layer.visible] == NAMES[:3]
    regions = {layer.name: layer for layer in document[-1]}
    assert list(regions) == REGIONS
    lip = regions["Lips"]
    assert lip.bbox == (WINDOW.left + 30, WINDOW.top + 30, WINDOW.left + 40, WINDOW.top + 36)
    skin = np.asarray(regions["Skin"].mask.topil()) > 0
    box = Box(*regions["Skin"].bbox).shifted(-WINDOW.left, -WINDOW.top)
    np.testing.assert_array_equal(skin, layers.labels[box.slices] == 6)


def test_programs_without_layers_see_the_flat_export():
    layers = swap()
    original = original_of(layers.photograph, None)
    marks = (visible_mark(original),)
    document = PSDImage.open(io.BytesIO(photoshop_file(layers, original, marks)))
    assert document.has_preview()
    preview = np.asarray(document.topil(apply_icc=False)).astype(int)
    assert np.abs(preview - flat(layers, original, marks)).max() <= 1


def test_the_oras_layers_and_its_form():
    layers = swap()
    original = original_of(layers.photograph, None)
    data = openraster_file(layers, original)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert archive.read("mimetype") == b"image/openraster"
        thumbnail = Image.open(io.BytesIO(archive.read("Thumbnails/thumbnail.png")))
        assert max(thumbnail.size) <= 256
        merged = np.asarray(Image.open(io.BytesIO(archive.read("mergedimage.png"))))
    expected = flat(layers, original)
    np.testing.assert_array_equal(merged, expected)
    project = Project.load(io.BytesIO(data))
    names = [one.name for one in project.children_recursive]
    assert sorted(names) == sorted([*NAMES, "Regions", *REGIONS])


def test_a_photograph_too_large_for_a_psd():
    side = MAX_SIDE + 1
    window = Box(0, 0, 1, 1)
    one, rgb = np.zeros((1, 1), np.float32), np.zeros((1, 1, 3), np.float32)
    layers = ExportLayers(
        np.zeros((1, side, 3), np.uint8), window, rgb, rgb, one, one, one.astype(np.uint8)
    )
    with pytest.raises(OutputError, match="TIFF"):
        photoshop_file(layers, original_of(layers.photograph, None))
