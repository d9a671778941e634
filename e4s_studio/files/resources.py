"""Where the files that ship beside the code lie: icons and sample portraits."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

_BESIDE_THE_PACKAGE: Final = Path(__file__).resolve().parents[2] / "resources"
_INSTALLED: Final = Path(sys.prefix) / "share" / "e4s-studio"
ROOT: Final = _BESIDE_THE_PACKAGE if _BESIDE_THE_PACKAGE.is_dir() else _INSTALLED
ICONS: Final = ROOT / "icons"
SAMPLES: Final = ROOT / "samples"
TRANSLATIONS: Final = ROOT / "translations"

PICTURE_SUFFIXES: Final = (".png", ".jpg", ".jpeg")


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
    for suffix in PICTURE_SUFFIXES:
        candidate = SAMPLES / f"{name}{suffix}"
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(SAMPLES / name)
