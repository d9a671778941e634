"""What is under way off the GUI thread, what the artist reads of it, and how it is stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from e4s_studio.gui.background import Background

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable


@dataclass(frozen=True, eq=False)
class Job:
    """A piece of work.

    Attributes
    ----------
    doing
        What the artist reads meanwhile.
    work
        What to do off the GUI thread; its value is what `done` gets.
    done
        Called at its end, on the GUI thread.
    failed
        Called with a sentence where it failed, unless it was stopped.
    stop
        Set where the artist stops it; None where nobody can. Its work looks at it between its
        steps; `done` may still be called, and is to look at it too.
    beside
        Whether it goes on beside other work, on the thread of exports, and not in turn with it.
    """

    doing: str
    work: Callable[[], Any]
    done: Callable[[Any], None]
    failed: Callable[[str], None]
    stop: threading.Event | None = None
    beside: bool = False

    @property
    def is_stopped(self) -> bool:
        """Whether it is to end before its end."""
        return self.stop is not None and self.stop.is_set()


class Jobs(QObject):
    """Work in the background, in the order in which it comes.

    Signals
    -------
    busy(str)
        What is being done; an empty text when all is done.

    Attributes
    ----------
    background
        Whose threads do it.
    """

    busy = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.background = Background(self)
        self._jobs: list[Job] = []

    @property
    def can_stop(self) -> bool:
        """Whether there is work that the artist can stop."""
        return any(job.stop is not None and not job.is_stopped for job in self._jobs)

    def run(self, job: Job) -> None:
        """Have a job done."""

        def finish(value: Any) -> None:
            self._drop(job)
            job.done(value)

        def fail(sentence: str) -> None:
            self._drop(job)
            if not job.is_stopped:
                job.failed(sentence)

        self._jobs.append(job)
        self._tell()
        self.background.run(job.work, finish, fail, beside=job.beside)

    def stop(self) -> None:
        """Stop all that can be stopped; each ends after the step that it is in."""
        for job in self._jobs:
            if job.stop is not None:
                job.stop.set()
        self._tell()

    def _drop(self, job: Job) -> None:
        self._jobs.remove(job)
        self._tell()

    def _tell(self) -> None:
        """Say what the artist waits for: what was stopped, or goes on beside, comes last."""
        if not self._jobs:
            self.busy.emit("")
            return
        first = min(self._jobs, key=lambda job: (job.is_stopped, job.beside))
        self.busy.emit(self.tr("Stopping") if first.is_stopped else first.doing)
