"""3×3 convolution by Winograd's F(4×4, 3×3): a quarter of the multiplications, in pure torch.

A tile of 4×4 outputs depends on 6×6 inputs. Evaluating both the inputs and the kernel as
polynomials in six points turns the convolution of a tile into 36 products, and over all tiles and
channels into 36 matrix products. All three transforms are linear: they are matrix products too.

The usual points 0, ±1, ±2, ∞ lose most of a digit in float32. With 0, ±0.7, ±1.5, ∞, found by
trial, the error measured about the same as that of a direct convolution.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import torch

if TYPE_CHECKING:
    from torch import Tensor

TILE: Final = 4
"""Outputs of a tile along one axis."""
POINTS: Final = (0.0, 0.7, -0.7, 1.5, -1.5)
"""Where the polynomials are evaluated, besides ∞."""
BAND_FLOATS: Final = 1 << 20
"""Transformed inputs are made in pieces of about this many floats, to stay in the cache ..."""
BAND_TILES: Final = 64
"""... but of no fewer tiles than this, since each piece reads the whole weight."""
LEAST_WEIGHTS: Final = 1 << 13
LEAST_PIXELS: Final = 1 << 8
"""Measured: below these products in · out and height · width a direct convolution is faster."""


class Transforms(NamedTuple):
    """The matrices of both axes together.

    Attributes
    ----------
    source
        (36, 36): from a tile's 6×6 inputs.
    kernel
        (36, 9): from the 3×3 taps.
    result
        (16, 36): to a tile's 4×4 outputs.
    """

    source: Tensor
    kernel: Tensor
    result: Tensor


@cache
def transforms() -> Transforms:
    """Derive the matrices from the points (the Toom-Cook construction), float32.

    For one axis and points p_i the output is Aᵀ[(G g) ⊙ (Bᵀ d)] with A and G the powers of the
    points, the row of ∞ picking the highest, G divided by Π_{j≠i}(p_i − p_j), and the rows of Bᵀ
    the coefficients of Π_{j≠i}(z − p_j), that of ∞ of all five.
    """
    points = torch.tensor(POINTS, dtype=torch.float64)
    result, kernel = _powers(points, TILE), _powers(points, 3)
    source = torch.zeros(len(POINTS) + 1, len(POINTS) + 1, dtype=torch.float64)
    for i, point in enumerate(points):
        others = torch.cat([points[:i], points[i + 1 :]])
        kernel[i] /= (point - others).prod()
        source[i, :-1] = _coefficients(others)
    source[-1] = _coefficients(points)
    return Transforms(
        *(torch.kron(m, m).float() for m in (source, kernel, result.t().contiguous()))
    )


def _powers(points: Tensor, count: int) -> Tensor:
    infinity = torch.eye(count, dtype=points.dtype)[-1:]
    return torch.cat([points[:, None] ** torch.arange(count), infinity])


def _coefficients(roots: Tensor) -> Tensor:
    """Return the coefficients of Π(z − root), lowest first."""
    polynomial = torch.ones(1, dtype=roots.dtype)
    for root in roots:
        shifted = torch.cat([polynomial.new_zeros(1), polynomial])
        shifted[:-1] -= root * polynomial
        polynomial = shifted
    return polynomial


def pays(weight: Tensor, height: int, width: int) -> bool:
    """Whether a 3×3 weight (out, in, 3, 3) at this size is computed faster this way, on a CPU.

    The transforms cost the same for few channels as for many; a training step needs gradients that
    a direct convolution has ready.
    """
    fits = height % TILE == 0 and width % TILE == 0 and height * width >= LEAST_PIXELS
    plain = weight.device.type == "cpu" and weight.dtype == torch.float32
    large = weight.shape[0] * weight.shape[1] >= LEAST_WEIGHTS
    return fits and plain and large and not torch.is_grad_enabled()


def taps_of(weight: Tensor) -> Tensor:
    """Order a weight (out, in, 3, 3) by taps: (9, in·out)."""
    return weight.permute(2, 3, 1, 0).reshape(9, -1)


def transformed(taps: Tensor, channels: int, out: Tensor | None = None) -> Tensor:
    """Transform a weight by taps (9, in·out) to (36, in, out), into the buffer `out` if given."""
    return torch.mm(transforms().kernel, taps, out=out).view(36, channels, -1)


def convolve(padded: Tensor, weight: Tensor, out: Tensor) -> None:
    """Convolve without padding.

    Parameters
    ----------
    padded
        (B, 4h + 2, 4w + 2, in) float32.
    weight
        (36, in, out), as `transformed` makes it from `taps_of` a weight.
    out
        (B, 4h, 4w, out): where the result goes.
    """
    matrices = transforms()
    tiles = padded.unfold(1, 6, TILE).unfold(2, 6, TILE)  # (B, h, w, in, 6, 6)
    batch, h, w, channels = tiles.shape[:4]
    flat = tiles.permute(4, 5, 0, 1, 2, 3).reshape(36, -1)
    source = (matrices.source @ flat).view(36, -1, channels)
    product = torch.bmm(source, weight)  # (36, B·h·w, out)
    result = (matrices.result @ product.flatten(1)).view(TILE, TILE, batch, h, w, -1)
    out.view(batch, h, TILE, w, TILE, -1).copy_(result.permute(2, 3, 0, 4, 1, 5))


def bands(height: int, width: int, channels: int, batch: int = 1) -> list[slice]:
    """Cut the rows of a picture into bands of whole tiles whose transforms fit the cache."""
    per_row = batch * (width // TILE)
    tiles = max(BAND_TILES, BAND_FLOATS // (36 * channels))
    rows = TILE * max(1, tiles // per_row)
    return [slice(top, min(top + rows, height)) for top in range(0, height, rows)]
