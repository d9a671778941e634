"""3×3 convolution by Winograd's way: fewer multiplications, as matrix products.

The inputs of a tile and the kernel are evaluated as polynomials at a few points. The convolution
of a tile then takes one product for each point, and over all tiles and channels these are matrix
products. A tile of 4×4 outputs, F(4×4, 3×3), depends on 6×6 inputs and takes 36 products instead
of 144. All three transforms are linear, so they are matrix products too.

The usual points 0, ±1, ±2, ∞ lose most of a digit in float32. With 0, ±0.7, ±1.5, ∞, found by
trial, the error is about the same as that of a direct convolution.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from torch import Tensor

    from e4s_studio.networks.fast.cache import Workspace

TILE: Final = 4
"""Outputs of a tile along one axis."""
POINTS: Final = (0.0, 0.7, -0.7, 1.5, -1.5)
"""Where the polynomials are evaluated, besides ∞."""
FEW_POINTS: Final = (0.0, 1.0, -1.0)
"""The same where fewer are enough, of which none costs a digit."""
BAND_FLOATS: Final = 1 << 20
"""Transformed inputs are made in pieces of about this many floats, to stay in the cache ..."""
BAND_TILES: Final = 64
"""... but of no fewer tiles than this, since each piece reads the whole weight."""
AT_ONCE: Final = 12
"""How many matrices of a weight that is not kept are made and used at a time."""
FEW_PIXELS: Final = 1 << 8
"""For so few the weights are what a convolution waits for: small ones are worth more products."""
LEAST_WEIGHTS: Final = 1 << 12
LEAST_PIXELS: Final = 1 << 8
LEAST_HALVING: Final = 1 << 18
"""Measured: below these products in · out, height · width, and in · out with stride 2, a direct
convolution is faster."""


class Axis(NamedTuple):
    """The matrices of one axis, float64: of a source, a kernel of 3 taps, a result."""

    source: Tensor
    kernel: Tensor
    result: Tensor


class Scheme(NamedTuple):
    """The matrices of both axes together, and what they take and give.

    Attributes
    ----------
    source
        (n, reach²): from the inputs of a tile.
    kernel
        (n, 9): from the 3×3 taps.
    result
        (size², n): to the outputs of a tile.
    reach, step, size
        Of a tile along one axis: its inputs, how far the next tile's are from them, its outputs.
    """

    source: Tensor
    kernel: Tensor
    result: Tensor
    reach: int
    step: int
    size: int

    @classmethod
    def of(cls, axis: Axis, step: int) -> Scheme:
        """Combine the matrices of one axis with themselves."""
        source, kernel, result = (torch.kron(m, m).float() for m in axis)
        return cls(source, kernel, result, axis.source.shape[1], step, axis.result.shape[0])

    def transform(self, weight: Tensor) -> Tensor:
        """Transform a weight (out, in, 3, 3) to (n, in, out)."""
        return torch.mm(self.kernel, taps_of(weight)).view(-1, weight.shape[1], weight.shape[0])

    def bands(self, height: int, across: int, channels: int) -> list[slice]:
        """Cut output rows, with so many pixels across, into bands whose transforms fit the cache.

        All pictures of a batch count as across.
        """
        down, across = height // self.size, across // self.size
        tiles = max(BAND_TILES, BAND_FLOATS // (len(self.kernel) * channels))
        count = -(-down // max(1, tiles // across))
        cuts = [self.size * (down * i // count) for i in range(count + 1)]
        return [slice(*cut) for cut in pairwise(cuts)]

    def convolve(
        self,
        padded: Tensor,
        weight: Tensor,
        out: Tensor,
        space: Workspace,
        slopes: Tensor | None = None,
    ) -> None:
        """Convolve without padding.

        Parameters
        ----------
        padded
            (B, step·h + reach − step, step·w + reach − step, in) float32.
        weight
            (n, in, out): from `transform`; or (out, in, 3, 3), which is transformed here, a few
            matrices at a time, so that they are used while they are in the cache.
        out
            (B, size·h, size·w, out): where the result goes.
        space
            Where intermediate results go.
        slopes
            (out,): the slopes of the PReLU that follows, if one does.
        """
        reach, size, products = self.reach, self.size, len(self.kernel)
        tiles = padded.unfold(1, reach, self.step).unfold(2, reach, self.step)
        batch, h, w, channels = tiles.shape[:4]  # and reach, reach
        count, outputs = batch * h * w, out.shape[3]
        flat = space.take("tiles", (reach**2, count * channels), padded)
        flat.view(reach, reach, batch, h, w, channels).copy_(tiles.permute(4, 5, 0, 1, 2, 3))
        source = space.take("source", (products, count * channels), padded)
        source = torch.mm(self.source, flat, out=source).view(products, count, channels)
        product = space.take("product", (products, count, outputs), padded)
        if weight.dim() == 3:
            torch.bmm(source, weight, out=product)
        else:
            taps = taps_of(weight)
            for part in (slice(i, i + AT_ONCE) for i in range(0, products, AT_ONCE)):
                matrices = space.take("weight", (len(self.kernel[part]), taps.shape[1]), padded)
                torch.mm(self.kernel[part], taps, out=matrices)
                matrices = matrices.view(-1, channels, outputs)
                torch.bmm(source[part], matrices, out=product[part])
        result = space.take("tiles", (size**2, count * outputs), padded)  # the tiles are used up
        torch.mm(self.result, product.view(products, -1), out=result)
        if slopes is not None:
            result = F.prelu(result.view(-1, outputs), slopes)
        result = result.view(size, size, batch, h, w, outputs)
        out.view(batch, h, size, w, size, outputs).copy_(result.permute(2, 3, 0, 4, 1, 5))


def taps_of(weight: Tensor) -> Tensor:
    """Order a weight (out, in, 3, 3) by taps: (9, in·out)."""
    return weight.permute(2, 3, 1, 0).reshape(9, -1)


def scheme_of(weight: Tensor, height: int, width: int, stride: int = 1) -> Scheme | None:
    """Return how to convolve with (out, in, 3, 3) float32 to an output of this size.

    None where a direct convolution is faster: the transforms cost the same for few channels as for
    many.
    """
    pixels, channels = height * width, weight.shape[0] * weight.shape[1]
    if stride == 2:
        fits = height % 2 == 0 and width % 2 == 0
        return halving() if fits and channels >= LEAST_HALVING else None
    fits = height % TILE == 0 and width % TILE == 0
    if not fits or pixels < LEAST_PIXELS or channels < LEAST_WEIGHTS:
        return None
    return few() if pixels <= FEW_PIXELS else many()


@cache
def many() -> Scheme:
    """Return F(4×4, 3×3)."""
    return Scheme.of(_toom_cook(POINTS, TILE, 3), step=TILE)


@cache
def few() -> Scheme:
    """Return F(2×2, 3×3), whose weights are less than half as large."""
    return Scheme.of(_toom_cook(FEW_POINTS, 2, 3), step=2)


@cache
def halving() -> Scheme:
    """Return that of a convolution with stride 2.

    Along one axis y[j] = x[2j − 1] w₀ + x[2j + 1] w₂ is F(2, 2), to which x[2j] w₁ is added: five
    products for two outputs instead of six. A tile's inputs begin with x[2j − 1].
    """
    two, taps = _toom_cook(FEW_POINTS[:2], 2, 2), torch.eye(3, dtype=torch.float64)
    inputs = torch.eye(5, dtype=torch.float64)
    axis = Axis(
        torch.cat([two.source @ inputs[::2], inputs[1::2]]),
        torch.cat([two.kernel @ taps[::2], taps[[1, 1]]]),
        torch.cat([two.result, torch.eye(2, dtype=torch.float64)], dim=1),
    )
    return Scheme.of(axis, step=4)


def _toom_cook(chosen: tuple[float, ...], outputs: int, taps: int) -> Axis:
    """Derive the matrices for so many taps from points.

    For points p_i the outputs are Aᵀ[(G g) ⊙ (Bᵀ d)]. A and G hold the powers of the points, the
    row of ∞ picks the highest; G is divided by Π_{j≠i}(p_i − p_j). The rows of Bᵀ are the
    coefficients of Π_{j≠i}(z − p_j), that of ∞ of the product over all points.
    """
    points = torch.tensor(chosen, dtype=torch.float64)
    result, kernel = _powers(points, outputs), _powers(points, taps)
    source = torch.zeros(len(points) + 1, len(points) + 1, dtype=torch.float64)
    for i, point in enumerate(points):
        others = torch.cat([points[:i], points[i + 1 :]])
        kernel[i] /= (point - others).prod()
        source[i, :-1] = _coefficients(others)
    source[-1] = _coefficients(points)
    return Axis(source, kernel, result.t())


def _powers(points: Tensor, count: int) -> Tensor:
    infinity = torch.eye(count, dtype=points.dtype)[-1:]
    return torch.cat([points[:, None] ** torch.arange(count), infinity])


def _coefficients(roots: Tensor) -> Tensor:
    """Return the coefficients of Π(z − root), lowest first."""
    polynomial = torch.ones(1, dtype=roots.dtype)
    for root in roots:
        polynomial = F.pad(polynomial, (1, 0)) - root * F.pad(polynomial, (0, 1))
    return polynomial
