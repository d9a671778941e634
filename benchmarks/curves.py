"""How soon a fit is good: from the weights that ship, and from random ones.

    python benchmarks/curves.py [--samples ../shared/samples] [--pair NAME]

PSNR inside the face, of both portraits of a pair, after so many steps of a fit, and how much
sooner both are good from the weights that ship. `fidelity.py` prints the same table with its own.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table
from samples import face_of, names_of, psnr, read

from e4s_studio.core.pair import Both
from e4s_studio.engine.drawing.models import load_network
from e4s_studio.engine.drawing.renderer import Renderer
from e4s_studio.engine.fitting.fit import Fitter, plan_for
from e4s_studio.engine.pictures import resize, resize_labels
from e4s_studio.train.pairs import practice_pairs
from e4s_studio.train.plan import TrainingPlan
from e4s_studio.train.trainer import initial_network

if TYPE_CHECKING:
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.networks.rgi import RGI

MARKS = (0, 50, 100, 200, 400)
GOAL = 27.0
EVERY = 10


@dataclass
class Curve:
    """PSNR (source, target) by steps, and when both first were good."""

    levels: dict[int, tuple[float, float]] = field(default_factory=dict)
    steps_to_goal: int | None = None
    seconds_to_goal: float | None = None

    def note(self, steps: int, seconds: float, levels: tuple[float, float]) -> None:
        """Remember how good both portraits are after so many steps."""
        if steps in MARKS:
            self.levels[steps] = levels
        if self.steps_to_goal is None and min(levels) >= GOAL:
            self.steps_to_goal, self.seconds_to_goal = steps, seconds


def untrained_network() -> RGI:
    """Return the built-in network with random weights, seed 0."""
    return initial_network(TrainingPlan()).eval().requires_grad_(False)


def levels_of(fitter: Fitter, portraits: Both[Portrait]) -> tuple[float, float]:
    """Return the PSNR of both portraits, drawn from their own vectors, inside the face."""
    renderer = Renderer(fitter.fitted(), portraits)
    size = renderer.fitted.network.config.size
    first, second = (
        psnr(
            drawn,
            resize(portrait.image.astype(np.float32), size),
            face_of(resize_labels(portrait.labels, size)),
        )
        for drawn, portrait in zip(renderer.reconstructions, portraits, strict=True)
    )
    return first, second


def curve_of(network: RGI, portraits: Both[Portrait]) -> Curve:
    """Fit, looking every so many steps; looking does not count."""
    curve, start = Curve(), time.perf_counter()
    fitter = Fitter(network, portraits, plan_for(network), practice_pairs(network.config.size))
    seconds = time.perf_counter() - start
    while True:
        if fitter.steps_taken % EVERY == 0 or fitter.is_done:
            curve.note(fitter.steps_taken, seconds, levels_of(fitter, portraits))
        seen = fitter.steps_taken >= max(MARKS) and curve.steps_to_goal is not None
        if fitter.is_done or seen:
            return curve
        start = time.perf_counter()
        fitter.step()
        seconds += time.perf_counter() - start


def cells_of(curve: Curve) -> list[str]:
    """Return a curve's columns."""
    levels = [curve.levels.get(mark) for mark in MARKS]
    return [
        *("–" if level is None else "{:.1f} / {:.1f}".format(*level) for level in levels),
        "–" if curve.steps_to_goal is None else str(curve.steps_to_goal),
        "–" if curve.seconds_to_goal is None else f"{curve.seconds_to_goal:.0f}",
    ]


def times_sooner(shipped: Curve, random: Curve) -> str:
    """Compare when both portraits were good, by steps and by seconds."""
    if shipped.steps_to_goal is None or shipped.seconds_to_goal is None:
        return "–"
    if random.steps_to_goal is None or random.seconds_to_goal is None:
        return "never from random"
    steps = random.steps_to_goal / max(shipped.steps_to_goal, 1)
    return f"{steps:.1f} / {random.seconds_to_goal / shipped.seconds_to_goal:.1f}"


def curves_table(samples: Path, checkpoint: Path | None = None, pair: str | None = None) -> Table:
    """Fit each pair, or one, from both starts and return the table."""
    table = Table(
        "pair",
        "start",
        *(f"{mark} steps" for mark in MARKS),
        f"steps to {GOAL:.0f} dB",
        "seconds",
        "times sooner, steps / s",
        title="PSNR inside the face, source / target, dB",
    )
    for name in names_of(samples) if pair is None else [pair]:
        source, target = (read(samples, f"{name}_{role}") for role in ("source", "target"))
        shipped = curve_of(load_network(checkpoint), Both(source, target))
        random = curve_of(untrained_network(), Both(source, target))
        table.add_row(name, "shipped", *cells_of(shipped), times_sooner(shipped, random))
        table.add_row(name, "random", *cells_of(random))
    return table


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=Path, default=Path("../shared/samples"))
    parser.add_argument("--checkpoint", type=Path, help="weights in place of those that ship")
    parser.add_argument("--pair", help="one pair's name in place of all")
    options = parser.parse_args()
    table = curves_table(options.samples, options.checkpoint, options.pair)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
