"""The network that a swap starts from: a checkpoint's, or the built-in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from e4s_studio.core.errors import CheckpointError
from e4s_studio.files.resources import BUILT_IN_MODEL, network_file
from e4s_studio.networks.rgi import RGI
from e4s_studio.networks.weights import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

    import torch


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
