"""Moving, rotating and scaling the alignment quad by hand. No Qt."""

from __future__ import annotations

from contextlib import suppress
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

import numpy as np

from e4s_studio.core.errors import FaceError
from e4s_studio.core.quad import Quad

if TYPE_CHECKING:
    from collections.abc import Callable

    from e4s_studio.core.quad import Point

_SNAP: Final = 15.0
"""Degrees between the angles at which a frame stops while turned with Shift."""
_STEM: Final = 3.0
"""Distance of the rotation knob from the frame, in reaches."""
SMALLEST: Final = 16.0
"""Smallest side of a quad, in pixels of the photograph."""
LARGEST: Final = 4.0
"""Largest side of a quad, in parts of the photograph's longer side."""


class Grip(Enum):
    """What a press grabs."""

    MOVE = auto()
    SCALE = auto()
    TURN = auto()


class QuadFrame:
    """A quad over a photograph, and the gesture that moves it.

    Points are (x, y) in the quad's coordinates. A reach is the distance within which a point grabs
    a handle, in pixels of the photograph.

    Parameters
    ----------
    quad
        Where it is first.
    size
        (width, height) of the photograph; the frame's centre stays inside.
    """

    def __init__(self, quad: Quad, size: tuple[int, int]) -> None:
        self._quad = self._before = quad
        self._size = size
        self._grip: Grip | None = None
        self._from: Point = quad.centre

    @property
    def quad(self) -> Quad:
        """Where it is."""
        return self._quad

    @property
    def grip(self) -> Grip | None:
        """What is grabbed; None while nothing is."""
        return self._grip

    @property
    def has_moved(self) -> bool:
        """Whether the present gesture has moved it."""
        return self._grip is not None and self._quad != self._before

    def put(self, quad: Quad) -> None:
        """Move it to a quad; this ends the present gesture."""
        self._grip = None
        self._set(lambda: quad)

    def knob(self, reach: float) -> Point:
        """Return the place of the rotation knob, above the middle of the upper edge."""
        top, up = self._top()
        x, y = top + up * _STEM * reach
        return float(x), float(y)

    def grip_at(self, point: Point, reach: float) -> Grip | None:
        """Return what a press at a point would grab."""
        if np.hypot(*np.subtract(self.knob(reach), point)) <= reach:
            return Grip.TURN
        if np.hypot(*(self._quad.points - point).T).min() <= reach:
            return Grip.SCALE
        x, y, w = self._quad.to_crop(2) @ (*point, 1.0)
        inside = -0.5 <= x / w <= 1.5 and -0.5 <= y / w <= 1.5
        return Grip.MOVE if inside else None

    def press(self, point: Point, reach: float) -> bool:
        """Begin a gesture; False if there is nothing to grab at the point."""
        self._grip = self.grip_at(point, reach)
        self._before, self._from = self._quad, point
        return self._grip is not None

    def drag(self, point: Point, *, snap: bool = False) -> None:
        """Follow the pointer; `snap` rotates in steps."""
        before, centre = self._before, np.array(self._before.centre)
        old, new = np.subtract(self._from, centre), np.subtract(point, centre)
        if self._grip is Grip.MOVE:
            self._set(lambda: before.moved(*(new - old).tolist()))
        elif self._grip is Grip.SCALE:
            self._set(lambda: before.scaled(float(np.hypot(*new) / max(np.hypot(*old), 1e-6))))
        elif self._grip is Grip.TURN:
            degrees = float(np.degrees(np.arctan2(*new[::-1]) - np.arctan2(*old[::-1])))
            if snap:
                degrees = round((before.angle + degrees) / _SNAP) * _SNAP - before.angle
            self._set(lambda: before.turned(degrees))

    def release(self) -> None:
        """End the gesture."""
        self._grip = None

    def cancel(self) -> bool:
        """Undo the present gesture; False if there is none."""
        if self._grip is None:
            return False
        self._grip, self._quad = None, self._before
        return True

    def move(self, dx: float, dy: float) -> None:
        """Shift it by pixels."""
        self._set(lambda: self._quad.moved(dx, dy))

    def turn(self, degrees: float) -> None:
        """Rotate it clockwise."""
        self._set(lambda: self._quad.turned(degrees))

    def scale(self, factor: float) -> None:
        """Enlarge it."""
        self._set(lambda: self._quad.scaled(factor))

    def _top(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the middle of the upper edge, and the unit vector that points up from there."""
        top_left, bottom_left, bottom_right, top_right = self._quad.points
        top, bottom = (top_left + top_right) / 2, (bottom_left + bottom_right) / 2
        return top, (top - bottom) / np.linalg.norm(top - bottom)

    def _set(self, moved: Callable[[], Quad]) -> None:
        """Move to another quad, unless no face can be cropped with it."""
        with suppress(FaceError):  # folded or too small: the last valid quad stays
            quad = moved()
            x, y = quad.centre
            width, height = self._size
            quad = quad.moved(min(max(x, 0), width - 1) - x, min(max(y, 0), height - 1) - y)
            if SMALLEST <= quad.side <= LARGEST * max(self._size):
                self._quad = quad


def central_quad(width: int, height: int) -> Quad:
    """Return a quad in the middle of a photograph, as a start for placing it by hand."""
    side = 0.6 * min(width, height)
    corner = np.array([(width - 1 - side) / 2, (height - 1 - side) / 2])
    return Quad.of(corner + side * np.array([(0, 0), (0, 1), (1, 1), (1, 0)]))
