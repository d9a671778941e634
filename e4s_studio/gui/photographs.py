"""What is to be opened and what it lacks, and cutting a crop out of its photograph anew."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PySide6.QtCore import QObject

from e4s_studio.core.contents import Recut
from e4s_studio.core.pair import Both, Role
from e4s_studio.engine.faces.recrop import moved_state, quad_of
from e4s_studio.gui.jobs import Job

if TYPE_CHECKING:
    from pathlib import Path

    from e4s_studio.core.layers import EditState
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.core.quad import Quad
    from e4s_studio.core.settings import EditSettings
    from e4s_studio.engine.request import StartMap
    from e4s_studio.gui.workspace import Workspace


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


class Wish(NamedTuple):
    """How the artist wants a portrait cut.

    Attributes
    ----------
    role
        Which portrait.
    quad
        Where the face is, in the photograph.
    keep_map
        Whether the label map stays where it was on the face; else it is parsed anew.
    """

    role: Role
    quad: Quad
    keep_map: bool


class _Made(NamedTuple):
    old: Portrait
    new: Portrait
    other: Portrait | None
    settings: EditSettings
    start: StartMap


class Recutting(QObject):
    """Moves the alignment quads of the document.

    Parameters
    ----------
    workspace
        Whose document and engine they are.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self._document = workspace.document

    def recut(self, wish: Wish) -> None:
        """Cut a portrait out anew; what is painted stays where it is on the face."""
        old = self._document.portraits[wish.role]
        if old is not None:
            work = partial(self._make, wish, old, self._document.settings)
            self._workspace.jobs.run(Job(self.tr("Aligning"), work, partial(self._take, wish)))

    def _make(self, wish: Wish, old: Portrait, settings: EditSettings) -> _Made:
        engine = self._workspace.ready_engine()
        new = engine.recut(old, wish.quad, keep_map=wish.keep_map)
        portraits = self._document.portraits.having(wish.role, new)
        source, target = portraits
        if source is None or target is None:
            start = (new.labels, np.zeros(new.shape, np.bool_))
        else:
            start = engine.start_map(source, target, settings)
        return _Made(old, new, portraits[wish.role.other], settings, start)

    def _take(self, wish: Wish, made: _Made) -> None:
        if self._document.portraits[wish.role] is not made.old:
            return  # another photograph was opened meanwhile
        settings = self._document.settings
        same_rule = (settings.shapes, settings.face_over_hair) == (
            made.settings.shapes,
            made.settings.face_over_hair,
        )
        if self._document.portraits[wish.role.other] is not made.other or not same_rule:
            self.recut(wish)
        elif self._document.is_empty:
            self._document.open(source=made.new)
        elif wish.role is Role.SOURCE:
            recut = Recut(made.new, self._document.target, *made.start)
            self._document.recut(recut, name=self.tr("Align source"))
        else:
            self._document.recut(self._moved(made), name=self.tr("Align target"))

    def _moved(self, made: _Made) -> Recut:
        before, after = quad_of(made.old), quad_of(made.new)

        def moved(state: EditState) -> EditState:
            return moved_state(state, before, after, made.new.labels)

        self._document.commit()
        planes = moved(self._document.state()).planes
        kept = {slot: moved(state) for slot, state in self._document.kept.items()}
        return Recut(self._document.source, made.new, *made.start, planes, kept)
