import threading

import cv2
import numpy as np
import pytest
from canvases import drag, opened

from e4s_studio.core.brush import Stencil
from e4s_studio.core.geometry import Box
from e4s_studio.gui.jobs import ThreadRunner
from e4s_studio.gui.tools.tool import ToolKind
from e4s_studio.gui.tools.toolbox import Toolbox

STENCIL = Stencil(Box(0, 0, 1, 1), np.ones((1, 1), np.bool_))


@pytest.fixture
def runner(qapp):
    runner = ThreadRunner()
    yield runner
    runner.close()


def test_a_job_runs_elsewhere_and_its_stencil_comes_here(runner, qtbot):
    threads = []

    def job():
        threads.append(threading.current_thread())
        return STENCIL

    answers = []
    runner(job, lambda stencil: answers.append((stencil, threading.current_thread())))
    qtbot.waitUntil(lambda: bool(answers))
    ((stencil, here),) = answers
    assert stencil is STENCIL
    assert here is threading.main_thread()
    assert threads != [here]


def test_a_job_that_has_not_begun_gives_way(runner, qtbot):
    gate, answers = threading.Event(), []

    def slow():
        gate.wait(10)
        return "first"

    runner(slow, answers.append)
    runner(lambda: "second", answers.append)
    runner(lambda: "third", answers.append)
    gate.set()
    qtbot.waitUntil(lambda: "third" in answers)
    assert "second" not in answers


def test_a_failed_job_is_told(runner, qtbot):
    def job():
        raise cv2.error("no")

    with qtbot.waitSignal(runner.failed) as told:
        runner(job, pytest.fail)
    assert "mark the region another way" in told.args[0]


def test_the_smart_tool_answers_from_its_thread(runner, qtbot):
    toolbox = Toolbox(opened(), run=runner)
    toolbox.choose(ToolKind.SMART)
    heard = []
    toolbox.subscribe(lambda: heard.append(toolbox.tool.preview().proposal))
    drag(toolbox.tool, (20, 20), (100, 100))
    assert toolbox.tool.preview().proposal is None
    qtbot.waitUntil(lambda: bool(heard))
    assert heard[-1].mask.any()
