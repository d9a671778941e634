"""A pair's own swaps as they are before its fit, which go on being true while it learns.

Two photographs, each in its own light, say nothing of the one's texture in the other's light. What
they teach the generator's kernels shows in swaps none the less, by half: the source's skin in the
target's light drifts towards the target's skin. The training knows better. A swap without any fit,
with the photographs' detail put back, has the right colours; so a fit draws it again and again,
among the photographs. Shapes are swapped by the published rule (2211.14068, section 3.3).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import torch

from e4s_studio.core.pair import Role
from e4s_studio.core.settings import EditSettings
from e4s_studio.engine.drawing.renderer import Renderer
from e4s_studio.engine.fitting.examples import Example, pixel_weights
from e4s_studio.engine.pictures import to_image, to_labels, to_network
from e4s_studio.engine.swap import swap_label_maps

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from e4s_studio.core.pair import Both
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.engine.drawing.fitted import Fitted

_FINISH: Final = EditSettings(light=0.0, film=0.0)
"""Detail alone: light and film are laid on what is drawn, so they must not be in it."""
FIRST_SWAPS: Final = 4
"""Onto each of the two portraits, on its own map and on the one that the swap makes of it."""


class FirstSwaps:
    """Examples of a pair's swaps both ways, made when they are first needed.

    Parameters
    ----------
    start
        The pair before its fit.
    portraits
        The pair.
    """

    def __init__(self, start: Fitted, portraits: Both[Portrait]) -> None:
        self._start, self._portraits = start, portraits
        self._examples: dict[Role, list[Example]] = {}

    def __getitem__(self, number: int) -> Example:
        """Return a swap of a number below `FIRST_SWAPS`: even onto the target, odd the source."""
        onto, kind = (Role.SOURCE if number % 2 else Role.TARGET), number // 2
        if onto not in self._examples:
            self._examples[onto] = self._swaps(onto)
        return self._examples[onto][kind]

    def _swaps(self, onto: Role) -> list[Example]:
        """Swap onto one of the portraits, on its own map and on the swap's."""
        start, portraits = self._start, self._portraits
        if onto is Role.SOURCE:
            start, portraits = replace(start, vectors=start.vectors.swapped), portraits.swapped
        renderer = Renderer(start, portraits)
        face, head = portraits
        swapped, _ = swap_label_maps(face.labels, head.labels, face_over_hair=False)
        return [self._example(renderer, labels, onto) for labels in (head.labels, swapped)]

    def _example(self, renderer: Renderer, labels: NDArray[np.uint8], onto: Role) -> Example:
        network = self._start.network
        size = network.config.size
        truth = to_network(to_image(renderer.swap(labels, _FINISH, size).face), size)
        onto_map = to_labels(labels, size)
        return Example(
            layout=network.layout(onto_map),
            amounts=torch.tensor(_FINISH.amounts),
            truth=truth,
            weight=pixel_weights(onto_map),
            onto=onto,
        )
