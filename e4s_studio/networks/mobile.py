"""What the small face networks are made of: layers of MobileNets as TensorFlow computes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch.nn.functional as F
from torch import nn

from e4s_studio.networks.weights import read_weights

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Self

    from torch import Tensor


class FaceNetwork(nn.Module):
    """A network that is only ever used with the weights of its file."""

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Load the network's weights, frozen and in evaluation mode.

        Parameters
        ----------
        path
            A safetensors file; half-precision weights become float32.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        WeightsError
            If it does not hold exactly this network's weights.
        """
        network = cls()
        read_weights(path).assign_to(network)
        return network.eval().requires_grad_(requires_grad=False)


class SameConv2d(nn.Conv2d):
    """A convolution with TensorFlow's SAME padding.

    At stride 2 an odd kernel has one row more of padding below and right than above and left.

    Parameters
    ----------
    given, width
        Channels of input and output.
    kernel
        The kernel's side.
    stride
        1 or 2; the input's side is a multiple of it.
    depthwise
        Whether each channel has a kernel of its own.
    """

    def __init__(
        self, given: int, width: int, kernel: int, stride: int = 1, *, depthwise: bool = False
    ) -> None:
        groups = given if depthwise else 1
        super().__init__(given, width, kernel, stride, groups=groups)
        missing = max(kernel - stride, 0)
        self._before, self._after = missing // 2, missing - missing // 2
        if self._before == self._after:
            self.padding = (self._before, self._before)

    def forward(self, x: Tensor) -> Tensor:  # (B, given, H, W)
        """Return (B, width, H / stride, W / stride)."""
        if self._before != self._after:
            x = F.pad(x, (self._before, self._after, self._before, self._after))
        return super().forward(x)


def shortcut(x: Tensor, width: int, stride: int) -> Tensor:
    """Return what a residual block adds to its output.

    Parameters
    ----------
    x
        (B, C, H, W), C ≤ `width`.
    width
        Channels of the output; those that `x` lacks are zero.
    stride
        Above 1 the greatest of each stride × stride pixels is taken.
    """
    if stride > 1:
        x = F.max_pool2d(x, stride)
    missing = width - x.shape[1]
    return F.pad(x, (0, 0, 0, 0, 0, missing)) if missing else x


class SeparableBlock(nn.Module):
    """A residual block: 3×3 depthwise, 1×1, sum with the shortcut, activation.

    Parameters
    ----------
    given, width
        Channels of input and output.
    stride
        Of the depthwise convolution.
    activation
        Makes what follows the sum, from the channels.
    """

    def __init__(
        self,
        given: int,
        width: int,
        stride: int = 1,
        activation: Callable[[int], nn.Module] = nn.PReLU,
    ) -> None:
        super().__init__()
        self.depthwise = SameConv2d(given, given, 3, stride, depthwise=True)
        self.pointwise = SameConv2d(given, width, 1)
        self.activation = activation(width)

    def forward(self, x: Tensor) -> Tensor:  # (B, given, H, W)
        """Return (B, width, H / stride, W / stride)."""
        y = self.pointwise(self.depthwise(x))
        out: Tensor = self.activation(
            shortcut(x, self.pointwise.out_channels, self.depthwise.stride[0]) + y
        )
        return out


def separable_blocks(
    given: int,
    widths: tuple[tuple[int, int], ...],
    activation: Callable[[int], nn.Module] = nn.PReLU,
) -> nn.Sequential:
    """Return blocks one after the other.

    Parameters
    ----------
    given
        Channels of the input.
    widths
        (channels, stride) of each block.
    activation
        Makes each block's activation from its channels.
    """
    blocks = []
    for width, stride in widths:
        blocks.append(SeparableBlock(given, width, stride, activation))
        given = width
    return nn.Sequential(*blocks)
