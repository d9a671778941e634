"""The smart tool: a box or a stroke becomes a proposal with edges that follow the picture."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from enum import IntEnum
from functools import partial
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.core import brush
from e4s_studio.core.brush import Stencil
from e4s_studio.core.geometry import EMPTY_BOX, Box
from e4s_studio.gui.tools.painting import DRAG_STARTS
from e4s_studio.gui.tools.tool import Point, Pointer, Preview, StepKind, Tool, Workbench

if TYPE_CHECKING:
    from numpy.typing import NDArray

Work = Callable[[], Stencil]
Runner = Callable[[Work, Callable[[Stencil], None]], None]
"""Runs the work, here or on another thread, and passes its stencil to the callable on this one."""


_WORKING_SIZE: Final = 384
"""Longest side, in pixels, of the picture that GrabCut sees; it keeps a proposal under a second."""

_ROUNDS: Final = 4
_SEED: Final = 20231


class Mark(IntEnum):
    """What a pixel is marked as, in OpenCV's numbers."""

    OUTSIDE = cv2.GC_BGD
    INSIDE = cv2.GC_FGD
    MAYBE_OUTSIDE = cv2.GC_PR_BGD
    MAYBE_INSIDE = cv2.GC_PR_FGD


def run_now(work: Work, done: Callable[[Stencil], None]) -> None:
    """Run the work at once, on this thread."""
    done(work())


class SmartTool(Tool):
    """A drag marks a box around an object; a drag with Shift held strokes over it instead.

    Once there is a proposal, further strokes add to it, or with Ctrl held remove from it. Enter
    gives the proposal to the chosen region, Esc drops it.
    """

    def __init__(self, bench: Workbench, run: Runner = run_now) -> None:
        super().__init__(bench)
        self._run = run
        self._marks: NDArray[np.uint8] | None = None
        self._box = EMPTY_BOX
        self._pressed: Pointer | None = None
        self._path: list[Point] = []
        self._proposal: Stencil | None = None
        self._asked = 0

    @property
    def is_busy(self) -> bool:
        """Whether a mark is unfinished or a proposal is open."""
        return self._pressed is not None or self._proposal is not None

    def press(self, pointer: Pointer) -> None:
        """Begin a box or a stroke."""
        self._pressed = pointer
        self._path = [(pointer.x, pointer.y)]

    def drag(self, pointer: Pointer) -> None:
        """Continue the box or the stroke."""
        if self._pressed is not None:
            self._path.append((pointer.x, pointer.y))

    def release(self, pointer: Pointer) -> None:
        """Ask for a proposal."""
        start, self._pressed = self._pressed, None
        if start is None or self.document.target is None:
            return
        self._path.append((pointer.x, pointer.y))
        if self._strokes(start):
            self._mark_stroke(start)
        elif pointer.distance(start) > DRAG_STARTS:
            self._mark_box(self._dragged_box())
        else:
            return
        self._ask()

    def accept(self) -> bool:
        """Give the proposal to the chosen region."""
        if self._proposal is None:
            return False
        self.bench.paint(StepKind.SMART, self._proposal)
        self._drop()
        return True

    def cancel(self) -> bool:
        """Drop the mark and the proposal."""
        was_busy = self.is_busy
        self._drop()
        return was_busy

    def preview(self) -> Preview:
        """Return the unfinished mark and the proposal."""
        if self._pressed is None:
            return Preview(cursor=self._radius(), proposal=self._proposal)
        if self._strokes(self._pressed):
            return Preview(
                cursor=self._radius(), outline=tuple(self._path), proposal=self._proposal
            )
        return Preview(box=self._dragged_box(), proposal=self._proposal)

    def _strokes(self, start: Pointer) -> bool:
        return start.shift or self._proposal is not None

    def _radius(self) -> float | None:
        return self.options.size / 2 if self._proposal is not None else None

    def _dragged_box(self) -> Box:
        return Box.around([self._path[0], self._path[-1]]).intersection(self.document.box)

    def _mark_box(self, box: Box) -> None:
        marks = np.full(self.document.box.shape, Mark.OUTSIDE, dtype=np.uint8)
        marks[box.slices] = Mark.MAYBE_INSIDE
        self._marks, self._box = marks, box

    def _mark_stroke(self, start: Pointer) -> None:
        canvas = self.document.box
        if self._marks is None:
            # The stroke lies inside the object; its edges are looked for within twice the size.
            reach = Box.around(self._path, margin=self.options.size)
            grown = Box.around(
                [(reach.left, reach.top), (reach.right, reach.bottom)],
                margin=max(reach.shape) / 2,
            )
            self._mark_box(grown.intersection(canvas))
            self._marks_in_box()[:] = Mark.MAYBE_OUTSIDE
        mark = Mark.OUTSIDE if start.ctrl else Mark.INSIDE
        dabs = [self.options.dab(x, y, 1.0) for x, y in self._path]
        for first, second in itertools.pairwise(dabs):
            stencil = brush.line(first, second, canvas)
            self._all_marks()[stencil.box.slices][stencil.mask] = mark
            self._box = self._box.union(stencil.box)

    def _all_marks(self) -> NDArray[np.uint8]:
        if self._marks is None:
            raise RuntimeError("nothing is marked yet")
        return self._marks

    def _marks_in_box(self) -> NDArray[np.uint8]:
        return self._all_marks()[self._box.slices]

    def _ask(self) -> None:
        target = self.document.target
        if target is None or self._box.is_empty:
            return
        self._asked += 1
        work = partial(propose, target.image, self._all_marks().copy(), self._box)
        self._run(work, partial(self._receive, self._asked))

    def _receive(self, asked: int, proposal: Stencil) -> None:
        if asked == self._asked and self._marks is not None:
            self._proposal = proposal
            self.bench.notify()

    def _drop(self) -> None:
        self._marks, self._proposal, self._pressed = None, None, None
        self._box, self._path = EMPTY_BOX, []
        self._asked += 1


def propose(image: NDArray[np.uint8], marks: NDArray[np.uint8], box: Box) -> Stencil:
    """Return the pixels inside a box that belong to the marked object (GrabCut).

    Parameters
    ----------
    image
        (H, W, 3) uint8 RGB.
    marks
        (H, W) uint8 of `Mark`.
    box
        Where to look; every pixel beyond it is outside.

    Returns
    -------
    Stencil
        Empty if the marks leave nothing to separate.
    """
    margin = max(8, max(box.shape) // 6)
    seen = Box(
        box.left - margin, box.top - margin, box.right + margin, box.bottom + margin
    ).intersection(Box.of(image))
    scale = min(1.0, _WORKING_SIZE / max(seen.shape))
    size = (max(1, round(seen.width * scale)), max(1, round(seen.height * scale)))
    small = cv2.resize(image[seen.slices], size, interpolation=cv2.INTER_AREA)
    small_marks = cv2.resize(marks[seen.slices], size, interpolation=cv2.INTER_NEAREST)
    found = _cut(small.astype(np.uint8), small_marks.astype(np.uint8))
    full = cv2.resize(found, (seen.width, seen.height), interpolation=cv2.INTER_CUBIC)
    inside = box.intersection(seen)
    mask = full[inside.shifted(-seen.left, -seen.top).slices] > 0.5
    return Stencil(inside, mask & (marks[inside.slices] != Mark.OUTSIDE))


def _cut(image: NDArray[np.uint8], marks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return (h, w) float32, 1 inside and 0 outside."""
    outside = np.isin(marks, (Mark.OUTSIDE, Mark.MAYBE_OUTSIDE))
    if outside.all() or not outside.any():
        return (~outside).astype(np.float32)
    cut = marks.copy()
    cv2.setRNGSeed(_SEED)  # GrabCut starts from random colour clusters
    models = np.zeros((1, 65)), np.zeros((1, 65))
    unused = (0, 0, 1, 1)
    cv2.grabCut(image, cut, unused, *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.isin(cut, (Mark.INSIDE, Mark.MAYBE_INSIDE)).astype(np.float32)
