"""What this machine has of what the program needs, and what to do about the rest."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

import psutil
import torch

from e4s_studio import __version__
from e4s_studio.core.errors import OutputError
from e4s_studio.engine.drawing.devices import available_devices
from e4s_studio.files import output, places
from e4s_studio.files.models import CATALOGUE, ModelFolder, State
from e4s_studio.files.resources import NETWORKS, NetworkState, network_state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from e4s_studio.files.models import Model

_GIGABYTE: Final = 1024**3
_LEAST_DISK: Final = 2.0
_LEAST_MEMORY: Final = 3.0
_COMFORTABLE_MEMORY: Final = 6.0
_QT_TIMEOUT: Final = 60


class Verdict(Enum):
    """How bad a finding is."""

    GOOD = "good"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Parameters
    ----------
    subject
        What was looked at.
    found
        What was found.
    verdict
        How bad it is.
    advice
        What to do about it; empty where nothing is to be done.
    """

    subject: str
    found: str
    verdict: Verdict = Verdict.GOOD
    advice: str = ""


def examine(models: ModelFolder | None = None) -> Iterator[Finding]:
    """Look at the program, what it runs on, its networks, memory, disk and folders, in turn.

    Parameters
    ----------
    models
        The installed models; the program's own folder unless told.
    """
    models = ModelFolder() if models is None else models
    yield Finding("E4S Studio", __version__)
    yield Finding("Python", f"{platform.python_version()} on {platform.platform(terse=True)}")
    yield _qt()
    yield Finding("PyTorch", f"{torch.__version__}, {torch.get_num_threads()} threads")
    yield _device()
    yield from map(_shipped_network, NETWORKS)
    yield from (_model(model, models.state(model)) for model in CATALOGUE)
    yield _memory()
    yield _folder("models", models.path)
    yield _folder("sessions", places.sessions_folder())
    yield _folder("keys", places.keys_folder())
    yield _disk(models.path)


def _qt() -> Finding:
    """Load Qt's widgets in a process of their own: a missing library ends only that one."""
    try:
        version = importlib.metadata.version("PySide6-Essentials")
    except importlib.metadata.PackageNotFoundError:
        advice = "Install E4S Studio again, as its README says."
        return Finding("Qt", "PySide6 is not installed", Verdict.BAD, advice)
    loading = subprocess.run(
        [sys.executable, "-c", "import PySide6.QtWidgets"],
        capture_output=True,
        text=True,
        timeout=_QT_TIMEOUT,
        check=False,
    )
    if loading.returncode:
        reason = loading.stderr.strip().rpartition("\n")[2] or f"exit {loading.returncode}"
        advice = "Install the system libraries that Qt needs: run tools/system_libraries.sh."
        return Finding("Qt", f"{version} does not load ({reason})", Verdict.BAD, advice)
    return Finding("Qt", version)


def _device() -> Finding:
    kinds = available_devices()
    if "cuda" in kinds:
        memory = torch.cuda.get_device_properties(0).total_memory / _GIGABYTE
        return Finding("Device", f"CUDA: {torch.cuda.get_device_name(0)}, {memory:.0f} GB")
    if "mps" in kinds:
        return Finding("Device", "Apple's GPU (mps)")
    advice = "Everything works; for a GPU install PyTorch for it, see pytorch.org."
    return Finding("Device", "no GPU, so the CPU computes", Verdict.NOTE, advice)


def _shipped_network(name: str) -> Finding:
    state = network_state(name)
    if state is NetworkState.INTACT:
        return Finding(f"Model {name}", "built in, intact")
    advice = "Install E4S Studio again; weights of your own need their card beside them."
    return Finding(f"Model {name}", f"built in, {state.value}", Verdict.BAD, advice)


def _model(model: Model, state: State) -> Finding:
    advice = {State.MISSING: "Optional", State.STARTED: "Go on with it", State.FOUND: "Check it"}
    if state is State.INSTALLED:
        return Finding(f"Model {model.name}", state.value)
    command = f"{advice[state]}: e4s-studio models install {model.name}."
    return Finding(f"Model {model.name}", state.value, Verdict.NOTE, command)


def _memory() -> Finding:
    memory = psutil.virtual_memory()
    total, free = memory.total / _GIGABYTE, memory.available / _GIGABYTE
    found = f"{free:.1f} of {total:.1f} GB free"
    if free < _LEAST_MEMORY:
        advice = "Close other programs, or use photographs of fewer pixels."
        return Finding("Memory", found, Verdict.BAD, advice)
    if free < _COMFORTABLE_MEMORY:
        advice = "Enough for the built-in model; E4S at 1024² needs about 6 GB."
        return Finding("Memory", found, Verdict.NOTE, advice)
    return Finding("Memory", found)


def _disk(folder: Path) -> Finding:
    there = _existing(folder)
    free = shutil.disk_usage(there).free / _GIGABYTE
    found = f"{free:.1f} GB free at {there}"
    if free < _LEAST_DISK:
        advice = "Free some space: sessions, models and exports need room."
        return Finding("Disk", found, Verdict.BAD, advice)
    return Finding("Disk", found)


def _folder(name: str, folder: Path) -> Finding:
    """Say whether a folder can be written to, or made where it is not there yet."""
    try:
        output.check_writable(_existing(folder) / "writable")
    except OutputError as error:
        return Finding(f"Folder for {name}", str(folder), Verdict.BAD, str(error))
    return Finding(f"Folder for {name}", str(folder))


def _existing(folder: Path) -> Path:
    """Return a folder, or the nearest one above that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())
