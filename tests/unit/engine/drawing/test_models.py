"""Networks are loaded from their files and checked; none ever starts from random weights."""

import shutil

import pytest
import torch

from e4s_studio.core.errors import CheckpointError
from e4s_studio.engine.drawing.models import check_model, load_network
from e4s_studio.files import resources
from e4s_studio.files.models import CATALOGUE, model_named
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


def test_the_networks_own_weights_pass(tmp_path):
    from facexlib.parsing.bisenet import BiSeNet  # noqa: PLC0415 (slow to import)

    path = tmp_path / "weights.pth"
    torch.save({f"module.{k}": v for k, v in BiSeNet(num_class=19).state_dict().items()}, path)
    check_model(model_named("bisenet"), path)
    with pytest.raises(CheckpointError):
        check_model(model_named("retinaface"), path)


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.name)
@pytest.mark.parametrize("content", [b"", b"<html>quota</html>", {"a": torch.ones(2)}, [1, 2]])
def test_anything_else_is_refused(tmp_path, model, content):
    path = tmp_path / model.file
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(CheckpointError):
        check_model(model, path)
