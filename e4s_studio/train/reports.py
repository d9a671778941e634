"""Progress reports of a training: curves, sheets of samples, quality figures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch.utils.tensorboard import SummaryWriter

from e4s_studio.engine.pictures import to_image, to_levels
from e4s_studio.files.images import write_image
from e4s_studio.files.output import make_folder
from e4s_studio.train.batches import Batch
from e4s_studio.train.trainer import Swapper

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from e4s_studio.networks.rgi import RGI
    from e4s_studio.train.batches import Collate
    from e4s_studio.train.pairs import Pairs

_SHOWN: Final = 6
"""Pairs on a sheet."""
_LOSSLESS_DB: Final = 99.0


@dataclass(frozen=True)
class Figures:
    """The quality of a network on validation pairs, in dB over the whole picture.

    Attributes
    ----------
    reconstruction
        Mean PSNR of the sources.
    swap
        Mean PSNR of the swaps where their ground truths are known.
    pairs
        Number of pairs.
    """

    reconstruction: float
    swap: float
    pairs: int


class Reporter:
    """Writes TensorBoard curves and sheets of samples (PNG) into the folder of a training.

    Parameters
    ----------
    folder
        The training's folder.
    pairs
        Validation pairs.
    collate
        Packs them.
    start
        The step at which the training resumes: curves beyond it are discarded.
    """

    def __init__(self, folder: Path, pairs: Pairs, collate: Collate, start: int) -> None:
        self.sheets = folder / "samples"
        make_folder(self.sheets)
        self._packed = collate([pairs[number] for number in range(_SHOWN)])
        self._curves = SummaryWriter(str(folder / "curves"), purge_step=start + 1)

    def losses(self, step: int, losses: dict[str, float], rate: float) -> None:
        """Log a step's losses and the factor of its learning rates."""
        for name, value in losses.items():
            self._curves.add_scalar(f"loss/{name}", value, step)
        self._curves.add_scalar("rate", rate, step)

    def show(self, step: int, network: RGI) -> Figures:
        """Write the sheet of a step, and log and return its figures."""
        batch = Batch(self._packed, network.latent_avg.device)
        with torch.inference_mode():
            drawn = Swapper(network)(batch, network.config.size)
        figures = _measured(drawn, batch)
        picture = _sheet(drawn, batch)
        write_image(self.sheets / f"{step:07d}.png", picture)
        self._curves.add_image("samples", picture, step, dataformats="HWC")
        self._curves.add_scalar("psnr/reconstruction", figures.reconstruction, step)
        self._curves.add_scalar("psnr/swap", figures.swap, step)
        self._curves.flush()
        return figures

    def close(self) -> None:
        """Flush and close the curves."""
        self._curves.close()


def _measured(drawn: torch.Tensor, batch: Batch) -> Figures:
    """Compare generated pictures (2N, 3, S, S) with a batch's ground truths."""
    known = (batch.weight > 0).float()
    errors = (drawn.clamp(-1, 1) - batch.truths).square().mean(1, keepdim=True) * known
    squares = errors.sum((1, 2, 3)) / known.sum((1, 2, 3)).clamp(min=1)
    # The range is 2: 10·log₁₀(2² / error).
    decibels = [
        min(_LOSSLESS_DB, 10 * math.log10(4 / square)) if square > 0 else _LOSSLESS_DB
        for square in squares.tolist()
    ]
    half = len(decibels) // 2
    return Figures(sum(decibels[:half]) / half, sum(decibels[half:]) / half, half)


def _sheet(drawn: torch.Tensor, batch: Batch) -> NDArray[np.uint8]:
    """Return a row per pair: source, its reconstruction, target, swap, ground truth."""
    half = drawn.shape[0] // 2
    columns: list[Any] = [
        batch.pictures[:half],
        drawn[:half],
        batch.pictures[half:],
        drawn[half:],
        batch.truths[half:],
    ]
    rows = [
        np.concatenate([to_image(to_levels(column[n : n + 1])) for column in columns], axis=1)
        for n in range(half)
    ]
    return np.concatenate(rows)
