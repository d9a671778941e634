"""Loading photographs off the GUI thread; only what was asked for last is opened."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from e4s_studio.core.document import Document
from e4s_studio.core.errors import CancelledError, FaceError
from e4s_studio.core.pair import Both, Role
from e4s_studio.files.project import Project
from e4s_studio.gui.jobs import Job
from e4s_studio.gui.photographs import FaceMissing, Photographs

if TYPE_CHECKING:
    from collections.abc import Callable

    from e4s_studio.core.portrait import Portrait
    from e4s_studio.core.settings import EditSettings
    from e4s_studio.engine.request import StartMap
    from e4s_studio.engine.running.engine import Engine
    from e4s_studio.gui.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Loaded:
    """Photographs that are ready for the document.

    Attributes
    ----------
    portraits
        Source and target, with the one that stays.
    start
        The swap rule's map of the two; None for one photograph alone.
    """

    portraits: Both[Portrait | None]
    start: StartMap | None = None

    def project(self, settings: EditSettings) -> Project:
        """Return the project that these begin."""
        document = Document(settings)
        document.open(source=self.portraits.source, target=self.portraits.target)
        if self.start is not None:
            document.start(*self.start)
        return Project(document.contents())


class Opening(QObject):
    """Loads what the artist asks for.

    Signals
    -------
    loaded(Loaded)
        Photographs are ready for the document.
    face_missing(FaceMissing)
        Nothing was loaded: a photograph shows no face that could be found.

    Attributes
    ----------
    prepare
        Called, off the GUI thread, with what is about to be opened.
    """

    loaded = Signal(object)
    face_missing = Signal(object)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self._document = workspace.document
        self.prepare: Callable[[Project], object] = lambda _: None
        self._newest = threading.Event()
        self._wanted: Photographs | None = None

    def open(self, photographs: Photographs) -> None:
        """Open a photograph or two; the document stays as it is if one cannot be opened.

        A source and a target that are asked for one after the other are opened together.
        """
        wanted = photographs
        if self._wanted is not None and not self._newest.is_set():
            wanted = photographs.completed_by(self._wanted)
        self._run(partial(self._load, wanted))
        self._wanted = wanted

    def open_other_face(self, cut: Callable[[Engine], Portrait]) -> None:
        """Open another face of the target's photograph as the target.

        Parameters
        ----------
        cut
            Returns its portrait; called off the GUI thread.
        """

        def load(stop: threading.Event) -> Loaded:
            target = cut(self._workspace.ready_engine())
            return self._pair_up(Both(self._document.source, target), stop)

        self._run(load)

    def exchange(self) -> None:
        """Let source and target change places."""
        if self._workspace.has_pair:
            self._run(partial(self._pair_up, self._document.portraits.swapped))

    def announce(self) -> threading.Event:
        """Return what is set once something else is to be opened, or the artist stops it."""
        self._wanted = None
        self._newest.set()
        self._newest = threading.Event()
        return self._newest

    def _run(self, load: Callable[[threading.Event], Loaded | FaceMissing]) -> None:
        stop = self.announce()
        work = partial(load, stop)
        self._workspace.jobs.run(Job(self.tr("Opening"), work, self._take, self._fail, stop=stop))

    def _take(self, loaded: Loaded | FaceMissing) -> None:
        if isinstance(loaded, FaceMissing):
            self._fail(loaded.sentence)
            self.face_missing.emit(loaded)
        else:
            self._wanted = None
            self.loaded.emit(loaded)

    def _fail(self, sentence: str) -> None:
        self._wanted = None
        self._workspace.jobs.failed.emit(sentence)

    # Off the GUI thread

    def _load(self, photographs: Photographs, stop: threading.Event) -> Loaded | FaceMissing:
        loaded: dict[Role, Portrait] = {}
        for role in Role:
            wanted = photographs.wanted[role]
            if wanted is None:
                continue
            try:
                loaded[role] = self._workspace.ready_engine().open_portrait(
                    wanted.path, wanted.label_map, wanted.quad, stop.is_set
                )
            except FaceError as error:
                return FaceMissing(photographs, wanted.path, role, str(error))
        portraits = self._document.portraits
        for role, portrait in loaded.items():
            portraits = portraits.having(role, portrait)
        return self._pair_up(portraits, stop)

    def _pair_up(self, portraits: Both[Portrait | None], stop: threading.Event) -> Loaded:
        settings, start = self._document.settings, None
        source, target = portraits
        if source is not None and target is not None:
            start = self._workspace.ready_engine().start_map(source, target, settings)
        if stop.is_set():
            raise CancelledError("Stopped. Nothing was opened.")
        loaded = Loaded(portraits, start)
        self.prepare(loaded.project(self._document.settings))
        return loaded
