"""Whole photographs: faces shown and picked, quads moved, the next face of the same picture."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSizeF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QToolButton

from e4s_studio.core import brush
from e4s_studio.core.brush import Dab
from e4s_studio.core.commands import Layer
from e4s_studio.core.pair import Role
from e4s_studio.core.quad import Quad
from e4s_studio.core.regions import Region
from e4s_studio.engine.faces.recrop import quad_of
from e4s_studio.files.images import write_image
from e4s_studio.gui.journal_keeper import UNTOUCHED
from e4s_studio.gui.panes.face_marks import REACH
from e4s_studio.gui.panes.face_view import FaceView
from e4s_studio.gui.photographs import Photographs, Recutting, Wish

FACES = ((60, 80, 70), (260, 150, 60), (430, 60, 50))
"""Left, top and side of the white squares in the group, the largest first."""


@pytest.fixture(scope="session")
def group(tmp_path_factory):
    """A photograph with three faces."""
    pixels = np.random.default_rng(5).integers(60, 90, (320, 560, 3), dtype=np.uint8)
    for left, top, side in FACES:
        pixels[top : top + side, left : left + side] = 250
    path = tmp_path_factory.mktemp("group") / "group.png"
    write_image(path, pixels)
    return path


@pytest.fixture
def with_group(studio, group, qtbot):
    """The studio with the group as its target."""
    open_target(studio, group, qtbot)
    return studio


def open_target(studio, path, qtbot) -> None:
    studio.controller.opening.open(Photographs(target=path))
    qtbot.waitUntil(lambda: studio.document.target.path == path, timeout=60_000)
    settle(studio, qtbot)


def settle(studio, qtbot) -> None:
    studio.wait_for_final()
    qtbot.waitUntil(studio.window.status.work.isHidden, timeout=60_000)


def view(studio):
    return studio.window.findChild(FaceView)


def said_count(studio, role) -> str:
    """Return what stands beside the faces' icon in a pane's title bar."""
    pane = {"source": "source", "target": "canvas"}[role]
    buttons = studio.window.area.title_bar(pane).findChildren(QToolButton)
    (button,) = (one for one in buttons if one.accessibleName().startswith(role.capitalize()))
    return button.text()


def choose(studio, role, qtbot):
    """Open the view; return its canvas once the faces are there."""
    studio.window.actions_by_name[f"face.{role}"].trigger()
    return opened(studio, qtbot)


def opened(studio, qtbot):
    qtbot.waitUntil(lambda: view(studio).is_open and view(studio).knows_faces, timeout=60_000)
    return view(studio).canvas


def on_screen(canvas, x, y) -> QPoint:
    """Return where a photograph's point, as quads have it, is on the canvas."""
    return canvas.view.transform(QSizeF(canvas.size())).map(QPointF(x + 0.5, y + 0.5)).toPoint()


def zoom_of(canvas) -> float:
    return canvas.view.zoom(QSizeF(canvas.size()))


def knob_of(canvas) -> tuple[float, float]:
    """Return where the knob is that rotates the frame, in the photograph."""
    return canvas.frame.knob(REACH / zoom_of(canvas))


def drag(canvas, start, end, keys=Qt.KeyboardModifier.NoModifier) -> None:
    """Press at a photograph's point, go to another in steps, let go."""
    first, last = on_screen(canvas, *start), on_screen(canvas, *end)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, keys, first)
    for part in (0.3, 0.7, 1.0):
        QTest.mouseMove(canvas, first + (last - first) * part)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, keys, last)


def middle(face) -> tuple[float, float]:
    left, top, side = face
    return left + side / 2, top + side / 2


def test_several_faces_are_said_counted_and_shown(with_group, qtbot):
    notice = with_group.window.notice
    assert "“group.png” shows 3 faces" in notice.sentence.text()
    assert said_count(with_group, "target") == "3"
    assert said_count(with_group, "source") == ""
    qtbot.mouseClick(notice.offer, Qt.MouseButton.LeftButton)
    canvas = opened(with_group, qtbot)
    assert notice.isHidden()
    assert len(canvas.faces) == 3
    assert canvas.picked is canvas.faces[0]
    assert canvas.faces[0].confidence == 1
    assert "3 faces" in view(with_group).words.text()
    assert "group.png" in view(with_group).title.text()


def test_faces_are_said_once(with_group, qtbot):
    with_group.window.notice.hide()
    with_group.window.actions_by_name["file.exchange"].trigger()
    qtbot.waitUntil(lambda: said_count(with_group, "source") == "3", timeout=60_000)
    assert said_count(with_group, "target") == ""
    settle(with_group, qtbot)
    assert with_group.window.notice.isHidden()


def test_a_frame_that_reaches_out_is_seen_whole(with_group, qtbot):
    canvas = choose(with_group, "target", qtbot)
    for _ in range(30):
        qtbot.keyClick(canvas, Qt.Key.Key_BraceRight, Qt.KeyboardModifier.ShiftModifier)
    corners = [on_screen(canvas, *corner) for corner in canvas.quad.corners]
    assert not all(canvas.rect().contains(corner) for corner in corners)
    qtbot.keyClick(canvas, Qt.Key.Key_0)
    assert all(canvas.rect().contains(on_screen(canvas, *c)) for c in canvas.quad.corners)


def test_the_knob_of_a_face_at_the_upper_edge_can_be_reached(with_group, qtbot):
    canvas = choose(with_group, "target", qtbot)
    while canvas.quad.points[:, 1].min() > 2:
        qtbot.keyClick(canvas, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert not canvas.rect().contains(on_screen(canvas, *knob_of(canvas)))
    qtbot.keyClick(canvas, Qt.Key.Key_0)
    assert canvas.rect().contains(on_screen(canvas, *knob_of(canvas)))


def test_faces_and_frame_are_drawn_where_they_are(with_group, qtbot):
    canvas = choose(with_group, "target", qtbot)
    QTest.mouseMove(canvas, QPoint(3, 3))
    picture = canvas.grab().toImage()
    corner = on_screen(canvas, *canvas.quad.corners[2])
    assert picture.pixelColor(corner).lightness() > 240
    bare = with_group.window.canvas.grab().toImage()
    assert picture.size() != bare.size()
    left, top, side = FACES[1]
    edge = on_screen(canvas, left + side / 2, top + side)
    drawn = [picture.pixelColor(edge + QPoint(0, step)).lightness() for step in range(-4, 5)]
    assert max(drawn) - min(drawn) > 60


def test_clicking_another_face_of_the_target_begins_with_it(with_group, qtbot):
    before = with_group.document.target
    canvas = choose(with_group, "target", qtbot)
    x, y = middle(FACES[2])
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=on_screen(canvas, x, y))
    assert canvas.picked is canvas.faces[2]
    assert not view(with_group).keep.isEnabled()
    qtbot.mouseClick(view(with_group).take, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: with_group.document.target is not before, timeout=60_000)
    assert not view(with_group).is_open
    target = with_group.document.target
    assert quad_of(target) == canvas.faces[2].quad
    assert target.photograph is before.photograph
    assert with_group.document.history.index == 0
    settle(with_group, qtbot)
    assert with_group.window.notice.isHidden()


def test_work_on_one_face_is_not_lost_to_another(with_group, qtbot):
    with_group.editor.editing.set_amounts([Region.SKIN], 0.3)
    before = with_group.document.target
    canvas = choose(with_group, "target", qtbot)
    qtbot.keyClick(canvas, Qt.Key.Key_Tab)
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    box = with_group.window.findChild(QMessageBox, "unsaved")
    assert box.isVisible()
    qtbot.mouseClick(box.button(QMessageBox.StandardButton.Cancel), Qt.MouseButton.LeftButton)
    assert with_group.document.target is before
    assert with_group.document.history.index == 1


def test_a_source_face_is_a_step_that_can_be_undone(studio, group, qtbot):
    studio.controller.opening.open(Photographs(source=group))
    qtbot.waitUntil(lambda: studio.document.source.path == group, timeout=60_000)
    settle(studio, qtbot)
    first = studio.document.source
    canvas = choose(studio, "source", qtbot)
    qtbot.keyClick(canvas, Qt.Key.Key_Tab)
    assert canvas.picked is canvas.faces[1]
    qtbot.keyClick(canvas, Qt.Key.Key_Backtab)
    assert canvas.picked is canvas.faces[0]
    qtbot.keyClick(canvas, Qt.Key.Key_Tab)
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: studio.document.source is not first, timeout=60_000)
    assert quad_of(studio.document.source) == canvas.faces[1].quad
    assert studio.window.isWindowModified()
    settle(studio, qtbot)
    shown = studio.window.source.picture.pixels
    np.testing.assert_array_equal(shown, studio.document.source.image)
    studio.window.actions_by_name["edit.undo"].trigger()
    assert studio.document.source is first
    np.testing.assert_array_equal(studio.window.source.picture.pixels, first.image)
    settle(studio, qtbot)
    assert not studio.window.isWindowModified()


def paint(document, x, y) -> None:
    document.begin("Paint")
    document.paint(brush.disc(Dab(x, y, 10), document.box), Region.EYE_GLASS)
    document.commit()
    document.begin("Occluder")
    dab = Dab(x, y, 20)
    document.cover(Layer.OCCLUDER, brush.soft_line(dab, dab, document.box), 1.0)
    document.commit()


def painted_place(document) -> np.ndarray:
    """Return the middle of the painted pixels in the target's photograph."""
    rows, columns = np.nonzero(document.pixels(Layer.LABELS) == Region.EYE_GLASS)
    assert len(rows) > 20
    size = document.target.shape[0]
    x, y, w = quad_of(document.target).to_photo(size) @ (columns.mean(), rows.mean(), 1)
    return np.array([x / w, y / w])


def test_a_moved_quad_keeps_the_paint_on_the_face(with_group, qtbot):
    document = with_group.document
    paint(document, 100, 140)
    planes = {layer: plane.copy() for layer, plane in document.state().planes.items()}
    old, place = document.target, painted_place(document)
    canvas = choose(with_group, "target", qtbot)
    quad = canvas.quad
    x, y = quad.centre
    drag(canvas, (x, y), (x + 14, y - 8))
    assert canvas.quad.centre == pytest.approx((x + 14, y - 8), abs=0.8)
    moved = canvas.quad
    drag(canvas, moved.corners[2], moved.scaled(1.2).corners[2])
    assert canvas.quad.side == pytest.approx(1.2 * quad.side, rel=0.02)
    assert view(with_group).keep.isChecked()
    qtbot.mouseClick(view(with_group).take, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: document.target is not old, timeout=60_000)
    assert painted_place(document) == pytest.approx(place, abs=0.6)
    assert document.pixels(Layer.OCCLUDER).max() > 200
    assert document.history.top.name == "Align target"
    settle(with_group, qtbot)
    document.undo()
    assert document.target is old
    for layer, plane in document.state().planes.items():
        np.testing.assert_array_equal(plane, planes[layer])
    settle(with_group, qtbot)
    assert document.history.index == 2


def test_the_map_can_be_found_anew(with_group, qtbot):
    document, old = with_group.document, with_group.document.target
    canvas = choose(with_group, "target", qtbot)
    qtbot.keyClick(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    qtbot.mouseClick(
        view(with_group).keep,
        Qt.MouseButton.LeftButton,
        pos=QPoint(10, view(with_group).keep.height() // 2),
    )
    assert not view(with_group).keep.isChecked()
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: document.target is not old, timeout=60_000)
    np.testing.assert_array_equal(document.target.labels, old.labels)
    assert document.history.top.name == "Align target"
    assert not np.array_equal(document.target.image, old.image)


def test_the_knob_turns_and_the_keys_do_all_of_it(with_group, qtbot):
    canvas = choose(with_group, "target", qtbot)
    first = canvas.quad
    grip = knob_of(canvas)
    x, y = first.centre
    drag(canvas, grip, (x + (y - grip[1]), y))
    assert canvas.quad.angle == pytest.approx(90, abs=3)
    qtbot.keyClick(canvas, Qt.Key.Key_Home)
    assert canvas.quad == first
    for key, keys, change in (
        (Qt.Key.Key_Period, Qt.KeyboardModifier.NoModifier, lambda q: q.turned(0.5)),
        (Qt.Key.Key_Less, Qt.KeyboardModifier.ShiftModifier, lambda q: q.turned(-5)),
        (Qt.Key.Key_BracketRight, Qt.KeyboardModifier.NoModifier, lambda q: q.scaled(1.005)),
        (Qt.Key.Key_BraceLeft, Qt.KeyboardModifier.ShiftModifier, lambda q: q.scaled(1.005**-10)),
        (
            Qt.Key.Key_Up,
            Qt.KeyboardModifier.ShiftModifier,
            lambda q: q.moved(0, -10 / zoom_of(canvas)),
        ),
    ):
        before = canvas.quad
        qtbot.keyClick(canvas, key, keys)
        np.testing.assert_allclose(canvas.quad.points, change(before).points)
    qtbot.mouseClick(view(with_group).reset, Qt.MouseButton.LeftButton)
    assert canvas.quad == first


def test_escape_takes_a_drag_back_and_then_leaves(with_group, qtbot):
    before = with_group.document.target
    canvas = choose(with_group, "target", qtbot)
    first = canvas.quad
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=on_screen(canvas, *first.centre))
    QTest.mouseMove(canvas, on_screen(canvas, *first.centre) + QPoint(40, 0))
    assert canvas.quad != first
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.quad == first
    assert view(with_group).is_open
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert not view(with_group).is_open
    assert with_group.document.target is before


@pytest.mark.parametrize("end", [Qt.Key.Key_Escape, Qt.Key.Key_Return])
def test_the_keyboard_stays_and_goes_back_to_where_it_was(with_group, qtbot, end):
    window = with_group.window
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    slider = window.regions.rows[Region.NOSE].slider
    slider.setFocus()
    canvas = choose(with_group, "target", qtbot)
    for key in (Qt.Key.Key_F6, Qt.Key.Key_Tab, Qt.Key.Key_F6):
        qtbot.keyClick(window.focusWidget(), key)
        assert canvas.hasFocus()
    canvas.reset()
    qtbot.keyClick(canvas, end)
    assert not view(with_group).is_open
    assert slider.hasFocus()
    settle(with_group, qtbot)
    qtbot.keyClick(slider, Qt.Key.Key_F6)
    assert not slider.hasFocus()


def test_the_photograph_can_be_zoomed_and_panned(with_group, qtbot):
    canvas = choose(with_group, "target", qtbot)
    first, zoom = canvas.quad, zoom_of(canvas)
    qtbot.keyClick(canvas, Qt.Key.Key_Plus)
    assert zoom_of(canvas) == pytest.approx(1.25 * zoom)
    before = on_screen(canvas, 520, 300)
    drag(canvas, (520, 300), (500, 280))
    assert canvas.quad == first
    assert (on_screen(canvas, 520, 300) - before).x() < -10
    qtbot.keyClick(canvas, Qt.Key.Key_0)
    assert zoom_of(canvas) == pytest.approx(zoom)


def test_without_a_face_the_quad_is_placed_by_hand(studio, pictures, qtbot):
    studio.controller.opening.open(Photographs(source=pictures / "wide.png"))
    notice = studio.window.notice
    qtbot.waitUntil(lambda: notice.isVisible() and notice.offer.isVisible(), timeout=60_000)
    assert "No face was found" in notice.sentence.text()
    qtbot.mouseClick(notice.offer, Qt.MouseButton.LeftButton)
    canvas = opened(studio, qtbot)
    assert canvas.faces == []
    assert "No face was found" in view(studio).words.text()
    assert view(studio).keep.isHidden()
    x, y = canvas.quad.centre
    drag(canvas, (x, y), (x - 40, y + 10))
    placed = canvas.quad
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: studio.document.source.path.name == "wide.png", timeout=60_000)
    assert quad_of(studio.document.source) == placed
    settle(studio, qtbot)


def test_leaving_without_a_face_opens_nothing(studio, pictures, qtbot):
    before = studio.document.source
    studio.controller.opening.open(Photographs(source=pictures / "wide.png"))
    qtbot.waitUntil(studio.window.notice.offer.isVisible, timeout=60_000)
    qtbot.mouseClick(studio.window.notice.offer, Qt.MouseButton.LeftButton)
    opened(studio, qtbot)
    qtbot.mouseClick(view(studio).cancel, Qt.MouseButton.LeftButton)
    assert not view(studio).is_open
    assert studio.document.source is before
    # The source's own faces are chosen next time.
    canvas = choose(studio, "source", qtbot)
    assert canvas.quad == Quad.whole(256, 256)


def test_a_quad_that_holds_no_photograph_is_a_sentence(with_group, qtbot):
    before = with_group.document.target
    with qtbot.waitSignal(with_group.controller.failed, timeout=60_000) as failed:
        outside = quad_of(before).moved(9000, 0)
        Recutting(with_group.controller.workspace).recut(Wish(Role.TARGET, outside, keep_map=True))
    assert "outside the photograph" in failed.args[0]
    assert with_group.document.target is before


def test_the_same_source_goes_into_one_face_after_the_other(with_group, qtbot):
    studio = with_group
    source, first = studio.document.source, studio.document.target
    untouched = first.photograph
    studio.window.actions_by_name["face.next"].trigger()
    canvas = opened(studio, qtbot)
    assert view(studio).keep.isHidden()
    # The surest face that was not swapped yet.
    assert canvas.picked is not None
    assert canvas.picked.quad.centre == pytest.approx(middle(FACES[1]), abs=20)
    assert studio.document.target is first
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: studio.document.target is not first, timeout=60_000)
    second = studio.document.target
    assert studio.document.source is source
    assert second.path.name == "group swapped 1.tif"
    left, top, side = FACES[0]
    swapped = np.s_[top : top + side, left : left + side]
    assert (second.photograph[swapped] != untouched[swapped]).any(axis=2).mean() > 0.5
    left, top, side = FACES[2]
    np.testing.assert_array_equal(
        second.photograph[top - 10 : top + side + 10, left - 10 :],
        untouched[top - 10 : top + side + 10, left - 10 :],
    )
    settle(studio, qtbot)
    assert studio.window.notice.isHidden()
    # The first face's swap is in no file of the artist's, but goes along without a question.
    assert studio.window.isWindowModified()
    assert not (studio.editor.keeper.journal.folder / UNTOUCHED).exists()
    studio.window.actions_by_name["face.next"].trigger()
    canvas = opened(studio, qtbot)
    assert canvas.picked.quad.centre == pytest.approx(middle(FACES[2]), abs=20)
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: studio.document.target is not second, timeout=60_000)
    assert studio.document.target.path.name == "group swapped 2.tif"
    # A result that only lives as long as the session is no recent pair.
    recent = [path.name for pair in studio.preferences.recent_pairs() for path in pair]
    assert not any("swapped" in name for name in recent)
    settle(studio, qtbot)


def test_work_is_asked_about_once_before_the_next_face(with_group, qtbot, tmp_path):
    studio = with_group
    first = studio.document.target
    studio.editor.editing.set_amounts([Region.SKIN], 0.4)
    studio.window.actions_by_name["face.next"].trigger()
    question = studio.window.findChild(QMessageBox, "unsaved")
    question.button(QMessageBox.StandardButton.Discard).click()
    canvas = opened(studio, qtbot)
    qtbot.waitUntil(lambda: studio.window.findChild(QMessageBox, "unsaved") is None)
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: studio.document.target is not first, timeout=60_000)
    settle(studio, qtbot)
    studio.window.close()
    question = studio.window.findChild(QMessageBox, "unsaved")
    question.button(QMessageBox.StandardButton.Cancel).click()
    with qtbot.waitSignal(studio.editor.session.saved, timeout=60_000):
        studio.editor.session.save(tmp_path / "two faces.e4s")
    assert not studio.window.isWindowModified()


def test_shortcuts_of_the_window_do_not_reach_through(with_group, qtbot):
    canvas = choose(with_group, "target", qtbot)
    region = with_group.editor.toolbox.options.region
    size = with_group.editor.toolbox.options.size
    for key in (Qt.Key.Key_Period, Qt.Key.Key_BracketRight, Qt.Key.Key_Tab):
        qtbot.keyClick(canvas, key)
    assert with_group.editor.toolbox.options.region is region
    assert with_group.editor.toolbox.options.size == size
