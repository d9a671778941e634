"""Runs the smart tool's jobs off the GUI thread."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import cv2
from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

    from e4s_studio.core.brush import Stencil
    from e4s_studio.gui.tools.smart import Job

log = logging.getLogger(__name__)


class ThreadRunner(QObject):
    """Runs each job on a thread of a pool of one, and hands its stencil over on this thread.

    Signals
    -------
    failed(str)
        A job failed; the sentence is for the artist.
    """

    failed = Signal(str)
    _done = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._done.connect(_deliver, Qt.ConnectionType.QueuedConnection)

    def __call__(self, job: Job, done: Callable[[Stencil], None]) -> None:
        """Run `job`, then call `done` with its stencil on the thread of this object."""
        self._pool.clear()  # a proposal that has not begun is out of date now
        self._pool.start(QRunnable.create(lambda: self._work(job, done)))

    def close(self) -> None:
        """Wait until no job runs any more."""
        self._pool.clear()
        self._pool.waitForDone()

    def _work(self, job: Job, done: Callable[[Stencil], None]) -> None:
        try:
            stencil = job()
        except cv2.error:
            log.exception("no proposal")
            self.failed.emit(self.tr("No edges were found here; mark the region another way."))
        else:
            self._done.emit(done, stencil)


def _deliver(done: Callable[[Stencil], None], stencil: Stencil) -> None:
    done(stencil)
