"""Where each region's pixels lie at every resolution of the generator.

A mask-guided layer is Σ_r M_r ⊙ conv(x; w_r) (E4S, section 3.2): every output pixel belongs to
one region, and takes that region's code for *all* the inputs it sees. Where a pixel's whole
neighbourhood lies in one region, one ordinary convolution of the scaled input x ⊙ s is already
right; only *edge pixels*, which see inputs of other regions, are computed one by one.
A `Layout` holds what that needs and depends on the label map alone, so it is made once per map,
and no layer has to ask the device how many pixels it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from e4s_studio.networks.config import REGIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

EDGES_WORTH_A_DENSE_PASS: Final = 0.3
"""Above this share of edge pixels a plain layer gathers every pixel and skips the dense pass."""
UP_EDGES_WORTH_A_DENSE_PASS: Final = 0.7
"""The same for upsampling layers, whose dense pass costs a quarter of gathering every pixel."""


@dataclass(frozen=True)
class Gather:
    """Pixels that a layer computes one by one.

    Attributes
    ----------
    pixels
        (N,) int64, ascending: indices into the flattened (B, R, R) output.
    taps
        (N, 9) int64: indices into the flattened input, of each pixel's 3×3 neighbourhood in
        row-major order. Neighbours outside the picture point at pixel 0 ...
    outside
        (M,) int64: ... and are listed here, as indices into the flattened taps.
    """

    pixels: Tensor
    taps: Tensor
    outside: Tensor

    def to(self, device: torch.device | str) -> Gather:
        """Return the same gather on another device."""
        return Gather(self.pixels.to(device), self.taps.to(device), self.outside.to(device))


@dataclass(frozen=True)
class Grid:
    """One resolution R of a layout.

    Attributes
    ----------
    slots
        (B, R, R) int64: 12·b + region, the row of each pixel's code among all B·12.
    dense, up_dense
        Whether the plain and the upsampling layer start with a dense pass; else they gather all.
    edges
        Edge pixels of a plain layer, or all pixels.
    up_edges
        Edge pixels of an upsampling layer that ends here, one `Gather` per output phase
        2·(row parity) + (column parity); taps point into the R/2 input. Empty at 4².
    """

    slots: Tensor
    dense: bool
    up_dense: bool
    edges: Gather
    up_edges: tuple[Gather, ...]

    @property
    def resolution(self) -> int:
        """R."""
        return self.slots.shape[-1]

    def to(self, device: torch.device | str) -> Grid:
        """Return the same grid on another device."""
        up_edges = tuple(gather.to(device) for gather in self.up_edges)
        return Grid(
            self.slots.to(device), self.dense, self.up_dense, self.edges.to(device), up_edges
        )


@dataclass(frozen=True)
class Layout:
    """The grids of a batch of label maps, by resolution."""

    grids: dict[int, Grid]
    batch: int

    def to(self, device: torch.device | str) -> Layout:
        """Return the same layout on another device."""
        return Layout({r: grid.to(device) for r, grid in self.grids.items()}, self.batch)


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
    """Resize (B, h, w) to (B, R, R), nearest with floor indexing as the published code does."""
    resized = F.interpolate(labels[:, None].float(), size=(resolution, resolution), mode="nearest")
    return resized[:, 0].long()


def make_layout(labels: Tensor, resolutions: Iterable[int]) -> Layout:
    """Plan the mask-guided layers at `resolutions` for labels (B, h, w) int64 of 0 to 11.

    The work is done on the CPU; move the layout with `Layout.to`.
    """
    labels = labels.cpu()
    grids = {}
    for resolution in resolutions:
        grids[resolution] = _grid(resize_labels(labels, resolution))
    return Layout(grids, labels.shape[0])


def _grid(labels: Tensor) -> Grid:
    batch, resolution = labels.shape[0], labels.shape[-1]
    slots = labels + REGIONS * torch.arange(batch)[:, None, None]
    uniform, _ = _neighbourhood(labels)
    edge = ~uniform
    dense = bool(edge.float().mean() <= EDGES_WORTH_A_DENSE_PASS)
    edges = _gather((edge | (not dense)).flatten(), resolution, step=1)
    if resolution == 4:  # the constant input: nothing is upsampled to 4²
        return Grid(slots, dense, False, edges, ())
    uniform, region = (
        grid.repeat_interleave(2, 1).repeat_interleave(2, 2)
        for grid in _neighbourhood(labels[:, ::2, ::2])
    )
    up_edge = ~uniform | (region != labels)
    up_dense = bool(up_edge.float().mean() <= UP_EDGES_WORTH_A_DENSE_PASS)
    if not up_dense:
        up_edge = torch.ones_like(up_edge)
    phases = torch.arange(resolution) % 2
    phase = 2 * phases[:, None] + phases[None]
    up_edges = tuple(
        _gather((up_edge & (phase == p)).flatten(), resolution, step=2) for p in range(4)
    )
    return Grid(slots, dense, up_dense, edges, up_edges)


def _neighbourhood(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return where a pixel's 3×3 neighbourhood has one label, and that (greatest) label."""
    values = labels[:, None].float()
    greatest = F.max_pool2d(values, 3, stride=1, padding=1)[:, 0]
    least = -F.max_pool2d(-values, 3, stride=1, padding=1)[:, 0]
    return greatest == least, greatest.long()


def _gather(chosen: Tensor, resolution: int, *, step: int) -> Gather:
    """List the chosen output pixels and their taps in an input of resolution R/step."""
    pixels = chosen.nonzero()[:, 0]
    source = resolution // step
    sample = pixels // (resolution * resolution)
    y = pixels // resolution % resolution // step
    x = pixels % resolution // step
    offsets = torch.arange(-1, 2)
    ys = (y[:, None] + offsets)[:, :, None]
    xs = (x[:, None] + offsets)[:, None, :]
    inside = (ys >= 0) & (ys < source) & (xs >= 0) & (xs < source)
    taps = (sample[:, None, None] * source + ys) * source + xs
    taps = torch.where(inside, taps, 0).flatten(1)
    return Gather(pixels, taps, (~inside).flatten().nonzero()[:, 0])
