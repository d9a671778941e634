"""Fitting the model to the open pair: what is under way, and what a project kept."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from e4s_studio.engine.request import FitProgress
from e4s_studio.gui.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Callable

    from e4s_studio.files.project import FittedWeights
    from e4s_studio.gui.workspace import Workspace


class FitState(Enum):
    """What is known of the open pair's fit."""

    NONE = auto()
    RUNNING = auto()
    KEPT = auto()
    OVER = auto()


class Fitting(QObject):
    """Starts and stops fits.

    Signals
    -------
    moved(FitProgress)
        A fit has begun, come further, or ended.
    """

    moved = Signal(object)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self._state = FitState.NONE
        self._kept: FittedWeights | None = None

    @property
    def state(self) -> FitState:
        """None yet, one under way, one that a project kept, or one that is over."""
        return self._state

    @property
    def is_running(self) -> bool:
        """Whether a fit is under way."""
        return self._state is FitState.RUNNING

    def begin_pair(self, kept: FittedWeights | None = None) -> None:
        """Leave the fit of the pair before; `kept` is what a project keeps of the new one."""
        self.cancel()
        self._kept = kept
        self._state = FitState.NONE if kept is None else FitState.KEPT

    def change_engine(self) -> None:
        """Forget a fit of the engine before; one that a project kept is taken again."""
        self._state = FitState.NONE if self._kept is None else FitState.KEPT

    def start(self) -> None:
        """Fit the model to the open pair."""
        workspace = self._workspace
        if workspace.engine is not None and workspace.has_pair:
            self._kept, self._state = None, FitState.RUNNING
            workspace.engine.start_fit(workspace.document.snapshot(), workspace.pair)
            self.moved.emit(FitProgress(workspace.pair, 0.0))

    def cancel(self) -> None:
        """Stop fitting and keep what was fitted so far."""
        if self._workspace.engine is not None and self.is_running:
            self._workspace.engine.cancel_fit()

    def take(self, progress: FitProgress) -> None:
        """Take how far the engine is."""
        if progress.pair == self._workspace.pair:
            self._state = FitState.OVER if progress.is_over else FitState.RUNNING
            self.moved.emit(progress)

    def go_on(self, done: Callable[[], None], refused: Callable[[], None]) -> bool:
        """Go on with the fit that a project kept; False if there is none.

        Parameters
        ----------
        done
            Called once the engine uses it.
        refused
            Called if the engine cannot use it; the fit is forgotten then.
        """
        fit, workspace = self._kept, self._workspace
        if fit is None or workspace.engine is None or not workspace.has_pair:
            return False
        snapshot = workspace.document.snapshot()

        def refuse(sentence: str) -> None:
            workspace.jobs.failed.emit(sentence)
            if self._kept is fit:
                self.begin_pair()
                refused()

        workspace.jobs.run(
            Job(
                self.tr("Opening"),
                lambda: workspace.ready_engine().take_fit(fit, snapshot),
                lambda _: done(),
                refuse,
            )
        )
        return True
