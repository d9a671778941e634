"""Where the editor keeps what is its own between sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from e4s_studio.files.places import keys_folder, locks_folder, models_folder, sessions_folder

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Places:
    """Folders of the program's own; none of them need exist yet.

    Attributes
    ----------
    keys
        The keys that exports are signed with.
    locks
        The locks on open projects.
    sessions
        The journals.
    models
        The installed networks.
    """

    keys: Path
    locks: Path
    sessions: Path
    models: Path

    @classmethod
    def own(cls) -> Self:
        """Return the platform's usual folders."""
        return cls(keys_folder(), locks_folder(), sessions_folder(), models_folder())

    @classmethod
    def under(cls, folder: Path) -> Self:
        """Return folders inside one folder, apart from the artist's own."""
        return cls(folder / "keys", folder / "locks", folder / "sessions", folder / "models")
