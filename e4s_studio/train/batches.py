"""Batches of numbered pairs for the training steps.

Worker processes make pairs and the layouts of their label maps. They return plain arrays through
a pipe, because tensors would need open files or shared memory, which containers limit.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from e4s_studio.engine.fitting.examples import SMALL_FEATURES, pixel_weights
from e4s_studio.networks.layout import Grid, Layout, make_grid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from e4s_studio.train.pairs import Pairs, TrainingPair

_PREFETCHED: Final = 2
_FEATURE_SHARE: Final = 4.0
"""Extra weight of eyes, brows, lips and mouth over a fit: each covers a hundredth of a picture, and
a training sees each picture only once."""


@dataclass(frozen=True)
class PackedBatch:
    """N pairs (see `TrainingPair`) as arrays, sources before targets.

    Attributes
    ----------
    pictures, truths
        (2N, S, S, 3) uint8.
    labels, known
        (2N, S, S) uint8 and bool.
    amounts
        (2N, 12) float32.
    grids
        The layout of `labels`, in arrays instead of tensors.
    """

    pictures: NDArray[np.uint8]
    truths: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    known: NDArray[np.bool_]
    amounts: NDArray[np.float32]
    grids: dict[int, Grid]


class Batch:
    """N pairs on a device, sources before targets.

    It is not a dataclass, because Fabric would convert the tensors of one.

    Parameters
    ----------
    packed
        The arrays.
    device
        The device.

    Attributes
    ----------
    pictures, truths
        (2N, 3, S, S) float32 in [−1, 1].
    labels
        (2N, S, S) int64.
    weight
        (2N, 1, S, S) float32: the weight of each pixel of the truths.
    amounts
        (2N, 12) float32.
    layout
        Of the 2N label maps.
    """

    def __init__(self, packed: PackedBatch, device: torch.device) -> None:
        labels = torch.from_numpy(packed.labels).long()
        features = torch.from_numpy(np.isin(packed.labels, SMALL_FEATURES))[:, None]
        known = torch.from_numpy(packed.known)[:, None]
        weight = pixel_weights(labels) * torch.where(features, _FEATURE_SHARE, 1.0) * known
        grids = {size: _tensors(grid, device) for size, grid in packed.grids.items()}
        self.pictures = _levels(packed.pictures, device)
        self.truths = _levels(packed.truths, device)
        self.labels = labels.to(device)
        self.weight = weight.to(device)
        self.amounts = torch.from_numpy(packed.amounts).to(device)
        self.layout = Layout(grids.__getitem__)


def _tensors(grid: Grid, device: torch.device) -> Grid:
    return grid.map(lambda array: torch.as_tensor(array, device=device))


def _levels(images: NDArray[np.uint8], device: torch.device) -> Tensor:
    return torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1


def _array(tensor: Tensor) -> Any:
    return tensor.numpy()


class Collate:
    """Packs pairs for a network whose masked layers have these resolutions.

    Layers above the resolution of the pairs are not used and get no grids.
    """

    def __init__(self, resolutions: Sequence[int]) -> None:
        self.resolutions = list(resolutions)

    def __call__(self, pairs: Sequence[TrainingPair]) -> PackedBatch:
        """Pack N pairs."""
        both = (0, 1)
        labels = np.stack([pair.labels[i] for i in both for pair in pairs])
        drawn = [size for size in self.resolutions if size <= labels.shape[-1]]
        plans = {size: make_grid(torch.from_numpy(labels), size) for size in drawn}
        return PackedBatch(
            pictures=np.stack([pair.pictures[i] for i in both for pair in pairs]),
            truths=np.stack([pair.truths[i] for i in both for pair in pairs]),
            labels=labels,
            known=np.stack([pair.known[i] for i in both for pair in pairs]),
            amounts=np.stack([pair.amounts[i] for i in both for pair in pairs]),
            grids={size: grid.map(_array) for size, grid in plans.items()},
        )


@dataclass(frozen=True)
class PairSampler:
    """Samples the numbers and sizes of the pairs of each step.

    Each of W processes takes its own batch of W, so that they see in each step the pairs that one
    process with a W times larger batch sees. `size_of` returns the size of a step's pairs.
    """

    batch: int
    start: int
    steps: int
    size_of: Callable[[int], int]
    rank: int = 0
    world: int = 1

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        """Iterate over the numbers and sizes of each step's pairs."""
        for step in range(self.start, self.steps):
            first = (step * self.world + self.rank) * self.batch
            size = self.size_of(step)
            yield [(number, size) for number in range(first, first + self.batch)]

    def __len__(self) -> int:
        """Return the number of steps left."""
        return self.steps - self.start


class _PairDataset(Dataset["TrainingPair"]):
    """Pairs as a PyTorch data set."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs

    def __getitem__(self, asked: tuple[int, int]) -> TrainingPair:
        return self.pairs.pair(*asked)


def batches(
    pairs: Pairs, sampler: PairSampler, collate: Collate, workers: int
) -> DataLoader[TrainingPair]:
    """Load the packed batches of the sampler's steps, in order.

    Parameters
    ----------
    workers
        Worker processes; 0 for none.
    """
    return DataLoader(
        _PairDataset(pairs),
        batch_sampler=sampler,
        collate_fn=collate,
        num_workers=workers,
        prefetch_factor=_PREFETCHED if workers else None,
        worker_init_fn=_start_worker,
        # Otherwise it would take a seed for its workers from the global generator.
        generator=torch.Generator().manual_seed(0),
    )


def _start_worker(_: int) -> None:
    # Ctrl-C reaches every process of the terminal; the main process stops its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(0)
