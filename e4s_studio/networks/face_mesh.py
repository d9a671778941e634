"""The face mesh: 468 points from a crop (Kartynnik et al. 2019, arXiv 1907.06724)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from torch import nn

from e4s_studio.networks.mobile import FaceNetwork, SameConv2d, SeparableBlock, separable_blocks

if TYPE_CHECKING:
    from torch import Tensor

SIDE: Final = 192
"""Pixels of the square crop that the network sees."""
POINTS: Final = 468
TRUNK: Final = tuple(
    (width, stride)
    for width, strides in ((16, (1, 1)), (32, (2, 1, 1)), (64, (2, 1, 1)), (128, (2, 1, 1) * 2))
    for stride in strides
)


class FaceMesh(FaceNetwork):
    """Places the points of an upright face that fills two thirds of the crop."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(SameConv2d(3, 16, 3, 2), nn.PReLU(16))
        self.trunk = separable_blocks(16, TRUNK)
        self.points = _Head(3, 3 * POINTS)
        self.presence = _Head(1, 1)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Return the points and whether there is a face at all.

        Parameters
        ----------
        crops
            (B, 3, 192, 192) float32 RGB, 0 to 1.

        Returns
        -------
        tuple
            (B, 468, 3) float32 (x, y, z) in pixels of the crop, z negative towards the camera;
            and (B,) float32 logits.
        """
        features = self.trunk(self.stem(crops))  # (B, 128, 6, 6)
        points: Tensor = self.points(features)
        presence: Tensor = self.presence(features)
        return points.reshape(-1, POINTS, 3), presence[:, 0]


class _Head(nn.Module):
    """From the trunk's features to numbers: halved to 3², squeezed to 32 channels."""

    def __init__(self, blocks: int, numbers: int) -> None:
        super().__init__()
        self.blocks = separable_blocks(128, ((128, 2),) + ((128, 1),) * (blocks - 1))
        self.squeeze = nn.Sequential(SameConv2d(128, 32, 1), nn.PReLU(32), SeparableBlock(32, 32))
        self.out = nn.Conv2d(32, numbers, 3)

    def forward(self, x: Tensor) -> Tensor:  # (B, 128, 6, 6)
        """Return (B, numbers)."""
        numbers: Tensor = self.out(self.squeeze(self.blocks(x)))
        return numbers.flatten(1)
