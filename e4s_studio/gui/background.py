"""Work off the GUI thread, and the one queued signal on which anything comes back."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
from PySide6.QtCore import QCoreApplication, QObject, QRunnable, Qt, QThreadPool, Signal

from e4s_studio.core.errors import StudioError

if TYPE_CHECKING:
    from collections.abc import Callable

    from e4s_studio.core.brush import Stencil
    from e4s_studio.gui.tools.smart import Work

_LOG = logging.getLogger(__name__)


def unforeseen(error: BaseException) -> str:
    """Return what the artist reads of a failure that nobody foresaw."""
    return QCoreApplication.translate(
        "Editor", "Something went wrong ({0}: {1}). Your work is still here."
    ).format(type(error).__name__, error)


@dataclass(frozen=True, eq=False)
class _Delivery:
    handler: Callable[[Any], None]
    value: Any


class Background(QObject):
    """One thread for work that takes its time: opening, saving, the swap rule.

    A second one is for exports, which take longest and which nothing else waits for.
    """

    _arrived = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="background")
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="export")
        self._open = True
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[str], None],
        *,
        beside: bool = False,
    ) -> None:
        """Call `work` on the thread, then `done` with its value, or `failed`, on the GUI's.

        Jobs run in the order in which they come; those `beside` among themselves, on the second
        thread.
        """
        if self._open:
            pool = self._beside if beside else self._pool
            pool.submit(self._work, work, done, failed)

    def post(self, handler: Callable[[Any], None], value: Any) -> None:
        """Call `handler(value)` on the GUI thread; may be called from any thread."""
        if self._open:
            self._arrived.emit(_Delivery(handler, value))

    def close(self) -> None:
        """Drop what waits, let what runs end, and deliver nothing any more."""
        self._open = False
        for pool in (self._pool, self._beside):
            pool.shutdown(wait=True, cancel_futures=True)

    def _work(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[str], None],
    ) -> None:
        try:
            value = work()
        except StudioError as error:
            self.post(failed, str(error))
        except Exception as error:  # noqa: BLE001 - the end of a thread: nobody above could show it
            _LOG.exception("unexpected failure in the background")
            self.post(failed, unforeseen(error))
        else:
            self.post(done, value)

    def _deliver(self, delivery: _Delivery) -> None:
        if self._open:
            delivery.handler(delivery.value)


class ThreadRunner(QObject):
    """Runs the smart tool's work on a thread, and delivers each stencil on this object's thread.

    Signals
    -------
    failed(str)
        The work failed; the sentence is for the artist.
    """

    failed = Signal(str)
    _done = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._done.connect(_deliver, Qt.ConnectionType.QueuedConnection)

    def __call__(self, work: Work, done: Callable[[Stencil], None]) -> None:
        """Run `work`, then call `done` with its stencil; work that has not begun yet is dropped."""
        self._pool.clear()
        self._pool.start(QRunnable.create(lambda: self._work(work, done)))

    def close(self) -> None:
        """Wait until no work runs any more."""
        self._pool.clear()
        self._pool.waitForDone()

    def _work(self, work: Work, done: Callable[[Stencil], None]) -> None:
        try:
            stencil = work()
        except cv2.error:
            _LOG.exception("no proposal")
            self.failed.emit(self.tr("No edges were found here; mark the region another way."))
        else:
            self._done.emit(done, stencil)


def _deliver(done: Callable[[Stencil], None], stencil: Stencil) -> None:
    done(stencil)
