"""A fit on a thread of its own, with progress, cancel, and results on the way."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from e4s_studio.core.errors import RenderError, StudioError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from e4s_studio.engine.fit import Fitted, Fitter

FIRST_LOOK: Final = 3.0
"""Seconds until the first half-fitted model is shown; later ones follow at doubling intervals."""

log = logging.getLogger(__name__)


class Turns:
    """Whose turn it is at the processor: drawing goes before fitting, step by step."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._busy = False
        self._drawings_waiting = 0

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Wait for the fitting step under way, if any; no other starts before this is done."""
        with self._changed:
            self._drawings_waiting += 1
            self._changed.wait_for(lambda: not self._busy)
            self._drawings_waiting -= 1
            self._busy = True
        try:
            yield
        finally:
            self._release()

    @contextmanager
    def fitting(self) -> Iterator[None]:
        """Wait until nothing is drawn, or wants to be."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy and not self._drawings_waiting)
            self._busy = True
        try:
            yield
        finally:
            self._release()

    @property
    def drawing_waits(self) -> bool:
        """Whether somebody waits to draw."""
        return self._drawings_waiting > 0

    def _release(self) -> None:
        with self._changed:
            self._busy = False
            self._changed.notify_all()


@dataclass(frozen=True)
class FitState:
    """How far a fit has come.

    Attributes
    ----------
    pair
        The pair's number.
    fraction
        0 to 1; 1 once it is done.
    cancelled
        Whether it ended early; what was learnt is kept.
    """

    pair: int
    fraction: float
    cancelled: bool = False


class FitThread:
    """Runs a fitter step by step.

    Parameters
    ----------
    make
        Makes the fitter; called on the thread.
    pair
        The pair's number, for the reports.
    turns
        Lets drawing get in between the steps.
    publish
        Gets the fit as it stands, now and then and at the end.
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
        publish: Callable[[Fitted], None],
        report: Callable[[FitState], None],
        failed: Callable[[StudioError], None],
    ) -> None:
        self._make = make
        self._pair = pair
        self._turns = turns
        self._publish = publish
        self._report = report
        self._failed = failed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fit", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the step under way, keep what was learnt, and wait for the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._fit()
        except StudioError as error:
            self._fail(error)
        except Exception as error:
            log.exception("fitting failed")
            self._fail(RenderError(f"Fitting stopped: {error}. The picture stays as it is."))

    def _fit(self) -> None:
        with self._turns.fitting():
            fitter = self._make()
        look, begun = FIRST_LOOK, time.monotonic()
        while not fitter.is_done and not self._stop.is_set():
            with self._turns.fitting():
                fitter.step()
            self._report(FitState(self._pair, 0.999 * fitter.steps_taken / fitter.plan.steps))
            if time.monotonic() - begun > look:
                look *= 2
                self._show(fitter)
        self._show(fitter)
        self._report(FitState(self._pair, 1.0 if fitter.is_done else 0.0, self._stop.is_set()))

    def _show(self, fitter: Fitter) -> None:
        with self._turns.fitting():
            self._publish(fitter.fitted())

    def _fail(self, error: StudioError) -> None:
        self._failed(error)
        self._report(FitState(self._pair, 0.0, cancelled=True))
