"""Small building blocks: equalised linear layers and StyleGAN2's FIR resampling."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, TypeVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SQRT2: Final = math.sqrt(2.0)
LRELU_SLOPE: Final = 0.2
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


class WeightCache:
    """Values made from one weight, each kept for as long as the weight stays as it is."""

    def __init__(self) -> None:
        self._weight: object = None
        self._values: dict[object, object] = {}

    def __reduce__(self) -> tuple[type[WeightCache], tuple[()]]:
        """Copy and pickle as empty: a copied network has weights of its own."""
        return WeightCache, ()

    def get(self, weight: Tensor, kind: object, make: Callable[[], T]) -> T:
        """Return `make()`, or what it returned before for this kind and the same weight."""
        # torch counts in-place changes, except of tensors that were made in inference mode.
        version = 0 if weight.is_inference() else weight._version  # noqa: SLF001
        state = (id(weight), weight.data_ptr(), version)
        if self._weight != state:
            self._weight, self._values = state, {}
        if kind not in self._values:
            # Made in inference mode, it could not serve a later gradient of something else.
            with torch.inference_mode(mode=False), torch.no_grad():
                self._values[kind] = make()
        return cast("T", self._values[kind])


class FIR(nn.Module):
    """The FIR kernel of a checkpoint, (4, 4). Its users apply it separably, from `FIR_TAPS`."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("kernel", fir_kernel())


def upsample_rgb(rgb: Tensor) -> Tensor:
    """Double (B, 3, R, R) with the FIR filter, zeros outside the picture.

    Away from the border [1, 3, 3, 1]/4 per axis is bilinear interpolation, so a ring of zeros
    and a crop make the two equal.
    """
    padded = F.pad(rgb, (1, 1, 1, 1))
    return F.interpolate(padded, scale_factor=2, mode="bilinear", align_corners=False)[
        :, :, 2:-2, 2:-2
    ]


def fused_upsampling_kernels(weight: Tensor) -> Tensor:
    """Fuse "transposed convolution by 2, then FIR" into one 3×3 kernel per output phase.

    Along one axis the transposed convolution gives z[q] = Σ x[i] w[q − 2i] and the filter
    out[p] = Σ f[t] z[p + t − 1]. Together out[p] = Σ x[i] c[p − 2i] with six taps c[−2..3], of
    which even p use c[2], c[0], c[−2] and odd p use c[3], c[1], c[−1] on x[j−1], x[j], x[j+1],
    j = ⌊p/2⌋.

    Parameters
    ----------
    weight
        (out, in, 3, 3).

    Returns
    -------
    Tensor
        (4, out, in, 3, 3): phase 2·(row parity) + (column parity), taps from j−1 to j+1.
    """
    f0, f1, f2, f3 = FIR_TAPS
    # rows: parity, then tap (j−1, j, j+1); columns: the three taps of w.
    mix = torch.tensor(
        [
            [[0.0, f0, f1], [f1, f2, f3], [f3, 0.0, 0.0]],
            [[0.0, 0.0, f0], [f0, f1, f2], [f2, f3, 0.0]],
        ],
        dtype=weight.dtype,
        device=weight.device,
    )
    fused = torch.einsum("pak,qbl,oikl->pqoiab", mix, mix, weight)
    return fused.flatten(0, 1)
