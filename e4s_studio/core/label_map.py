"""The label map, the region of every pixel, and the rules for painting on it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from e4s_studio.core.errors import LabelMapError
from e4s_studio.core.plane import Patch, Plane
from e4s_studio.core.regions import REGION_COUNT, Region, region_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from e4s_studio.core.geometry import Box

Scalar = TypeVar("Scalar", bound=np.generic)

_EVERYTHING = frozenset(Region)


@dataclass(frozen=True)
class PaintRules:
    """The rules for painting: locked regions, and what each region may cover.

    Attributes
    ----------
    locked
        Regions that neither lose nor gain pixels.
    over
        The regions that a region may cover; without an entry it may cover all.
    preserve_others
        Whether paint covers the background only, so that no other region loses pixels.
    """

    locked: frozenset[Region] = frozenset()
    over: Mapping[Region, frozenset[Region]] = field(default_factory=lambda: MappingProxyType({}))
    preserve_others: bool = False

    def may_cover(self, region: Region) -> NDArray[np.bool_]:
        """Return a (12,) bool table of the regions that `region` may cover."""
        covered = self.over.get(region, _EVERYTHING) - self.locked
        if self.preserve_others:
            covered &= {Region.BACKGROUND}
        if region in self.locked:
            covered = frozenset()
        return region_table(covered)

    def with_lock(self, region: Region, *, locked: bool) -> PaintRules:
        """Return the rules with a region locked or unlocked."""
        return replace(self, locked=self.locked | {region} if locked else self.locked - {region})

    def with_over(self, region: Region, covered: frozenset[Region] | None) -> PaintRules:
        """Return the rules with the regions that `region` may cover; None allows all."""
        over = {key: value for key, value in self.over.items() if key != region}
        if covered is not None:
            over[region] = covered
        return replace(self, over=MappingProxyType(over))


FREE = PaintRules()
"""No restrictions."""


class LabelMap(Plane):
    """An editable uint8 (H, W) map of regions.

    Raises
    ------
    LabelMapError
        If the array is no label map (see `checked_labels`).
    """

    def __init__(self, labels: NDArray[np.uint8]) -> None:
        super().__init__(checked_labels(labels))

    def paintable(self, box: Box, region: Region, rules: PaintRules = FREE) -> NDArray[np.bool_]:
        """Return which pixels of a box `region` may cover or already has.

        Returns
        -------
        (box.height, box.width) bool
        """
        table = rules.may_cover(region)
        table[region] = region not in rules.locked
        return table[self._pixels[box.slices]]

    def write(
        self,
        box: Box,
        stencil: NDArray[np.bool_],
        region: Region,
        *,
        rules: PaintRules = FREE,
    ) -> Patch:
        """Set the stencil's pixels to a region, as far as the rules allow.

        Parameters
        ----------
        box
            The position of the stencil; it is clipped to the map.
        stencil
            (box.height, box.width) bool.
        region
            The new region.
        rules
            Locks and paint-over rules.
        """
        box, stencil = clipped(box, stencil, self.box)
        return self.put(box, stencil & self.paintable(box, region, rules), int(region))

    def write_labels(
        self,
        box: Box,
        stencil: NDArray[np.bool_],
        labels: NDArray[np.uint8],
        *,
        rules: PaintRules = FREE,
    ) -> Patch:
        """Copy the stencil's pixels from another map, except those of locked regions.

        Parameters
        ----------
        box, stencil, rules
            As for `write`; of the rules only the locks apply.
        labels
            (H, W) uint8: the other map, of the same size.
        """
        box, stencil = clipped(box, stencil, self.box)
        free = ~region_table(rules.locked)
        copied = labels[box.slices]
        allowed = stencil & free[self._pixels[box.slices]] & free[copied]
        return self.put(box, allowed, copied)


def checked_labels(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the array if it is a label map.

    Raises
    ------
    LabelMapError
        If it is not a uint8 array with two axes, or a value is not a region.
    """
    if labels.dtype != np.uint8 or labels.ndim != 2 or labels.size == 0:
        raise LabelMapError(
            "A label map must be a uint8 picture with one channel, "
            f"not {labels.dtype} of shape {labels.shape}."
        )
    if int(labels.max()) >= REGION_COUNT:
        raise LabelMapError(
            f"A label map has the regions 0 to {REGION_COUNT - 1}, "
            f"but this one has a pixel of {int(labels.max())}."
        )
    return labels


def clipped(box: Box, stencil: NDArray[Scalar], canvas: Box) -> tuple[Box, NDArray[Scalar]]:
    """Clip a stencil and its box to the canvas.

    Raises
    ------
    ValueError
        If the stencil does not have the box's shape.
    """
    if stencil.shape != box.shape:
        raise ValueError(f"a stencil of {stencil.shape} does not fit a box of {box.shape}")
    inside = box.intersection(canvas)
    return inside, stencil[inside.shifted(-box.left, -box.top).slices]
