"""3×3 convolution by Winograd's way: fewer multiplications, in pure torch.

Evaluating the inputs of a tile and the kernel as polynomials in a few points turns the convolution
of a tile into one product for each point, and over all tiles and channels into matrix products. All
three transforms are linear: they are matrix products too. A tile of 4×4 outputs, F(4×4, 3×3),
depends on 6×6 inputs and takes 36 products instead of 144.

The usual points 0, ±1, ±2, ∞ lose most of a digit in float32. With 0, ±0.7, ±1.5, ∞, found by
trial, the error measured about the same as that of a direct convolution.

With stride 2 one output sees every second input twice and those between once; a transposed
convolution likewise: two taps that are evaluated in points, and one that is a product by itself.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
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
FEW_POINTS: Final = (0.0, 1.0, -1.0)
"""The same where fewer are enough, of which none costs a digit."""
BAND_FLOATS: Final = 1 << 20
DOUBLING_BAND_FLOATS: Final = 3 << 20
"""Transformed inputs are made in pieces of about this many floats, to stay in the cache ..."""
BAND_TILES: Final = 64
"""... but of no fewer tiles than this, since each piece reads the whole weight."""
POINTS_AT_ONCE: Final = 12
"""Of a weight that is not kept so many of its matrices are made, and used, at a time."""
FEW_PIXELS: Final = 1 << 8
"""For so few the weights are what a convolution waits for: small ones are worth more products."""
LEAST_WEIGHTS: Final = 1 << 12
LEAST_PIXELS: Final = 1 << 8
LEAST_DOUBLING: Final = 1 << 15
LEAST_HALVING: Final = 1 << 18
"""Measured: below these products in · out, and height · width, a direct convolution is faster; in ·
out for a plain one, a transposed one, and one with stride 2."""


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
    band_floats
        How many transformed inputs are made at a time.
    """

    source: Tensor
    kernel: Tensor
    result: Tensor
    reach: int
    step: int
    size: int
    band_floats: int

    @classmethod
    def of(cls, axis: Axis, step: int, band_floats: int = BAND_FLOATS) -> Scheme:
        """Combine the matrices of one axis with themselves."""
        source, kernel, result = (torch.kron(m, m).float() for m in axis)
        sizes = axis.source.shape[1], step, axis.result.shape[0]
        return cls(source, kernel, result, *sizes, band_floats)

    @property
    def products(self) -> int:
        """How many matrices a weight becomes."""
        return len(self.kernel)

    def transformed(self, taps: Tensor, channels: int) -> Tensor:
        """Transform a weight by taps (9, in·out) to (n, in, out)."""
        return (self.kernel @ taps).view(self.products, channels, -1)

    def convolve(
        self,
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
            (B, step·h + reach − step, step·w + reach − step, in) float32.
        weight
            (n, in, out), as `transformed` makes it, or (9, in·out), as `taps_of` does, which is
            transformed here.
        out
            (B, size·h, size·w, out): where the result goes.
        space
            Where intermediate results go.
        slopes
            (out,): the slopes of the PReLU that follows, if one does.
        """
        space = Workspace() if space is None else space
        reach, size, products = self.reach, self.size, self.products
        tiles = padded.unfold(1, reach, self.step).unfold(2, reach, self.step)
        batch, h, w, channels = tiles.shape[:4]  # and reach, reach
        count, outputs = batch * h * w, out.shape[3]
        flat = space.take("tiles", (reach**2, count * channels), padded)
        flat.view(reach, reach, batch, h, w, channels).copy_(tiles.permute(4, 5, 0, 1, 2, 3))
        source = space.take("source", (products, count * channels), padded)
        torch.mm(self.source, flat, out=source)
        product = space.take("product", (products, count, outputs), padded)
        self._multiply(source.view(products, count, channels), weight, product, space)
        result = space.take("tiles", (size**2, count * outputs), padded)  # the tiles are used up
        torch.mm(self.result, product.view(products, -1), out=result)
        if slopes is not None:
            result = F.prelu(result.view(-1, outputs), slopes)
        result = result.view(size, size, batch, h, w, outputs)
        out.view(batch, h, size, w, size, outputs).copy_(result.permute(2, 3, 0, 4, 1, 5))

    def bands(self, down: int, across: int, channels: int) -> list[slice]:
        """Cut rows of tiles, so many down and across, into bands whose transforms fit the cache."""
        tiles = max(BAND_TILES, self.band_floats // (self.products * channels))
        count = -(-down // max(1, tiles // across))
        return [slice(*cut) for cut in pairwise(down * i // count for i in range(count + 1))]

    def _multiply(self, source: Tensor, weight: Tensor, product: Tensor, space: Workspace) -> None:
        """Multiply (n, tiles, in) by a weight, transformed or by taps, into (n, tiles, out)."""
        if weight.dim() == 3:
            torch.bmm(source, weight, out=product)
            return
        buffer = space.take("weight", (POINTS_AT_ONCE, weight.shape[1]), source)
        for start in range(0, self.products, POINTS_AT_ONCE):
            part = slice(start, min(start + POINTS_AT_ONCE, self.products))
            matrices = buffer[: part.stop - start]
            torch.mm(self.kernel[part], weight, out=matrices)
            matrices = matrices.view(len(matrices), source.shape[2], -1)
            torch.bmm(source[part], matrices, out=product[part])


class Axis(NamedTuple):
    """The matrices of one axis, float64: of a source, a kernel of 3 taps, a result."""

    source: Tensor
    kernel: Tensor
    result: Tensor


def plain(height: int, width: int) -> Scheme:
    """Return the scheme of a convolution of this size."""
    return _few() if height * width <= FEW_PIXELS else _many()


@cache
def _few() -> Scheme:
    """Return F(2×2, 3×3), whose weights are less than half as large."""
    return Scheme.of(_toom_cook(FEW_POINTS, 2, 3), step=2)


@cache
def _many() -> Scheme:
    """Return F(4×4, 3×3)."""
    return Scheme.of(_toom_cook(POINTS, TILE, 3), step=TILE)


@cache
def doubling() -> Scheme:
    """Return that of a transposed convolution by 2.

    Along one axis z[2j] = x[j − 1] w₂ + x[j] w₀ is F(3, 2), and z[2j + 1] = x[j] w₁ a product each:
    seven products for three inputs instead of nine. A tile's inputs begin with x[j − 1].
    """
    two, one = _toom_cook(FEW_POINTS, 3, 2), torch.eye(3, dtype=torch.float64)
    outputs = [F.pad(two.result, (0, 3)), F.pad(one, (4, 0))]
    axis = Axis(
        torch.cat([two.source, F.pad(one, (1, 0))]),
        torch.cat([two.kernel @ one[[2, 0]], one[[1, 1, 1]]]),
        torch.stack(outputs, dim=1).flatten(0, 1),
    )
    return Scheme.of(axis, step=3, band_floats=DOUBLING_BAND_FLOATS)


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

    For points p_i the outputs are Aᵀ[(G g) ⊙ (Bᵀ d)] with A and G the powers of the points, the row
    of ∞ picking the highest, G divided by Π_{j≠i}(p_i − p_j), and the rows of Bᵀ the coefficients
    of Π_{j≠i}(z − p_j), that of ∞ of all of them.
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
    return fits and _pays(weight, LEAST_WEIGHTS)


def pays_doubling(weight: Tensor) -> bool:
    """Whether that of a transposed convolution is."""
    return _pays(weight, LEAST_DOUBLING)


def pays_halving(weight: Tensor, height: int, width: int) -> bool:
    """Whether that of a convolution with stride 2 is, to an output of this size."""
    return height % 2 == 0 and width % 2 == 0 and _pays(weight, LEAST_HALVING)


def _pays(weight: Tensor, least: int) -> bool:
    plain = weight.device.type == "cpu" and weight.dtype == torch.float32
    return plain and weight.shape[0] * weight.shape[1] >= least and not torch.is_grad_enabled()


def taps_of(weight: Tensor) -> Tensor:
    """Order a weight (out, in, 3, 3) by taps: (9, in·out)."""
    return weight.permute(2, 3, 1, 0).reshape(9, -1)
