"""Sharing the processor with the window, which must never halt while the artist paints.

- Torch leaves a core to the window, and a fit's thread has a lower priority.
- A full garbage collection visits every object while no thread runs. torch alone has hundreds of
  thousands: 0.2 s in the middle of a stroke, to no effect, as modules never become garbage.
- The first optimisation step imports torch's compiler, a thousand modules: it is taken early.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

LAST: Final = 19
"""The lowest priority of a thread."""


def step_back(niceness: int) -> None:
    """Let other threads go before this one, and before those that it starts.

    On Linux alone threads have priorities of their own that anybody may lower; elsewhere this
    does nothing.

    Parameters
    ----------
    niceness
        How far: 1 is a little, 19 is as far as it goes.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        now = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, min(now + niceness, LAST))


def spare_threads() -> None:
    """Leave the window a share of the processor: torch takes all of it otherwise."""
    import torch  # noqa: PLC0415 - the window starts without it

    torch.set_num_threads(max(1, torch.get_num_threads() - 1))


def warm_up() -> None:
    """Take one optimisation step, so that later ones find everything loaded."""
    import torch  # noqa: PLC0415 - the window starts without it

    with no_collections():
        weight = torch.zeros(1, requires_grad=True)
        torch.autograd.backward(weight.sum())
        torch.optim.Adam([weight]).step()


@contextmanager
def no_collections() -> Iterator[None]:
    """Disable collections while modules are loaded, and exclude their objects from later ones."""
    gc.disable()
    try:
        yield
    finally:
        exclude_from_collections()
        gc.enable()


def exclude_from_collections() -> None:
    """Exclude all present objects from later collections."""
    _include_at_exit()
    gc.freeze()


@cache
def _include_at_exit() -> None:
    """Undo it at exit: some libraries report leaks if nothing is collected."""
    atexit.register(gc.unfreeze)
