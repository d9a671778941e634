"""Where each region's pixels lie at every resolution of the generator.

All that the mask-guided layers need to know of a label map is planned once per map and resolution,
on the CPU, so that no layer has to ask the device how many pixels there are of anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from e4s_studio.networks.config import REGIONS
from e4s_studio.networks.corrections import TAPS, Bags, Chunk, Corrections
from e4s_studio.networks.ops import FIR_TAPS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Indices = NDArray[np.intp]
    Labels = NDArray[np.uint8]

COARSEST: Final = 4
"""The resolution of the learned input, which nothing is doubled to."""
OUTSIDE: Final = REGIONS
"""The label of what lies outside the picture."""
CHUNK_TAPS: Final = 3 << 12
"""Pixels are planned together as long as they want no more taps than this, which bounds the memory
of their products; a portrait's are all in one chunk."""


@dataclass(frozen=True, eq=False)
class Grid:
    """One resolution R of a layout.

    Attributes
    ----------
    slots
        (B, R, R) int64: 12·b + region, the row of each pixel's code among all B·12.
    coarse_slots
        (B, R/2, R/2) int64: the same of the resolution before, for the input of an upsampling.
    plain, up
        Corrections of the plain and of the upsampling layer that end at R; none upsample to 4².
    """

    slots: Tensor
    coarse_slots: Tensor
    plain: Corrections
    up: Corrections

    @property
    def resolution(self) -> int:
        """R."""
        return self.slots.shape[-1]

    def map(self, change: Callable[[Tensor], Tensor]) -> Grid:
        """Return the same grid with its tensors changed."""
        slots, coarse = change(self.slots), change(self.coarse_slots)
        return Grid(slots, coarse, self.plain.map(change), self.up.map(change))

    def to(self, device: torch.device | str) -> Grid:
        """Return the same grid on another device."""
        device = torch.device(device)
        if device.type != "cuda":
            return self.map(lambda tensor: tensor.to(device))
        # From pinned memory: an ordinary copy would wait for what the GPU is still drawing.
        return self.map(lambda tensor: tensor.pin_memory().to(device, non_blocking=True))


@dataclass(frozen=True, eq=False)
class Layout:
    """The grids of a batch of label maps, each made when it is first asked for.

    Attributes
    ----------
    make
        Makes the grid of a resolution.
    """

    make: Callable[[int], Grid]
    _made: dict[int, Grid] = field(default_factory=dict, init=False, repr=False)

    def grid(self, resolution: int) -> Grid:
        """Return the grid of R."""
        if resolution not in self._made:
            self._made[resolution] = self.make(resolution)
        return self._made[resolution]


def labels_of(onehot: Tensor) -> Tensor:
    """Return the labels, int64 (B, h, w), of a one-hot map (B, 12, h, w).

    Raises
    ------
    ValueError
        If the map has another shape, or a pixel that does not belong to exactly one region.
    """
    if onehot.ndim != 4 or onehot.shape[1] != REGIONS:
        raise ValueError(f"a one-hot map is (B, {REGIONS}, h, w), not {tuple(onehot.shape)}")
    top, labels = onehot.max(dim=1)
    if not bool((top == 1).all()) or not bool((onehot.sum(dim=1) == 1).all()):
        raise ValueError("each pixel of a one-hot map belongs to exactly one region")
    return labels


def resize_labels(labels: Tensor, resolution: int) -> Tensor:
    """Resize (B, h, w) of 0 to 11 to (B, R, R) int64.

    Nearest with floor indexing, as the published code does.
    """
    return _resized(labels.to(torch.uint8), resolution).long()


def make_layout(labels: Tensor, device: torch.device | str = "cpu") -> Layout:
    """Lay out labels (B, h, w) int64 of 0 to 11 for a device."""
    small = labels.to("cpu", torch.uint8)
    return Layout(lambda resolution: make_grid(small, resolution).to(device))


def make_grid(labels: Tensor, resolution: int) -> Grid:
    """Plan the layers that end at a resolution, for labels (B, h, w) of 0 to 11, on the CPU.

    Planned without regard to gradients, a grid serves with and without them.
    """
    with torch.inference_mode(mode=False):
        fine = _resized(labels.to("cpu", torch.uint8), resolution).numpy()
        coarse = np.ascontiguousarray(fine[:, ::2, ::2])
        up = plan(fine, coarse) if resolution > COARSEST else Corrections(())
        return Grid(_slots(fine), _slots(coarse), plan(fine, fine), up)


def _resized(labels: Tensor, resolution: int) -> Tensor:
    """Resize (B, h, w) uint8: bytes are resized many times faster than wider numbers."""
    size = (resolution, resolution)
    return F.interpolate(labels[:, None], size=size, mode="nearest")[:, 0]


def _slots(labels: Labels) -> Tensor:
    offsets = REGIONS * np.arange(labels.shape[0])[:, None, None]
    return torch.from_numpy(labels + offsets)


class Paths(NamedTuple):
    """How inputs reach the outputs of an upsampling layer: by which taps, and how much of each.

    Neighbour n's paths to an output of phase p are number `starts[n, p]` to that + `counts[n, p]`.

    Attributes
    ----------
    starts, counts
        (9, 4).
    taps
        (paths,): the tap of the kernel, its number in `TAPS`.
    weights
        (paths,) float32: what the filter multiplies it by.
    """

    starts: NDArray[np.int32]
    counts: NDArray[np.int32]
    taps: NDArray[np.int32]
    weights: NDArray[np.float32]


@cache
def paths() -> Paths:
    """List the paths."""
    found = [
        [(TAPS.index((j, k)), v * w) for j, v in _axis(dy, py) for k, w in _axis(dx, px)]
        for dy, dx in TAPS
        for py in (0, 1)
        for px in (0, 1)
    ]
    counts = np.array([len(ways) for ways in found], np.int32)
    starts = (np.cumsum(counts) - counts).astype(np.int32)
    taps, weights = zip(*(way for ways in found for way in ways), strict=True)
    shape = (len(TAPS), 4)
    return Paths(
        starts.reshape(shape),
        counts.reshape(shape),
        np.array(taps, np.int32),
        np.array(weights, np.float32),
    )


def _axis(offset: int, parity: int) -> list[tuple[int, float]]:
    """List the kernel's taps along one axis, -1 to 1, with their weights.

    The transposed convolution gives z[q] = Σ x[i] w[q - 2i] and the filter
    out[p] = Σ f[t] z[p + t - 1]. So the input i = ⌊p/2⌋ + offset reaches the output p, of a parity,
    by the kernel's k and t = k - parity + 1 + 2·offset of the filter, where there is one.
    """
    filtered = [(k - 1, k - parity + 1 + 2 * offset) for k in range(3)]
    return [(k, FIR_TAPS[t]) for k, t in filtered if 0 <= t < len(FIR_TAPS)]


class Pixels(NamedTuple):
    """Pixels of a layer's output that need products.

    Attributes
    ----------
    places
        (P,): indices into the flattened (B, R, R) output.
    below
        (P,): indices into the flattened (B, r, r) input of the pixel at the same place.
    labels
        (P,): the regions.
    phases
        (P,): which of the step² outputs above one input it is.
    """

    places: Indices
    below: Indices
    labels: Indices
    phases: Indices

    @classmethod
    def of(cls, places: Indices, fine: Labels, size: int) -> Pixels:
        """Look up pixels of fine labels (B, R, R) above an input of a size r."""
        step = fine.shape[2] // size
        row, column = np.divmod(places, fine.shape[2])  # rows of all samples: R is a multiple of r
        below = row // step * size + column // step
        phases = row % step * step + column % step
        return cls(places, below, fine.ravel()[places].astype(np.intp), phases)

    def part(self, which: slice) -> Pixels:
        """Return some of them."""
        return Pixels(*(each[which] for each in self))


def plan(fine: Labels, coarse: Labels) -> Corrections:
    """Plan the layer from coarse labels (B, r, r) to fine labels (B, R, R), R = r or 2r."""
    size = coarse.shape[2]
    ringed = np.full((len(coarse), size + 2, size + 2), OUTSIDE, coarse.dtype)
    ringed[:, 1:-1, 1:-1] = coarse
    pixels = Pixels.of(_edges(fine, ringed), fine, size)
    row, column = np.divmod(pixels.below, size)
    ringed_row = row + row // size * 2 + 1  # each sample has two rows more
    centre = ringed_row * (size + 2) + column + 1
    seen = ringed.ravel().take(centre[:, None] + _steps(size + 2))
    wanted = (seen != OUTSIDE) & (seen != pixels.labels[:, None].astype(seen.dtype))
    chunks = [
        _chunk(pixels.part(part), wanted[part], coarse, fine.shape[2] // size)
        for part in _parts(wanted.sum(1))
    ]
    return Corrections(tuple(chunks))


def _steps(width: int) -> Indices:
    """Return how far each of `TAPS` is away in flattened rows of a width."""
    return np.array([dy * width + dx for dy, dx in TAPS], np.intp)


def _parts(taps: Indices) -> list[slice]:
    """Cut pixels that want so many taps each into parts that want any."""
    done = np.cumsum(taps)
    total = int(done[-1]) if len(done) else 0
    cuts = np.searchsorted(done, range(CHUNK_TAPS, total, CHUNK_TAPS)).tolist()
    return [slice(*part) for part in pairwise([0, *cuts, len(done)]) if total]


def _edges(fine: Labels, ringed: Labels) -> Indices:
    """Find the pixels of (B, R, R) that see another region, or the ring, in (B, r + 2, r + 2)."""
    width = fine.shape[2]
    step = width // (ringed.shape[2] - 2)
    doubled = ringed.repeat(step, axis=1).repeat(step, axis=2)
    edges = np.zeros(fine.shape, np.bool_)
    for dy, dx in TAPS:
        top, left = step * (1 + dy), step * (1 + dx)
        edges |= fine != doubled[:, top : top + width, left : left + width]
    return np.flatnonzero(edges)


def _chunk(pixels: Pixels, wanted: Bools, coarse: Labels, step: int) -> Chunk:
    """Plan pixels that want (P, 9) neighbours, in a layer that multiplies the resolution by a step.

    The pixels' entries are listed in order: which input, scaled for which region, by which tap.
    """
    which, neighbour = np.nonzero(wanted)
    first = np.append(0, np.flatnonzero(which[1:] != which[:-1]) + 1)
    steps = _steps(coarse.shape[2])
    lowest = int(pixels.below.min() + steps.min())
    span = int(pixels.below.max() + steps.max()) - lowest + 1
    keys = (pixels.labels * span + pixels.below - lowest)[which] + steps[neighbour]
    distinct, entry = _distinct(keys, REGIONS * span)
    regions, sources = np.divmod(distinct, span)
    sources += lowest
    slots = sources // coarse[0].size * REGIONS + regions
    pairs = slots * REGIONS + coarse.ravel()[sources]

    taps: NDArray[np.integer] = neighbour
    starts, weights = first, None
    if step == 2:
        ways = paths()
        kind = neighbour * step**2 + pixels.phases[which]
        counts = ways.counts.ravel().take(kind)
        ends = np.cumsum(counts)
        path = np.arange(ends[-1])
        path += np.repeat(ways.starts.ravel().take(kind) - ends + counts, counts)
        entry, taps = np.repeat(entry, counts), ways.taps.take(path)
        starts, weights = (ends - counts)[first], torch.from_numpy(ways.weights.take(path))
    products, number = _distinct(taps * len(sources) + entry, len(TAPS) * len(sources))
    tap, factors = np.divmod(products, len(sources))
    return Chunk(
        Bags(_int32(sources), coarse.size),
        Bags(_int32(pairs), len(coarse) * REGIONS**2),
        Bags(_int32(factors), len(sources)),
        tuple(np.bincount(tap, minlength=len(TAPS)).tolist()),
        Bags(_int32(number), len(products), _int32(starts), weights),
        torch.from_numpy(pixels.places[which[first]]),
    )


def _distinct(keys: Indices, limit: int) -> tuple[Indices, Indices]:
    """Return what values below a limit there are, in order, and the place of each among them."""
    present = np.zeros(limit, np.bool_)
    present[keys] = True
    distinct = np.flatnonzero(present)
    place = np.empty(limit, np.int32)
    place[distinct] = np.arange(len(distinct), dtype=np.int32)
    return distinct, place[keys].astype(np.intp)


def _int32(values: NDArray[np.integer]) -> torch.Tensor:
    return torch.from_numpy(values.astype(np.int32, copy=False))
