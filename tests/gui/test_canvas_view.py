import pytest
from canvases import SIDE  # noqa: F401 - chooses the offscreen platform
from PySide6.QtCore import QPointF, QRectF, QSizeF

from e4s_studio.gui.canvas.view import LARGEST_ZOOM, SMALLEST_ZOOM, ViewTransform

PANE = QSizeF(600, 400)


@pytest.fixture
def view(qapp):
    return ViewTransform()


def near(point, x, y):
    return (point.x(), point.y()) == (pytest.approx(x, abs=1e-6), pytest.approx(y, abs=1e-6))


def test_a_fitted_picture_lies_inside_every_pane(view):
    for pane in (PANE, QSizeF(300, 900), QSizeF(20, 20)):
        place = view.to_viewport(QRectF(0, 0, 1024, 1024), pane)
        assert QRectF(0, 0, pane.width(), pane.height()).contains(place)
        assert near(place.center(), pane.width() / 2, pane.height() / 2)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("factor", [0.5, 1.25, 7.0])
def test_zooming_keeps_the_point_under_the_cursor(view, mirrored, factor):
    view.set_mirrored(mirrored)
    cursor = QPointF(380, 210)
    before = view.to_picture(cursor, PANE)
    zoom = view.zoom(PANE)
    view.zoom_by(factor, PANE, cursor)
    after = view.to_picture(cursor, PANE)
    assert view.zoom(PANE) == pytest.approx(zoom * factor)
    assert near(after, before.x(), before.y())


@pytest.mark.parametrize("mirrored", [False, True])
def test_panning_moves_the_picture_with_the_hand(view, mirrored):
    view.set_mirrored(mirrored)
    view.set_zoom(3, PANE)
    held = view.to_picture(QPointF(300, 200), PANE)
    view.pan_by(QPointF(40, -25), PANE)
    moved = view.to_picture(QPointF(340, 175), PANE)
    assert near(moved, held.x(), held.y())


def test_the_picture_never_gets_lost(view):
    view.set_zoom(1, PANE)
    view.pan_by(QPointF(1e6, 1e6), PANE)
    assert near(view.to_picture(QPointF(300, 200), PANE), 0, 0)


def test_mirroring_exchanges_left_and_right_on_the_screen(view):
    left = view.to_viewport(QRectF(0, 0, 10, 10), PANE)
    view.set_mirrored(True)
    right = view.to_viewport(QRectF(0, 0, 10, 10), PANE)
    assert left.right() < 300 < right.left()
    assert right.right() == pytest.approx(600 - left.left())


def test_actual_size_is_one_pixel_of_the_screen(view):
    view.show_actual_size(2.0, PANE)
    assert view.zoom(PANE) == 0.5
    assert view.zoom(QSizeF(100, 100)) == 0.5


def test_the_zoom_has_limits(view):
    view.zoom_by(1e9, PANE)
    assert view.zoom(PANE) == LARGEST_ZOOM
    view.zoom_by(1e-9, PANE)
    assert view.zoom(PANE) == SMALLEST_ZOOM


def test_fit_returns(view):
    fitted = view.transform(PANE)
    view.zoom_by(5, PANE, QPointF(10, 10))
    assert not view.is_fitted
    view.fit()
    assert view.transform(PANE) == fitted


def test_a_picture_of_another_size_is_fitted(view):
    view.set_zoom(9, PANE)
    view.set_picture(QSizeF(1024, 1024))
    assert view.zoom(PANE) == 9
    view.set_picture(QSizeF(256, 256))
    assert view.is_fitted
    assert near(view.to_picture(QPointF(300, 200), PANE), 128, 128)


def test_every_change_is_told(view, qtbot):
    for change in (
        lambda: view.zoom_by(2, PANE),
        lambda: view.pan_by(QPointF(1, 1), PANE),
        lambda: view.set_mirrored(True),
        view.fit,
        lambda: view.show_actual_size(1, PANE),
        lambda: view.set_picture(QSizeF(8, 8)),
    ):
        with qtbot.waitSignal(view.changed, timeout=0):
            change()
    with qtbot.assertNotEmitted(view.changed):
        view.set_mirrored(True)
