"""How well photographs are found, aligned, parsed and put back.

    python benchmarks/photographs.py [--cases 200] [--samples FOLDER]

Prints every number beside what it has to be. FOLDER holds the photographs with maps (CelebAMask-HQ
labels) and those as cameras take them; without it only painted portraits are measured.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageOps

from e4s_studio.core.errors import FaceError
from e4s_studio.core.quad import Quad, quad_from_landmarks
from e4s_studio.core.regions import FROM_CELEBAMASK, Region
from e4s_studio.engine.faces.align import crop, paste_back, uncrop_labels
from e4s_studio.engine.faces.find import find_faces
from e4s_studio.engine.opening import open_portrait
from e4s_studio.engine.parsing import starter_map
from e4s_studio.train.parser import make_pool
from e4s_studio.train.portraits import alignment_points, random_shape, random_texture, render

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLES = Path(__file__).resolve().parents[2] / "shared" / "samples"
PAIRS = ("pair1_source", "pair1_target", "pair2_source", "pair2_target")
UNALIGNED = ("unaligned_1.jpg", "unaligned_2.jpg", "group_1927.png")
LARGE = (Region.SKIN, Region.HAIR, Region.BACKGROUND, Region.BELOWFACE)
SMALL = (Region.EYEBROWS, Region.EYES, Region.NOSE, Region.LIP)
SIDE = 256
LARGE_SIZE = (6000, 4000)
EXAMPLE_SEED = 90_000


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--cases", type=int, default=200)
    options.add_argument("--samples", type=Path, default=SAMPLES)
    chosen = options.parse_args()
    with_samples = chosen.samples.is_dir()
    if with_samples:
        faces_of_samples(chosen.samples)
        paste_back_of_samples(chosen.samples)
        maps_of_samples(chosen.samples)
        opening_of_large_photographs(chosen.samples)
    large_photograph()
    alignment(chosen.cases)
    maps_of_portraits(chosen.cases)
    maps_of_examples(max(chosen.cases // 4, 1))


def say(what: str, measured: str, needed: str = "") -> None:
    print(f"{what:<58} {measured:>24}   {needed}", flush=True)


def faces_of_samples(folder: Path) -> None:
    for name in UNALIGNED:
        photo = np.asarray(Image.open(folder / name).convert("RGB"))
        start = time.perf_counter()
        faces = find_faces(photo)
        seconds = time.perf_counter() - start
        say(f"faces found in {name}", f"{len(faces)} in {seconds:.1f} s", "1, 1 and 29 are there")


def paste_back_of_samples(folder: Path) -> None:
    worst = np.inf
    for name in PAIRS:
        photo = np.asarray(Image.open(folder / f"{name}.jpg"))
        for angle, scale in ((0, 1.0), (20, 1.0), (-30, 0.5), (10, 0.3)):
            quad = Quad.whole(*photo.shape[1::-1]).scaled(scale).turned(angle).moved(3.3, 1.7)
            worst = min(worst, round_trip(photo, quad, round(quad.side)))
    say("unchanged face, cropped and pasted back (worst)", f"{worst:.1f} dB", ">= 45 dB")


def round_trip(photo: np.ndarray, quad: Quad, size: int) -> float:
    """Return the PSNR of the pixels under the alpha; those outside must be the same bits."""
    alpha = disc(size)
    result = paste_back(photo, crop(photo, quad, size), alpha, quad)
    touched = uncrop_labels((alpha > 0).astype(np.uint8), quad, photo.shape[:2]) > 0
    wider = cv2.dilate(touched.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert np.array_equal(result[~wider], photo[~wider])
    error = (result[touched].astype(float) - photo[touched]) ** 2
    return float(10 * np.log10(255**2 / max(error.mean(), 1e-12)))


def disc(size: int) -> np.ndarray:
    y, x = (np.mgrid[:size, :size] + 0.5) / size - 0.5
    return ((0.42 - np.hypot(x, y)) / 0.05).clip(0, 1).astype(np.float32)


def maps_of_samples(folder: Path) -> None:
    scores, grey = [], []
    for name in PAIRS:
        photo = Image.open(folder / f"{name}.jpg").reduce(2)
        true = FROM_CELEBAMASK[np.asarray(Image.open(folder / f"{name}_mask.png"))]
        scores.append(score(np.asarray(photo), true))
        grey.append(score(np.asarray(photo.convert("L").convert("RGB")), true))
    say_scores("starter map, photographs", scores)
    say_scores("starter map, the same in grey", grey)


def maps_of_portraits(cases: int) -> None:
    rng = np.random.default_rng(2)
    scores = []
    for _ in range(cases):
        image, true = render(random_shape(rng), random_texture(rng), SIDE)
        scores.append(score(image, true))
    say_scores(f"starter map, {cases} portraits", scores)


def maps_of_examples(cases: int) -> None:
    """Measure heads turned, bald, bearded, dressed and in crowds, of a seed that none learns."""
    pool = make_pool(EXAMPLE_SEED, cases, cases, SIDE)
    scores = [score(*example) for example in zip(pool.pictures, pool.labels, strict=True)]
    say_scores(f"starter map, {cases} changed portraits", scores)


def score(image: np.ndarray, true: np.ndarray) -> tuple[float, float, float, float]:
    """Return pixel accuracy, mean IoU of large and of small regions, and seconds."""
    start = time.perf_counter()
    labels = starter_map(image).labels
    seconds = time.perf_counter() - start
    means = [np.nanmean([overlap(labels, true, region) for region in rs]) for rs in (LARGE, SMALL)]
    return float((labels == true).mean()), float(means[0]), float(means[1]), seconds


def overlap(found: np.ndarray, true: np.ndarray, region: Region) -> float:
    either = (found == region) | (true == region)
    both = (found == region) & (true == region)
    return both.sum() / either.sum() if either.any() else np.nan


def say_scores(what: str, scores: list[tuple[float, float, float, float]]) -> None:
    right, large, small, seconds = np.mean(scores, axis=0)
    say(f"{what}: pixel accuracy", f"{right:.3f}", ">= 0.85")
    say(f"{what}: IoU of skin, hair, background, neck", f"{large:.3f}", ">= 0.70")
    say(f"{what}: IoU of brows, eyes, nose, lips", f"{small:.3f}", ">= 0.60")
    say(f"{what}: seconds each", f"{seconds:.1f}", "a few")


def opening_of_large_photographs(folder: Path) -> None:
    """Open 24 megapixels with one face, with many and with none; decoding is the measure."""
    open_portrait(folder / UNALIGNED[0])  # what is loaded once only
    one, many = (Image.open(folder / UNALIGNED[index]).convert("RGB") for index in (0, 2))
    pictures = {
        "one face": ImageOps.fit(one, LARGE_SIZE, centering=(0.5, 0.0)),
        "many faces": ImageOps.fit(many, LARGE_SIZE),
        "no face": Image.fromarray(clouds(LARGE_SIZE)),
    }
    with tempfile.TemporaryDirectory() as place:
        for name, picture in pictures.items():
            path = Path(place) / "photograph.jpg"
            picture.save(path, quality=92)
            decoding = processor_seconds(lambda path=path: np.array(Image.open(path)))
            opening = processor_seconds(lambda path=path: open_if_any_face(path))
            measured = f"{opening:.1f} s, {opening / decoding:.0f} x"
            say(f"24 megapixels, {name}: opening against decoding", measured, "reported")


def processor_seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def open_if_any_face(path: Path) -> None:
    with suppress(FaceError):
        open_portrait(path)


def clouds(size: tuple[int, int]) -> np.ndarray:
    """Paint noise of every size, which cascades cannot wave through at a glance."""
    rng = np.random.default_rng(4)
    total = np.zeros((size[1], size[0], 3), np.float32)
    for octave in range(2, 11):
        coarse = rng.normal(0, 1, (2**octave, 2**octave, 3)).astype(np.float32)
        total += cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC) * 2 ** (-0.7 * octave)
    return (120 + 45 * total / total.std()).clip(0, 255).astype(np.uint8)


def large_photograph() -> None:
    """Put a face into 24 megapixels: how long it takes, and that all else stays."""
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (4000, 6000, 3), dtype=np.uint8)
    quad = Quad.whole(2400, 2400).moved(1800, 700).turned(8)
    face = np.full((1024, 1024, 3), 128, np.uint8)
    start = time.perf_counter()
    result = paste_back(photo, face, disc(1024), quad)
    seconds = time.perf_counter() - start
    y, x = np.mgrid[:4000, :6000]
    away = np.hypot(x - quad.centre[0], y - quad.centre[1]) > 0.42 * quad.side + 5
    same = np.array_equal(result[away], photo[away])
    say("24 megapixels: outside the face", "same bits" if same else "CHANGED", "same bits")
    say("24 megapixels: pasting back", f"{seconds:.1f} s")


def alignment(cases: int) -> None:
    """Portraits turned, scaled and set into larger canvases come back to their crop."""
    rng = np.random.default_rng(1)
    given, found, eyes_near, quads_near = [], [], [], []
    for _ in range(cases):
        photo, points = placed_portrait(rng)
        distance = np.linalg.norm(points[1] - points[0])
        true = quad_from_landmarks(*map(tuple, points))
        given.append(canonical_error(true, points, photo.own) <= 0.03)
        faces = find_faces(photo.pixels)
        face = min(faces, key=lambda f: gap(f.quad, true), default=None)
        found.append(face is not None and gap(face.quad, true) < 0.25 * true.side)
        if found[-1]:
            off = np.linalg.norm(np.array(face.landmarks[:2]) - points[:2], axis=1).max()
            eyes_near.append(off / distance)
            quads_near.append(np.abs(face.quad.points - true.points).max() / true.side)
    say("alignment from given landmarks within 3 %", f"{np.mean(given):.1%}", ">= 95 %")
    say("Haar: portraits found", f"{np.mean(found):.1%}", "reported")
    if eyes_near:
        say("Haar: eyes off, median of eye distances", f"{np.median(eyes_near):.1%}", "reported")
        say("Haar: quad corners off, median of sides", f"{np.median(quads_near):.1%}", "reported")


class Placed:
    """A photograph with a portrait in it, and the portrait's own landmarks at SIDE pixels."""

    def __init__(self, pixels: np.ndarray, own: np.ndarray) -> None:
        self.pixels = pixels
        self.own = own


def placed_portrait(rng: np.random.Generator) -> tuple[Placed, np.ndarray]:
    """Paint a portrait, turned by up to 30°, scaled ½ to 4, in a canvas up to twice as large."""
    shape = random_shape(rng)
    scale = float(np.exp2(rng.uniform(-1, 2)))
    size = max(round(SIDE * scale), 32)
    image, _ = render(shape, random_texture(rng), size)
    turn = cv2.getRotationMatrix2D(((size - 1) / 2,) * 2, rng.uniform(-30, 30), 1)
    canvas = round(size * rng.uniform(1.5, 2))
    turn[:, 2] += rng.uniform(0.25, 0.75, 2) * (canvas - size)
    middle = np.median(image, axis=(0, 1)).tolist()
    pixels = cv2.warpAffine(
        image, turn, (canvas, canvas), flags=cv2.INTER_CUBIC, borderValue=middle
    )
    points = alignment_points(shape, size) @ turn[:, :2].T + turn[:, 2]
    return Placed(pixels, alignment_points(shape, SIDE)), points


def canonical_error(quad: Quad, points: np.ndarray, own: np.ndarray) -> float:
    """Return how far the points lie from their canonical places in the crop, in eye distances."""
    there = np.column_stack([points, np.ones(len(points))]) @ quad.to_crop(SIDE).T
    off = np.linalg.norm(there[:, :2] / there[:, 2:] - own, axis=1).max()
    return float(off / np.linalg.norm(own[1] - own[0]))


def gap(first: Quad, second: Quad) -> float:
    return float(np.linalg.norm(np.subtract(first.centre, second.centre)))


if __name__ == "__main__":
    main()
