"""Work off the GUI thread: how it is started, what the artist reads of it, how it is stopped."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import cv2
from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal

from e4s_studio.core.errors import StudioError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from e4s_studio.core.brush import Stencil
    from e4s_studio.gui.tools.smart import Work

_LOG = logging.getLogger(__name__)


def unforeseen(error: BaseException) -> str:
    """Return what the artist reads of an unexpected failure."""
    return QCoreApplication.translate(
        "Editor", "Something went wrong ({0}: {1}). Your work is still here."
    ).format(type(error).__name__, error)


def _ignore(_value: object) -> None:
    """Do nothing with a value."""


@dataclass(frozen=True, eq=False)
class Job:
    """A piece of work.

    Attributes
    ----------
    doing
        What the artist reads meanwhile.
    work
        Called on a thread of the jobs. A long one checks `stop` between its steps.
    done
        Called on the GUI thread with the value of `work`, unless the job was stopped.
    failed
        Called on the GUI thread with a sentence if `work` raised, unless the job was stopped;
        by default the jobs emit `failed`.
    stop
        Stops the job once it is set; None if it cannot be stopped.
    dropped
        Called on the GUI thread in place of `done` if the job was stopped after its work.
    beside
        Whether it runs on the second thread, beside the jobs of the first.
    """

    doing: str
    work: Callable[[], Any]
    done: Callable[[Any], None] = _ignore
    failed: Callable[[str], None] | None = None
    stop: threading.Event | None = None
    dropped: Callable[[Any], None] = _ignore
    beside: bool = False

    @property
    def is_stopped(self) -> bool:
        """Whether it was stopped."""
        return self.stop is not None and self.stop.is_set()


class Jobs(QObject):
    """Runs jobs in the order in which they come, on a thread beside the GUI's.

    A second thread is for exports, which take longest and which no other job waits for.

    Signals
    -------
    busy(str)
        What is being done; an empty text when all is done.
    failed(str)
        A job failed that does not handle its failure itself.
    """

    busy = Signal(str)
    failed = Signal(str)
    _arrived = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._first = ThreadPoolExecutor(max_workers=1, thread_name_prefix="background")
        self._second = ThreadPoolExecutor(max_workers=1, thread_name_prefix="export")
        self._jobs: list[Job] = []
        self._is_open = True
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def can_stop(self) -> bool:
        """Whether there is work that the artist can stop."""
        return any(job.stop is not None and not job.is_stopped for job in self._jobs)

    def run(self, job: Job) -> None:
        """Run a job; returns at once."""
        if self._is_open:
            self._jobs.append(job)
            self._tell()
            (self._second if job.beside else self._first).submit(self._work, job)

    def stop(self) -> None:
        """Stop all jobs that can be stopped; each ends after its current step."""
        for job in self._jobs:
            if job.stop is not None:
                job.stop.set()
        self._tell()

    def post(self, handler: Callable[..., None], *values: Any) -> None:
        """Call `handler(*values)` on the GUI thread; may be called from any thread."""
        if self._is_open:
            self._arrived.emit(partial(handler, *values))

    def close(self) -> None:
        """Drop what waits, let what runs end, and deliver nothing any more."""
        self._is_open = False
        for pool in (self._first, self._second):
            pool.shutdown(wait=True, cancel_futures=True)

    def _work(self, job: Job) -> None:
        if job.is_stopped:
            self.post(self._end, job)
            return
        try:
            value = job.work()
        except StudioError as error:
            self.post(self._fail, job, str(error))
        except Exception as error:  # noqa: BLE001 - the end of a thread: nobody above could show it
            _LOG.exception("unexpected failure in the background")
            self.post(self._fail, job, unforeseen(error))
        else:
            self.post(self._finish, job, value)

    def _deliver(self, call: Callable[[], None]) -> None:
        if self._is_open:
            call()

    def _finish(self, job: Job, value: Any) -> None:
        self._end(job)
        (job.dropped if job.is_stopped else job.done)(value)

    def _fail(self, job: Job, sentence: str) -> None:
        self._end(job)
        if not job.is_stopped:
            (job.failed or self.failed.emit)(sentence)

    def _end(self, job: Job) -> None:
        self._jobs.remove(job)
        self._tell()

    def _tell(self) -> None:
        """Say what the artist waits for: jobs that were stopped or run beside come last."""
        if not self._jobs:
            self.busy.emit("")
            return
        first = min(self._jobs, key=lambda job: (job.is_stopped, job.beside))
        self.busy.emit(self.tr("Stopping") if first.is_stopped else first.doing)


class ThreadRunner(QObject):
    """Runs the smart tool's work on a thread; newer work replaces work that has not begun.

    Signals
    -------
    failed(str)
        The work failed; the sentence is for the artist.
    """

    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = Jobs(self)
        self._jobs.failed.connect(self.failed)
        self._newest: Work | None = None

    def __call__(self, work: Work, done: Callable[[Stencil], None]) -> None:
        """Run `work`, then call `done` with its stencil on the GUI thread."""

        def take(stencil: Stencil | None) -> None:
            if stencil is not None:
                done(stencil)

        self._newest = work
        self._jobs.run(Job("", partial(self._propose, work), take))

    def close(self) -> None:
        """Wait until no work runs any more."""
        self._jobs.close()

    def _propose(self, work: Work) -> Stencil | None:
        if work is not self._newest:
            return None
        try:
            return work()
        except cv2.error as error:
            _LOG.exception("no proposal")
            sentence = self.tr("No edges were found here; mark the region another way.")
            raise StudioError(sentence) from error
