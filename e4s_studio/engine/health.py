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
from e4s_studio.engine.devices import available_devices
from e4s_studio.files import output, places
from e4s_studio.files.models import CATALOGUE, ModelFolder, State
from e4s_studio.files.resources import NETWORKS, NetworkState, network_state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GIGABYTE: Final = 1024**3
LEAST_PYTHON: Final = (3, 11)
LEAST_DISK: Final = 2.0
LEAST_MEMORY: Final = 3.0
COMFORTABLE_MEMORY: Final = 6.0
QT_TIMEOUT: Final = 60


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
    verdict
        How bad it is.
    found
        What was found.
    advice
        What to do about it; empty where nothing is to be done.
    """

    subject: str
    verdict: Verdict
    found: str
    advice: str = ""


def examine(models: ModelFolder | None = None) -> Iterator[Finding]:
    """Look at the program, what it runs on, its networks, memory, disk and folders, in turn.

    Parameters
    ----------
    models
        The installed models; the program's own folder unless told.
    """
    models = ModelFolder() if models is None else models
    yield Finding("E4S Studio", Verdict.GOOD, __version__)
    yield _python()
    yield _qt()
    yield from _torch()
    yield from map(_shipped_network, NETWORKS)
    yield from _models(models)
    yield _memory()
    folders = {
        "models": models.path,
        "sessions": places.sessions_folder(),
        "keys": places.keys_folder(),
    }
    for name, folder in folders.items():
        yield _folder(name, folder)
    yield _disk(models.path)


def _python() -> Finding:
    found = f"{platform.python_version()} on {platform.platform(terse=True)}"
    if sys.version_info < LEAST_PYTHON:
        return Finding("Python", Verdict.BAD, found, "Install Python 3.11 or newer.")
    return Finding("Python", Verdict.GOOD, found)


def _qt() -> Finding:
    """Load Qt's widgets in a process of their own: a missing library ends only that one."""
    try:
        version = importlib.metadata.version("PySide6-Essentials")
    except importlib.metadata.PackageNotFoundError:
        advice = "Install the program again: pip install e4s-studio."
        return Finding("Qt", Verdict.BAD, "PySide6 is not installed", advice)
    loading = subprocess.run(
        [sys.executable, "-c", "import PySide6.QtWidgets"],
        capture_output=True,
        text=True,
        timeout=QT_TIMEOUT,
        check=False,
    )
    if loading.returncode:
        reason = loading.stderr.strip().rpartition("\n")[2] or f"exit {loading.returncode}"
        advice = "Install the system libraries that Qt needs: run tools/system_libraries.sh."
        return Finding("Qt", Verdict.BAD, f"{version} does not load ({reason})", advice)
    return Finding("Qt", Verdict.GOOD, version)


def _torch() -> Iterator[Finding]:
    yield Finding(
        "PyTorch", Verdict.GOOD, f"{torch.__version__}, {torch.get_num_threads()} threads"
    )
    kinds = available_devices()
    if "cuda" in kinds:
        memory = torch.cuda.get_device_properties(0).total_memory / GIGABYTE
        yield Finding(
            "Device", Verdict.GOOD, f"CUDA: {torch.cuda.get_device_name(0)}, {memory:.0f} GB"
        )
    elif "mps" in kinds:
        yield Finding("Device", Verdict.GOOD, "Apple's GPU (mps)")
    else:
        advice = "Everything works; for a GPU install PyTorch for it, see pytorch.org."
        yield Finding("Device", Verdict.NOTE, "no GPU, so the CPU computes", advice)


def _shipped_network(name: str) -> Finding:
    state = network_state(name)
    if state is NetworkState.INTACT:
        return Finding(f"Model {name}", Verdict.GOOD, "built in, intact")
    advice = "Install E4S Studio again; weights of your own need their card beside them."
    return Finding(f"Model {name}", Verdict.BAD, f"built in, {state.value}", advice)


def _models(folder: ModelFolder) -> Iterator[Finding]:
    for model in CATALOGUE:
        state = folder.state(model)
        verdict = Verdict.GOOD if state is State.INSTALLED else Verdict.NOTE
        advice = {
            State.MISSING: f"Optional: e4s-studio models install {model.name}.",
            State.STARTED: f"Go on with it: e4s-studio models install {model.name}.",
            State.FOUND: f"Check it: e4s-studio models install {model.name}.",
            State.INSTALLED: "",
        }[state]
        yield Finding(f"Model {model.name}", verdict, state.value, advice)


def _memory() -> Finding:
    memory = psutil.virtual_memory()
    total, free = memory.total / GIGABYTE, memory.available / GIGABYTE
    found = f"{free:.1f} of {total:.1f} GB free"
    if free < LEAST_MEMORY:
        return Finding(
            "Memory",
            Verdict.BAD,
            found,
            "Close other programs, or use photographs of fewer pixels.",
        )
    if free < COMFORTABLE_MEMORY:
        return Finding(
            "Memory",
            Verdict.NOTE,
            found,
            "Enough for the built-in model; E4S at 1024² needs about 6 GB.",
        )
    return Finding("Memory", Verdict.GOOD, found)


def _disk(folder: Path) -> Finding:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free / GIGABYTE
    found = f"{free:.1f} GB free at {there}"
    if free < LEAST_DISK:
        advice = "Free some space: sessions, models and exports need room."
        return Finding("Disk", Verdict.BAD, found, advice)
    return Finding("Disk", Verdict.GOOD, found)


def _folder(name: str, folder: Path) -> Finding:
    """Say whether a folder can be written to, or made where it is not there yet."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        output.check_writable(there / "writable")
    except OutputError as error:
        return Finding(f"Folder for {name}", Verdict.BAD, str(folder), str(error))
    return Finding(f"Folder for {name}", Verdict.GOOD, str(folder))
