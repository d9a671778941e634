"""An export goes whole to its place, with its credential, or not at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from swaps import WINDOW, encoded, photograph, swap

from e4s_studio.core.errors import CancelledError, OutputError
from e4s_studio.core.regions import FROM_CELEBAMASK, PALETTE, Region
from e4s_studio.core.settings import EditSettings
from e4s_studio.files.export.exporting import ExportJob, export
from e4s_studio.files.export.kinds import SUFFIXES, ExportKind
from e4s_studio.files.export.layers import ExportLayers
from e4s_studio.files.label_maps import read_label_map
from e4s_studio.files.provenance.credential import inspect_file
from e4s_studio.files.provenance.facts import Facts, Ground, Photograph
from e4s_studio.files.provenance.identity import local_identity


@pytest.fixture(scope="session")
def identity(tmp_path_factory):
    return local_identity(tmp_path_factory.mktemp("keys"))


def job(path, **options) -> ExportJob:
    return ExportJob(path, swap(), photograph(8), **options)


def facts() -> Facts:
    files = (Photograph(name, encoded(photograph(1))) for name in ("a.jpg", "b.jpg"))
    return Facts(*files, "0" * 64, EditSettings(), "studio-256", Ground.SYNTHETIC)


@pytest.mark.parametrize("suffix", SUFFIXES[ExportKind.PICTURE])
def test_each_picture_is_signed_as_a_matter_of_course(tmp_path, identity, suffix):
    path = tmp_path / f"swap{suffix}"
    written = export(job(path, facts=facts(), identity=identity))
    assert sorted(written) == sorted(tmp_path.iterdir())
    found = inspect_file(path)
    assert found.is_intact
    assert found.facts["ground"] == "synthetic"


@pytest.mark.parametrize("suffix", SUFFIXES[ExportKind.PICTURE])
def test_a_change_in_the_pixels_is_called_one(tmp_path, identity, suffix):
    plain, path = tmp_path / f"plain{suffix}", tmp_path / f"swap{suffix}"
    export(job(plain))
    export(job(path, facts=facts(), identity=identity))
    pixels, data = plain.read_bytes(), path.read_bytes()
    for share in (0.3, 0.5, 0.7):
        part = pixels[int(len(pixels) * share) :][:64]
        assert part in data
        damaged = bytearray(data)
        damaged[data.index(part) + 32] ^= 1
        path.write_bytes(bytes(damaged))
        assert inspect_file(path).was_changed


def test_label_maps_read_back(tmp_path):
    labels = np.asarray(swap().full(swap().labels))
    orders = {
        ExportKind.REGIONS: "regions",
        ExportKind.CELEBAMASK: "celebamask",
        ExportKind.COLOURS: "palette",
    }
    for kind, order in orders.items():
        path = tmp_path / f"{kind}.png"
        export(job(path, kind=kind))
        np.testing.assert_array_equal(read_label_map(path, order=order), labels)
    coloured = np.asarray(Image.open(tmp_path / "colours.png"))
    np.testing.assert_array_equal(coloured, PALETTE[labels])


def test_every_region_survives_celebamasks_labels(tmp_path):
    small = swap()
    labels = small.labels.copy()
    labels[0] = np.arange(labels.shape[1]) % len(Region)
    layers = replace(small, labels=labels)
    path = tmp_path / "a.png"
    export(ExportJob(path, layers, photograph(), kind=ExportKind.CELEBAMASK))
    values = np.asarray(Image.open(path))
    np.testing.assert_array_equal(FROM_CELEBAMASK[values], layers.full(labels))


def test_the_sheet_shows_all_three(tmp_path):
    export(job(tmp_path / "sheet.png", kind=ExportKind.SHEET))
    sheet = np.asarray(Image.open(tmp_path / "sheet.png")).astype(int)
    height, width = photograph().shape[:2]
    assert sheet.shape[1] > 3 * width
    after = swap().full(swap().result)
    panel = sheet[4 : 4 + height, 3 * 4 + 2 * width : 3 * 4 + 3 * width]
    assert np.abs(panel[WINDOW.slices] - after[WINDOW.slices]).max() <= 0.51
    before = sheet[4 : 4 + height, 2 * 4 + width : 2 * 4 + 2 * width]
    np.testing.assert_array_equal(before, photograph())


def test_the_mark_is_seen_in_the_corner_and_nowhere_else(tmp_path):
    for marked in (False, True):
        export(job(tmp_path / f"{marked}.png", mark=marked))
    plain, marked = (np.asarray(Image.open(tmp_path / f"{name}.png")) for name in (False, True))
    rows, columns = np.nonzero((plain != marked).any(axis=2))
    assert rows.min() > 90
    assert columns.min() > 60
    assert marked[rows, columns].max() > 240


def test_progress_ends_at_one_and_cancelling_writes_nothing(tmp_path):
    reached = []
    export(job(tmp_path / "a.png"), reached.append)
    assert reached == sorted(reached)
    assert (reached[0], reached[-1]) == (0, 1)
    for stop in range(len(reached) - 1):
        asked = []

        def is_cancelled(asked=asked, stop=stop) -> bool:
            asked.append(None)
            return len(asked) > stop

        with pytest.raises(CancelledError):
            export(job(tmp_path / "b.png"), is_cancelled=is_cancelled)
        assert not (tmp_path / "b.png").exists()


@pytest.mark.parametrize(
    ("kind", "name"),
    [(ExportKind.PICTURE, "a.bmp"), (ExportKind.FACE, "a.jpg"), (ExportKind.REGIONS, "a.tif")],
)
def test_suffixes_that_do_not_fit(tmp_path, kind, name):
    with pytest.raises(OutputError, match="suffix"):
        export(job(tmp_path / name, kind=kind))


def test_a_folder_that_is_gone(tmp_path):
    with pytest.raises(OutputError, match="does not exist"):
        export(job(tmp_path / "gone" / "a.png"))


def test_layers_that_do_not_fit_are_refused():
    layers = swap()
    with pytest.raises(ValueError, match="does not fit"):
        replace(layers, matte=layers.matte[1:])
    with pytest.raises(ValueError, match="reaches out"):
        ExportLayers(
            layers.photograph[:50],
            layers.window,
            layers.result,
            layers.face,
            layers.matte,
            layers.occluder,
            layers.labels,
        )
