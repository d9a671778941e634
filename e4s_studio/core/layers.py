"""The planes of a document that can be edited, frozen as one, and patched as one."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from e4s_studio.core.commands import Layer
from e4s_studio.core.label_map import LabelMap, checked_labels
from e4s_studio.core.plane import Patch, Plane
from e4s_studio.core.regions import REGION_COUNT, Region

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from e4s_studio.core.geometry import Box
    from e4s_studio.core.settings import EditSettings

FULL = 255
"""A matte's value where it holds fully."""

THUMBNAIL_SIZE = 64


@dataclass(frozen=True, eq=False)
class EditState:
    """Everything that undo covers, as one frozen value.

    Attributes
    ----------
    planes
        (H, W) uint8, read-only, for each `Layer`: LABELS the edited regions; PAINTED 1 where the
        artist painted; STARTED the map that the swap rule made; HOLE 1 where the rule left a gap;
        OCCLUDER how much the target's own pixel wins, 0 to 255; AMOUNT the soft factor on the
        texture amount, 0 to 255 (255 leaves the amount as it is).
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
        """Return layers of a label map that nobody has edited."""
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
        """Return the label map thinned out to about 64 pixels, (h, w) uint8."""
        step = max(1, max(self.box.shape) // THUMBNAIL_SIZE)
        return self.labels.view()[step // 2 :: step, step // 2 :: step].copy()

    def freeze(self) -> Mapping[Layer, NDArray[np.uint8]]:
        """Return all planes as read-only arrays that never change any more; nothing is copied."""
        return MappingProxyType({layer: plane.freeze() for layer, plane in self._planes.items()})

    def restore(self, planes: Mapping[Layer, NDArray[np.uint8]]) -> None:
        """Take the pixels of frozen planes."""
        for layer, pixels in planes.items():
            self._planes[layer].replace(pixels)

    def patches_since(
        self,
        before: Mapping[Layer, NDArray[np.uint8]],
        within: Mapping[Layer, Box] | None = None,
    ) -> dict[Layer, Patch]:
        """Return what changed since a freeze; only layers that did.

        `within` tells where each layer may have changed; a layer that it lacks did not.
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
        """Put another started map under the painted pixels.

        Parameters
        ----------
        started
            (H, W) uint8: the map that the swap rule made.
        hole
            (H, W) bool: where the rule left a gap.
        forget
            Regions whose painted pixels are given up.
        pin
            Regions that keep all their present pixels, as if painted.
        """
        labels, painted = self.labels.view(), self[Layer.PAINTED].view() != 0
        kept = (painted & ~_is_any(labels, forget)) | _is_any(labels, pin)
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


def _is_any(labels: NDArray[np.uint8], regions: frozenset[Region]) -> NDArray[np.bool_]:
    table = np.zeros(REGION_COUNT, dtype=np.bool_)
    table[[int(region) for region in regions]] = True
    return table[labels]
