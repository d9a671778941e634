"""The window is never halted: priorities, garbage collections, what the first step loads."""

import gc
import os
import subprocess
import sys
import threading

import pytest

from e4s_studio.engine.running.sharing import (
    LAST,
    exclude_from_collections,
    no_collections,
    step_back,
)

COUNT_AFTER_STEP = """
import sys
import torch
from e4s_studio.engine.running.sharing import warm_up

warm_up()
before = set(sys.modules)
weight = torch.ones(3, requires_grad=True)
adam = torch.optim.Adam([{"params": [weight], "lr": 0.1}])
adam.zero_grad()
(weight**2).sum().backward()
adam.step()
print(len(set(sys.modules) - before))
"""


def test_a_step_after_warming_up_loads_nothing():
    command = [sys.executable, "-c", COUNT_AFTER_STEP]
    loaded = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert int(loaded) == 0


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


@pytest.fixture(autouse=True)
def put_back():
    yield
    gc.unfreeze()


def test_nothing_is_collected_while_much_is_loaded():
    with no_collections():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_was_loaded_is_left_out_of_later_collections():
    loaded = [[number] for number in range(1000)]
    exclude_from_collections()
    assert gc.get_freeze_count() >= len(loaded)
    assert not any(each is loaded for each in gc.get_objects())


def test_the_collector_works_again_after_a_failure():
    with pytest.raises(OSError, match="no module"), no_collections():
        raise OSError("no module")
    assert gc.isenabled()
