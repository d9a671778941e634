"""What the network adds to the starter map: turned, bald and dressed heads, in colour and grey."""

import numpy as np
import pytest
import torch

from e4s_studio.core.errors import CheckpointError
from e4s_studio.engine.parsing import starter_map
from e4s_studio.engine.parsing.learned import learned_chances
from e4s_studio.files.resources import BUILT_IN_PARSER, network_file
from e4s_studio.networks.parser import SIDE, ParserNet
from e4s_studio.train.parser import make_pool


@pytest.fixture(scope="module")
def unseen():
    """Make examples that no training sees."""
    return make_pool(90001, 8, 8, 192)


def test_missing_weights_are_an_error(tmp_path):
    with pytest.raises(CheckpointError, match="no weights"):
        learned_chances(np.zeros((64, 64, 3), np.uint8), tmp_path / "parser.safetensors")


@pytest.mark.parametrize("size", [64, SIDE, 300])
def test_chances_sum_to_one_and_mirror_with_the_crop(tmp_path, size):
    torch.manual_seed(0)
    path = tmp_path / "parser.safetensors"
    ParserNet().save(path)
    crop = np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)
    chances = learned_chances(crop, path)
    assert chances.shape == (SIDE, SIDE, 12)
    assert np.allclose(chances.sum(axis=-1), 1, atol=1e-4)
    mirrored = learned_chances(crop[:, ::-1], path)
    # Resampling is fixed-point: it mirrors to a few thousandths.
    apart = [np.abs(chances - other).mean() for other in (mirrored[:, ::-1], mirrored)]
    assert apart[0] < 0.2 * apart[1]


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "parser.safetensors"
    path.write_bytes(b"no weights at all")
    with pytest.raises(CheckpointError, match="install the program again"):
        learned_chances(np.zeros((64, 64, 3), np.uint8), path)


def test_the_shipped_weights_know_unseen_examples(unseen):
    assert network_file(BUILT_IN_PARSER).stat().st_size <= 2_000_000
    right = []
    for picture, true in zip(unseen.pictures, unseen.labels, strict=True):
        labels = learned_chances(picture).argmax(axis=-1).repeat(2, axis=0).repeat(2, axis=1)
        right.append((labels == true).mean())
    assert np.mean(right) >= 0.85


def test_turned_bald_and_dressed_heads_are_parsed(unseen):
    right = [
        (starter_map(picture).labels == true).mean()
        for picture, true in zip(unseen.pictures[:5], unseen.labels[:5], strict=True)
    ]
    assert np.mean(right) >= 0.8
