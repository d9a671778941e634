"""Pairs of portraits with a swap whose truth is known, by number.

A number and a seed decide a pair, whoever makes it and whenever: that is what lets a training go
on after a kill as if nothing had happened, and any number of processes share one sequence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from e4s_studio.core.regions import FACE, REGION_COUNT, SWAPPED_TEXTURE, Region
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
    from numpy.random import Generator
    from numpy.typing import NDArray

    from e4s_studio.train.portraits import Shape, Texture

SAME_LIGHT: Final = 0.3
"""Share of the pairs whose portraits stand in the same light."""

FINEST_TAP: Final = 64
"""A region with no pixel at this resolution, at which the published encoder first pools them, has
no texture to swap."""


class Stream(IntEnum):
    """Sequences of portraits that share no seed."""

    TRAINING = 0
    VALIDATION = 1
    HELD_OUT = 2
    PRACTICE = 3


@dataclass(frozen=True)
class Pair:
    """Two portraits, and what must be drawn on the label map of each.

    Attributes
    ----------
    pictures
        (2, S, S, 3) uint8 RGB: source and target as the encoder sees them.
    labels
        (2, S, S) uint8: their label maps.
    amounts
        (2, 12) float32 texture amounts of the two drawings, 0 (the map's own portrait) to 1 (the
        other). Those of the source are 0 where only its reconstruction is asked for.
    truths
        (2, S, S, 3) uint8: what must be drawn on the two label maps, source and target with the
        amounts' textures.
    known
        (2, S, S) bool: where the truths are.
    """

    pictures: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    amounts: NDArray[np.float32]
    truths: NDArray[np.uint8]
    known: NDArray[np.bool_]


@dataclass(frozen=True)
class View:
    """A picture (S, S, 3) uint8, its label map (S, S), and where it is known (None: everywhere)."""

    image: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    known: NDArray[np.bool_] | None = None


class Pairs(Protocol):
    """Where pairs come from."""

    def __getitem__(self, number: int) -> Pair:
        """Make the pair of a number from 0."""

    def pair(self, number: int, size: int) -> Pair:
        """Make the same pair with `size` pixels on a side."""


class PortraitPairs:
    """Pairs of portraits that are painted when asked for.

    Parameters
    ----------
    size
        Pixels on a side.
    seed
        Another seed, other portraits.
    stream
        Which sequence; training never sees a portrait of another one.
    augment
        Chance of each augmentation.
    both_ways
        Whether the source's map, too, shows a swap, with the target's textures: a step then learns
        two of them. Else it shows the source.
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

    def __getitem__(self, number: int) -> Pair:
        """Paint the pair of a number from 0."""
        return self.pair(number, self.size)

    def pair(self, number: int, size: int) -> Pair:
        """Paint the same pair with `size` pixels on a side."""
        rng = np.random.default_rng((int(self.stream), self.seed, number))
        (shape, texture), (target_shape, target_texture) = _person(rng), _person(rng)
        if rng.random() < SAME_LIGHT:
            texture = in_light_of(texture, target_texture)
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


def lessons(size: int, seed: int = 0) -> PortraitPairs:
    """Return the pairs that a fit practises on: as those of a training, but others."""
    return PortraitPairs(size, seed, Stream.PRACTICE, AUGMENT)


def _person(rng: Generator) -> tuple[Shape, Texture]:
    return random_shape(rng), random_texture(rng)


def in_light_of(texture: Texture, other: Texture) -> Texture:
    """Return a texture lit as another is."""
    return replace(texture, background=replace(texture.background, light=other.background.light))


def swap_texture(target: Texture, source: Texture, amounts: NDArray[np.float32]) -> Texture:
    """Mix textures by the region's amounts; the light stays the target's.

    The renderer counts the light with the background. In a swap the light belongs to the place
    that the face comes into, and a new background must not change the face.
    """
    mixed = mix(target, source, {region: float(amounts[region]) for region in Region})
    return in_light_of(mixed, target)


def random_amounts(rng: Generator) -> NDArray[np.float32]:
    """Draw the amounts of a swap: none, the inner face, with ears and neck, one region, or any."""
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
    """Return the amounts without those of regions that the source lacks, as the swap has it.

    Parameters
    ----------
    amounts
        (12,).
    source
        (S, S) label map.
    """
    step = max(source.shape[0] // FINEST_TAP, 1)
    there = np.bincount(source[::step, ::step].ravel(), minlength=REGION_COUNT) > 0
    return np.where(there, amounts, 0).astype(np.float32)


def augmented(
    rng: Generator,
    views: tuple[View, View],
    truths: tuple[View, View],
    amounts: NDArray[np.float32],
    chance: float,
) -> Pair:
    """Warp, recolour, blur and flip source, target and their truths alike, each by lot."""
    size = views[0].labels.shape[0]
    lots = rng.random(8) < chance
    recolourings = [random_recolouring(rng, changed=bool(lots[0])) for _ in range(2)]
    sigma = random_blur(rng, size, changed=bool(lots[1]))
    flips = rng.random(2) < (0.5 if chance else 0.0)
    warps = [
        random_warp(rng, size, bent=bool(lots[2 + i]), flipped=bool(flips[i])) for i in range(2)
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
        seen.append(noisy(rng, picture, changed=bool(lots[4 + i])))
        if truths[i] is views[i]:
            drawn.append(picture)
        else:
            mixed = recolourings[i].towards(recolourings[1 - i], amounts[i])
            drawn.append(changed(truths[i], i, mixed))
    return Pair(
        pictures=_rounded(seen),
        labels=np.stack([warps[i].labels(views[i].labels) for i in (0, 1)]),
        amounts=amounts,
        truths=_rounded(drawn),
        known=np.stack([known(truths[i], i) for i in (0, 1)]),
    )


def _rounded(images: list[NDArray[np.float32]]) -> NDArray[np.uint8]:
    return np.clip(np.rint(np.stack(images)), 0, 255).astype(np.uint8)
