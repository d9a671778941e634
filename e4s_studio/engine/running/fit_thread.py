"""A fit on a thread of its own, with progress, cancel, and results on the way."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import torch

from e4s_studio.core.errors import RenderError, StudioError
from e4s_studio.engine.request import FitProgress
from e4s_studio.engine.running.sharing import step_back

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from e4s_studio.engine.drawing.fitted import Fitted
    from e4s_studio.engine.fitting.fit import Fitter

_FIRST_LOOK: Final = 3.0
"""Seconds until the first half-fitted model is shown; later ones follow at doubling intervals."""
_NICENESS: Final = 10
"""How far a fit steps back: the window, and whatever else the artist runs, goes before it."""

log = logging.getLogger(__name__)


class Turns:
    """Whose turn it is at the processor: fitting pauses, in the middle of a step, for drawing."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._one_at_a_time = threading.Lock()
        self._drawings = 0

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Wait for other drawings alone; fitting pauses until this is done."""
        with self._changed:
            self._drawings += 1
        try:
            with self._one_at_a_time:
                yield
        finally:
            with self._changed:
                self._drawings -= 1
                self._changed.notify_all()

    @property
    def is_drawing(self) -> bool:
        """Whether somebody draws, or waits to."""
        return self._drawings > 0

    def pause(self, is_stopped: Callable[[], bool]) -> None:
        """Wait until nothing is drawn, or the waiting is stopped (see `wake`)."""
        if self._drawings:
            with self._changed:
                self._changed.wait_for(lambda: not self._drawings or is_stopped())

    def wake(self) -> None:
        """Let those who pause look anew whether they are stopped."""
        with self._changed:
            self._changed.notify_all()


class _StoppedError(Exception):
    """Ends a step in the middle."""


class FitThread:
    """Runs a fitter step by step.

    Parameters
    ----------
    make
        Makes the fitter; called on the thread.
    pair
        The pair's number, for the reports.
    turns
        Lets drawing get in, between the steps and inside them.
    publish
        Gets the fit as it stands, now and then and at the end; returns how well it reproduces the
        two photographs, in dB.
    report
        Gets the state after every step.
    failed
        Gets an error that the artist can read.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - one constructor call; each is a different party
        self,
        make: Callable[[], Fitter],
        pair: int,
        turns: Turns,
        publish: Callable[[Fitted], float],
        report: Callable[[FitProgress], None],
        failed: Callable[[StudioError], None],
    ) -> None:
        self._make = make
        self._pair = pair
        self._turns = turns
        self._publish = publish
        self._report = report
        self._failed = failed
        self._stop = threading.Event()
        self._keep = True
        self._quality: float | None = None
        self._thread = threading.Thread(target=self._run, name="fit", daemon=True)
        self._thread.start()

    def close(self, *, keep: bool = True) -> None:
        """Stop in the middle of the step under way, and wait for the thread.

        Parameters
        ----------
        keep
            Whether what was learnt so far is published.
        """
        self._keep = keep
        self._stop.set()
        self._turns.wake()
        self._thread.join()

    def _run(self) -> None:
        step_back(_NICENESS)
        try:
            self._fit()
        except StudioError as error:
            self._fail(error)
        except Exception as error:
            log.exception("fitting failed")
            self._fail(RenderError(f"Fitting stopped: {error}. The picture stays as it is."))

    def _fit(self) -> None:
        fitter = self._make()
        look, begun = _FIRST_LOOK, time.monotonic()
        while not fitter.is_done and not self._stop.is_set():
            self._step(fitter)
            fraction = 0.999 * fitter.steps_taken / fitter.plan.steps
            self._report(FitProgress(self._pair, fraction, self._quality))
            if time.monotonic() - begun > look:
                look *= 2
                self._show(fitter)
        if self._keep:
            self._show(fitter)
        fraction = 1.0 if fitter.is_done else 0.0
        self._report(FitProgress(self._pair, fraction, self._quality, self._stop.is_set()))

    def _step(self, fitter: Fitter) -> None:
        """Take a step; where torch keeps a tensor, or takes one back, is room for a drawing.

        What a step computes is the same, however often it pauses.
        """
        try:
            with torch.autograd.graph.saved_tensors_hooks(self._give_way, self._give_way):
                fitter.step()
        except _StoppedError:
            log.debug("stopped in step %d", fitter.steps_taken)

    def _give_way(self, kept: Tensor) -> Tensor:
        self._turns.pause(self._stop.is_set)
        if self._stop.is_set():
            raise _StoppedError
        return kept

    def _show(self, fitter: Fitter) -> None:
        self._turns.pause(self._stop.is_set)
        self._quality = self._publish(fitter.fitted())

    def _fail(self, error: StudioError) -> None:
        self._failed(error)
        self._report(FitProgress(self._pair, 0.0, cancelled=True))
