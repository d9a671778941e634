"""The shipped samples can be reproduced from their random seeds."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from e4s_studio.core.regions import Region
from e4s_studio.files.label_maps import read_label_map
from e4s_studio.train.portraits import samples

SHIPPED = Path(__file__).parents[3] / "resources" / "samples"


@pytest.fixture(scope="module")
def record():
    return json.loads((SHIPPED / "samples.json").read_text())


def test_the_record_names_every_sample_with_its_seeds(record):
    assert {
        name: (seeds["shape_seed"], seeds["texture_seed"])
        for name, seeds in record["portraits"].items()
    } == samples.PORTRAITS
    assert 6 <= len(record["portraits"]) <= 8
    assert tuple(record["first_pair"]) == samples.FIRST_PAIR


def test_every_sample_is_there_and_small(record):
    for name in record["portraits"]:
        path = SHIPPED / f"{name}.jpg"
        with Image.open(path) as picture:
            assert picture.size == (samples.SIZE, samples.SIZE)
            assert picture.mode == "RGB"
        assert path.stat().st_size < 1.5e6
        labels = read_label_map(SHIPPED / f"{name}_map.png")
        assert {Region.SKIN, Region.EYES, Region.NOSE, Region.LIP} <= set(np.unique(labels))


def test_the_first_pair_is_unoccluded(record):
    for name in record["first_pair"]:
        labels = read_label_map(SHIPPED / f"{name}_map.png")
        assert not (labels == Region.EYE_GLASS).any()
        assert (labels == Region.EYEBROWS).mean() > 0.003


def test_a_sample_is_reproduced_from_its_seeds(record, tmp_path):
    name = record["first_pair"][0]
    samples.write_sample(tmp_path, name, *samples.PORTRAITS[name])
    made = np.asarray(Image.open(tmp_path / f"{name}.jpg")).astype(int)
    shipped = np.asarray(Image.open(SHIPPED / f"{name}.jpg"))
    # Mathematical libraries may round differently elsewhere, hence not to the byte.
    assert np.abs(made - shipped).mean() < 0.5
    ours = read_label_map(tmp_path / f"{name}_map.png")
    assert (ours != read_label_map(SHIPPED / f"{name}_map.png")).mean() < 1e-3
