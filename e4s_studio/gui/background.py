"""Work off the GUI thread, and the one queued signal on which anything comes back."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal

from e4s_studio.core.errors import StudioError

if TYPE_CHECKING:
    from collections.abc import Callable

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
