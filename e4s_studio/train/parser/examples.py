"""Examples for the parser: photographs that never were, with exact maps."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from e4s_studio.train.parser.camera import photographed
from e4s_studio.train.parser.scene import painted
from e4s_studio.train.parser.surroundings import (
    dress,
    grow_beard,
    grow_moustache,
    put_hat_on,
    recolour_hair,
    surround,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    from e4s_studio.train.parser.scene import Scene

PAINTED_SIDE: Final = 128


def example(
    rng: Generator, scenes: Sequence[Scene], size: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Make an example of one of some painted scenes: (size, size, 3) and (size, size) uint8."""
    scene, other = (deepcopy(scenes[int(i)]) for i in rng.integers(0, len(scenes), 2))
    if rng.random() < 0.4:
        recolour_hair(rng, scene)
    if rng.random() < 0.15:
        grow_moustache(rng, scene)
    if rng.random() < 0.1:
        grow_beard(rng, scene)
    if rng.random() < 0.6:
        surround(rng, scene, other)
        if rng.random() < 0.9:
            dress(rng, scene)
    if rng.random() < 0.08:
        put_hat_on(rng, scene)
    return photographed(rng, scene, size)


class Pool(NamedTuple):
    """Examples: pictures, (N, S, S, 3) uint8, and their maps, (N, S, S) uint8."""

    pictures: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def make_pool(
    seed: int, scenes: int, count: int, size: int, on_step: Callable[[int], None] = lambda _: None
) -> Pool:
    """Paint scenes and make examples of them.

    Parameters
    ----------
    seed
        Decides every example, whatever their number.
    scenes, count
        How many portraits are painted, and how many examples are made of them.
    size
        Their side in pixels.
    on_step
        Called with the number of portraits and examples done so far.
    """
    painted_scenes = []
    for i in range(scenes):
        painted_scenes.append(painted(np.random.default_rng((seed, 0, i)), PAINTED_SIDE))
        on_step(i + 1)
    pool = Pool(np.empty((count, size, size, 3), np.uint8), np.empty((count, size, size), np.uint8))
    for i in range(count):
        rng = np.random.default_rng((seed, 1, i))
        pool.pictures[i], pool.labels[i] = example(rng, painted_scenes, size)
        on_step(scenes + i + 1)
    return pool
