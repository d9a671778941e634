"""Which thread goes first at the processor."""

from __future__ import annotations

import os
import sys
import threading
from typing import Final

LAST: Final = 19


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
