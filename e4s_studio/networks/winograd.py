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
import torch.nn.functional as F

from e4s_studio.networks.workspace import Workspace

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
POINTS_AT_ONCE: Final = 12
"""Of a weight that is not kept so many of the 36 matrices are made, and used, at a time."""
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


def transformed(taps: Tensor, channels: int) -> Tensor:
    """Transform a weight by taps (9, in·out) to (36, in, out)."""
    return (transforms().kernel @ taps).view(36, channels, -1)


def convolve(
    padded: Tensor,
    weight: Tensor,
    out: Tensor,
    space: Workspace | None = None,
    slopes: Tensor | None = None,
) -> None:
    """Convolve without padding.

    Parameters
    ----------
    padded
        (B, 4h + 2, 4w + 2, in) float32.
    weight
        (36, in, out), as `transformed` makes it, or (9, in·out), as `taps_of` does, which is
        transformed here.
    out
        (B, 4h, 4w, out): where the result goes.
    space
        Where intermediate results go.
    slopes
        (out,): the slopes of the PReLU that follows, if one does.
    """
    space = Workspace() if space is None else space
    matrices = transforms()
    tiles = padded.unfold(1, 6, TILE).unfold(2, 6, TILE)  # (B, h, w, in, 6, 6)
    batch, h, w, channels = tiles.shape[:4]
    count, outputs = batch * h * w, out.shape[3]
    flat = space.take("tiles", (36, count * channels), padded)
    flat.view(6, 6, batch, h, w, channels).copy_(tiles.permute(4, 5, 0, 1, 2, 3))
    source = space.take("source", (36, count * channels), padded)
    torch.mm(matrices.source, flat, out=source)
    product = space.take("product", (36, count, outputs), padded)
    _multiply(source.view(36, count, channels), weight, product, space)
    result = space.take("tiles", (TILE * TILE, count * outputs), padded)  # the tiles are used up
    torch.mm(matrices.result, product.view(36, -1), out=result)
    if slopes is not None:
        result = F.prelu(result.view(-1, outputs), slopes)
    result = result.view(TILE, TILE, batch, h, w, outputs)
    out.view(batch, h, TILE, w, TILE, outputs).copy_(result.permute(2, 3, 0, 4, 1, 5))


def _multiply(source: Tensor, weight: Tensor, product: Tensor, space: Workspace) -> None:
    """Multiply (36, tiles, in) by a weight, transformed or by taps, into (36, tiles, out)."""
    if weight.dim() == 3:
        torch.bmm(source, weight, out=product)
        return
    kernel = transforms().kernel
    buffer = space.take("weight", (POINTS_AT_ONCE, weight.shape[1]), source)
    for start in range(0, 36, POINTS_AT_ONCE):
        part = slice(start, start + POINTS_AT_ONCE)
        torch.mm(kernel[part], weight, out=buffer)
        matrices = buffer.view(POINTS_AT_ONCE, source.shape[2], -1)
        torch.bmm(source[part], matrices, out=product[part])


def bands(height: int, width: int, channels: int, batch: int = 1) -> list[slice]:
    """Cut the rows of a picture into even bands of whole tiles whose transforms fit the cache."""
    per_row = batch * (width // TILE)
    tiles = max(BAND_TILES, BAND_FLOATS // (36 * channels))
    count = -(-height // TILE // max(1, tiles // per_row))
    rows = TILE * -(-height // TILE // count)
    return [slice(top, min(top + rows, height)) for top in range(0, height, rows)]
