"""Files are told from networks by their keys and shapes."""

import pytest
import torch

from e4s_studio.core.errors import CheckpointError
from e4s_studio.engine.drawing.model_checks import check_model
from e4s_studio.files.models import CATALOGUE, model_named


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
