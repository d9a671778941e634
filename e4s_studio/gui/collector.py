"""Keeping Python's garbage collector from halting the window.

A full collection visits every object there is, and no thread runs meanwhile. torch alone brings
hundreds of thousands of them: 0.2 s in the middle of a stroke, for nothing, since modules never
become garbage.
"""

from __future__ import annotations

import atexit
import gc
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def resting() -> Iterator[None]:
    """Collect nothing while much is loaded, and never visit again what was."""
    gc.disable()
    try:
        yield
    finally:
        leave_out()
        gc.enable()


def leave_out() -> None:
    """Leave all that is loaded by now out of the collections to come."""
    _put_back_at_exit()
    gc.freeze()


@cache
def _put_back_at_exit() -> None:
    """Let libraries end as usual: some complain of leaks where nothing was collected."""
    atexit.register(gc.unfreeze)
