"""One thread that renders the newest edit. A one-slot mailbox stands in front of it; no Qt.

One job runs and one waits; a newer one replaces the one that waits. A running job always delivers
its first picture, so that pictures keep coming while the artist paints; what is finer is given up
when a newer job waits.
"""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import Enum, auto
from typing import Final

import torch

from e4s_studio.core.errors import DeviceError, RenderError, StudioError
from e4s_studio.engine.request import RenderRequest, RenderResult

ShouldStop = Callable[[], bool]
Render = Callable[[RenderRequest, ShouldStop], Iterator[RenderResult]]
"""Draws coarse to fine. It may ask between stages whether the finer ones are still wanted, and
return early if not."""

_TRIES: Final = 2
"""When memory runs out, the same is tried once more with nothing kept from before."""
DRAWN_ON_CPU: Final = "The GPU ran out of memory, so this picture was drawn on the CPU."
_NO_MEMORY: Final = (
    "There is not enough memory to draw this picture. Close other programs, or choose a smaller "
    "model."
)

log = logging.getLogger(__name__)


class Memory(Enum):
    """What can run out."""

    MAIN = auto()
    GPU = auto()


def is_out_of_gpu_memory(error: BaseException) -> bool:
    """Whether an error says that a GPU's memory ran out (CUDA and MPS have different errors)."""
    return isinstance(error, torch.OutOfMemoryError) or "backend out of memory" in str(error)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of torch, numpy or Python says that any memory ran out."""
    main_memory = isinstance(error, MemoryError) or "can't allocate memory" in str(error)
    return main_memory or is_out_of_gpu_memory(error)


class Mailbox:
    """Room for one waiting request; an older one never replaces a newer one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: RenderRequest | None = None
        self._closed = False
        self._newest = (0, 0)

    def put(self, request: RenderRequest) -> None:
        """Let `request` wait in place of what waits. After `close` this does nothing."""
        with self._changed:
            if self._closed or request.order < self._newest:
                return
            self._waiting, self._newest = request, request.order
            self._changed.notify()

    def take(self) -> RenderRequest | None:
        """Wait for a request; None once the mailbox is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting is not None or self._closed)
            request, self._waiting = self._waiting, None
            return None if self._closed else request

    def close(self) -> None:
        """Drop what waits, and let nobody wait any more."""
        with self._changed:
            self._closed, self._waiting = True, None
            self._changed.notify_all()

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    @property
    def is_wanted(self) -> bool:
        """Whether a request waits."""
        return self._waiting is not None


class Worker:
    """Renders on a thread of its own and reports from there.

    Parameters
    ----------
    render
        What draws; it runs on the worker's thread only.
    on_result
        Called on the worker's thread with each picture. Pictures move forward in pair and
        revision, and within one request from coarse to fine.
    on_error
        Called on the worker's thread with an error that the artist can read, and the request
        that it stopped. The thread goes on with the next request.
    free_memory
        Drops what can be computed again; called when memory ran out.
    """

    def __init__(
        self,
        render: Render,
        on_result: Callable[[RenderResult], None],
        on_error: Callable[[StudioError, RenderRequest], None],
        free_memory: Callable[[], None] = lambda: None,
    ) -> None:
        self._render = render
        self._on_result = on_result
        self._on_error = on_error
        self._free_memory = free_memory
        self._mailbox = Mailbox()
        self._thread = threading.Thread(target=self._run, name="render", daemon=True)
        self._thread.start()

    def submit(self, request: RenderRequest) -> None:
        """Ask for pictures of `request` in place of whatever waits; returns at once."""
        self._mailbox.put(request)

    def close(self) -> None:
        """Stop after the stage that is being drawn and return once the thread is gone."""
        self._mailbox.close()
        self._thread.join()

    def _run(self) -> None:
        while (request := self._mailbox.take()) is not None:
            try:
                self._work(request)
            except Exception as error:
                log.exception("rendering revision %d failed", request.revision)
                self._report(_readable(error), request)

    def _work(self, request: RenderRequest) -> None:
        """Draw; when memory runs out free what can be freed, and then leave a GPU that is full."""
        job = _Job(request, self._mailbox, self._on_result)
        for _ in range(_TRIES):
            short = self._try(job, request)
            if short is None:
                return
            self._release()
        if short is Memory.MAIN:
            raise DeviceError(_NO_MEMORY)
        on_cpu = replace(request, on_cpu=True)
        job.deliver(self._render(on_cpu, job.should_stop), (DRAWN_ON_CPU,))

    def _try(self, job: _Job, request: RenderRequest) -> Memory | None:
        """Draw, and return which memory ran out, if one did.

        Once this has returned, the tensors are gone that the error's traceback kept.
        """
        try:
            job.deliver(self._render(request, job.should_stop))
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            log.warning("out of memory: %s", error)
            return Memory.GPU if is_out_of_gpu_memory(error) else Memory.MAIN
        return None

    def _release(self) -> None:
        self._free_memory()
        gc.collect()
        torch.cuda.empty_cache()  # does nothing where CUDA is not in use

    def _report(self, error: StudioError, request: RenderRequest) -> None:
        try:
            self._on_error(error, request)
        except Exception:
            log.exception("the listener failed on an error")


class _Job:
    """One request being drawn: what of it was delivered, and whether more is wanted."""

    def __init__(
        self, request: RenderRequest, mailbox: Mailbox, on_result: Callable[[RenderResult], None]
    ) -> None:
        self._request = request
        self._mailbox = mailbox
        self._on_result = on_result
        self._delivered = 0

    def should_stop(self) -> bool:
        """Whether what is finer than the pictures delivered so far is no longer wanted."""
        return self._mailbox.is_closed or (self._delivered > 0 and self._mailbox.is_wanted)

    def deliver(self, results: Iterator[RenderResult], notes: tuple[str, ...] = ()) -> None:
        """Hand on pictures for as long as they are wanted."""
        for result in results:
            if self._mailbox.is_closed:
                return
            if result.resolution > self._delivered or result.final:
                self._delivered = result.resolution
                seconds = time.perf_counter() - self._request.submitted
                self._on_result(replace(result, seconds=seconds, notes=result.notes + notes))
            if self.should_stop():
                return


def _readable(error: Exception) -> StudioError:
    if isinstance(error, StudioError):
        return error
    if is_out_of_memory(error):
        return DeviceError(_NO_MEMORY)
    return RenderError(f"The picture could not be drawn: {error}. Try again, or open it anew.")
