"""A swap never starts from random weights: it has its network, or says what is wrong."""

import shutil

import pytest

from e4s_studio.core.errors import CheckpointError
from e4s_studio.engine.drawing.models import load_network
from e4s_studio.files import resources
from e4s_studio.networks.config import STUDIO_256


def test_the_built_in_model_is_loaded_by_default():
    assert load_network().config == STUDIO_256


@pytest.mark.parametrize("card", [True, False])
def test_a_built_in_model_without_weights_is_an_error(tmp_path, monkeypatch, card):
    if card:
        shutil.copy(resources.CHECKPOINTS / "studio-256.md", tmp_path)
    monkeypatch.setattr(resources, "CHECKPOINTS", tmp_path)
    with pytest.raises(CheckpointError, match="install E4S Studio again"):
        load_network()


def test_a_cut_file_is_an_error(tmp_path, monkeypatch):
    for name in ("studio-256.md", "studio-256.safetensors"):
        shutil.copy(resources.CHECKPOINTS / name, tmp_path)
    with (tmp_path / "studio-256.safetensors").open("r+b") as file:
        file.truncate(1_000_000)
    monkeypatch.setattr(resources, "CHECKPOINTS", tmp_path)
    with pytest.raises(CheckpointError, match="does not match the SHA-256 in its card"):
        load_network()


def test_a_checkpoint_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="no checkpoint"):
        load_network(tmp_path / "absent.pt")
