"""The network that a swap starts from: a checkpoint's, or the built-in one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch

from e4s_studio.core.errors import CheckpointError
from e4s_studio.networks.config import STUDIO_256
from e4s_studio.networks.rgi import RGI
from e4s_studio.networks.weights import WeightsError

if TYPE_CHECKING:
    from collections.abc import Sequence

BUILT_IN_CHECKPOINT: Final = (
    Path(__file__).resolve().parents[2] / "checkpoints" / "studio-256.safetensors"
)


def load_network(
    checkpoint: Path | None = None,
    device: torch.device | str = "cpu",
    *,
    seed: int = 0,
    built_in: Sequence[Path] = (BUILT_IN_CHECKPOINT,),
) -> RGI:
    """Load a checkpoint, or the built-in model.

    Parameters
    ----------
    checkpoint
        A published checkpoint or our own; None for the built-in model.
    device
        Where the network is to compute.
    seed
        Where no weights of the built-in model are installed, it starts from random ones, drawn
        with this seed, and fitting teaches it all.
    built_in
        Where the built-in model's weights may lie.

    Raises
    ------
    CheckpointError
        If the file is missing or is not a checkpoint of this network.
    """
    installed = next((path for path in built_in if path.is_file()), None)
    path = checkpoint or installed
    if path is None:
        return _random_network(seed).to(device)
    try:
        return RGI.from_checkpoint(path, device)
    except FileNotFoundError as error:
        raise CheckpointError(f"There is no checkpoint “{path}”; check its name.") from error
    except WeightsError as error:
        raise CheckpointError(f"{str(error).rstrip('.')}. Choose a checkpoint of E4S.") from error


def _random_network(seed: int) -> RGI:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return RGI(STUDIO_256).eval().requires_grad_(False)
