"""The parser: a small U-Net from an aligned crop to the logits of its twelve regions."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from e4s_studio.networks.config import REGIONS
from e4s_studio.networks.weights import read_weights

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

SIDE: Final = 96
"""Pixels: an eye distance is about 24 of them."""
WIDTHS: Final = (24, 40, 64, 96)
"""Channels at 48², 24², 12² and 6²."""
GROUPS: Final = 8
FORMAT: Final = "e4s-studio-parser"
COORDINATES: Final = 3


class Block(nn.Module):
    """Two 3×3 convolutions, each normalised in groups; a residue where the widths agree."""

    def __init__(self, given: int, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(given, width, 3, padding=1, bias=False)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norms = nn.ModuleList(nn.GroupNorm(GROUPS, width) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:  # (B, given, H, W)
        """Return (B, width, H, W)."""
        y = F.silu(self.norms[0](self.first(x)))
        z = self.norms[1](self.second(y))
        return F.silu(y + z)


class ParserNet(nn.Module):
    """A U-Net of four scales, its first at half the picture's size.

    About 0.5 million weights. Group normalisation makes it the same in training and use, whatever
    the batch.
    """

    def __init__(self) -> None:
        super().__init__()
        first = WIDTHS[0]
        self.stem = nn.Conv2d(3 + COORDINATES, first, 4, stride=2, padding=1)
        self.down = nn.ModuleList(
            Block(given, width) for given, width in zip((first, *WIDTHS), WIDTHS, strict=False)
        )
        self.up = nn.ModuleList(Block(below + width, width) for width, below in pairwise(WIDTHS))
        self.head = nn.Conv2d(first, 4 * REGIONS, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the logits of every region.

        Parameters
        ----------
        pictures
            (B, 3, 96, 96) float32 RGB, 0 to 1.

        Returns
        -------
        (B, 12, 96, 96) float32.
        """
        x = self.stem(_with_coordinates(_normalised(pictures)))  # (B, 24, 48, 48)
        seen: list[Tensor] = []
        for block in self.down:
            x = block(x if not seen else F.avg_pool2d(x, 2))
            seen.append(x)
        for block, beside in zip(reversed(self.up), reversed(seen[:-1]), strict=True):
            wide = F.interpolate(x, scale_factor=2.0, mode="nearest")
            x = block(torch.cat([wide, beside], dim=1))
        logits: Tensor = F.pixel_shuffle(self.head(x), 2)
        return logits

    def save(self, path: str | Path) -> None:
        """Write the weights as safetensors, half precision: they lose nothing that shows."""
        tensors = {key: value.half().contiguous() for key, value in self.state_dict().items()}
        save_file(tensors, path, metadata={"format": FORMAT})

    @classmethod
    def from_file(cls, path: str | Path) -> ParserNet:
        """Load a parser's weights.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        WeightsError
            If it does not hold a parser's weights.
        """
        network = cls()
        read_weights(path).assign_to(network)
        return network.eval().requires_grad_(requires_grad=False)


def _normalised(pictures: Tensor) -> Tensor:
    """Bring the mean to 0 and the deviation to 1 over each whole picture: colours keep theirs."""
    mean = pictures.mean(dim=(1, 2, 3), keepdim=True)
    deviation = pictures.std(dim=(1, 2, 3), keepdim=True)
    return (pictures - mean) / (deviation + 0.02)


def _with_coordinates(pictures: Tensor) -> Tensor:
    """Append columns, rows and the distance from the middle column, -1 to 1."""
    batch, _, height, width = pictures.shape
    x = torch.linspace(-1, 1, width, device=pictures.device).expand(batch, 1, height, width)
    y = torch.linspace(-1, 1, height, device=pictures.device)[:, None]
    return torch.cat([pictures, x, y.expand(batch, 1, height, width), x.abs()], dim=1)
