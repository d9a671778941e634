"""The program's own folders; none of them need exist yet."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path, user_state_path

_NAME = "e4s-studio"


def keys_folder() -> Path:
    """Return the folder of the signing keys."""
    return user_data_path(_NAME, appauthor=False) / "keys"


def sessions_folder() -> Path:
    """Return the folder of the sessions' journals."""
    return user_state_path(_NAME, appauthor=False) / "sessions"


def locks_folder() -> Path:
    """Return the folder of the locks on open projects."""
    return user_state_path(_NAME, appauthor=False) / "locks"


def models_folder() -> Path:
    """Return the folder of the installed models; E4S_STUDIO_MODELS names another one."""
    chosen = os.environ.get("E4S_STUDIO_MODELS")
    return Path(chosen) if chosen else user_data_path(_NAME, appauthor=False) / "models"


def translations_folder() -> Path:
    """Return the folder of translations that the artist added."""
    return user_data_path(_NAME, appauthor=False) / "translations"
