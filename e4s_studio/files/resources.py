"""Where the files that ship with the program lie: icons, samples, translations and weights."""

from __future__ import annotations

import hashlib
import json
import re
from enum import Enum
from importlib import resources
from pathlib import Path
from typing import Final

from e4s_studio.core.errors import CheckpointError

BUILT_IN_MODEL: Final = "studio-256"
BUILT_IN_PARSER: Final = "parser-96"
FACE_NETWORKS: Final = ("face-detector", "face-mesh", "face-iris", "face-person")
HEAD: Final = "head"
NETWORKS: Final = (BUILT_IN_MODEL, BUILT_IN_PARSER, *FACE_NETWORKS, HEAD)
"""What ships as NAME.safetensors with its card, NAME.md, that holds the SHA-256."""

_PICTURE_SUFFIXES: Final = (".png", ".jpg", ".jpeg")


def _folder(name: str) -> Path:
    """Return a shipped folder: a wheel has it inside the package, a checkout beside it."""
    package = Path(str(resources.files("e4s_studio")))
    inside = package / name
    return inside if inside.is_dir() else package.parent / name


CHECKPOINTS: Final = _folder("checkpoints")
ICONS: Final = _folder("resources") / "icons"
SAMPLES: Final = _folder("resources") / "samples"
TRANSLATIONS: Final = _folder("resources") / "translations"


class NetworkState(Enum):
    """Whether the weights of a shipped network can be used."""

    INTACT = "intact"
    DAMAGED = "damaged"
    MISSING = "missing"


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def network_state(name: str) -> NetworkState:
    """Compare the weights of a shipped network with the SHA-256 in their card.

    Parameters
    ----------
    name
        One of `NETWORKS`.
    """
    weights = CHECKPOINTS / f"{name}.safetensors"
    if not weights.is_file():
        return NetworkState.MISSING
    card = weights.with_suffix(".md")
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    expected = re.search(r"\*\*SHA-256\*\*: `(\w+)`", text)
    intact = expected is not None and expected[1] == sha256_of(weights)
    return NetworkState.INTACT if intact else NetworkState.DAMAGED


def network_file(name: str) -> Path:
    """Return the weights of a shipped network.

    Parameters
    ----------
    name
        One of `NETWORKS`.

    Raises
    ------
    CheckpointError
        If they are missing or damaged.
    """
    weights = CHECKPOINTS / f"{name}.safetensors"
    state = network_state(name)
    if state is NetworkState.MISSING:
        raise CheckpointError(f"“{weights}” is missing; install E4S Studio again.")
    if state is NetworkState.DAMAGED:
        raise CheckpointError(
            f"“{weights}” does not match the SHA-256 in its card, {name}.md; install E4S Studio"
            " again, or copy the card too if you trained these weights."
        )
    return weights


def sample_pair() -> tuple[Path, Path] | None:
    """Return the (source, target) photographs of the first sample pair, None where none ships."""
    index = SAMPLES / "samples.json"
    if not index.is_file():
        return None
    names = json.loads(index.read_text(encoding="utf-8"))["first_pair"]
    source, target = (_picture(name) for name in names)
    return source, target


def sample_map(photograph: Path) -> Path | None:
    """Return the label map that ships with a sample `photograph`, None for any other picture."""
    beside = photograph.with_name(f"{photograph.stem}_map.png")
    return beside if photograph.parent == SAMPLES and beside.is_file() else None


def _picture(name: str) -> Path:
    for suffix in _PICTURE_SUFFIXES:
        candidate = SAMPLES / f"{name}{suffix}"
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(SAMPLES / name)
