"""Accuracy of swaps with a known ground truth, on synthetic portraits that no training uses.

    python benchmarks/portraits.py [--count 200] [--checkpoint FILE] [--pictures FOLDER]

Nothing is fitted. A swap puts the source's textures on the target's shape, in the target's
lighting; the ground truth is this portrait, rendered. "Ours" is the program's final picture with
default settings; the network's output has a column of its own. Two baselines use no network:
pasting the source's pixels where the target's map has the swapped regions, with multi-band
blending, and transferring the mean and deviation of colour of each region.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from samples import face_of, psnr

from e4s_studio.core.pair import Both
from e4s_studio.core.portrait import Portrait
from e4s_studio.core.regions import FACE, REGION_COUNT, Region
from e4s_studio.core.settings import EditSettings
from e4s_studio.engine.drawing.fitted import encode_pair
from e4s_studio.engine.drawing.models import load_network
from e4s_studio.engine.drawing.renderer import Renderer
from e4s_studio.engine.finishing.blend import blend, seam_ramp
from e4s_studio.engine.pictures import to_image
from e4s_studio.files.images import write_image
from e4s_studio.files.output import make_folder
from e4s_studio.train.pairs import Stream, possible_amounts, swap_texture
from e4s_studio.train.portraits import Shape, Texture, random_shape, random_texture, render

if TYPE_CHECKING:
    from collections.abc import Callable

    from e4s_studio.networks.rgi import RGI

SINGLE_PER_PAIR = 3
SEAM_WIDTH = 8.0
SHEET_ROWS = 8
Image = NDArray[np.uint8]
Scores = defaultdict[str, list[float]]


@dataclass(frozen=True)
class Person:
    """A synthetic portrait with its shape and texture."""

    shape: Shape
    texture: Texture
    image: Image
    labels: NDArray[np.uint8]

    @classmethod
    def random(cls, rng: np.random.Generator, size: int) -> Person:
        """Sample and render a portrait."""
        shape, texture = random_shape(rng), random_texture(rng)
        return cls(shape, texture, *render(shape, texture, size))


class Swaps:
    """Swaps of a pair, and their ground truths."""

    def __init__(self, network: RGI, source: Person, target: Person) -> None:
        self.source, self.target = source, target
        self.size = network.config.size
        people = Both(source, target)
        portraits = people.map(lambda person: Portrait(person.image, person.labels))
        self.renderer = Renderer(encode_pair(network, portraits), portraits)

    def amounts(self, regions: frozenset[Region], amount: float) -> NDArray[np.float32]:
        """Return the amounts (12,) of some regions, 0 for those that the source lacks."""
        wanted = np.zeros(REGION_COUNT, np.float32)
        wanted[list(regions)] = amount
        return possible_amounts(wanted, self.source.labels)

    def drawn(self, amounts: NDArray[np.float32]) -> Image:
        """Return the network's output for a swap."""
        *_, last = self.renderer.drawings(self.target.labels, amounts.tolist())
        return to_image(last)

    def finished(self, amounts: NDArray[np.float32]) -> Image:
        """Return the program's final picture of a swap, with default settings."""
        settings = EditSettings(amounts=tuple(amounts.tolist()))
        return to_image(self.renderer.swap(self.target.labels, settings).result)

    def truth(self, amounts: NDArray[np.float32]) -> Image:
        """Render the ground truth of a swap."""
        texture = swap_texture(self.target.texture, self.source.texture, amounts)
        return render(self.target.shape, texture, self.size)[0]


def pasted(swaps: Swaps, amounts: NDArray[np.float32]) -> Image:
    """Paste the source's pixels by the map, with multi-band blending."""
    target, source = (person.image.astype(np.float32) for person in (swaps.target, swaps.source))
    alpha = amounts[swaps.target.labels]
    mixed = target + alpha[..., None] * (source - target)
    ramp = seam_ramp(alpha > 0, SEAM_WIDTH)
    return to_image(blend(target, mixed, ramp, SEAM_WIDTH))


def transferred(swaps: Swaps, amounts: NDArray[np.float32]) -> Image:
    """Transfer the source's mean and deviation in Lab to each region, by its amount."""
    target, source = (lab(person.image) for person in (swaps.target, swaps.source))
    result = target.copy()
    for region in np.flatnonzero(amounts):
        inside, there = swaps.target.labels == region, swaps.source.labels == region
        if not inside.any():
            continue
        own, other = target[inside], source[there]
        gain = other.std(axis=0) / np.maximum(own.std(axis=0), 1e-3)
        moved = (own - own.mean(axis=0)) * gain + other.mean(axis=0)
        result[inside] += amounts[region] * (moved - own)
    return to_image(cv2.cvtColor(result, cv2.COLOR_LAB2RGB).astype(np.float32) * 255)


def lab(image: Image) -> NDArray[np.float32]:
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def delta_e(one: Image, other: Image, where: NDArray[np.bool_]) -> float:
    """Mean CIE76 colour difference."""
    return float(np.linalg.norm(lab(one) - lab(other), axis=2)[where].mean())


WAYS: dict[str, Callable[[Swaps, NDArray[np.float32]], Image]] = {
    "ours": Swaps.finished,
    "network": Swaps.drawn,
    "pasting": pasted,
    "colour transfer": transferred,
}


def measure_pair(swaps: Swaps, number: int, scores: Scores) -> list[Image]:
    """Add the scores of a pair, and return a row of the sheet."""
    labels = swaps.target.labels
    everywhere, face = np.ones(labels.shape, bool), face_of(labels)
    untouched = swaps.drawn(np.zeros(REGION_COUNT, np.float32))
    scores["reconstruction, whole picture"].append(psnr(untouched, swaps.target.image, everywhere))
    scores["reconstruction, inner face"].append(psnr(untouched, swaps.target.image, face))
    row = [swaps.source.image, swaps.target.image, untouched]
    for amount in (1.0, 0.5):
        amounts = swaps.amounts(FACE, amount)
        truth = swaps.truth(amounts)
        results = {name: way(swaps, amounts) for name, way in WAYS.items()}
        for name, result in results.items():
            scores[f"inner face {amount}, {name}"].append(psnr(result, truth, face))
        if amount == 1.0:
            row += [*results.values(), truth]
    step = REGION_COUNT // SINGLE_PER_PAIR
    for region in (Region((number + k * step) % REGION_COUNT) for k in range(SINGLE_PER_PAIR)):
        measure_region(swaps, region, untouched, scores)
    return row


def measure_region(swaps: Swaps, region: Region, untouched: Image, scores: Scores) -> None:
    """Swap one region, if both portraits have it."""
    amounts, inside = swaps.amounts(frozenset({region}), 1.0), swaps.target.labels == region
    if not amounts.any() or not inside.any():
        return
    truth = swaps.truth(amounts)
    for name, way in WAYS.items():
        result = way(swaps, amounts)
        scores[f"{region.label}, {name}"].append(psnr(result, truth, inside))
        if name == "network":
            leak = delta_e(result, untouched, ~inside)
            scores[f"{region.label}, leak"].append(leak)


def table_of(scores: Scores) -> Table:
    def mean(name: str) -> str:
        return f"{np.mean(scores[name]):.2f}" if scores[name] else "–"

    columns = [*(f"{way} dB" for way in WAYS), "network's leak ΔE", "pairs"]
    table = Table("swap against its truth", *columns)
    for part in ("whole picture", "inner face"):
        name = f"reconstruction, {part}"
        table.add_row(name, "", mean(name), "", "", "", str(len(scores[name])))
    swaps = ["inner face 1.0", "inner face 0.5", *(region.label for region in Region)]
    for swap in swaps:
        count = str(len(scores[f"{swap}, ours"]))
        table.add_row(swap, *(mean(f"{swap}, {way}") for way in WAYS), mean(f"{swap}, leak"), count)
    return table


def portraits_table(network: RGI, count: int, pictures: Path | None = None) -> Table:
    """Measure the swaps of `count` pairs; write a sheet of the first ones into a folder, if any."""
    size = network.config.size
    scores: Scores = defaultdict(list)
    rows = []
    with torch.inference_mode():
        for number in track(range(count), "Swapping", console=Console(stderr=True)):
            rng = np.random.default_rng((int(Stream.HELD_OUT), number))
            source, target = (Person.random(rng, size) for _ in range(2))
            row = measure_pair(Swaps(network, source, target), number, scores)
            if number < SHEET_ROWS:
                rows.append(np.concatenate(row, axis=1))
    if pictures:
        # Source, target, reconstruction, inner face swapped by each method, ground truth.
        make_folder(pictures)
        write_image(pictures / "portraits.png", np.concatenate(rows))
    return table_of(scores)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200, help="pairs of portraits")
    parser.add_argument("--checkpoint", type=Path, help="weights in place of the built-in ones")
    parser.add_argument("--pictures", type=Path, help="a folder for a sheet of the first pairs")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    network = load_network(options.checkpoint, options.device)
    Console(width=120).print(portraits_table(network, options.count, options.pictures))


if __name__ == "__main__":
    main()
