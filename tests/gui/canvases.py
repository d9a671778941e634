"""A document with a small face, and a canvas over it, for the tests of tools and canvas."""

from __future__ import annotations

import os

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QSizeF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from e4s_studio.core.commands import Layer
from e4s_studio.core.document import Document
from e4s_studio.core.portrait import Portrait
from e4s_studio.core.regions import Region
from e4s_studio.gui.canvas.canvas import MaskCanvas
from e4s_studio.gui.canvas.view import ViewTransform
from e4s_studio.gui.tools.tool import Pointer, ToolOptions
from e4s_studio.gui.tools.toolbox import Toolbox

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

SIDE = 128
LEFT, MIDDLE, RIGHT = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.MiddleButton,
    Qt.MouseButton.RightButton,
)
NONE, SHIFT, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


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


def turn_wheel(widget, point, angle):
    """Turn the wheel over a widget, by eighths of a degree."""
    position = QPointF(point)
    event = QWheelEvent(
        position, QPointF(widget.mapToGlobal(position)), QPoint(), QPoint(0, angle),
        Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


class Artist:
    """An artist's hands on a shown canvas."""

    def __init__(self, qtbot):
        self.document = opened()
        self.toolbox = Toolbox(
            self.document, ToolOptions(region=Region.EARS, size=10.0, encircle=False)
        )
        self.view = ViewTransform()
        self.canvas = MaskCanvas(self.toolbox, self.view)
        self.canvas.resize(500, 400)
        qtbot.addWidget(self.canvas)
        with qtbot.waitExposed(self.canvas):
            self.canvas.show()
        self.canvas.setFocus()

    @property
    def size(self):
        return QSizeF(self.canvas.size())

    @property
    def labels(self):
        return self.document.pixels(Layer.LABELS)

    @property
    def painted(self):
        return self.labels != face_labels()

    def at(self, x, y):
        return self.view.transform(self.size).map(QPointF(x, y)).toPoint()

    def move(self, x, y):
        QTest.mouseMove(self.canvas, self.at(x, y))

    def press(self, x, y, held=NONE, button=LEFT):
        QTest.mousePress(self.canvas, button, held, self.at(x, y))

    def release(self, x, y, held=NONE, button=LEFT):
        QTest.mouseRelease(self.canvas, button, held, self.at(x, y))

    def stroke(self, *points, held=NONE):
        self.press(*points[0], held)
        for point in points[1:]:
            self.move(*point)
        self.release(*points[-1], held)

    def key(self, key, held=NONE):
        QTest.keyClick(self.canvas, key, held)

    def grab(self):
        """Return (H, W, 3) uint8: the canvas as it is on the screen."""
        image = (
            self.canvas.grab()
            .toImage()
            .convertToFormat(self.canvas.grab().toImage().Format.Format_RGB888)
        )
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
        return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()

    def pixel(self, x, y):
        point = self.at(x, y)
        return tuple(self.grab()[point.y(), point.x()].tolist())

    def wheel(self, point, angle):
        turn_wheel(self.canvas, point, angle)
