"""The parser's doubt over the canvas, and the walk through it."""

import numpy as np
import pytest
from fake_engine import DOUBTFUL
from PySide6.QtCore import QPointF, QSizeF, Qt

from e4s_studio.core import brush
from e4s_studio.core.brush import Dab
from e4s_studio.core.regions import Region
from e4s_studio.gui.canvas.overlay import DOUBT_STRIPE
from e4s_studio.gui.handlers.doubt import DoubtWalk
from e4s_studio.gui.photographs import Photographs

FIRST, SECOND = DOUBTFUL
SIDE = 256


def shown(studio) -> bool:
    return not studio.window.canvas.doubt.image.isNull()


def alpha(studio, x: float, y: float) -> int:
    """Return how opaque the stripes of doubt are around parts of the crop's side."""
    image = studio.window.canvas.doubt.image
    row, column = round(y * SIDE), round(x * SIDE)
    return max(
        image.pixelColor(column + step, row).alpha() for step in range(-DOUBT_STRIPE, DOUBT_STRIPE)
    )


def press(studio, key, qtbot, keys=Qt.KeyboardModifier.NoModifier) -> None:
    studio.window.canvas.setFocus()
    qtbot.keyClick(studio.window.canvas, key, keys)


@pytest.fixture
def doubtful(studio, qtbot):
    """The studio with the doubt shown."""
    press(studio, Qt.Key.Key_Q, qtbot)
    qtbot.waitUntil(lambda: shown(studio), timeout=60_000)
    return studio


def middle(studio) -> tuple[float, float]:
    """Return the picture point in the middle of the canvas, in parts of the crop's side."""
    canvas = studio.window.canvas
    size = QSizeF(canvas.size())
    point = studio.editor.view.to_picture(QPointF(size.width() / 2, size.height() / 2), size)
    return point.x() / SIDE, point.y() / SIDE


def test_a_key_shows_and_hides_it(doubtful, qtbot):
    assert alpha(doubtful, *FIRST) > 150
    assert alpha(doubtful, *SECOND) > 50
    assert alpha(doubtful, 0.9, 0.1) == 0
    canvas = doubtful.window.canvas
    place = (
        doubtful.editor.view.transform(QSizeF(canvas.size())).map(QPointF(*FIRST) * SIDE).toPoint()
    )
    with_doubt = canvas.grab().toImage().pixelColor(place)
    press(doubtful, Qt.Key.Key_Q, qtbot)
    assert not shown(doubtful)
    without = canvas.grab().toImage().pixelColor(place)
    assert with_doubt != without


def test_it_is_looked_for_once(doubtful, qtbot):
    press(doubtful, Qt.Key.Key_Q, qtbot)
    press(doubtful, Qt.Key.Key_Q, qtbot)
    assert shown(doubtful)
    assert doubtful.engine.doubted == 1


def test_a_key_walks_from_spot_to_spot_and_back(studio, qtbot):
    press(studio, Qt.Key.Key_J, qtbot)  # shows it as well
    canvas = studio.window.canvas
    qtbot.waitUntil(lambda: canvas.spot is not None, timeout=60_000)
    assert middle(studio) == pytest.approx(FIRST, abs=0.03)
    assert studio.window.status.currentMessage() == "Doubtful spot 1 of 2"
    zoom = studio.editor.view.zoom(QSizeF(canvas.size()))
    press(studio, Qt.Key.Key_J, qtbot)
    assert middle(studio) == pytest.approx(SECOND, abs=0.03)
    assert studio.editor.view.zoom(QSizeF(canvas.size())) == pytest.approx(zoom)
    press(studio, Qt.Key.Key_J, qtbot)
    assert middle(studio) == pytest.approx(FIRST, abs=0.03)
    press(studio, Qt.Key.Key_J, qtbot, Qt.KeyboardModifier.ShiftModifier)
    assert middle(studio) == pytest.approx(SECOND, abs=0.03)
    assert np.array(canvas.spot) / SIDE == pytest.approx(SECOND, abs=0.03)


def test_paint_takes_the_doubt_away(doubtful, qtbot):
    document = doubtful.document
    document.begin("Paint")
    x, y = FIRST
    document.paint(brush.disc(Dab(x * SIDE, y * SIDE, 40), document.box), Region.HAIR)
    document.commit()
    assert alpha(doubtful, *FIRST) == 0
    press(doubtful, Qt.Key.Key_J, qtbot)
    assert middle(doubtful) == pytest.approx(SECOND, abs=0.03)
    assert doubtful.window.status.currentMessage() == "Doubtful spot 1 of 1"
    document.undo()
    assert alpha(doubtful, *FIRST) > 150
    document.begin("Paint")
    document.paint(brush.rectangle(document.box, document.box), Region.SKIN)
    document.commit()
    press(doubtful, Qt.Key.Key_J, qtbot)
    assert doubtful.window.status.currentMessage() == "No doubtful spot is left."


def test_another_target_has_its_own(doubtful, pair, qtbot):
    doubtful.controller.opening.open(Photographs(target=pair.source))
    qtbot.waitUntil(lambda: doubtful.engine.doubted == 2, timeout=60_000)
    qtbot.waitUntil(lambda: shown(doubtful), timeout=60_000)


def test_where_the_parser_was_sure_there_is_nowhere_to_go():
    walk = DoubtWalk(np.zeros((64, 64), np.float32))
    assert walk.step(1, np.zeros((64, 64), np.uint8)) is None
