"""Keeping Python's garbage collector from stopping the window.

A full collection visits every object while no thread runs. torch alone has hundreds of thousands:
0.2 s in the middle of a stroke, to no effect, as modules never become garbage.
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
    """Disable collections while modules are loaded, and exclude their objects from later ones."""
    gc.disable()
    try:
        yield
    finally:
        leave_out()
        gc.enable()


def leave_out() -> None:
    """Exclude all present objects from later collections."""
    _put_back_at_exit()
    gc.freeze()


@cache
def _put_back_at_exit() -> None:
    """Undo it at exit: some libraries report leaks if nothing is collected."""
    atexit.register(gc.unfreeze)
