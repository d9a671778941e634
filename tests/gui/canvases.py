"""A document with a small face, and a canvas over it, for the tests of tools and canvas."""

from __future__ import annotations

import os

import numpy as np

from e4s_studio.core.document import Document
from e4s_studio.core.portrait import Portrait
from e4s_studio.core.regions import Region
from e4s_studio.gui.tools.tool import Pointer

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

SIDE = 128


def face_labels(side: int = SIDE) -> np.ndarray:
    """Return skin in hair, with two eyes and a nose; symmetric about its vertical axis."""
    y, x = (np.indices((side, side)) + 0.5) / side
    labels = np.full((side, side), Region.BACKGROUND, np.uint8)
    labels[np.hypot(x - 0.5, y - 0.45) < 0.45] = Region.HAIR
    labels[np.hypot((x - 0.5) / 0.8, y - 0.5) < 0.36] = Region.SKIN
    for centre in (0.37, 0.63):
        labels[np.hypot(x - centre, 2 * (y - 0.42)) < 0.07] = Region.EYES
    labels[np.hypot(3 * (x - 0.5), y - 0.55) < 0.1] = Region.NOSE
    return labels


def portrait(side: int = SIDE) -> Portrait:
    """Return a face whose pixels are its regions' shades, with a little noise."""
    labels = face_labels(side)
    noise = np.random.default_rng(0).integers(0, 12, (side, side, 3))
    return Portrait((noise + 20 * labels[..., None]).astype(np.uint8), labels)


def opened(side: int = SIDE) -> Document:
    document = Document()
    document.open(source=portrait(side), target=portrait(side))
    document.start(face_labels(side), np.zeros((side, side), np.bool_))
    return document


def at(x: float, y: float, **held: object) -> Pointer:
    return Pointer(x, y, across=x, **held)


def drag(tool: object, *points: tuple[float, float], **held: object) -> None:
    """Press at the first point, go through all, release at the last."""
    tool.press(at(*points[0], **held))
    for point in points[1:]:
        tool.drag(at(*point, **held))
    tool.release(at(*points[-1], **held))
