"""A stroke under way: it writes to the layers and remembers what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from e4s_studio.core.commands import Layer
from e4s_studio.core.geometry import EMPTY_BOX, Box
from e4s_studio.core.label_map import PaintRules, clipped
from e4s_studio.core.layers import FULL, EditState, Layers, changed_regions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.core.brush import SoftStencil, Stencil
    from e4s_studio.core.regions import Region

MATTES = frozenset({Layer.OCCLUDER, Layer.AMOUNT})
"""The layers that a soft brush writes to."""


class Stroke:
    """One gesture from button down to button up.

    Parameters
    ----------
    name
        What the artist does, in a few words: the name of the undo step.
    before
        The layers and settings as they are when the stroke begins.
    """

    def __init__(self, name: str, before: EditState) -> None:
        self.name = name
        self.before = before
        self.boxes: dict[Layer, Box] = {}
        self._covers: dict[Layer, NDArray[np.float32]] = {}

    def paint(
        self, layers: Layers, stencil: Stencil, region: Region, rules: PaintRules
    ) -> tuple[Box, frozenset[Region]]:
        """Write a region under a stencil; return the pixels and the regions that changed."""
        box, mask = clipped(*stencil, layers.box)
        old = layers.labels.view()[box.slices].copy()
        taken = mask & layers.labels.paintable(box, region, rules)
        patch = layers.labels.write(box, mask, region, rules=rules)
        layers[Layer.PAINTED].put(box, taken, 1)
        self._touch(Layer.LABELS, patch.box)
        self._touch(Layer.PAINTED, box)
        return patch.box, changed_regions(old, layers.labels.view()[box.slices])

    def erase(
        self, layers: Layers, stencil: Stencil, rules: PaintRules
    ) -> tuple[Box, frozenset[Region]]:
        """Put pixels back to the started map; return the pixels and the regions that changed."""
        box, mask = clipped(*stencil, layers.box)
        old = layers.labels.view()[box.slices].copy()
        started = layers[Layer.STARTED].view()
        patch = layers.labels.write_labels(box, mask, started, rules=rules)
        back = layers.labels.view()[box.slices] == started[box.slices]
        layers[Layer.PAINTED].put(box, mask & back, 0)
        self._touch(Layer.LABELS, patch.box)
        self._touch(Layer.PAINTED, box)
        return patch.box, changed_regions(old, layers.labels.view()[box.slices])

    def cover(
        self,
        layers: Layers,
        layer: Layer,
        stencil: SoftStencil,
        value: float,
        within: Region | None,
    ) -> Box:
        """Move a matte toward a value; return the pixels that changed.

        Where one stroke passes twice the greater cover counts, so that overlapping dabs leave no
        bands: result = before + max(cover) (value - before).
        """
        box, cover = clipped(*stencil, layers.box)
        if within is not None:
            cover = cover * (layers.labels.view()[box.slices] == within)
        greatest = self._covers.setdefault(layer, np.zeros(layers.box.shape, np.float32))
        np.maximum(greatest[box.slices], cover, out=greatest[box.slices])
        before = self.before.planes[layer][box.slices].astype(np.float32)
        mixed = before + greatest[box.slices] * (value * FULL - before)
        patch = layers[layer].put(box, cover > 0, np.rint(mixed).astype(np.uint8))
        self._touch(layer, patch.box)
        return patch.box

    def _touch(self, layer: Layer, box: Box) -> None:
        self.boxes[layer] = self.boxes.get(layer, EMPTY_BOX).union(box)
