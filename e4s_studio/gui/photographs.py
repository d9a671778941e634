"""What is to be opened, and what it lacks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from e4s_studio.core.quad import Quad


@dataclass(frozen=True)
class Photographs:
    """What to open: files, each with its label map where there is one; None keeps what is open.

    A quad says where the face is; without it the surest face of the photograph is taken.
    """

    source: Path | None = None
    target: Path | None = None
    source_map: Path | None = None
    target_map: Path | None = None
    source_quad: Quad | None = None
    target_quad: Quad | None = None

    def completed_by(self, other: Photographs) -> Photographs:
        """Return these with the other's source or target where there is none here."""
        lacking = [role for role in ("source", "target") if getattr(self, role) is None]
        names = [name for role in lacking for name in (role, f"{role}_map", f"{role}_quad")]
        return replace(self, **{name: getattr(other, name) for name in names})


@dataclass(frozen=True)
class FaceMissing:
    """A photograph without a face that could be found.

    Attributes
    ----------
    photographs
        All that was to be opened.
    role
        Which of them shows no face, "source" or "target".
    sentence
        What the artist reads.
    """

    photographs: Photographs
    role: str
    sentence: str

    @property
    def path(self) -> Path:
        """The photograph's file."""
        path: Path = getattr(self.photographs, self.role)
        return path
