"""From numbered pairs to the batches that a training step takes.

Pairs are made, and their label maps planned, by worker processes. What these hand over are plain
arrays: they go through a pipe, so that neither open files nor shared memory, of which containers
have little, run out.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from e4s_studio.engine.examples import pixel_weights
from e4s_studio.networks.layout import Chunk, Corrections, Grid, Layout, Segment, make_layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from e4s_studio.train.pairs import Pair, Pairs

PREFETCHED: Final = 2


@dataclass(frozen=True)
class PackedCorrections:
    """`Corrections` as arrays.

    Attributes
    ----------
    rows
        (3, P): pixels, sources and pairs.
    counts
        How many of them each weight has.
    """

    rows: NDArray[np.int32]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, corrections: Corrections) -> PackedCorrections:
        """Pack corrections; their segments are in the order of the weights."""
        indices = torch.stack([corrections.pixels, corrections.sources, corrections.pairs])
        counts = np.zeros(1 + max((s.weight for s in corrections.segments), default=-1), np.int64)
        for segment in corrections.segments:
            counts[segment.weight] += segment.stop - segment.start
        return cls(indices.numpy().astype(np.int32), counts)

    def unpacked(self, device: torch.device) -> Corrections:
        """Unpack onto a device, with one segment for each weight: few and large products."""
        stops = np.cumsum(self.counts).tolist()
        starts = [0, *stops[:-1]]
        segments = tuple(
            Segment(weight, start, stop)
            for weight, (start, stop) in enumerate(zip(starts, stops, strict=True))
            if stop > start
        )
        pixels, sources, pairs = torch.from_numpy(self.rows).to(device).long()
        chunks = tuple(Chunk(segment.start, segment.stop, (segment,)) for segment in segments)
        return Corrections(pixels, sources, pairs, chunks)


@dataclass(frozen=True)
class PackedGrid:
    """A `Grid` as arrays."""

    slots: NDArray[np.int32]
    coarse_slots: NDArray[np.int32]
    plain: PackedCorrections
    up: PackedCorrections

    @classmethod
    def of(cls, grid: Grid) -> PackedGrid:
        """Pack a grid."""
        slots, coarse = (part.numpy().astype(np.int32) for part in (grid.slots, grid.coarse_slots))
        return cls(slots, coarse, PackedCorrections.of(grid.plain), PackedCorrections.of(grid.up))

    def unpacked(self, device: torch.device) -> Grid:
        """Unpack onto a device."""
        slots, coarse = (
            torch.from_numpy(part).to(device).long() for part in (self.slots, self.coarse_slots)
        )
        return Grid(slots, coarse, self.plain.unpacked(device), self.up.unpacked(device))


@dataclass(frozen=True)
class PackedBatch:
    """N pairs as arrays, sources before targets: `Pair` says what they are.

    Attributes
    ----------
    pictures, truths
        (2N, S, S, 3) uint8.
    labels, known
        (2N, S, S) uint8 and bool.
    amounts
        (N, 12) float32.
    grids
        The layout of `labels`.
    """

    pictures: NDArray[np.uint8]
    truths: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    known: NDArray[np.bool_]
    amounts: NDArray[np.float32]
    grids: dict[int, PackedGrid]


class Batch:
    """N pairs on a device, sources before targets.

    It is no dataclass, as Fabric would take that apart to convert its numbers.

    Parameters
    ----------
    packed
        Its numbers.
    device
        Where to.

    Attributes
    ----------
    pictures, truths
        (2N, 3, S, S) float32 in [−1, 1].
    labels
        (2N, S, S) int64.
    weight
        (2N, 1, S, S) float32: how much each pixel of the truths counts.
    amounts
        (N, 12) float32.
    layout
        Of the 2N label maps.
    """

    def __init__(self, packed: PackedBatch, device: torch.device) -> None:
        labels = torch.from_numpy(packed.labels).long()
        weight = pixel_weights(labels) * torch.from_numpy(packed.known)[:, None]
        grids = {resolution: grid.unpacked(device) for resolution, grid in packed.grids.items()}
        self.pictures = _levels(packed.pictures, device)
        self.truths = _levels(packed.truths, device)
        self.labels = labels.to(device)
        self.weight = weight.to(device)
        self.amounts = torch.from_numpy(packed.amounts).to(device)
        self.layout = Layout(grids, labels.shape[0])


def _levels(images: NDArray[np.uint8], device: torch.device) -> Tensor:
    return torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1


class Collate:
    """Packs pairs for a network whose masked layers have these resolutions."""

    def __init__(self, resolutions: Sequence[int]) -> None:
        self.resolutions = list(resolutions)

    def __call__(self, pairs: Sequence[Pair]) -> PackedBatch:
        """Pack N pairs."""
        both = (0, 1)
        labels = np.stack([pair.labels[i] for i in both for pair in pairs])
        layout = make_layout(torch.from_numpy(labels), self.resolutions)
        return PackedBatch(
            pictures=np.stack([pair.pictures[i] for i in both for pair in pairs]),
            truths=np.stack([pair.truths[i] for i in both for pair in pairs]),
            labels=labels,
            known=np.stack([pair.known[i] for i in both for pair in pairs]),
            amounts=np.stack([pair.amounts for pair in pairs]),
            grids={size: PackedGrid.of(grid) for size, grid in layout.grids.items()},
        )


@dataclass(frozen=True)
class Shares:
    """Which pairs each step takes: of W processes the r-th takes its own part of W batches.

    So W processes see, step for step, the pairs that one with W times the batch sees.
    """

    batch: int
    start: int
    steps: int
    rank: int = 0
    world: int = 1

    def __iter__(self) -> Iterator[list[int]]:
        """List the numbers of each step's pairs."""
        for step in range(self.start, self.steps):
            first = (step * self.world + self.rank) * self.batch
            yield list(range(first, first + self.batch))

    def __len__(self) -> int:
        """Return how many steps are left."""
        return self.steps - self.start


class _Numbered(Dataset["Pair"]):
    """What torch takes for a data set."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs

    def __getitem__(self, number: int) -> Pair:
        return self.pairs[number]


def batches(pairs: Pairs, shares: Shares, collate: Collate, workers: int) -> DataLoader[Pair]:
    """Load the packed batches of some steps, in order.

    Parameters
    ----------
    workers
        Processes that make them; 0 makes them in this one.
    """
    return DataLoader(
        _Numbered(pairs),
        batch_sampler=shares,
        collate_fn=collate,
        num_workers=workers,
        prefetch_factor=PREFETCHED if workers else None,
        worker_init_fn=_start_worker,
        # Else it would draw a seed for its workers from the state that a training goes on with.
        generator=torch.Generator().manual_seed(0),
    )


def _start_worker(_: int) -> None:
    # Ctrl-C reaches every process of the terminal; the main one ends its workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(0)
