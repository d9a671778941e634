"""The one place where the document, the engine and the window meet."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from e4s_studio.core.errors import StudioError
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
from e4s_studio.gui.opening import Opening
from e4s_studio.gui.rendering import Rendering
from e4s_studio.gui.workspace import Workspace

if TYPE_CHECKING:
    from e4s_studio.core.events import Change
    from e4s_studio.engine.request import Message
    from e4s_studio.engine.running.engine import Engine
    from e4s_studio.files.project import FittedWeights, Project
    from e4s_studio.gui.opening import Loaded

Connect = Callable[[EngineChoice, Post], "Engine"]
"""Makes an engine; runs off the GUI thread, and is where torch is first imported."""


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
    fit_kept()
        The model goes on with the fit that a project kept.
    busy(str)
        What the background is doing; an empty text when it is done.
    failed(str), noticed(str)
        Sentences for the artist: what could not be done; what was done otherwise than asked.

    Attributes
    ----------
    workspace, document, jobs
        What all parts share.
    opening, rendering, fitting
        The parts: each holds what it is about.
    """

    changed = Signal(object)
    pair_opened = Signal()
    recropped = Signal()
    model_known = Signal(object)
    fit_kept = Signal()
    busy = Signal(str)
    failed = Signal(str)
    noticed = Signal(str)

    def __init__(self, connect: Connect, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.workspace = Workspace(self)
        self.document, self.jobs = self.workspace.document, self.workspace.jobs
        self.opening = Opening(self.workspace)
        self.rendering, self.fitting = Rendering(self.workspace), Fitting(self.workspace)
        self._connect = connect
        self.jobs.busy.connect(self.busy)
        self.jobs.failed.connect(self.failed)
        self._model: ModelInUse | None = None
        self._choice = EngineChoice()
        self._opening = False
        self.opening.loaded.connect(self._take_loaded)
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

    def use_engine(self, choice: EngineChoice) -> None:
        """Start computing with another model or device; the document stays as it is."""
        work = partial(self._make_engine, choice)
        self.jobs.run(Job(self.tr("Starting the network"), work, self._engine_made))

    def close(self) -> None:
        """Stop all work. Nothing is delivered after this."""
        self.rendering.close()
        self.jobs.stop()
        self.jobs.close()
        if self.workspace.engine is not None:
            self.workspace.engine.close()
            self.workspace.engine = None

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

    def _make_engine(self, choice: EngineChoice) -> EngineChoice:
        """Make an engine, off the GUI thread.

        If the first one cannot be made as chosen, the built-in model computes.
        """
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

    def _engine_made(self, choice: EngineChoice) -> None:
        self._choice = choice
        self.fitting.change_engine()
        self._begin_work()

    def _take_loaded(self, loaded: Loaded) -> None:
        self._begin_pair()
        self._put_in_document(loaded)
        self.pair_opened.emit()
        self._begin_work()

    def _begin_pair(self, kept: FittedWeights | None = None) -> None:
        self.fitting.begin_pair(kept)
        self.workspace.pair += 1
        self.rendering.results.begin(self.workspace.pair)

    def _put_in_document(self, loaded: Loaded) -> None:
        """Open what was loaded; the engine hears of the whole of it, not of each part."""
        self._opening = True
        document, (source, target) = self.document, loaded.portraits
        try:
            document.open(
                source=source if source is not document.source else None,
                target=target if target is not document.target else None,
            )
            if loaded.start is not None:
                document.start(*loaded.start)
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
