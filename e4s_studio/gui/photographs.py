"""What is to be opened, and what it lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from e4s_studio.core.pair import Both, Role

if TYPE_CHECKING:
    from pathlib import Path

    from e4s_studio.core.quad import Quad


@dataclass(frozen=True)
class Wanted:
    """A photograph to open.

    Attributes
    ----------
    path
        Its file.
    label_map
        The file of its label map; None to have it parsed.
    quad
        Where the face is; None for the surest face of the photograph.
    """

    path: Path
    label_map: Path | None = None
    quad: Quad | None = None


@dataclass(frozen=True)
class Photographs:
    """What to open: files, each with its label map and quad if it has one.

    Where a file is None, what is open stays (see `Wanted`).
    """

    source: Path | None = None
    target: Path | None = None
    source_map: Path | None = None
    target_map: Path | None = None
    source_quad: Quad | None = None
    target_quad: Quad | None = None

    @classmethod
    def of(cls, wanted: Both[Wanted | None]) -> Photographs:
        """Return what to open as source and as target."""
        source, target = wanted.map(_parts)
        return cls(source[0], target[0], source[1], target[1], source[2], target[2])

    @classmethod
    def alone(cls, role: Role, wanted: Wanted) -> Photographs:
        """Return one photograph to open; the other one stays."""
        return cls.of(Both[Wanted | None](None, None).having(role, wanted))

    @property
    def wanted(self) -> Both[Wanted | None]:
        """What to open as source and as target."""
        source = Wanted(self.source, self.source_map, self.source_quad) if self.source else None
        target = Wanted(self.target, self.target_map, self.target_quad) if self.target else None
        return Both(source, target)

    def completed_by(self, other: Photographs) -> Photographs:
        """Return these with the other's source or target where there is none here."""
        mine, theirs = self.wanted, other.wanted
        return self.of(Both(mine.source or theirs.source, mine.target or theirs.target))


@dataclass(frozen=True)
class FaceMissing:
    """A photograph without a face that could be found.

    Attributes
    ----------
    photographs
        All that was to be opened.
    path
        The file without a face.
    role
        Which of them shows no face.
    sentence
        What the artist reads.
    """

    photographs: Photographs
    path: Path
    role: Role
    sentence: str


def _parts(wanted: Wanted | None) -> tuple[Path | None, Path | None, Quad | None]:
    if wanted is None:
        return None, None, None
    return wanted.path, wanted.label_map, wanted.quad
