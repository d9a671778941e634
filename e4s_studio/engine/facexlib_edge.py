"""facexlib's networks, from files of ours, with its known faults kept outside.

facexlib downloads what it misses, checks no hash, and prefers CUDA. Here the file is there before
facexlib is asked, is loaded with torch's safe loader first, and the device is named.
"""

from __future__ import annotations

import pickle
import warnings
from typing import TYPE_CHECKING

import torch

from e4s_studio.core.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RETINAFACE_FILE = "detection_Resnet50_Final.pth"
BISENET_FILE = "parsing_bisenet.pth"


def load(
    build: Callable[..., torch.nn.Module], name: str, file: Path, expected: str
) -> torch.nn.Module:
    """Build one of facexlib's networks from a file on disk.

    Parameters
    ----------
    build
        facexlib's `init_..._model`.
    name
        Its name of the network.
    file
        The weights; the file must bear facexlib's name, since facexlib takes a folder.
    expected
        That name.

    Raises
    ------
    CheckpointError
        If the file is missing, bears another name, or does not hold this network.
    """
    if file.name != expected or not file.is_file():
        raise CheckpointError(f"{name} needs a file named {expected}; {file} is not one.")
    try:
        torch.load(file, map_location="cpu", weights_only=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torchvision's renamed arguments
            return build(name, device="cpu", model_rootpath=str(file.parent))
    except (RuntimeError, pickle.UnpicklingError, EOFError, OSError, AttributeError) as error:
        raise CheckpointError(
            f"{file} does not hold {name}'s weights; install them again with `e4s-studio models`."
        ) from error
