"""The editable planes of a document, frozen and patched together."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from e4s_studio.core.commands import Layer
from e4s_studio.core.label_map import LabelMap, checked_labels
from e4s_studio.core.plane import Patch, Plane
from e4s_studio.core.regions import REGION_COUNT, Region, region_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from e4s_studio.core.geometry import Box
    from e4s_studio.core.settings import EditSettings

FULL = 255
"""The highest value of a matte."""

_THUMBNAIL_SIZE = 64


@dataclass(frozen=True, eq=False)
class EditState:
    """The undoable state of a document, frozen.

    Attributes
    ----------
    planes
        (H, W) uint8, read-only, for each `Layer`: LABELS the edited regions; PAINTED 1 where the
        artist painted; STARTED the result of the swap rule; HOLE 1 where the rule left a gap;
        OCCLUDER the opacity of the target's own pixels, 0 to 255; AMOUNT the factor of the texture
        amount, 0 to 255 (255 is 1).
    settings
        The settings.
    """

    planes: Mapping[Layer, NDArray[np.uint8]]
    settings: EditSettings


class Layers:
    """The editable planes of one document, all of the same size."""

    def __init__(self, planes: Mapping[Layer, NDArray[np.uint8]]) -> None:
        self.labels = LabelMap(planes[Layer.LABELS])
        checked_labels(planes[Layer.STARTED])
        self._planes: dict[Layer, Plane] = {
            layer: self.labels if layer is Layer.LABELS else Plane(planes[layer]) for layer in Layer
        }
        for layer in Layer:
            self._planes[layer].replace(self._checked(layer, planes[layer]))

    @classmethod
    def blank(cls, labels: NDArray[np.uint8]) -> Layers:
        """Return the layers of an unedited label map."""
        zeros = np.zeros_like(labels)
        return cls(
            {
                Layer.LABELS: labels,
                Layer.PAINTED: zeros,
                Layer.STARTED: labels,
                Layer.HOLE: zeros,
                Layer.OCCLUDER: zeros,
                Layer.AMOUNT: np.full_like(labels, FULL),
            }
        )

    def __getitem__(self, layer: Layer) -> Plane:
        return self._planes[layer]

    @property
    def box(self) -> Box:
        """The box of all pixels."""
        return self.labels.box

    def thumbnail(self) -> NDArray[np.uint8]:
        """Return the label map, subsampled to about 64 pixels, (h, w) uint8."""
        step = max(1, max(self.box.shape) // _THUMBNAIL_SIZE)
        return self.labels.view()[step // 2 :: step, step // 2 :: step].copy()

    def freeze(self) -> Mapping[Layer, NDArray[np.uint8]]:
        """Return all planes as immutable arrays, without copying."""
        return MappingProxyType({layer: plane.freeze() for layer, plane in self._planes.items()})

    def restore(self, planes: Mapping[Layer, NDArray[np.uint8]]) -> None:
        """Replace the pixels by those of frozen planes."""
        for layer, pixels in planes.items():
            self._planes[layer].replace(pixels)

    def patches_since(
        self,
        before: Mapping[Layer, NDArray[np.uint8]],
        within: Mapping[Layer, Box] | None = None,
    ) -> dict[Layer, Patch]:
        """Return the patches of the layers that changed since a freeze.

        `within` limits the search to a box of each layer; layers without one did not change.
        """
        boxes = dict.fromkeys(Layer, self.box) if within is None else within
        patches = {
            layer: Patch.between(before[layer], self._planes[layer].view(), box)
            for layer, box in boxes.items()
            if not self._planes[layer].is_still(before[layer])
        }
        return {layer: patch for layer, patch in patches.items() if not patch.is_empty}

    def rebase(
        self,
        started: NDArray[np.uint8],
        hole: NDArray[np.bool_],
        forget: frozenset[Region],
        pin: frozenset[Region],
    ) -> None:
        """Replace the started map below the painted pixels.

        Parameters
        ----------
        started
            (H, W) uint8: the result of the swap rule.
        hole
            (H, W) bool: where the rule left a gap.
        forget
            Regions whose painted pixels are discarded.
        pin
            Regions that keep all their current pixels, as if painted.
        """
        labels, painted = self.labels.view(), self[Layer.PAINTED].view() != 0
        kept = (painted & ~region_table(forget)[labels]) | region_table(pin)[labels]
        self[Layer.STARTED].replace(checked_labels(started))
        self[Layer.HOLE].replace(hole.astype(np.uint8))
        self.labels.replace(np.where(kept, labels, started))
        self[Layer.PAINTED].replace(kept.astype(np.uint8))

    def _checked(self, layer: Layer, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return pixels.astype(np.bool_).astype(np.uint8) if layer in _SWITCHES else pixels


_SWITCHES = frozenset({Layer.PAINTED, Layer.HOLE})


def changed_regions(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> frozenset[Region]:
    """Return the regions that gained or lost pixels between two (H, W) label maps."""
    changed = before != after
    counts = np.bincount(before[changed], minlength=REGION_COUNT)
    counts += np.bincount(after[changed], minlength=REGION_COUNT)
    return frozenset(Region(int(index)) for index in np.flatnonzero(counts))
