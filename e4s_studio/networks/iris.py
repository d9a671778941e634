"""The iris network: outline, brow and iris of an eye (Ablavatski et al. 2020, arXiv 2006.11341)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from torch import nn

from e4s_studio.networks.mobile import FaceNetwork, SameConv2d, shortcut

if TYPE_CHECKING:
    from torch import Tensor

SIDE: Final = 64
"""Pixels of the square crop that the network sees."""
CONTOUR_POINTS: Final = 71
IRIS_POINTS: Final = 5


class IrisNetwork(FaceNetwork):
    """Places the points of a left eye; a right one is shown to it mirrored."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(SameConv2d(3, 64, 3, 2), nn.PReLU(64))
        narrow = [_Bottleneck(64, 32, 64) for _ in range(4)]
        wide = [_Bottleneck(128, 64, 128) for _ in range(4)]
        self.trunk = nn.Sequential(
            *narrow, _Bottleneck(64, 64, 128, 2), *wide, _Bottleneck(128, 64, 128, 2)
        )
        self.contour = _head(3 * CONTOUR_POINTS)
        self.iris = _head(3 * IRIS_POINTS)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Return the points of an eye.

        Parameters
        ----------
        crops
            (B, 3, 64, 64) float32 RGB, 0 to 1: the middle between the eye's corners in the middle.

        Returns
        -------
        tuple
            (B, 71, 3) float32: outline and brow, (x, y, z) in pixels of the crop; and (B, 5, 3):
            the iris's middle and four points on its edge.
        """
        features = self.trunk(self.stem(crops))  # (B, 128, 8, 8)
        contour: Tensor = self.contour(features)
        iris: Tensor = self.iris(features)
        return contour.reshape(-1, CONTOUR_POINTS, 3), iris.reshape(-1, IRIS_POINTS, 3)


class _Bottleneck(nn.Module):
    """1×1 (2×2 where it halves), PReLU, 3×3 depthwise, 1×1, sum with the shortcut, PReLU."""

    def __init__(self, given: int, middle: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.reduce = SameConv2d(given, middle, stride, stride)
        self.reduce_activation = nn.PReLU(middle)
        self.depthwise = SameConv2d(middle, middle, 3, depthwise=True)
        self.expand = SameConv2d(middle, width, 1)
        self.activation = nn.PReLU(width)

    def forward(self, x: Tensor) -> Tensor:  # (B, given, H, W)
        """Return (B, width, H / stride, W / stride)."""
        y = self.expand(self.depthwise(self.reduce_activation(self.reduce(x))))
        out: Tensor = self.activation(
            shortcut(x, self.expand.out_channels, self.reduce.stride[0]) + y
        )
        return out


def _head(numbers: int) -> nn.Sequential:
    strides = (1, 1, 2, 1, 1, 2, 1, 1)
    blocks = (_Bottleneck(128, 64, 128, stride) for stride in strides)
    return nn.Sequential(*blocks, nn.Conv2d(128, numbers, 2))
