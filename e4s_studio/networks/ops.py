"""Small building blocks: equalised linear layers and StyleGAN2's FIR resampling."""

from __future__ import annotations

import math
from typing import Any, Final, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import Function

from e4s_studio.networks.config import REGIONS

FIR_TAPS: Final = (0.25, 0.75, 0.75, 0.25)
"""StyleGAN2's [1, 3, 3, 1] filter for one axis of an upsampling by 2 (its sum is 2)."""


def fir_kernel() -> Tensor:
    """Return the (4, 4) FIR kernel as checkpoints store it: outer([1,3,3,1]) / 64 · 4."""
    taps = torch.tensor(FIR_TAPS)
    return torch.outer(taps, taps)


class EqualLinear(nn.Module):
    """A linear layer whose weight is scaled by 1/√in when it is used (StyleGAN2)."""

    def __init__(self, in_features: int, out_features: int, *, bias_init: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_features, in_features))
        self.bias = nn.Parameter(torch.full((out_features,), bias_init))
        self.scale = 1 / math.sqrt(in_features)

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., in) to (..., out)."""
        # Scaling the few inputs is cheaper than scaling the weight.
        return F.linear(x * self.scale, self.weight, self.bias)


class FIR(nn.Module):
    """The FIR kernel of a checkpoint, (4, 4). Its users apply it separably, from `FIR_TAPS`."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("kernel", fir_kernel())


def upsample_rgb(rgb: Tensor) -> Tensor:
    """Double (B, 3, R, R) with the FIR filter, zeros outside the picture.

    Along each axis [1, 3, 3, 1]/4 gives ¾ of the nearest pixel and ¼ of the second nearest.
    """
    return _double(_double(F.pad(rgb, (1, 1, 1, 1)), 2), 3)


def _double(padded: Tensor, dim: int) -> Tensor:
    """Double the pixels of one axis, of which the first and the last are only looked at."""
    before, here, after = (padded.narrow(dim, i, padded.shape[dim] - 2) for i in range(3))
    pixels = torch.stack([torch.lerp(here, beside, 0.25) for beside in (before, after)], dim + 1)
    return pixels.flatten(dim, dim + 1)


def spread(per_slot: Tensor, slots: Tensor) -> Tensor:
    """Give every pixel its slot's row: (B·12, C) and slots (B, h, w) to (B, h, w, C)."""
    shape = (*slots.shape, per_slot.shape[1])
    if not (torch.is_grad_enabled() and per_slot.requires_grad):
        return per_slot.index_select(0, slots.flatten()).view(shape)
    return cast("Tensor", _Spread.apply(per_slot, slots))


class _Spread(Function):
    """`spread` with gradients: a product with each sample's one-hot map, as a scatter is slow."""

    @staticmethod
    def forward(ctx: Any, per_slot: Tensor, slots: Tensor) -> Tensor:
        """Pick (B·12, C) by (B, h, w): (B, h, w, C)."""
        ctx.save_for_backward(slots)
        return per_slot.index_select(0, slots.flatten()).view(*slots.shape, -1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """Sum (B, h, w, C) over each slot's pixels: (B·12, C)."""
        (slots,) = ctx.saved_tensors
        gradient = gradients[0].flatten(1, 2)
        regions = torch.arange(REGIONS, device=slots.device)[:, None]
        onehot = (slots.flatten(1)[:, None] % REGIONS == regions).to(gradient.dtype)
        return (onehot @ gradient).flatten(0, 1), None
