"""Upright faces in a grey picture: looked for in wide steps, then counted closely.

A face is answered many times at neighbouring places and sizes. Every second place of pictures that
are halved again and again meets it as well, at a quarter of the price of asking everywhere; only
about what is met so is every place asked, and the answers counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.engine.faces.landmarks import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Grey = NDArray[np.uint8]
    Boxes = NDArray[np.float64]

SMALLEST_FACE: Final = 24
"""Pixels."""
_WINDOW: Final = 20
"""Pixels: what the cascade looks at. OpenCV takes every second place up to twice this size."""
STEP: Final = 1.1
"""From one size of faces to the next."""
NEIGHBOURS: Final = 3
"""Fewer answers than this beside a first one are chance."""
_SAME: Final = 0.35
"""How far apart, in widths, answers about one face may lie."""
_AROUND: Final = 1.0
"""How far about a face's middle is looked at closely, in its widths."""
_SIZES: Final = 1.45
"""How much smaller or larger than it was met a face may turn out."""
_CLOSE_WIDTH: Final = 160
"""Pixels: larger faces are counted at half their size or less."""


def search(grey: Grey, cascade: cv2.CascadeClassifier) -> list[Hit]:
    """Find upright faces from `SMALLEST_FACE` on in a grey picture, (H, W) uint8.

    Parameters
    ----------
    grey
        The picture.
    cascade
        A cascade of frontal faces.

    Returns
    -------
    What was found, of no tilt. One face may be found twice.
    """
    return [hit for box in _met(grey, cascade) for hit in _counted(grey, cascade, box)]


def _met(grey: Grey, cascade: cv2.CascadeClassifier) -> list[Boxes]:
    """Return about where faces are: centre and width, (3,) each."""
    answers: list[Boxes] = []
    for small, factor in _halved(grey):
        least = SMALLEST_FACE if factor == 1 else _WINDOW
        boxes = cascade.detectMultiScale(
            small, STEP, 0, minSize=(least,) * 2, maxSize=(2 * _WINDOW - 1,) * 2
        )
        answers += [_centred(box, factor) for box in boxes]
    return _together(answers)


def _halved(grey: Grey) -> Iterator[tuple[Grey, int]]:
    """Yield a picture, and halves of it as long as a face fits in, each with its factor."""
    factor = 1
    while min(grey.shape) >= _WINDOW:
        yield grey, factor
        factor *= 2
        size = (grey.shape[1] // 2, grey.shape[0] // 2)
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def _centred(box: Sequence[int], factor: float) -> Boxes:
    x, y, width, height = box
    centre = np.array([x + width / 2, y + height / 2]) * factor - 0.5
    return np.array([*centre, width * factor])


def _together(answers: list[Boxes]) -> list[Boxes]:
    """Return the means of answers about one face each."""
    groups: list[list[Boxes]] = []
    # OpenCV's threads answer in any order.
    for answer in sorted(answers, key=tuple):
        for group in groups:
            if _is_same(answer, group[0]):
                group.append(answer)
                break
        else:
            groups.append([answer])
    return [np.mean(group, axis=0) for group in groups]


def _is_same(first: Boxes, second: Boxes) -> bool:
    width = min(first[2], second[2])
    near = float(np.hypot(*(first - second)[:2])) < _SAME * width
    return near and bool(max(first[2], second[2]) < _SIZES * width)


def _counted(grey: Grey, cascade: cv2.CascadeClassifier, box: Boxes) -> list[Hit]:
    """Ask the cascade about one face everywhere around it."""
    x, y, width = box
    left, top = (max(int(value - _AROUND * width), 0) for value in (x, y))
    right, bottom = (int(value + _AROUND * width) + 2 for value in (x, y))
    part = grey[top:bottom, left:right]
    factor = max(1.0, 2 * width / _CLOSE_WIDTH)
    if factor > 1:
        ratio = 1 / factor
        small = cv2.resize(part, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
        part = np.asarray(small, np.uint8)
    least = max(round(width / _SIZES / factor), SMALLEST_FACE)
    most = round(width * _SIZES / factor)
    boxes, votes = cascade.detectMultiScale2(
        part, STEP, NEIGHBOURS, minSize=(least,) * 2, maxSize=(most,) * 2
    )
    hits = []
    for found, number in zip(boxes, votes, strict=True):
        x, y, width = (float(value) for value in _centred(found, factor))
        hits.append(Hit(x + left, y + top, width, 0, float(number)))
    return hits
