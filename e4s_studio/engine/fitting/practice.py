"""Swaps with a known truth that a fit practises on, so as not to forget what training taught.

A network that is fitted to two photographs may draw them ever better, and obey a painted label map
ever worse: nothing in two photographs contradicts it. Pairs of portraits do.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

import torch

from e4s_studio.core.pair import Both
from e4s_studio.engine.drawing.fitted import encode
from e4s_studio.engine.fitting.examples import Example, pixel_weights
from e4s_studio.engine.pictures import to_labels, to_network

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from e4s_studio.networks.rgi import RGI

LESSONS: Final = 10
"""How many pairs a fit practises on, again and again: making one takes as long as a step."""


class Lesson(Protocol):
    """Two portraits and the truth of a swap between them, as `train.pairs.Pair` has them."""

    @property
    def pictures(self) -> NDArray[np.uint8]:
        """Source and target, (2, S, S, 3) RGB."""

    @property
    def labels(self) -> NDArray[np.uint8]:
        """Their label maps, (2, S, S)."""

    @property
    def amounts(self) -> NDArray[np.float32]:
        """Texture amounts of what must be drawn on the two maps, (2, 12); second, the swap's."""

    @property
    def truths(self) -> NDArray[np.uint8]:
        """What must be drawn on the two maps, (2, S, S, 3); the second is the swap."""


class Lessons(Protocol):
    """Where lessons come from."""

    def __getitem__(self, number: int) -> Lesson:
        """Return the lesson of a number from 0."""


class Practice:
    """Examples from lessons, each made when it is first needed.

    Parameters
    ----------
    lessons
        Where they come from.
    network
        Whose encoder reads the portraits; a fit leaves it as it is.
    """

    def __init__(self, lessons: Lessons, network: RGI) -> None:
        self._lessons, self._network = lessons, network
        self._examples: dict[int, Example] = {}

    def __getitem__(self, number: int) -> Example:
        """Return the swap of a lesson as an example."""
        if number not in self._examples:
            self._examples[number] = self._example(self._lessons[number])
        return self._examples[number]

    def _example(self, lesson: Lesson) -> Example:
        network = self._network
        size = network.config.size
        with torch.no_grad():
            vectors = Both(*map(partial(encode, network), lesson.pictures, lesson.labels))
        labels = to_labels(lesson.labels[1], size)
        return Example(
            layout=network.layout(labels),
            amounts=torch.from_numpy(lesson.amounts[1]),
            truth=to_network(lesson.truths[1], size),
            weight=pixel_weights(labels),
            vectors=vectors,
        )
