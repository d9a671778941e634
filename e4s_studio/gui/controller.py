"""The one place where the document, the engine and the window meet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from e4s_studio.core.document import Document
from e4s_studio.core.errors import CancelledError, FaceError, StudioError
from e4s_studio.core.pair import Both, Role
from e4s_studio.engine.request import (
    EngineChoice,
    Failure,
    FitProgress,
    ModelInUse,
    Notice,
    Post,
    RenderResult,
)
from e4s_studio.files.project import Project
from e4s_studio.gui.fitting import Fitting
from e4s_studio.gui.jobs import Job
from e4s_studio.gui.photographs import FaceMissing, Photographs
from e4s_studio.gui.rendering import Rendering
from e4s_studio.gui.workspace import Workspace

if TYPE_CHECKING:
    from e4s_studio.core.events import Change
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.core.settings import EditSettings
    from e4s_studio.engine.request import Message, StartMap
    from e4s_studio.engine.running.engine import Engine
    from e4s_studio.files.project import FittedWeights

Connect = Callable[[EngineChoice, Post], "Engine"]
"""Makes an engine; runs off the GUI thread, and is where torch is first imported."""


@dataclass(frozen=True, eq=False)
class _Opened:
    portraits: Both[Portrait | None]
    start: StartMap | None = None


class Controller(QObject):
    """Hands edits to the engine, and what comes back to whoever listens.

    Signals
    -------
    changed(Change)
        The document changed.
    pair_opened(), model_known(ModelInUse)
        What the engine or the background reports.
    recropped()
        A crop was cut out of its photograph anew, or that was undone; the pair is the same.
    face_missing(FaceMissing)
        Nothing was opened: a photograph shows no face that could be found.
    fit_kept()
        The model goes on with the fit that a project kept.
    busy(str)
        What the background is doing; an empty text when it is done.
    failed(str), noticed(str)
        Sentences for the artist: what could not be done; what was done otherwise than asked.

    Attributes
    ----------
    prepare
        Called, off the GUI thread, with what is about to be opened.
    jobs
        What is under way; stopped, what is being opened leaves the document as it is.
    """

    changed = Signal(object)
    pair_opened = Signal()
    recropped = Signal()
    face_missing = Signal(object)
    model_known = Signal(object)
    fit_kept = Signal()
    busy = Signal(str)
    failed = Signal(str)
    noticed = Signal(str)

    def __init__(self, connect: Connect, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.workspace = Workspace(self)
        self.document, self.jobs = self.workspace.document, self.workspace.jobs
        self.rendering, self.fitting = Rendering(self.workspace), Fitting(self.workspace)
        self.prepare: Callable[[Project], object] = lambda _: None
        self._connect = connect
        self.jobs.busy.connect(self.busy)
        self.jobs.failed.connect(self.failed)
        self._model: ModelInUse | None = None
        self._choice = EngineChoice()
        self._newest = threading.Event()
        self._wanted: Photographs | None = None
        self._opening = False
        self.document.subscribe(self._document_changed)

    @property
    def has_pair(self) -> bool:
        """Whether both photographs are open."""
        return self.workspace.has_pair

    @property
    def is_opening(self) -> bool:
        """Whether photographs are just being put into the document."""
        return self._opening

    @property
    def choice(self) -> EngineChoice:
        """What the artist asked to compute with."""
        return self._choice

    # The engine

    def use_engine(self, choice: EngineChoice) -> None:
        """Start computing with another model or device; the document stays as it is."""
        work = partial(self._make_engine, choice)
        self.jobs.run(Job(self.tr("Starting the network"), work, self._engine_made))

    def start_map(self, settings: EditSettings, done: Callable[[StartMap], None]) -> None:
        """Have the swap rule applied to the open pair; `done` gets the map and its holes."""
        source, target = self.document.source, self.document.target
        if source is not None and target is not None:
            portraits = self.document.portraits

            def deliver(start: StartMap) -> None:
                if portraits == self.document.portraits:
                    done(start)
                else:  # a crop was cut out anew meanwhile
                    self.start_map(settings, done)

            work = partial(self._start_map, source, target, settings)
            self.jobs.run(Job(self.tr("Making the map"), work, deliver))

    # Photographs

    def open(self, photographs: Photographs) -> None:
        """Open a photograph or two; the document stays as it is if one cannot be opened.

        A source and a target that are asked for one after the other are opened together.
        """
        wanted = photographs
        if self._wanted is not None and not self._newest.is_set():
            wanted = photographs.completed_by(self._wanted)
        self._open(partial(self._load, wanted))
        self._wanted = wanted

    def open_other_face(self, cut: Callable[[Engine], Portrait]) -> None:
        """Open another face of the target's photograph as the target.

        Parameters
        ----------
        cut
            Returns its portrait; called off the GUI thread.
        """
        self._open(
            lambda stop: self._pair_up(
                Both(self.document.source, cut(self.workspace.ready_engine())), stop
            )
        )

    def exchange(self) -> None:
        """Let source and target change places."""
        if self.has_pair:
            self._open(partial(self._pair_up, self.document.portraits.swapped))

    def close(self) -> None:
        """Stop all work. Nothing is delivered after this."""
        self.rendering.close()
        self.jobs.stop()
        self.jobs.close()
        if self.workspace.engine is not None:
            self.workspace.engine.close()
            self.workspace.engine = None

    # Projects

    def announce_opening(self) -> threading.Event:
        """Return what is set once something else is to be opened, or the artist stops it.

        Only what was asked for last is opened.
        """
        self._wanted = None
        self._newest.set()
        self._newest = threading.Event()
        return self._newest

    def restore(self, project: Project) -> None:
        """Take over what a project holds.

        The pair is not fitted anew where the project keeps a fit.

        Raises
        ------
        LabelMapError
            If the contents do not fit together; what is open stays then.
        """
        self._opening = True
        try:
            self.document.restore(project.contents)
        finally:
            self._opening = False
        self._begin_pair(project.fitted)
        self.pair_opened.emit()
        self._begin_work()

    # On the background thread

    def _make_engine(self, choice: EngineChoice) -> EngineChoice:
        """Make an engine; where none of the asked kind can be made, at least the built-in one."""
        post = partial(self.jobs.post, self._take)
        try:
            made = self._connect(choice, post)
        except StudioError as error:
            if self.workspace.engine is not None or choice == EngineChoice():
                raise
            post(Failure(str(error)))
            choice = EngineChoice()
            made = self._connect(choice, post)
        old, self.workspace.engine = self.workspace.engine, made
        if old is not None:
            old.close()
        return choice

    def _load(self, photographs: Photographs, stop: threading.Event) -> _Opened | FaceMissing:
        loaded: dict[Role, Portrait] = {}
        for role in Role:
            wanted = photographs.wanted[role]
            if wanted is None:
                continue
            try:
                loaded[role] = self.workspace.ready_engine().open_portrait(
                    wanted.path, wanted.label_map, wanted.quad, stop.is_set
                )
            except FaceError as error:
                return FaceMissing(photographs, wanted.path, role, str(error))
        portraits = self.document.portraits
        for role, portrait in loaded.items():
            portraits = portraits.having(role, portrait)
        return self._pair_up(portraits, stop)

    def _pair_up(self, portraits: Both[Portrait | None], stop: threading.Event) -> _Opened:
        start, (source, target) = None, portraits
        if source is not None and target is not None:
            start = self._start_map(source, target, self.document.settings)
        if stop.is_set():
            raise CancelledError("Stopped. Nothing was opened.")
        opened = _Opened(portraits, start)
        self.prepare(_project_of(opened, self.document.settings))
        return opened

    def _start_map(self, source: Portrait, target: Portrait, settings: EditSettings) -> StartMap:
        return self.workspace.ready_engine().start_map(source, target, settings)

    # On the GUI thread

    def _open(self, load: Callable[[threading.Event], _Opened | FaceMissing]) -> None:
        stop = self.announce_opening()
        work = partial(load, stop)
        self.jobs.run(
            Job(self.tr("Opening"), work, self._take_opened, self._opening_failed, stop=stop)
        )

    def _opening_failed(self, sentence: str) -> None:
        self._wanted = None
        self.failed.emit(sentence)

    def _engine_made(self, choice: EngineChoice) -> None:
        self._choice = choice
        self.fitting.change_engine()
        self._begin_work()

    def _take_opened(self, opened: _Opened | FaceMissing) -> None:
        self._wanted = None
        if isinstance(opened, FaceMissing):
            self.failed.emit(opened.sentence)
            self.face_missing.emit(opened)
            return
        self._begin_pair()
        self._put_in_document(opened)
        self.pair_opened.emit()
        self._begin_work()

    def _begin_pair(self, kept: FittedWeights | None = None) -> None:
        self.fitting.begin_pair(kept)
        self.workspace.pair += 1
        self.rendering.results.begin(self.workspace.pair)

    def _put_in_document(self, opened: _Opened) -> None:
        """Open what was loaded; the engine hears of the whole of it, not of each part."""
        self._opening = True
        document, (source, target) = self.document, opened.portraits
        try:
            document.open(
                source=source if source is not document.source else None,
                target=target if target is not document.target else None,
            )
            if opened.start is not None:
                document.start(*opened.start)
        except StudioError as error:
            self.failed.emit(str(error))
        finally:
            self._opening = False

    def _begin_work(self) -> None:
        """Render, and fit where the model needs it, what is open."""
        if self.fitting.go_on(self._fit_taken, self._begin_work):
            return
        self.rendering.submit()
        if self._model is not None and self._model.needs_fit:
            self.fitting.start()

    def _fit_taken(self) -> None:
        self.fit_kept.emit()
        self.rendering.submit()

    def _document_changed(self, change: Change) -> None:
        self.changed.emit(change)
        if self._opening:
            return
        if change.portraits:
            self._begin_pair()
            self.recropped.emit()
            self._begin_work()
            return
        self.rendering.follow(change)

    def _take(self, message: Message) -> None:
        match message:
            case RenderResult():
                self.rendering.take(message)
            case FitProgress():
                self.fitting.take(message)
            case ModelInUse():
                self._model = message
                self.model_known.emit(message)
            case Failure():
                self.failed.emit(message.sentence)
            case Notice():
                self.noticed.emit(message.sentence)


def _project_of(opened: _Opened, settings: EditSettings) -> Project:
    document = Document(settings)
    document.open(source=opened.portraits.source, target=opened.portraits.target)
    if opened.start is not None:
        document.start(*opened.start)
    return Project(document.contents())
