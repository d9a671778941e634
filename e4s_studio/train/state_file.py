"""The file from which a training goes on."""

from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING, Any

import torch

from e4s_studio.core.errors import CheckpointError, OutputError

if TYPE_CHECKING:
    from pathlib import Path


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Write a state whole or not at all: a kill at any moment leaves the old one or the new.

    It is streamed, as that of a published network is several gigabytes.

    Raises
    ------
    OutputError
        If the place cannot be written to, or the disk is full.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as stream:
            torch.save(state, stream)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except (OSError, RuntimeError) as error:
        part.unlink(missing_ok=True)
        raise OutputError(
            f"The state of the training could not be written to “{path}”: {error}."
        ) from error


def read_state(path: Path) -> dict[str, Any]:
    """Read a state onto the CPU; nothing in the file is executed.

    Raises
    ------
    CheckpointError
        If it is damaged, or no state of a training.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, OSError) as error:
        raise CheckpointError(
            f"“{path}” is no state of a training, or it is damaged; remove it to start anew."
        ) from error
    if not isinstance(state, dict) or not {"step", "plan", "network"} <= state.keys():
        raise CheckpointError(f"“{path}” is no state of a training; remove it to start anew.")
    return state
