"""Where each region's pixels lie at every resolution of the generator.

All that the mask-guided layers need to know of a label map is planned once per map and resolution,
on the CPU, so that no layer has to ask the device how many pixels there are of anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from e4s_studio.networks.config import REGIONS
from e4s_studio.networks.corrections import Corrections
from e4s_studio.networks.planning import plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


COARSEST: Final = 4
"""The resolution of the learned input, which nothing is doubled to."""
EVERY_TAP: Final = 8
"""Measured: up to this resolution a plain layer is computed faster for each pixel by itself ..."""
COMPLETE: Final = 16
"""... and from inputs of up to this one an upsampling layer without a dense pass."""


@dataclass(frozen=True, eq=False)
class Grid:
    """One resolution R of a layout.

    Attributes
    ----------
    slots
        (B, R, R) int64: 12·b + region, the row of each pixel's code among all B·12.
    coarse_slots
        (B, R/2, R/2) int64: the same of the resolution before, for the input of an upsampling.
    plain, up
        Corrections of the plain and of the upsampling layer that end at R; none upsample to 4².
        The plain layer of a small grid has none: each of its pixels is computed by itself.
    """

    slots: Tensor
    coarse_slots: Tensor
    plain: Corrections | None
    up: Corrections

    @property
    def resolution(self) -> int:
        """R."""
        return self.slots.shape[-1]

    def map(self, change: Callable[[Tensor], Tensor]) -> Grid:
        """Return the same grid with its tensors changed."""
        slots, coarse = change(self.slots), change(self.coarse_slots)
        plain = None if self.plain is None else self.plain.map(change)
        return Grid(slots, coarse, plain, self.up.map(change))

    def to(self, device: torch.device | str) -> Grid:
        """Return the same grid on another device."""
        device = torch.device(device)
        if device.type != "cuda":
            return self.map(lambda tensor: tensor.to(device))
        # From pinned memory: an ordinary copy would wait for what the GPU is still drawing.
        return self.map(lambda tensor: tensor.pin_memory().to(device, non_blocking=True))


@dataclass(frozen=True, eq=False)
class Layout:
    """The grids of a batch of label maps, each made when it is first asked for.

    Attributes
    ----------
    make
        Makes the grid of a resolution.
    """

    make: Callable[[int], Grid]
    _made: dict[int, Grid] = field(default_factory=dict, init=False, repr=False)

    def grid(self, resolution: int) -> Grid:
        """Return the grid of R."""
        if resolution not in self._made:
            self._made[resolution] = self.make(resolution)
        return self._made[resolution]


def labels_of(onehot: Tensor) -> Tensor:
    """Return the labels, int64 (B, h, w), of a one-hot map (B, 12, h, w).

    Raises
    ------
    ValueError
        If the map has another shape, or a pixel that does not belong to exactly one region.
    """
    if onehot.ndim != 4 or onehot.shape[1] != REGIONS:
        raise ValueError(f"a one-hot map is (B, {REGIONS}, h, w), not {tuple(onehot.shape)}")
    top, labels = onehot.max(dim=1)
    if not bool((top == 1).all()) or not bool((onehot.sum(dim=1) == 1).all()):
        raise ValueError("each pixel of a one-hot map belongs to exactly one region")
    return labels


def resize_labels(labels: Tensor, resolution: int) -> Tensor:
    """Resize (B, h, w) of 0 to 11 to (B, R, R) int64.

    Nearest with floor indexing, as the published code does.
    """
    return _resized(labels.to(torch.uint8), resolution).long()


def make_layout(labels: Tensor, device: torch.device | str = "cpu") -> Layout:
    """Lay out labels (B, h, w) int64 of 0 to 11 for a device."""
    small = labels.to("cpu", torch.uint8)
    return Layout(lambda resolution: make_grid(small, resolution).to(device))


def make_grid(labels: Tensor, resolution: int) -> Grid:
    """Plan the layers that end at a resolution, for labels (B, h, w) of 0 to 11, on the CPU.

    Planned without regard to gradients, a grid serves with and without them.
    """
    with torch.inference_mode(mode=False):
        fine = _resized(labels.to("cpu", torch.uint8), resolution).numpy()
        coarse = np.ascontiguousarray(fine[:, ::2, ::2])
        plain = plan(fine, fine) if resolution > EVERY_TAP else None
        up = Corrections(())
        if resolution > COARSEST:
            up = plan(fine, coarse, complete=resolution // 2 <= COMPLETE)
        return Grid(_slots(fine), _slots(coarse), plain, up)


def _resized(labels: Tensor, resolution: int) -> Tensor:
    """Resize (B, h, w) uint8: bytes are resized many times faster than wider numbers."""
    size = (resolution, resolution)
    return F.interpolate(labels[:, None], size=size, mode="nearest")[:, 0]


def _slots(labels: NDArray[np.uint8]) -> Tensor:
    offsets = REGIONS * np.arange(labels.shape[0])[:, None, None]
    return torch.from_numpy(labels + offsets)
