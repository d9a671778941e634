"""The face detector: BlazeFace, short range (Bazarevsky et al. 2019, arXiv 1907.05047)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import nn

from e4s_studio.networks.mobile import FaceNetwork, SameConv2d, separable_blocks

if TYPE_CHECKING:
    from torch import Tensor

SIDE: Final = 128
"""Pixels of the square picture that the network sees."""
ANCHORS: Final = ((16, 2), (8, 6))
"""(cells a side, anchors a cell) of the two grids."""
NUMBERS: Final = 16
"""Per anchor: the box's centre, width and height, then six points."""
FINE: Final = (
    *((24, 1), (28, 1), (32, 2), (36, 1), (42, 1)),
    *((48, 2), (56, 1), (64, 1), (72, 1), (80, 1), (88, 1)),
)
"""(channels, stride) of the blocks down to 16², and from there to 8²."""
COARSE: Final = ((96, 2), (96, 1), (96, 1), (96, 1), (96, 1))


class FaceDetector(FaceNetwork):
    """Finds faces that fill a fifth of the picture and more."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConv2d(3, 24, 5, 2)
        self.fine = separable_blocks(24, FINE, _relu)
        self.coarse = separable_blocks(88, COARSE, _relu)
        (_, few), (_, many) = ANCHORS
        self.score_fine = SameConv2d(88, few, 1)
        self.score_coarse = SameConv2d(96, many, 1)
        self.box_fine = SameConv2d(88, few * NUMBERS, 1)
        self.box_coarse = SameConv2d(96, many * NUMBERS, 1)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return what each of the 896 anchors sees.

        Parameters
        ----------
        pictures
            (B, 3, 128, 128) float32 RGB, -1 to 1.

        Returns
        -------
        tuple
            (B, 896, 16) float32 in pixels of the picture: the box's centre relative to the
            anchor's centre, its width and height, then (x, y) relative to the anchor's centre of
            the eye at the picture's left, the other eye, nose, middle of the mouth, and the ears
            likewise; and (B, 896) float32 logits.
        """
        fine = self.fine(torch.relu(self.stem(pictures)))  # (B, 88, 16, 16)
        coarse = self.coarse(fine)  # (B, 96, 8, 8)
        boxes = _by_anchor(self.box_fine(fine), self.box_coarse(coarse), NUMBERS)
        scores = _by_anchor(self.score_fine(fine), self.score_coarse(coarse), 1)
        return boxes, scores[..., 0]


def anchor_centres() -> Tensor:
    """Return the centres of the 896 anchors, (896, 2) float32 (x, y), 0 to 1 of the picture."""
    grids = []
    for cells, count in ANCHORS:
        middles = (torch.arange(cells) + 0.5) / cells
        y, x = torch.meshgrid(middles, middles, indexing="ij")
        grids.append(torch.stack([x, y], -1).reshape(-1, 2).repeat_interleave(count, 0))
    return torch.cat(grids)


def _relu(width: int) -> nn.Module:
    del width
    return nn.ReLU()


def _by_anchor(fine: Tensor, coarse: Tensor, numbers: int) -> Tensor:
    """Return (B, 896, numbers) of two (B, anchors a cell · numbers, H, W), row by row."""
    rows = [x.permute(0, 2, 3, 1).reshape(x.shape[0], -1, numbers) for x in (fine, coarse)]
    return torch.cat(rows, 1)
