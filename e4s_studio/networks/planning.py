"""Which products a mask-guided layer needs beside its dense pass, found on the CPU with numpy."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import torch

from e4s_studio.networks.bags import Bags
from e4s_studio.networks.config import REGIONS
from e4s_studio.networks.corrections import NO_REGION, TAP_GROUPS, TAPS, Chunk, Corrections, Run
from e4s_studio.networks.ops import FIR_TAPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Indices = NDArray[np.intp]
    Labels = NDArray[np.uint8]

CHUNK_TAPS: Final = 3 << 12
"""Pixels are planned together as long as they want no more taps than this, which bounds the memory
of their products; a portrait's are all in one chunk."""


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


def plan(fine: Labels, coarse: Labels, *, complete: bool = False) -> Corrections:
    """Plan the layer from coarse labels (B, r, r) to fine labels (B, R, R), R = r or 2r.

    A complete plan, of an upsampling layer, lists all inputs, so that no dense pass is needed;
    otherwise it lists those that pixels of another region see.
    """
    size = coarse.shape[2]
    ringed = np.full((len(coarse), size + 2, size + 2), NO_REGION, coarse.dtype)
    ringed[:, 1:-1, 1:-1] = coarse
    places = np.arange(fine.size) if complete else _edges(fine, ringed)
    pixels = Pixels.of(places, fine, size)
    row, column = np.divmod(pixels.below, size)
    ringed_row = row + row // size * 2 + 1  # each sample has two rows more
    centre = ringed_row * (size + 2) + column + 1
    seen = ringed.ravel().take(centre[:, None] + _steps(size + 2))
    wanted = seen != NO_REGION
    if not complete:
        wanted &= seen != pixels.labels[:, None].astype(seen.dtype)
    chunks = [
        _chunk(pixels.part(part), wanted[part], coarse, fine.shape[2] // size, complete=complete)
        for part in _parts(wanted.sum(1))
    ]
    return Corrections(tuple(chunks), complete)


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


def _chunk(pixels: Pixels, wanted: Bools, coarse: Labels, step: int, *, complete: bool) -> Chunk:
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
    beside = NO_REGION if complete else coarse.ravel()[sources]

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
    runs, numbers = _runs(tap)
    total = runs[-1].end
    filled = np.zeros(total, np.int32)  # what fills a run up is of the first input
    filled[numbers] = factors
    return Chunk(
        _int32(sources),
        _int32(slots * (REGIONS + 1) + beside),
        torch.from_numpy(filled),
        runs,
        torch.from_numpy(pixels.places[which[first]]),
        Bags(_int32(numbers[number]), _int32(starts), total, weights),
    )


def _distinct(keys: Indices, limit: int) -> tuple[Indices, Indices]:
    """Return what values below a limit there are, in order, and the place of each among them."""
    present = np.zeros(limit, np.bool_)
    present[keys] = True
    distinct = np.flatnonzero(present)
    place = np.empty(limit, np.int32)
    place[distinct] = np.arange(len(distinct), dtype=np.int32)
    return distinct, place[keys].astype(np.intp)


def _runs(taps: Indices) -> tuple[tuple[Run, ...], Indices]:
    """Batch products, (N,) taps in order, and return which number each gets."""
    counts = np.bincount(taps, minlength=len(TAPS))
    runs, starts = [], np.zeros(len(TAPS), np.intp)
    end = 0
    for first, stop in TAP_GROUPS:
        run = Run(first, stop, end, int(counts[first:stop].max()))
        if run.rows:
            starts[first:stop] = range(run.start, run.end, run.rows)
            runs.append(run)
            end = run.end
    shifts = starts - np.cumsum(counts) + counts
    return tuple(runs), np.arange(len(taps)) + shifts[taps]


def _int32(values: NDArray[np.integer]) -> torch.Tensor:
    return torch.from_numpy(values.astype(np.int32, copy=False))
