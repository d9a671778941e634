"""The generator against the naive sum of twelve convolutions: exactness, time, memory.

    python benchmarks/generator.py [--rounds N] [--cpu-time] [--check] [--device cuda]
        [--only naive stages half edits worst encode memory schemes]

One unit is the time of a 512→512 3×3 float32 convolution, channels last, at 64². Everything is
timed in each round (what is quick three times, of which the median counts), the unit between all of
it, and each round gives its own units and ratios to naive: what else the machine does in the
meantime falls on all alike. Their medians over the rounds are printed, after a warm-up.
`--cpu-time` counts the processor time of a single thread instead. `--only` leaves out what is not
named; the unit is always measured.

`schemes` prints a table of its own: how many times longer drawing and encoding take with each
scheme of the fast executor switched off, on the same inputs, in the same rounds. A scheme that
brings less than a tenth everywhere is not worth its lines. It is measured only when named.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import itertools
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock

import numpy as np
import torch
import torch.nn.functional as F
from rich.console import Console
from rich.progress import track
from rich.table import Table

from e4s_studio.engine.drawing.cache import NetworkCache
from e4s_studio.networks import fast
from e4s_studio.networks.config import REGIONS, STUDIO_256
from e4s_studio.networks.fast import (
    encoder as fast_encoder,
    generator as fast_generator,
    rows,
    winograd,
)
from e4s_studio.networks.ops import fir_kernel
from e4s_studio.networks.rgi import RGI

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

    from torch import Tensor

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("naive", "stages", "memory", "half", "edits", "worst", "encode")
SCHEMES = "schemes"
TESTS = ROOT / "tests" / "unit" / "networks"


def module(name: str) -> ModuleType:
    """Load a helper of the tests: the naive network and the golden weights live there."""
    spec = importlib.util.spec_from_file_location(name, TESTS / f"{name}.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(TESTS / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


naive = module("rgi_naive")
golden = module("rgi_golden")


@dataclass
class Row:
    """Something to be timed, and its times: one of each round."""

    name: str
    run: Callable[[], object]
    repeats: int = 3
    note: str = ""
    seconds: list[float] = field(default_factory=list)


@dataclass
class Stopwatch:
    """Times rows in rounds, with the unit before each."""

    device: torch.device
    rounds: int
    cpu_time: bool
    check: bool
    parts: Sequence[str]
    rows: list[Row] = field(default_factory=list)
    unit: Row = field(init=False)
    naive: Row | None = None

    def __post_init__(self) -> None:
        layout = torch.channels_last
        x = torch.randn(1, 512, 64, 64, device=self.device).to(memory_format=layout)
        weight = torch.randn(512, 512, 3, 3, device=self.device).to(memory_format=layout)
        self.unit = Row("one unit: 512→512 3×3 at 64²", lambda: F.conv2d(x, weight, padding=1))

    def add(self, name: str, run: Callable[[], object], repeats: int = 3, note: str = "") -> Row:
        """Time something, too: the median of so many repeats in each round."""
        self.rows.append(Row(name, run, repeats, note))
        return self.rows[-1]

    def measure(self) -> None:
        """Run the rounds."""
        for row in (self.unit, *self.rows):
            row.run()
        for _ in track(range(self.rounds), "rounds"):
            units = []
            for row in self.rows:
                units.append(self.time(self.unit))
                row.seconds.append(self.time(row))
            self.unit.seconds.append(statistics.median(units))

    def table(self, title: str) -> Table:
        """Return the medians in seconds, in units, and compared with naive."""
        table = Table("what", "seconds", "units", "naive ÷ this", "note", title=title)
        for row in (self.unit, *self.rows):
            ratio = "" if self.naive is None else f"{_ratio(self.naive, row):.1f}"
            seconds, units = statistics.median(row.seconds), _ratio(row, self.unit)
            table.add_row(row.name, f"{seconds:.4f}", f"{units:.2f}", ratio, row.note)
        return table

    def time(self, row: Row) -> float:
        """Return the median of a row's repeats, in seconds."""
        times = []
        for _ in range(row.repeats):
            start = self._now()
            row.run()
            times.append(self._now() - start)
        return statistics.median(times)

    def _now(self) -> float:
        """Return the clock's time once the device has done its work."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return time.thread_time() if self.cpu_time else time.perf_counter()


def _ratio(row: Row, other: Row) -> float:
    """Return the median of the rounds' ratios."""
    return statistics.median(a / b for a, b in zip(row.seconds, other.seconds, strict=True))


def worst_maps() -> dict[str, Tensor]:
    """Label maps (1, 512, 512) that leave no pixel a neighbourhood of its own region."""
    generator = torch.Generator().manual_seed(0)
    y, x = torch.meshgrid(torch.arange(512), torch.arange(512), indexing="ij")
    return {
        "one region": torch.full((1, 512, 512), 6),
        "random single pixels": torch.randint(0, REGIONS, (1, 512, 512), generator=generator),
        "checkerboard": ((x // 2 + y // 2) % 2 * 5 + 1)[None],
        "stripes": (y // 2 % REGIONS)[None],
    }


def onehot(labels: Tensor) -> Tensor:
    return F.one_hot(labels, REGIONS).movedim(-1, 1).float()


def until(
    net: RGI, codes: Tensor, labels: Tensor, size: int, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Plan and draw until the picture of a size is there."""
    stages = net.G.stages(codes, net.layout(labels), dtype=dtype)
    return next(stage.rgb for stage in stages if stage.resolution == size)


def decibels(a: Tensor, b: Tensor) -> float:
    """PSNR of two pictures of the nominal range −1 to 1."""
    return float(10 * torch.log10(4 / (a - b).square().mean()))


def memory(field_name: str) -> float:
    """Read a field of this process's status, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field_name):
            return int(line.split()[1]) / 1024
    return float("nan")


def memory_in_use(device: torch.device) -> float:
    """Return what is in use now, in MB."""
    return torch.cuda.memory_allocated() / 2**20 if device.type == "cuda" else memory("VmRSS")


def peak_memory(run: Callable[[], object], device: torch.device) -> float:
    """Return the most that is in use at any time of a call, in MB."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        run()
        return torch.cuda.max_memory_allocated() / 2**20
    Path("/proc/self/clear_refs").write_text("5")
    run()
    return memory("VmHWM")


def add_stages(watch: Stopwatch, net: RGI, codes: Tensor, labels: Tensor) -> None:
    for size in (64, 256, 1024):
        watch.add(f"ours, float32, {size}²", lambda size=size: until(net, codes, labels, size))


def add_half(watch: Stopwatch, net: RGI, codes: Tensor, labels: Tensor) -> None:
    dtype, exact = torch.bfloat16, until(net, codes, labels, 1024)
    quality = decibels(until(net, codes, labels, 1024, dtype), exact)
    native = watch.device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()  # noqa: SLF001
    note = f"{quality:.1f} dB" + ("" if native else ", emulated: this CPU has no bfloat16")
    run = lambda: until(net, codes, labels, 1024, dtype)  # noqa: E731
    watch.add("ours, bfloat16, 1024²", run, repeats=1, note=note)


def add_worst(watch: Stopwatch, net: RGI, codes: Tensor) -> None:
    for name, labels in worst_maps().items():
        labels_here = labels.to(watch.device)
        run = lambda here=labels_here: until(net, codes, here, 1024)  # noqa: E731
        note = ""
        if watch.check:
            error = (run() - naive.generate(net, codes, onehot(labels_here))).abs().max()
            note = f"difference {error:.1e}"
        watch.add(f"ours, float32, 1024², {name}", run, repeats=1, note=note)


def add_edits(watch: Stopwatch, net: RGI, codes: Tensor, labels: Tensor) -> None:
    cache = NetworkCache(net)
    for name, step in (("1 pixel of 512²", 1), ("a 16×16 dab of 512²", 16)):
        # On odd rows, which no coarser map samples; apart, as the cache knows what it has drawn.
        places = itertools.cycle(itertools.product(range(101, 401, 34), range(9, 490, 17)))

        def edit(step: int = step, places: Any = places) -> None:
            edited = labels.clone()
            y, x = next(places)
            edited[0, y : y + step, x : x + step] += 1
            for _ in cache.stages(codes, edited % REGIONS):
                pass

        watch.add(f"ours, 1024², after an edit of {name}", edit)


def add_encode(watch: Stopwatch, net: RGI, image: Tensor, labels: Tensor) -> None:
    vectors = image.new_zeros(1, REGIONS, net.config.vector_dim)
    resolutions = net.G.masked_resolutions()

    def plan() -> None:
        layout = net.layout(labels)
        for resolution in resolutions:
            layout.grid(resolution)

    watch.add("encode, 1024² in", lambda: net.encode_labels(image, labels))
    watch.add("style codes", lambda: net.style_codes(vectors))
    watch.add("layout, all resolutions", plan)


def studio(device: torch.device) -> tuple[RGI, Tensor, Tensor]:
    """Return the built-in size with random weights, style codes, and a picture."""
    torch.manual_seed(0)
    net = RGI(STUDIO_256).eval().requires_grad_(requires_grad=False).to(device)
    codes = torch.randn(1, REGIONS, STUDIO_256.n_latent, STUDIO_256.style_dim).to(device)
    return net, codes, torch.rand(1, 3, 256, 256).to(device) * 2 - 1


def add_studio(watch: Stopwatch, labels: Tensor) -> None:
    net, codes, image = studio(watch.device)
    watch.add("studio-256, 256²", lambda: until(net, codes, labels, 256))
    watch.add("studio-256, encode", lambda: net.encode_labels(image, labels))


class Transposed(NamedTuple):
    """What `Upsampling` computes, by one transposed convolution."""

    weight: Tensor
    fir: Tensor

    @classmethod
    def of(cls, weight: Tensor) -> Transposed:
        """Take a weight (out, in, 3, 3)."""
        fir = fir_kernel().to(weight).repeat(len(weight), 1, 1, 1)
        return cls(weight.transpose(0, 1).contiguous(memory_format=torch.channels_last), fir)

    def apply(self, ring: Tensor, bias: Tensor | None = None) -> Tensor:
        """Upsample rows from their ring."""
        z = F.conv_transpose2d(ring.permute(0, 3, 1, 2), self.weight, stride=2)
        z = z[:, :, 1:-1, 1:-1].permute(0, 2, 3, 1)
        return rows.valid(z, self.fir, bias, groups=len(self.fir))


def schemes() -> dict[str, list[Any]]:
    """Name each scheme of the executor, with the patches that switch it off."""
    patch, choose, draw = mock.patch.object, winograd.scheme_of, fast.draw

    def with_stride_1(weight: Tensor, height: int, width: int, stride: int = 1) -> Any:
        return choose(weight, height, width) if stride == 1 else None

    def by_layers(block: Any, x: Tensor, rgb: Tensor, cache: Any) -> Any:
        return block(x, rgb) if block.grid is None else draw(block, x, rgb, cache)

    return {
        "nothing": [],
        "the executor": [patch(fast, "can_run_fast", lambda _: False)],
        "Winograd": [patch(winograd, "scheme_of", lambda *_: None)],
        "Winograd's F(2×2, 3×3) at 16²": [patch(winograd, "few", winograd.many)],
        "Winograd with stride 2": [patch(winograd, "scheme_of", with_stride_1)],
        "keeping transformed weights": [patch(fast.WeightCache, "room", lambda *_: False)],
        "bands": [
            patch(fast_generator, "bands", lambda height, *_: [slice(0, height)]),
            patch(winograd, "BAND_FLOATS", 1 << 60),
        ],
        "upsampling by phases": [patch(fast_generator, "Upsampling", Transposed)],
        "one sweep above K": [patch(fast, "draw", by_layers)],
        "moments by batch_norm": [
            patch(fast_encoder, "moments", lambda x: torch.var_mean(x, (0, 1), correction=0))
        ],
    }


def scheme_table(watch: Stopwatch, net: RGI, codes: Tensor, labels: Tensor, image: Tensor) -> Table:
    """Measure each scheme's gain: time without it ÷ time with all, median over the rounds."""
    small, few, picture = studio(watch.device)
    half = torch.bfloat16
    work: dict[str, Callable[[], object]] = {
        "studio": lambda: until(small, few, labels, 256),
        "studio, bf16": lambda: until(small, few, labels, 256, half),
        "studio, encode": lambda: small.encode_labels(picture, labels),
        "64²": lambda: until(net, codes, labels, 64),
        "256²": lambda: until(net, codes, labels, 256),
        "1024²": lambda: until(net, codes, labels, 1024),
        "1024², bf16": lambda: until(net, codes, labels, 1024, half),
        "encode": lambda: net.encode_labels(image, labels),
    }
    measured = {
        (what, without): Row(without, run, repeats=1)
        for what, run in work.items()
        for without in schemes()
    }
    for _ in track(range(watch.rounds), "schemes"):
        for row in measured.values():
            with contextlib.ExitStack() as stack:
                for patch in schemes()[row.name]:
                    stack.enter_context(patch)
                for network in (net, small):
                    network.G.free_memory()
                    network.encoder.free_memory()
                row.run()  # makes what is kept
                row.seconds.append(watch.time(row))
    table = Table("without", *work, title="Time without a scheme ÷ time with all")
    for without in schemes():
        ratios = (_ratio(measured[what, without], measured[what, "nothing"]) for what in work)
        table.add_row(without, *(f"{ratio:.2f}" for ratio in ratios))
    return table


def measure_memory(net: RGI, codes: Tensor, labels: Tensor, image: Tensor) -> None:
    device = codes.device
    random = worst_maps()["random single pixels"].to(device)
    weights = memory_in_use(device)
    for name, run in (
        ("drawing", lambda: until(net, codes, labels, 1024)),
        ("then drawing random single pixels", lambda: until(net, codes, random, 1024)),
        ("then encoding", lambda: net.encode_labels(image, labels)),
    ):
        peak = peak_memory(run, device) - weights
        print(f"peak memory above the weights: {peak:.0f} MB {name}", flush=True)


def measure(watch: Stopwatch) -> None:
    device = watch.device
    data = np.load(golden.GOLDEN / "rgi_1024_k13.npz")
    labels = torch.from_numpy(data["label_map"]).long()[None].to(device)
    net = golden.network(golden.published(1024)).to(device)
    codes = net.style_codes(torch.from_numpy(data["style_vectors"]).to(device))
    image = torch.rand(1, 3, 1024, 1024, device=device) * 2 - 1
    mask = onehot(labels)

    if "memory" in watch.parts:
        measure_memory(net, codes, labels, image)
    if SCHEMES in watch.parts:
        Console(width=130).print(scheme_table(watch, net, codes, labels, image))
    if "naive" in watch.parts:
        whole = lambda: naive.generate(net, codes, mask)  # noqa: E731
        watch.naive = watch.add("naive, 1024²", whole, repeats=1)
    if "stages" in watch.parts:
        add_stages(watch, net, codes, labels)
    if "half" in watch.parts:
        add_half(watch, net, codes, labels)
    if "edits" in watch.parts:
        add_edits(watch, net, codes, labels)
    if "worst" in watch.parts:
        add_worst(watch, net, codes)
    if "encode" in watch.parts:
        add_encode(watch, net, image, labels)
        add_studio(watch, labels)
    watch.measure()

    console = Console(width=110)
    console.print(watch.table(f"Generator, e4s-1024, K = 13, {device}"))
    if watch.naive is not None:
        exact = naive.generate(net, codes, mask)
        difference = (until(net, codes, labels, 1024) - exact).abs().max()
        console.print(f"greatest difference to naive, golden map: {difference:.1e}")


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cpu-time", action="store_true")
    parser.add_argument("--check", action="store_true", help="hold the worst maps to naive, too")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--only", nargs="*", choices=(*PARTS, SCHEMES), default=PARTS)
    options = parser.parse_args()
    if options.cpu_time:
        torch.set_num_threads(1)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    device = torch.device(options.device)
    watch = Stopwatch(device, options.rounds, options.cpu_time, options.check, options.only)
    measure(watch)


if __name__ == "__main__":
    main()
