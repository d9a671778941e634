"""How true swaps are, with times and memory.

    python benchmarks/fidelity.py [--only swaps|portraits|curves] [--samples ../shared/samples]

Three tables. Swaps: fits the built-in model to each pair of aligned portraits (NAME_source.jpg,
NAME_target.jpg, with maps NAME_source_mask.png, NAME_target_mask.png) and swaps both ways with the
one fit: reconstruction, identity, colours and beards. Portraits: swaps without any fit, where the
truth is known (`portraits.py`). Curves: how soon a fit is good (`curves.py`).
"""

from __future__ import annotations

import argparse
import itertools
import resource
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from curves import curves_table
from portraits import portraits_table
from rich.console import Console
from rich.table import Table
from samples import face_of, names_of, psnr, read

from e4s_studio.core.pair import Both, Role
from e4s_studio.core.regions import FACE, Region
from e4s_studio.core.settings import EditSettings
from e4s_studio.engine.drawing.models import load_network
from e4s_studio.engine.drawing.renderer import Renderer
from e4s_studio.engine.finishing.paste import into_photograph
from e4s_studio.engine.fitting.fit import Fitter, plan_for
from e4s_studio.engine.pictures import resize, resize_labels, to_image
from e4s_studio.engine.swap import swap_label_maps
from e4s_studio.files.images import write_image
from e4s_studio.train.pairs import practice_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.core.portrait import Portrait
    from e4s_studio.engine.drawing.fitted import Fitted

AMOUNTS = (0.0, 0.25, 0.5, 0.75, 1.0)
FULL = EditSettings()


@dataclass(frozen=True)
class Row:
    """What one direction of a pair measured."""

    name: str
    reconstruction: float
    unswapped: float
    steady: str
    beard: float | None
    fit_seconds: float
    swap_seconds: float


def lab(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Convert RGB to CIE Lab."""
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def fit(portraits: Both[Portrait], steps: int | None) -> tuple[Fitted, float]:
    """Fit the built-in model to a pair; return it and the seconds it took."""
    network = load_network()
    start = time.perf_counter()
    plan = plan_for(network, steps=steps)
    fitter = Fitter(network, portraits, plan, practice_pairs(network.config.size))
    while not fitter.is_done:
        fitter.step()
    return fitter.fitted(), time.perf_counter() - start


def reversed_fit(fitted: Fitted) -> Fitted:
    """Let source and target change places."""
    return replace(fitted, vectors=fitted.vectors.swapped)


def chin_contrast(image: NDArray[np.uint8], labels: NDArray[np.uint8]) -> float:
    """Median L* of the skin below the nose minus that of the cheeks: a beard makes it low."""
    skin = labels == Region.SKIN
    nose = np.nonzero((labels == Region.NOSE).any(axis=1))[0]
    eyes = np.nonzero((labels == Region.EYES).any(axis=1))[0]
    rows = np.arange(labels.shape[0])[:, None]
    lightness = lab(image)[..., 0]
    below = skin & (rows > nose.max())
    cheeks = skin & (rows > eyes.max()) & (rows <= nose.max())
    return float(np.median(lightness[below]) - np.median(lightness[cheeks]))


def beard_left(
    renderer: Renderer, result: NDArray[np.uint8], label_map: NDArray[np.uint8]
) -> float:
    """Return (c_result − c_source) / (c_target − c_source) with c the chin's contrast."""
    source, target = (chin_contrast(each.image, each.labels) for each in renderer.portraits)
    return (chin_contrast(result, label_map) - source) / (target - source)


def monotonic(renderer: Renderer, label_map: NDArray[np.uint8]) -> str:
    """Say whether skin's and lips' mean Lab moves steadily from the target's to the source's."""
    steady = []
    for region in (Region.SKIN, Region.LIP):
        means = []
        for amount in AMOUNTS:
            settings = FULL.with_amount(FACE, amount)
            image = to_image(renderer.swap(label_map, settings).result)
            means.append(lab(image)[label_map == region].mean(axis=0))
        way = means[-1] - means[0]
        along = [float((mean - means[0]) @ way / (way @ way)) for mean in means]
        steady.append(f"{region.label} " + " ".join(f"{share:.2f}" for share in along))
        if any(b < a for a, b in itertools.pairwise(along)):
            steady[-1] += " NOT MONOTONIC"
    return "\n".join(steady)


def measure(name: str, renderer: Renderer, seconds: float, pictures: Path | None) -> Row:
    """Swap one way and measure it."""
    source, target = renderer.portraits
    start = time.perf_counter()
    label_map, _ = swap_label_maps(source.labels, target.labels, face_over_hair=False)
    composite = renderer.swap(label_map, FULL)
    result = into_photograph(target, composite)
    swap_seconds = time.perf_counter() - start
    if pictures:
        write_image(pictures / f"{name}.png", result)
    size = renderer.fitted.network.config.size
    small = resize(target.image.astype(np.float32), size)
    face = face_of(resize_labels(target.labels, size))
    nothing = FULL.with_amount(Region, 0.0)
    untouched = renderer.swap(target.labels, nothing).result
    beards = [chin_contrast(p.image, p.labels) for p in (source, target)]
    return Row(
        name,
        psnr(renderer.reconstructions.target, small, face),
        psnr(untouched, target.image, face_of(target.labels)),
        monotonic(renderer, label_map),
        beard_left(renderer, result, label_map) if abs(beards[0] - beards[1]) > BEARD else None,
        seconds,
        swap_seconds,
    )


BEARD = 8.0
"""Difference in L* between two chins from which one of them is bearded."""


def self_swap(portrait: Portrait, steps: int | None) -> float:
    """Swap a portrait with itself after a fit of its own; PSNR inside the face."""
    twice = Both(portrait, portrait)
    fitted, _ = fit(twice, steps)
    renderer = Renderer(fitted, twice)
    result = renderer.swap(portrait.labels, FULL).result
    return psnr(to_image(result), portrait.image, face_of(portrait.labels))


def swaps_table(options: argparse.Namespace) -> tuple[Table, Table]:
    """Fit and swap all pairs; return the table of swaps, and that of portraits by themselves."""
    table = Table(
        "swap",
        "reconstruction dB",
        "amounts 0 dB",
        "way of Lab colour at 0 ¼ ½ ¾ 1",
        "beard left",
        "fit s",
        "swap s",
    )
    selves = Table("portrait", "swapped with itself, dB")
    for name in names_of(options.samples):
        pair = Both(*(read(options.samples, f"{name}_{role}") for role in Role))
        fitted, seconds = fit(pair, options.steps)
        ways = (
            (f"{name}_source_to_target", Renderer(fitted, pair)),
            (f"{name}_target_to_source", Renderer(reversed_fit(fitted), pair.swapped)),
        )
        for way, renderer in ways:
            row = measure(way, renderer, seconds, options.pictures)
            beard = "–" if row.beard is None else f"{row.beard:.2f}"
            table.add_row(
                row.name,
                f"{row.reconstruction:.2f}",
                f"{row.unswapped:.1f}",
                row.steady,
                beard,
                f"{row.fit_seconds:.0f}",
                f"{row.swap_seconds:.1f}",
            )
        if not options.no_self_swap:
            for role, portrait in zip(Role, pair, strict=True):
                selves.add_row(f"{name}_{role}", f"{self_swap(portrait, options.steps):.1f}")
    return table, selves


def main() -> None:
    """Measure what is asked for and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("swaps", "portraits", "curves"))
    parser.add_argument("--samples", type=Path, default=Path("../shared/samples"))
    parser.add_argument("--steps", type=int, help="fitting steps in place of the default")
    parser.add_argument("--count", type=int, default=200, help="pairs of painted portraits")
    parser.add_argument("--pictures", type=Path, help="a folder for the swaps")
    parser.add_argument("--no-self-swap", action="store_true", help="skip the four extra fits")
    options = parser.parse_args()
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
    console = Console(width=140)
    if options.only in {None, "portraits"}:
        console.print(portraits_table(load_network(), options.count, options.pictures))
    if options.only in {None, "curves"}:
        console.print(curves_table(options.samples))
    if options.only in {None, "swaps"}:
        for table in swaps_table(options):
            console.print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    console.print(f"Peak memory of this process: {peak:.2f} GB")


if __name__ == "__main__":
    main()
