"""Shapes of tools: pure functions from image coordinates to a stencil.

Every function clips its result to the box of the canvas. Points are (x, y) in image coordinates
(see `geometry`).
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from e4s_studio.core.geometry import EMPTY_BOX, Box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

_THINNEST: Final = 0.5
"""Radius of the smallest brush, in pixels: one pixel wide, without gaps."""


class Dab(NamedTuple):
    """One sample of a stroke: position in image coordinates, and radius in pixels."""

    x: float
    y: float
    radius: float


class Stencil(NamedTuple):
    """The pixels that a tool covers: (box.height, box.width) bool."""

    box: Box
    mask: NDArray[np.bool_]


class SoftStencil(NamedTuple):
    """The coverage of a soft tool: (box.height, box.width) float32, 0 to 1."""

    box: Box
    cover: NDArray[np.float32]


_NOTHING: Final = Stencil(EMPTY_BOX, np.zeros((0, 0), dtype=np.bool_))


def disc(dab: Dab, canvas: Box) -> Stencil:
    """Return the pixels whose centre lies within the dab's radius, and the one at its position."""
    return line(dab, dab, canvas)


def line(start: Dab, end: Dab, canvas: Box) -> Stencil:
    """Return the pixels that a brush covers on its way from one dab to the next.

    Its radius changes linearly. The stencil is the union of all discs on the way.
    """
    box = _reach(start, end).intersection(canvas)
    mask = _distance(start, end, box) <= 0
    for dab in (start, end):
        column, row = int(np.floor(dab.x)) - box.left, int(np.floor(dab.y)) - box.top
        if 0 <= row < box.height and 0 <= column < box.width:
            mask[row, column] = True
    return Stencil(box, mask)


def soft_line(start: Dab, end: Dab, canvas: Box, hardness: float = 0.5) -> SoftStencil:
    """Return the coverage of a soft brush on its way from one dab to the next.

    It is 1 up to `hardness` times the radius and falls smoothly to 0 at the radius. `hardness` is 0
    (soft from the centre) to 1 (a hard edge one pixel wide).
    """
    box = _reach(start, end).intersection(canvas)
    inward = -_distance(start, end, box)
    edge = max(1.0, (1 - hardness) * max(start.radius, end.radius))
    ramp = np.clip(inward / edge, 0.0, 1.0)
    return SoftStencil(box, (ramp * ramp * (3 - 2 * ramp)).astype(np.float32))


def polygon(points: ArrayLike, canvas: Box) -> Stencil:
    """Return the pixels whose centre lies inside an outline (non-zero winding rule).

    `points` are (N, 2); the last one is connected to the first. The outline may cross itself.
    """
    outline = np.asarray(points, dtype=float).reshape(-1, 2)
    if len(outline) < 3:
        return _NOTHING
    box = Box.around(outline).intersection(canvas)
    # winding[y, x] is +1 or -1 where an edge crosses row y just left of centre x; the sum along
    # the row is the winding number of each centre.
    winding = np.zeros((box.height, box.width + 1), dtype=np.int32)
    for (x0, y0), (x1, y1) in pairwise(np.vstack([outline, outline[:1]])):
        low, high = sorted((y0, y1))
        rows = np.arange(
            max(box.top, int(np.ceil(low - 0.5))), min(box.bottom, int(np.ceil(high - 0.5)))
        )
        if rows.size == 0:
            continue
        crossing = x0 + (rows + 0.5 - y0) * ((x1 - x0) / (y1 - y0))
        columns = np.clip(np.ceil(crossing - 0.5).astype(int) - box.left, 0, box.width)
        np.add.at(winding, (rows - box.top, columns), 1 if y1 > y0 else -1)
    return Stencil(box, np.cumsum(winding, axis=1)[:, :-1] != 0)


def rectangle(box: Box, canvas: Box) -> Stencil:
    """Return all pixels of a box."""
    inside = box.intersection(canvas)
    return Stencil(inside, np.ones(inside.shape, dtype=np.bool_))


def flood(labels: NDArray[np.generic], x: float, y: float) -> Stencil:
    """Return the connected pixels (4 neighbours) of the same value around a point.

    Parameters
    ----------
    labels
        (H, W) values.
    x, y
        A point in image coordinates; outside the map the stencil is empty.
    """
    row, column = int(np.floor(y)), int(np.floor(x))
    canvas = Box.of(labels)
    if not (0 <= row < canvas.height and 0 <= column < canvas.width):
        return _NOTHING
    rows, starts, ends = _runs(labels == labels[row, column])
    first = np.searchsorted(rows, np.arange(canvas.height + 1))
    seed = first[row] + int(np.searchsorted(starts[first[row] : first[row + 1]], column, "right"))
    filled = _connected_runs(rows, starts, ends, first, seed - 1)
    mask = np.zeros((canvas.height, canvas.width + 1), dtype=np.int8)
    # The sum along a row of +1 at a run's start and -1 behind its end is 1 inside the run.
    mask[rows[filled], starts[filled]] = 1
    mask[rows[filled], ends[filled]] = -1
    inside = np.cumsum(mask, axis=1)[:, :-1].astype(np.bool_)
    box = Box.of_true(inside)
    return Stencil(box, inside[box.slices])


def closes(path: Sequence[Dab], tolerance: float) -> bool:
    """Return whether a stroke is a closed loop around an area.

    A loop has a large area for its length; scribbling that ends at its start does not.

    Parameters
    ----------
    path
        The stroke's dabs.
    tolerance
        The largest distance between start and end, in pixels.
    """
    if len(path) < 8:
        return False
    points = np.array([(dab.x, dab.y) for dab in path])
    if np.hypot(*(points[-1] - points[0])) > tolerance:
        return False
    following = np.roll(points, -1, axis=0)
    length = np.hypot(*(following - points).T).sum()
    area = abs(np.sum(points[:, 0] * following[:, 1] - following[:, 0] * points[:, 1])) / 2
    radius = max(dab.radius for dab in path)
    # A circle has area / length² = 0.08, a 1 : 6 ellipse 0.02; the brush itself covers pi r².
    return bool(area > 0.02 * length**2 and area > 2 * np.pi * radius**2)


def _reach(start: Dab, end: Dab) -> Box:
    widest = max(start.radius, end.radius, _THINNEST)
    return Box.around([(start.x, start.y), (end.x, end.y)], margin=widest)


def _distance(start: Dab, end: Dab, box: Box) -> NDArray[np.float64]:
    """Return each pixel centre's distance to the edge of the swept brush, negative inside."""
    x, y = box.centres()
    dx, dy = end.x - start.x, end.y - start.y
    squared = dx * dx + dy * dy
    r0, r1 = max(start.radius, _THINNEST), max(end.radius, _THINNEST)
    if squared == 0:
        return np.hypot(x - start.x, y - start.y) - max(r0, r1)
    along = np.clip(((x - start.x) * dx + (y - start.y) * dy) / squared, 0.0, 1.0)
    swept = np.hypot(x - start.x - along * dx, y - start.y - along * dy) - (r0 + along * (r1 - r0))
    if r0 == r1:
        return swept
    # A disc that grows faster than it moves extends beyond the line's edge.
    larger, radius = (start, r0) if r0 > r1 else (end, r1)
    return np.minimum(swept, np.hypot(x - larger.x, y - larger.y) - radius)


def _runs(mask: NDArray[np.bool_]) -> tuple[NDArray[np.intp], ...]:
    """Return row, start and end (exclusive) of every horizontal run of True, row by row."""
    padded = np.pad(mask, ((0, 0), (1, 1))).astype(np.int8)
    steps = np.diff(padded, axis=1)
    rows, starts = np.nonzero(steps == 1)
    _, ends = np.nonzero(steps == -1)
    return rows, starts, ends


def _connected_runs(
    rows: NDArray[np.intp],
    starts: NDArray[np.intp],
    ends: NDArray[np.intp],
    first: NDArray[np.intp],
    seed: int,
) -> NDArray[np.intp]:
    """Return the indices of the runs that are connected to the seed's."""
    found = np.zeros(len(rows), dtype=np.bool_)
    found[seed] = True
    waiting = deque([seed])
    while waiting:
        run = waiting.popleft()
        for row in (rows[run] - 1, rows[run] + 1):
            if not 0 <= row < len(first) - 1:
                continue
            low, high = first[row], first[row + 1]
            # The runs of a row are sorted, so those that overlap are consecutive.
            from_run = low + np.searchsorted(ends[low:high], starts[run], "right")
            to_run = low + np.searchsorted(starts[low:high], ends[run], "left")
            for other in range(from_run, to_run):
                if not found[other]:
                    found[other] = True
                    waiting.append(other)
    return np.flatnonzero(found)
