import numpy as np
import pytest
from canvases import at, drag, face_labels, opened

from e4s_studio.core.commands import Layer
from e4s_studio.core.regions import Region
from e4s_studio.gui.tools.tool import ToolKind, ToolOptions
from e4s_studio.gui.tools.toolbox import Toolbox

SQUARE = [(20, 20), (100, 20), (100, 100), (20, 100)]


def toolbox(kind, **options):
    box = Toolbox(opened(), ToolOptions(**{"region": Region.EARS, **options}))
    box.choose(kind)
    return box


def click(box, x, y, **held):
    drag(box.tool, (x, y), **held)


def labels(box):
    return box.document.pixels(Layer.LABELS)


def square():
    inside = np.zeros(face_labels().shape, np.bool_)
    inside[20:100, 20:100] = True
    return inside


def test_fill_takes_the_patch():
    box = toolbox(ToolKind.FILL)
    click(box, 0.37 * 128, 0.42 * 128)
    eyes = face_labels() == Region.EYES
    left = eyes & (np.arange(128) < 64)
    assert ((labels(box) == Region.EARS) == left).all()
    assert [command.name for command in box.document.history.commands] == ["Fill: Ears"]


@pytest.mark.parametrize("option", ["symmetric", "everywhere"])
def test_fill_takes_both_eyes(option):
    box = toolbox(ToolKind.FILL, **{option: True})
    click(box, 0.37 * 128, 0.42 * 128)
    assert ((labels(box) == Region.EARS) == (face_labels() == Region.EYES)).all()
    assert len(box.document.history.commands) == 1


def test_fill_outside_does_nothing():
    box = toolbox(ToolKind.FILL, symmetric=True)
    click(box, -5, 300)
    assert box.document.history.commands == ()


def test_pick_chooses_the_region():
    box = toolbox(ToolKind.PICK)
    click(box, 64, 70)
    assert box.options.region is Region.NOSE
    click(box, 64, 300)
    assert box.options.region is Region.NOSE
    box.tool.press(at(64, 70))
    box.tool.drag(at(64, 90))
    assert box.options.region is Region.SKIN
    assert box.document.history.commands == ()


def test_a_free_lasso_fills_on_release():
    box = toolbox(ToolKind.LASSO)
    drag(box.tool, *SQUARE)
    assert ((labels(box) == Region.EARS) == square()).all()
    assert len(box.document.history.commands) == 1
    assert not box.tool.is_busy


def test_a_polygon_closes_at_its_first_corner():
    box = toolbox(ToolKind.LASSO)
    for corner in [*SQUARE, (22, 22)]:
        click(box, *corner)
    assert ((labels(box) == Region.EARS) == square()).all()


def test_a_polygon_closes_with_enter():
    box = toolbox(ToolKind.LASSO)
    for corner in SQUARE:
        click(box, *corner)
    assert box.tool.accept()
    assert ((labels(box) == Region.EARS) == square()).all()
    assert not box.tool.accept()


def test_a_double_click_closes():
    box = toolbox(ToolKind.LASSO)
    for corner in SQUARE[:3]:
        click(box, *corner)
    # What the window sends: press, release, press, double click, release.
    click(box, *SQUARE[3])
    box.tool.press(at(*SQUARE[3]))
    box.tool.double_click(at(*SQUARE[3]))
    box.tool.release(at(*SQUARE[3]))
    assert ((labels(box) == Region.EARS) == square()).all()
    assert not box.tool.is_busy


def test_escape_drops_the_outline():
    box = toolbox(ToolKind.LASSO)
    for corner in SQUARE:
        click(box, *corner)
    assert box.tool.cancel()
    assert not box.tool.accept()
    assert (labels(box) == face_labels()).all()


def test_the_outline_under_way_is_shown():
    box = toolbox(ToolKind.LASSO)
    click(box, *SQUARE[0])
    box.tool.hover(at(50, 60))
    assert box.tool.preview().outline == (SQUARE[0], (50, 60))


def test_control_erases_inside_the_outline():
    box = toolbox(ToolKind.LASSO)
    drag(box.tool, *SQUARE)
    drag(box.tool, *SQUARE, ctrl=True)
    assert (labels(box) == face_labels()).all()


def test_a_lasso_is_mirrored():
    box = toolbox(ToolKind.LASSO, symmetric=True)
    drag(box.tool, (20, 40), (40, 40), (40, 60), (20, 60))
    ears = labels(box) == Region.EARS
    assert ears[50, 30]
    assert ears[50, 97]
    assert (ears != ears[:, ::-1]).mean() < 0.01


@pytest.mark.parametrize("corners", [1, 2])
def test_too_few_corners_fill_nothing(corners):
    box = toolbox(ToolKind.LASSO)
    for corner in SQUARE[:corners]:
        click(box, *corner)
    box.tool.accept()
    assert box.document.history.commands == ()
