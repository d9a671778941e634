"""Cutting a crop out of its photograph anew, off the GUI thread, as one step of the history."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PySide6.QtCore import QObject

from e4s_studio.core.contents import Recut
from e4s_studio.core.pair import Role
from e4s_studio.engine.faces.recrop import moved_state, quad_of
from e4s_studio.gui.jobs import Job

if TYPE_CHECKING:
    from e4s_studio.core.layers import EditState
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.core.quad import Quad
    from e4s_studio.core.settings import EditSettings
    from e4s_studio.engine.request import StartMap
    from e4s_studio.gui.controller import Controller


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
    """Moves the alignment quads of the controller's document.

    Parameters
    ----------
    controller
        Whose document and engine they are.
    """

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller)
        self._controller = controller
        self._document = controller.document

    def recut(self, wish: Wish) -> None:
        """Cut a portrait out anew; what is painted stays where it is on the face."""
        old = self._document.portraits[wish.role]
        if old is not None:
            work = partial(self._make, wish, old, self._document.settings)
            self._controller.jobs.run(Job(self.tr("Aligning"), work, partial(self._take, wish)))

    def _make(self, wish: Wish, old: Portrait, settings: EditSettings) -> _Made:
        engine = self._controller.workspace.ready_engine()
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
