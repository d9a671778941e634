import os
import sys
import threading

import pytest

from e4s_studio.engine.running.priority import LAST, step_back


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priorities here")
def test_only_the_thread_that_asks_steps_back() -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    seen: list[int] = []

    def work() -> None:
        step_back(3)
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        step_back(100)
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [min(before + 3, LAST), LAST]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
