"""Networks from their files: the one that a swap starts from, and checks of installed models."""

from __future__ import annotations

import pickle
import warnings
from typing import TYPE_CHECKING

import torch

from e4s_studio.core.errors import CheckpointError
from e4s_studio.files.resources import BUILT_IN_MODEL, network_file
from e4s_studio.networks.rgi import RGI
from e4s_studio.networks.weights import WeightsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from e4s_studio.files.models import Model


def load_network(checkpoint: Path | None = None, device: torch.device | str = "cpu") -> RGI:
    """Load a checkpoint, or the built-in model.

    Parameters
    ----------
    checkpoint
        A published checkpoint or our own; None for the built-in model.
    device
        Where the network is to compute.

    Raises
    ------
    CheckpointError
        If the file is missing or is not a checkpoint of this network, or if the weights of the
        built-in model are damaged.
    """
    path = network_file(BUILT_IN_MODEL) if checkpoint is None else checkpoint
    try:
        return RGI.from_checkpoint(path, device)
    except FileNotFoundError as error:
        raise CheckpointError(f"There is no checkpoint “{path}”; check its name.") from error
    except WeightsError as error:
        raise CheckpointError(f"{str(error).rstrip('.')}. Choose a checkpoint of E4S.") from error


def check_model(model: Model, file: Path) -> None:
    """Raise unless `file` holds the network of `model`.

    Raises
    ------
    CheckpointError
        If it does not, or cannot be opened as data alone.
    """
    checks: dict[str, Callable[[Path], object]] = {
        "e4s": load_network,
        "retinaface": lambda path: _check_state(path, _retinaface()),
        "bisenet": lambda path: _check_state(path, _bisenet()),
    }
    checks[model.name](file)


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
