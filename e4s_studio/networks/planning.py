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
    """How inputs reach outputs: by which taps of the kernel, and how much of each.

    Neighbour n's paths to an output of phase p are number `starts[n, p]` to that + `counts[n, p]`.

    Attributes
    ----------
    starts, counts
        (9, phases).
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
def paths(step: int) -> Paths:
    """Return the paths of a plain layer (step 1) or of an upsampling one (step 2)."""
    found = [
        [
            (TAPS.index((j, k)), v * w)
            for j, v in _axis(dy, py, step)
            for k, w in _axis(dx, px, step)
        ]
        for dy, dx in TAPS
        for py in range(step)
        for px in range(step)
    ]
    counts = np.array([len(ways) for ways in found], np.int32)
    starts = (np.cumsum(counts) - counts).astype(np.int32)
    taps, weights = zip(*(way for ways in found for way in ways), strict=True)
    shape = (len(TAPS), step * step)
    return Paths(
        starts.reshape(shape),
        counts.reshape(shape),
        np.array(taps, np.int32),
        np.array(weights, np.float32),
    )


def _axis(offset: int, parity: int, step: int) -> list[tuple[int, float]]:
    """List the kernel's taps along one axis, -1 to 1, with their weights.

    The transposed convolution gives z[q] = Σ x[i] w[q - 2i] and the filter
    out[p] = Σ f[t] z[p + t - 1]. So the input i = ⌊p/2⌋ + offset reaches the output p, of a parity,
    by the kernel's k and t = k - parity + 1 + 2·offset of the filter, where there is one.
    """
    if step == 1:
        return [(offset, 1.0)]
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


def plan(fine: Labels, coarse: Labels, *, complete: bool) -> Corrections:
    """Plan the layer from coarse labels (B, r, r) to fine labels (B, R, R), R = r or 2r.

    A complete plan lists all taps, so that no dense pass is needed; otherwise it lists those that
    see another region.
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
    """Plan pixels that want (P, 9) taps, in a layer that multiplies the resolution by a step."""
    size = coarse.shape[2]
    which, neighbour = np.nonzero(wanted)
    first = np.append(0, np.flatnonzero(which[1:] != which[:-1]) + 1)
    steps, ways = _steps(size), paths(step)
    kind = neighbour * step**2 + pixels.phases[which]
    counts = ways.counts.ravel().take(kind)
    starts = np.cumsum(counts) - counts
    path = np.arange(counts.sum()) + np.repeat(ways.starts.ravel().take(kind) - starts, counts)

    lowest = int(pixels.below.min() + steps.min())
    span = int(pixels.below.max() + steps.max()) - lowest + 1
    within = (pixels.labels * span + pixels.below - lowest)[which] + steps[neighbour]
    keys = np.repeat(within, counts) + (ways.taps * (REGIONS * span)).take(path)
    limit = len(TAPS) * REGIONS * span
    distinct, number = _sorted(keys, path) if step == 1 else _distinct(keys, limit)
    tap_and_region, place = np.divmod(distinct, span)
    taps, regions = np.divmod(tap_and_region, REGIONS)
    runs, numbers = _runs(taps)
    total = runs[-1].end
    place += lowest
    beside = NO_REGION if complete else coarse.ravel()[place]
    slots = place // (size * size) * REGIONS + regions
    weights = None if step == 1 else torch.from_numpy(ways.weights[path])
    return Chunk(
        _placed(place, numbers, total),
        _placed(slots * (REGIONS + 1) + beside, numbers, total),
        runs,
        torch.from_numpy(pixels.places[which[first]]),
        Bags(_int32(numbers[number]), _int32(starts[first]), total, weights),
    )


def _distinct(keys: Indices, limit: int) -> tuple[Indices, Indices]:
    """Return what values below a limit there are, in order, and the place of each among them."""
    present = np.zeros(limit, np.bool_)
    present[keys] = True
    distinct = np.flatnonzero(present)
    place = np.empty(limit, np.int32)
    place[distinct] = np.arange(len(distinct), dtype=np.int32)
    return distinct, place[keys].astype(np.intp)


def _sorted(keys: Indices, paths: Indices) -> tuple[Indices, Indices]:
    """Do the same for values that are all different, and need the order of their paths only."""
    order = np.argsort(paths.astype(np.uint8), kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return keys[order], place


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


def _placed(values: Indices, numbers: Indices, total: int) -> torch.Tensor:
    """Give products their numbers; those that fill up take what is at 0."""
    placed = np.zeros(total, np.int32)
    placed[numbers] = values
    return torch.from_numpy(placed)


def _int32(values: NDArray[np.integer]) -> torch.Tensor:
    return torch.from_numpy(values.astype(np.int32, copy=False))
