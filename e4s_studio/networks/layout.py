"""Where each region's pixels lie at every resolution of the generator.

A mask-guided layer is Σ_r M_r ⊙ conv(x; w_r) (E4S, section 3.2): an output pixel p belongs to one
region, and takes that region's code s_p for *all* the inputs that it sees. One ordinary convolution
of the scaled input x ⊙ s is right wherever a neighbourhood lies in one region. Where a neighbour q
belongs to another, its tap W_t came with the wrong scale, and (s_p − s_q) ⊙ x_q · W_t is missing:
a *correction*. Few pixels need any, and those need it for a few of their nine taps.

A `Layout` holds what that needs. It depends on the label map alone, so it is made once per map, and
no layer has to ask the device how many corrections there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from e4s_studio.networks.config import REGIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

CHUNK_ROWS: Final = 1024
"""Corrections are computed in chunks of at most this many, to stay in the cache."""
OFFSETS: Final = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1))
"""The nine taps of a 3×3 neighbourhood, row by row."""


@dataclass(frozen=True)
class Segment:
    """Corrections of one tap (and output phase): rows start to stop, all with one weight.

    Neither a pixel nor a source occurs twice in it.
    """

    weight: int
    start: int
    stop: int


@dataclass(frozen=True)
class Chunk:
    """Consecutive segments that are computed together."""

    start: int
    stop: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Corrections:
    """The taps of a layer that a dense pass computes with another region's code.

    Attributes
    ----------
    pixels
        (P,) int64: indices into the flattened (B, R, R) output.
    sources
        (P,) int64: indices into the flattened (B, r, r) input, r = R, or R/2 when upsampling.
    pairs
        (P,) int64: 12·(slot of the pixel) + (region of the source).
    chunks
        What to compute together; a weight's index is 9 taps, each of 1 phase, or of 4 when
        upsampling: 4·tap + 2·(row parity) + (column parity).
    """

    pixels: Tensor
    sources: Tensor
    pairs: Tensor
    chunks: tuple[Chunk, ...]

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All segments, in order."""
        return tuple(segment for chunk in self.chunks for segment in chunk.segments)

    def to(self, device: torch.device | str) -> Corrections:
        """Return the same corrections on another device."""
        pixels, sources = self.pixels.to(device), self.sources.to(device)
        return Corrections(pixels, sources, self.pairs.to(device), self.chunks)


@dataclass(frozen=True)
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
    """

    slots: Tensor
    coarse_slots: Tensor
    plain: Corrections
    up: Corrections

    @property
    def resolution(self) -> int:
        """R."""
        return self.slots.shape[-1]

    def to(self, device: torch.device | str) -> Grid:
        """Return the same grid on another device."""
        slots, coarse = self.slots.to(device), self.coarse_slots.to(device)
        return Grid(slots, coarse, self.plain.to(device), self.up.to(device))


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
    labels = labels.to("cpu", torch.uint8)
    return Layout({r: _grid(labels, r) for r in resolutions}, labels.shape[0])


def _grid(labels: Tensor, resolution: int) -> Grid:
    size = (resolution, resolution)
    fine = F.interpolate(labels[:, None], size=size, mode="nearest")[:, 0].numpy()
    coarse = fine[:, ::2, ::2]
    return Grid(
        slots=_slots(fine),
        coarse_slots=_slots(coarse),
        plain=_corrections(fine, fine, step=1),
        up=_corrections(fine, coarse, step=2),
    )


def _slots(labels: NDArray[np.uint8]) -> Tensor:
    offsets = REGIONS * np.arange(labels.shape[0])[:, None, None]
    return torch.from_numpy(labels + offsets)


def _corrections(fine: NDArray[np.uint8], coarse: NDArray[np.uint8], *, step: int) -> Corrections:
    """Find the taps (from coarse pixels) of fine pixels that lie in another region."""
    batch, size = coarse.shape[:2]
    ringed = np.pad(coarse, ((0, 0), (1, 1), (1, 1)), constant_values=REGIONS)
    phases = [(py, px) for py in range(step) for px in range(step)]
    other = np.empty((len(OFFSETS), len(phases), batch, size, size), dtype=np.bool_)
    for t, (dy, dx) in enumerate(OFFSETS):
        neighbours = ringed[:, 1 + dy : 1 + dy + size, 1 + dx : 1 + dx + size]
        inside = neighbours != REGIONS
        for p, (py, px) in enumerate(phases):
            np.not_equal(fine[:, py::step, px::step], neighbours, out=other[t, p])
            other[t, p] &= inside
    found = np.flatnonzero(other)
    weight, place = np.divmod(found, batch * size * size)  # place: flat (b, y, x) of the input
    row, column = np.divmod(place, size)  # row: b·size + y
    tap, phase = np.divmod(weight, len(phases))
    odd_row, odd_column = np.divmod(phase, step)
    pixels = (step * row + odd_row) * (step * size) + step * column + odd_column
    sources = place + (tap // 3 - 1) * size + (tap % 3 - 1)
    chunks = _chunks(np.bincount(weight).tolist())
    slots = row // size * REGIONS + fine.ravel()[pixels]
    pairs = REGIONS * slots + coarse.ravel()[sources]
    as_tensor = torch.from_numpy
    return Corrections(as_tensor(pixels), as_tensor(sources), as_tensor(pairs), chunks)


def _chunks(counts: list[int]) -> tuple[Chunk, ...]:
    """Cut the segments of each weight to at most a chunk, and group what fits into one."""
    chunks: list[list[Segment]] = [[]]
    start = 0
    for weight, count in enumerate(counts):
        end = start + count
        while start < end:
            segment = Segment(weight, start, min(end, start + CHUNK_ROWS))
            if chunks[-1] and segment.stop - chunks[-1][0].start > CHUNK_ROWS:
                chunks.append([])
            chunks[-1].append(segment)
            start = segment.stop
    return tuple(Chunk(c[0].start, c[-1].stop, tuple(c)) for c in chunks if c)
