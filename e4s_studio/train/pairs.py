"""Numbered pairs of portraits with swaps whose ground truth is known.

A pair depends on its number and the random seed alone, not on when or where it is made. So a
training resumes exactly after an interruption, and several processes share one sequence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Final, Protocol

import cv2
import numpy as np

from e4s_studio.core.errors import ImageError
from e4s_studio.core.regions import FACE, REGION_COUNT, SWAPPED_TEXTURE, Region
from e4s_studio.engine.pictures import resize_labels
from e4s_studio.files.images import read_image
from e4s_studio.files.label_maps import read_label_map
from e4s_studio.train.augment import (
    Recolouring,
    blurred,
    noisy,
    random_blur,
    random_recolouring,
    random_warp,
)
from e4s_studio.train.plan import AUGMENT
from e4s_studio.train.portraits import mix, random_shape, random_texture, render

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.random import Generator
    from numpy.typing import NDArray

    from e4s_studio.train.portraits import Shape, Texture

_SAME_LIGHT: Final = 0.3
"""Share of the pairs whose portraits have the same lighting."""

_FINEST_TAP: Final = 64
"""The resolution at which the published encoder first pools regions. Regions without a pixel there
have no texture to swap."""


class Stream(IntEnum):
    """Sequences of portraits with distinct random seeds."""

    TRAINING = 0
    VALIDATION = 1
    HELD_OUT = 2
    PRACTICE = 3


@dataclass(frozen=True)
class TrainingPair:
    """Two portraits, and the ground truth to generate on the label map of each.

    Attributes
    ----------
    pictures
        (2, S, S, 3) uint8 RGB: source and target, the encoder's input.
    labels
        (2, S, S) uint8: their label maps.
    amounts
        (2, 12) float32 texture amounts on the two label maps, 0 (the map's own portrait) to 1 (the
        other). Those of the source are 0 where it is only reconstructed.
    truths
        (2, S, S, 3) uint8: the ground truths on the two label maps.
    known
        (2, S, S) bool: where the ground truths are valid.
    """

    pictures: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    amounts: NDArray[np.float32]
    truths: NDArray[np.uint8]
    known: NDArray[np.bool_]


@dataclass(frozen=True)
class View:
    """A picture (S, S, 3) uint8, its label map (S, S), and where it is valid (None: everywhere)."""

    image: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    known: NDArray[np.bool_] | None = None


class Pairs(Protocol):
    """A source of pairs."""

    def __getitem__(self, number: int) -> TrainingPair:
        """Make the pair of a number from 0."""

    def pair(self, number: int, size: int) -> TrainingPair:
        """Make the same pair with `size` pixels on a side."""


class PortraitPairs:
    """Pairs of portraits that are rendered on demand.

    Parameters
    ----------
    size
        Pixels on a side.
    seed
        Random seed.
    stream
        The sequence; sequences have no portrait in common.
    augment
        Probability of each augmentation.
    both_ways
        Whether the source's map shows a swap too, with the target's textures, so that a pair has
        two. Otherwise it shows the source.
    """

    def __init__(
        self,
        size: int,
        seed: int = 0,
        stream: Stream = Stream.TRAINING,
        augment: float = 0.0,
        *,
        both_ways: bool = False,
    ) -> None:
        self.size, self.seed, self.stream, self.augment = size, seed, stream, augment
        self.both_ways = both_ways

    def __getitem__(self, number: int) -> TrainingPair:
        """Render the pair of a number from 0."""
        return self.pair(number, self.size)

    def pair(self, number: int, size: int) -> TrainingPair:
        """Render the same pair with `size` pixels on a side."""
        rng = np.random.default_rng((int(self.stream), self.seed, number))
        (shape, texture), (target_shape, target_texture) = _person(rng), _person(rng)
        if rng.random() < _SAME_LIGHT:
            texture = _in_light_of(texture, target_texture)
        source = View(*render(shape, texture, size))
        target = View(*render(target_shape, target_texture, size))
        amounts = np.zeros((2, REGION_COUNT), np.float32)
        amounts[1] = possible_amounts(random_amounts(rng), source.labels)
        views = (source, target)
        truths = list(views)
        if self.both_ways:
            amounts[0] = possible_amounts(random_amounts(rng), target.labels)
        people = ((shape, texture), (target_shape, target_texture))
        for i in (0, 1):
            if amounts[i].any():
                swapped = swap_texture(people[i][1], people[1 - i][1], amounts[i])
                truths[i] = View(render(people[i][0], swapped, size)[0], truths[i].labels)
        return augmented(rng, views, (truths[0], truths[1]), amounts, self.augment)


def practice_pairs(size: int, seed: int = 0) -> PortraitPairs:
    """Return pairs for practice during a fit: as in training, with other random seeds."""
    return PortraitPairs(size, seed, Stream.PRACTICE, AUGMENT)


def _person(rng: Generator) -> tuple[Shape, Texture]:
    return random_shape(rng), random_texture(rng)


def _in_light_of(texture: Texture, other: Texture) -> Texture:
    """Return a texture with the lighting of another."""
    return replace(texture, background=replace(texture.background, light=other.background.light))


def swap_texture(target: Texture, source: Texture, amounts: NDArray[np.float32]) -> Texture:
    """Mix textures by amounts (12,) of the regions, in the target's lighting.

    In the renderer the lighting is part of the background's texture. In a swap it belongs to the
    target's scene, so that a new background does not change the face.
    """
    mixed = mix(target, source, {region: float(amounts[region]) for region in Region})
    return _in_light_of(mixed, target)


def random_amounts(rng: Generator) -> NDArray[np.float32]:
    """Sample a swap's amounts: none, the inner face, with ears and neck, one region, or any."""
    kind = rng.random()
    amounts = np.zeros(REGION_COUNT, np.float32)
    if kind < 0.1:
        return amounts
    if kind < 0.5:
        amounts[list(FACE if kind < 0.3 else SWAPPED_TEXTURE)] = 1
        return amounts
    if kind < 0.65:
        amounts[rng.integers(REGION_COUNT)] = rng.choice((0.5, 1.0, rng.random()))
        return amounts
    ends = rng.integers(2, size=REGION_COUNT)
    partial = rng.random(REGION_COUNT) < 0.3
    return np.where(partial, rng.random(REGION_COUNT), ends).astype(np.float32)


def possible_amounts(
    amounts: NDArray[np.float32], source: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Return the amounts with 0 for regions that the source lacks.

    Parameters
    ----------
    amounts
        (12,).
    source
        (S, S) label map.
    """
    step = max(source.shape[0] // _FINEST_TAP, 1)
    there = np.bincount(source[::step, ::step].ravel(), minlength=REGION_COUNT) > 0
    return np.where(there, amounts, 0).astype(np.float32)


def augmented(
    rng: Generator,
    views: tuple[View, View],
    truths: tuple[View, View],
    amounts: NDArray[np.float32],
    chance: float,
) -> TrainingPair:
    """Randomly warp, recolour, blur and flip source, target and their ground truths alike."""
    size = views[0].labels.shape[0]
    chosen = rng.random(8) < chance
    recolourings = [random_recolouring(rng, changed=bool(chosen[0])) for _ in range(2)]
    sigma = random_blur(rng, size, changed=bool(chosen[1]))
    flips = rng.random(2) < (0.5 if chance else 0.0)
    warps = [
        random_warp(rng, size, bent=bool(chosen[2 + i]), flipped=bool(flips[i])) for i in range(2)
    ]

    def changed(view: View, own: int, recolouring: Recolouring) -> NDArray[np.float32]:
        coloured = recolouring(view.image.astype(np.float32), view.labels)
        return blurred(warps[own].image(coloured), sigma)

    def known(view: View, own: int) -> NDArray[np.bool_]:
        whole = np.ones(view.labels.shape, np.uint8) if view.known is None else view.known
        return warps[own].labels(whole.astype(np.uint8)) > 0

    seen, drawn = [], []
    for i in (0, 1):
        picture = changed(views[i], i, recolourings[i])
        seen.append(noisy(rng, picture, changed=bool(chosen[4 + i])))
        if truths[i] is views[i]:
            drawn.append(picture)
        else:
            mixed = recolourings[i].towards(recolourings[1 - i], amounts[i])
            drawn.append(changed(truths[i], i, mixed))
    return TrainingPair(
        pictures=_rounded(seen),
        labels=np.stack([warps[i].labels(views[i].labels) for i in (0, 1)]),
        amounts=amounts,
        truths=_rounded(drawn),
        known=np.stack([known(truths[i], i) for i in (0, 1)]),
    )


def _rounded(images: list[NDArray[np.float32]]) -> NDArray[np.uint8]:
    return np.clip(np.rint(np.stack(images)), 0, 255).astype(np.uint8)


SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"})
_MAP_ENDINGS: Final = ("_map.png", "_mask.png")
_VALIDATION_SHARE: Final = 20
"""One picture in 20 is for validation, if at least two are left for it."""


class FolderPairs:
    """Random pairs of photographs.

    The ground truth of their swaps is known in part: where the target keeps its texture, and where
    source and target have the same label at the same pixel.

    Parameters
    ----------
    folder
        NAME.jpg (or another format) beside NAME_map.png or NAME_mask.png, aligned crops.
    size, seed, stream, augment
        As of `PortraitPairs`.

    Raises
    ------
    ImageError
        If the folder holds no picture with a map.
    """

    def __init__(
        self,
        folder: Path,
        size: int,
        seed: int = 0,
        stream: Stream = Stream.TRAINING,
        augment: float = 0.0,
    ) -> None:
        self.size, self.seed, self.stream, self.augment = size, seed, stream, augment
        self.files = _of_stream(_pictures_with_maps(folder), stream)

    def __getitem__(self, number: int) -> TrainingPair:
        """Sample the pair of a number from 0.

        Raises
        ------
        ImageError, LabelMapError
            If a file cannot be read.
        """
        return self.pair(number, self.size)

    def pair(self, number: int, size: int) -> TrainingPair:
        """Sample the same pair with `size` pixels on a side; raises what `[]` raises."""
        rng = np.random.default_rng((int(self.stream), self.seed, number))
        source, target = (self._view(int(i), size) for i in rng.integers(len(self.files), size=2))
        amounts = np.zeros((2, REGION_COUNT), np.float32)
        amounts[1] = possible_amounts(random_amounts(rng), source.labels)
        truth = known_mix(source, target, amounts[1])
        return augmented(rng, (source, target), (source, truth), amounts, self.augment)

    def _view(self, index: int, size: int) -> View:
        picture, labels = self.files[index]
        image = read_image(picture)
        smooth = cv2.INTER_AREA if size <= image.shape[0] else cv2.INTER_CUBIC
        resized = cv2.resize(image, (size, size), interpolation=smooth)
        return View(np.asarray(resized, np.uint8), resize_labels(read_label_map(labels), size))


def known_mix(source: View, target: View, amounts: NDArray[np.float32]) -> View:
    """Return the known part of a mix of two photographs' textures on the target's label map."""
    alpha = amounts[target.labels]
    same = source.labels == target.labels
    mixed = target.image + alpha[..., None] * (source.image.astype(np.float32) - target.image)
    return View(
        np.where(same[..., None], np.rint(mixed), target.image).astype(np.uint8),
        target.labels,
        same | (alpha == 0),
    )


def _pictures_with_maps(folder: Path) -> list[tuple[Path, Path]]:
    """List the pictures of a folder that have a label map, with their maps, by name.

    Raises
    ------
    ImageError
        If there are none.
    """
    found = []
    for picture in sorted(folder.glob("*")) if folder.is_dir() else []:
        if picture.suffix.lower() in SUFFIXES and not picture.name.endswith(_MAP_ENDINGS):
            maps = [picture.with_name(picture.stem + ending) for ending in _MAP_ENDINGS]
            found += [(picture, labels) for labels in maps if labels.is_file()][:1]
    if not found:
        raise ImageError(
            f"“{folder}” holds no pictures with label maps; put NAME_map.png beside each NAME.jpg."
        )
    return found


def _of_stream(files: list[tuple[Path, Path]], stream: Stream) -> list[tuple[Path, Path]]:
    kept_apart = files[::_VALIDATION_SHARE]
    if len(kept_apart) < 2:
        return files
    return kept_apart if stream is Stream.VALIDATION else [f for f in files if f not in kept_apart]
