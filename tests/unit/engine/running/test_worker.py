import threading
from queue import Queue
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from e4s_studio.core.errors import CheckpointError, DeviceError, RenderError
from e4s_studio.core.regions import REGION_COUNT
from e4s_studio.core.settings import Precision
from e4s_studio.engine.drawing.cache import NetworkCache
from e4s_studio.engine.request import RenderRequest, RenderResult
from e4s_studio.engine.running.worker import DRAWN_ON_CPU, Worker
from e4s_studio.networks.config import RGIConfig
from e4s_studio.networks.rgi import RGI

PATIENCE = 20
SIZES = (64, 128, 256)


def request(revision: int, pair: int = 0) -> RenderRequest:
    return RenderRequest(SimpleNamespace(revision=revision), pair=pair)


def picture(asked: RenderRequest, size: int) -> RenderResult:
    return RenderResult(
        np.zeros((size, size, 3), np.uint8),
        asked.revision,
        asked.pair,
        final=size == SIZES[-1],
        device="cpu" if asked.on_cpu else "gpu",
        precision=Precision.FLOAT32,
    )


class Bench:
    """A worker whose render waits for a token before each stage, and whose reports are kept."""

    def __init__(self) -> None:
        self.started: Queue[RenderRequest] = Queue()
        self.tokens: Queue[object] = Queue()
        self.reports: Queue[object] = Queue()
        self.freed = threading.Event()
        self.stops: list[bool] = []
        self.worker = Worker(self.render, self.reports.put, self.failed, self.freed.set)

    def render(self, asked, should_stop):
        self.started.put(asked)
        for size in SIZES:
            token = self.tokens.get(timeout=PATIENCE)
            if isinstance(token, BaseException):
                raise token
            self.stops.append(should_stop())
            yield picture(asked, size)

    def failed(self, error, asked) -> None:
        self.reports.put((error, asked.revision))

    def begin(self, asked: RenderRequest) -> RenderRequest:
        """Submit, and return what the render was then called with."""
        self.worker.submit(asked)
        return self.started.get(timeout=PATIENCE)

    def step(self, token: object = None) -> object:
        """Let one stage run and return what is reported."""
        self.tokens.put(token)
        return self.reports.get(timeout=PATIENCE)

    def finish(self) -> list[int]:
        return [self.step().resolution for _ in SIZES]


@pytest.fixture
def bench():
    made = Bench()
    yield made
    for _ in SIZES:
        made.tokens.put(None)
    made.worker.close()


def test_one_request_comes_coarse_to_fine(bench):
    bench.begin(request(3))
    results = [bench.step() for _ in SIZES]
    assert [r.resolution for r in results] == list(SIZES)
    assert [r.final for r in results] == [False, False, True]
    assert all(r.revision == 3 for r in results)
    assert 0 < results[0].seconds <= results[1].seconds <= results[2].seconds
    assert bench.stops == [False, False, False]


def test_the_newest_waiting_request_wins(bench):
    bench.begin(request(1))
    for revision in (2, 3, 4):
        bench.worker.submit(request(revision))
    assert bench.step().revision == 1
    assert bench.started.get(timeout=PATIENCE).revision == 4
    assert [bench.step().revision for _ in SIZES] == [4, 4, 4]
    assert bench.reports.empty()


def test_a_running_coarse_picture_is_never_thrown_away(bench):
    bench.begin(request(1))
    bench.worker.submit(request(2))
    coarse = bench.step()
    assert (coarse.revision, coarse.resolution) == (1, SIZES[0])
    assert bench.stops == [False]
    assert bench.started.get(timeout=PATIENCE).revision == 2


def test_finer_pictures_are_given_up_for_a_newer_request(bench):
    bench.begin(request(1))
    bench.step()
    bench.worker.submit(request(2))
    assert bench.step().revision == 1  # the stage that was being drawn
    assert bench.stops == [False, True]
    assert bench.started.get(timeout=PATIENCE).revision == 2
    assert bench.finish() == list(SIZES)


def test_results_only_move_forward(bench):
    bench.begin(request(5))
    bench.worker.submit(request(4))  # late, and older than what runs
    bench.finish()
    bench.begin(request(6))
    assert bench.step().revision == 6
    bench.worker.submit(request(1, pair=1))  # another pair counts its revisions anew
    bench.worker.submit(request(9, pair=0))
    bench.step()
    assert bench.started.get(timeout=PATIENCE).order == (1, 1)


def test_the_same_revision_can_be_asked_for_again(bench):
    bench.begin(request(5))
    bench.finish()
    bench.begin(request(5))
    assert bench.finish() == list(SIZES)


def test_an_error_reaches_the_caller_and_the_thread_lives_on(bench):
    bench.begin(request(1))
    bench.step()
    error = CheckpointError("Choose another file.")
    assert bench.step(error) == (error, 1)
    bench.begin(request(2))
    assert bench.finish() == list(SIZES)


def test_an_unforeseen_error_becomes_a_typed_one(bench):
    bench.begin(request(1))
    error, revision = bench.step(ZeroDivisionError("division by zero"))
    assert isinstance(error, RenderError)
    assert "division by zero" in str(error)
    assert revision == 1


def test_a_failing_listener_does_not_end_the_thread():
    seen, reports = Queue(), Queue()

    def listener(result):
        seen.put(result)
        if result.revision == 1:
            raise ValueError("the window is gone")

    def render(asked, should_stop):
        yield picture(asked, SIZES[-1])

    worker = Worker(render, listener, lambda error, _: reports.put(error))
    worker.submit(request(1))
    assert isinstance(reports.get(timeout=PATIENCE), RenderError)
    worker.submit(request(2))
    assert [seen.get(timeout=PATIENCE).revision for _ in range(2)] == [1, 2]
    worker.close()


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError("CUDA out of memory."), RuntimeError("MPS backend out of memory")],
)
def test_out_of_gpu_memory_it_is_tried_again_with_freed_caches_then_on_the_cpu(bench, error):
    assert not bench.begin(request(1)).on_cpu
    first = bench.step()
    bench.tokens.put(error)
    assert not bench.started.get(timeout=PATIENCE).on_cpu
    assert bench.freed.is_set()
    bench.freed.clear()
    bench.tokens.put(error)
    assert bench.started.get(timeout=PATIENCE).on_cpu
    assert bench.freed.is_set()
    bench.tokens.put(None)  # the coarse picture, which is there already: not reported again
    finer = [bench.step() for _ in SIZES[1:]]
    assert [r.resolution for r in (first, *finer)] == list(SIZES)
    assert first.notes == ()
    assert all(r.notes == (DRAWN_ON_CPU,) and r.device == "cpu" for r in finer)


class FullGPU:
    """Draws with a real network whose device is full from 32² on until enough was freed."""

    def __init__(self, frees_needed: int) -> None:
        torch.manual_seed(0)
        config = RGIConfig(
            size=64,
            code_layers=8,
            style_dim=8,
            hidden=12,
            mapping_layers=0,
            channels=(16, 16, 12, 8, 8),
            stem=4,
            encoder_groups=((1, 6), (1, 8), (1, 10), (1, 10)),
        )
        self.network = RGI(config).eval().requires_grad_(requires_grad=False)
        self.cache = NetworkCache(self.network)
        self.codes = torch.randn(1, REGION_COUNT, config.n_latent, config.style_dim)
        self.labels = torch.randint(0, REGION_COUNT, (1, 64, 64))
        self.frees_needed = frees_needed
        self.tries: list[bool] = []

    def free(self) -> None:
        self.cache.clear()
        self.frees_needed = max(0, self.frees_needed - 1)

    def render(self, asked, should_stop):
        self.tries.append(asked.on_cpu)
        for stage in self.cache.stages(self.codes, self.labels):
            if should_stop():
                return
            if stage.resolution == 32 and self.frees_needed and not asked.on_cpu:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB.")
            levels = stage.rgb[0].permute(1, 2, 0).clamp(-1, 1).add(1).mul(127.5)
            yield RenderResult(
                np.ascontiguousarray(levels.byte().numpy()),
                asked.revision,
                asked.pair,
                final=stage.resolution == 64,
                device="cpu" if asked.on_cpu else "gpu",
                precision=Precision.FLOAT32,
            )


@pytest.mark.parametrize(
    ("frees_needed", "tries", "notes"),
    [(0, [False], ()), (1, [False, False], ()), (9, [False, False, True], (DRAWN_ON_CPU,))],
)
def test_a_real_network_that_runs_out_of_memory_still_ends_with_its_picture(
    frees_needed, tries, notes
):
    gpu, reports = FullGPU(frees_needed), Queue()
    worker = Worker(gpu.render, reports.put, lambda *report: reports.put(report), gpu.free)
    worker.submit(request(1))
    results = [reports.get(timeout=PATIENCE) for _ in range(5)]
    worker.close()
    assert gpu.tries == tries
    assert [r.resolution for r in results] == [4, 8, 16, 32, 64]
    assert results[2].notes == ()
    assert results[-1].notes == notes
    gpu.frees_needed = 0
    with torch.inference_mode():
        fresh = gpu.network.draw(gpu.codes, gpu.network.layout(gpu.labels))
    levels = fresh[0].permute(1, 2, 0).clamp(-1, 1).add(1).mul(127.5).byte().numpy()
    assert (results[-1].image == levels).all()


def test_out_of_main_memory_it_is_tried_once_more(bench):
    bench.begin(request(1))
    bench.tokens.put(MemoryError())
    assert not bench.started.get(timeout=PATIENCE).on_cpu
    assert bench.freed.is_set()
    result = bench.step()
    assert result.notes == ()


def test_main_memory_that_is_short_twice_is_an_error(bench):
    bench.begin(request(1))
    bench.tokens.put(MemoryError())
    bench.started.get(timeout=PATIENCE)
    error, _ = bench.step(MemoryError())
    assert isinstance(error, DeviceError)
    assert bench.started.empty()


def test_memory_that_is_short_everywhere_is_an_error(bench):
    bench.begin(request(1))
    for _ in range(2):
        bench.tokens.put(torch.OutOfMemoryError("CUDA out of memory."))
        bench.started.get(timeout=PATIENCE)
    error, _ = bench.step(RuntimeError("DefaultCPUAllocator: can't allocate memory"))
    assert isinstance(error, DeviceError)
    bench.begin(request(2))
    assert bench.finish() == list(SIZES)


def test_close_joins_within_one_stage(bench, monkeypatch):
    bench.begin(request(1))
    bench.worker.submit(request(2))
    mailbox, closed = bench.worker._mailbox, threading.Event()
    close = mailbox.close
    monkeypatch.setattr(mailbox, "close", lambda: (close(), closed.set()))
    closing = threading.Thread(target=bench.worker.close)
    closing.start()
    assert closed.wait(PATIENCE)
    bench.tokens.put(None)  # only the stage that is being drawn
    closing.join(PATIENCE)
    assert not closing.is_alive()
    assert bench.tokens.empty()
    assert bench.started.empty()


def test_close_without_work_joins_at_once_and_later_calls_do_nothing(bench):
    bench.worker.close()
    bench.worker.submit(request(1))
    bench.worker.close()
    assert bench.started.empty()


def test_the_order_of_requests():
    assert request(9, pair=1).order < request(0, pair=2).order < request(1, pair=2).order
