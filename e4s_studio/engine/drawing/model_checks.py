"""Whether a file holds the network that it is said to hold: keys and shapes, nothing run."""

from __future__ import annotations

import pickle
import warnings
from typing import TYPE_CHECKING

import torch

from e4s_studio.core.errors import CheckpointError
from e4s_studio.engine.drawing.models import load_network

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from e4s_studio.files.models import Model


def check_model(model: Model, file: Path) -> None:
    """Raise unless `file` holds the network of `model`.

    Raises
    ------
    CheckpointError
        If it does not, or cannot be opened as data alone.
    """
    checks: dict[str, Callable[[Path], None]] = {
        "e4s": _check_e4s,
        "retinaface": lambda path: _check_state(path, _retinaface()),
        "bisenet": lambda path: _check_state(path, _bisenet()),
    }
    checks[model.name](file)


def _check_e4s(file: Path) -> None:
    load_network(file)


def _retinaface() -> torch.nn.Module:
    from facexlib.detection.retinaface import RetinaFace  # noqa: PLC0415 (half a second, rarely)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torchvision's renamed arguments
        network: torch.nn.Module = RetinaFace(network_name="resnet50", device="cpu")
    return network


def _bisenet() -> torch.nn.Module:
    from facexlib.parsing.bisenet import BiSeNet  # noqa: PLC0415 (half a second, rarely)

    network: torch.nn.Module = BiSeNet(num_class=19)
    return network


def _check_state(file: Path, network: torch.nn.Module) -> None:
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
        network.load_state_dict({key.removeprefix("module."): v for key, v in state.items()})
    except (RuntimeError, pickle.UnpicklingError, EOFError, OSError, AttributeError) as error:
        raise CheckpointError(f"“{file}” does not hold this network; get it again.") from error
