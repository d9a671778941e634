import subprocess
import sys

import numpy as np
import pytest
from canvases import at, drag, face_labels, opened

from e4s_studio.core.commands import Layer
from e4s_studio.core.label_map import FREE
from e4s_studio.core.regions import Region
from e4s_studio.gui.names import STEP_WORDS, step_name
from e4s_studio.gui.tools.tool import LARGEST_SIZE, StepKind, ToolKind, ToolOptions, english
from e4s_studio.gui.tools.toolbox import Toolbox


def toolbox(**options):
    chosen = {"region": Region.HAIR, "size": 10.0, "encircle": False, **options}
    return Toolbox(opened(), ToolOptions(**chosen))


def labels(box):
    return box.document.pixels(Layer.LABELS)


def painted(box):
    return labels(box) != face_labels()


def names(box):
    return [command.name for command in box.document.history.commands]


def circle(radius=30, centre=(64, 64), n=60):
    angles = np.linspace(0, 2 * np.pi, n)
    return [(centre[0] + radius * np.cos(t), centre[1] + radius * np.sin(t)) for t in angles]


def test_tools_know_no_qt():
    code = (
        "import sys; import e4s_studio.gui.tools.toolbox;"
        "sys.exit(any(name.startswith('PySide6') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_stroke_paints_and_is_one_step():
    box = toolbox()
    drag(box.tool, (40, 64), (60, 64), (90, 64))
    assert (labels(box)[64, 40:90] == Region.HAIR).all()
    assert names(box) == ["Paint: Hair"]


def test_a_fast_drag_has_no_gaps():
    box = toolbox(size=3.0)
    drag(box.tool, (20, 64), (110, 70))
    row = 64 + 6 * (np.arange(20, 110) - 20) / 90
    assert (labels(box)[np.round(row).astype(int), np.arange(20, 110)] == Region.HAIR).all()


def test_a_stroke_leaves_the_map_and_comes_back():
    box = toolbox()
    drag(box.tool, (100, 64), (150, 64), (150, 90), (100, 90))
    assert (labels(box)[[64, 90]][:, 100:] == Region.HAIR).all()
    assert not painted(box)[77, 100:120].any()
    assert len(names(box)) == 1


def test_escape_takes_the_stroke_back():
    box = toolbox()
    box.tool.press(at(40, 64))
    box.tool.drag(at(90, 64))
    assert painted(box).any()
    assert box.tool.cancel()
    assert not painted(box).any()
    box.tool.drag(at(100, 100))
    box.tool.release(at(100, 100))
    assert not painted(box).any()
    assert names(box) == []
    assert not box.tool.cancel()


def test_undo_in_a_stroke_ends_it():
    box = toolbox()
    box.tool.press(at(40, 64))
    box.document.undo()
    box.tool.drag(at(90, 64))
    box.tool.release(at(90, 64))
    assert not painted(box).any()
    assert not box.tool.is_busy


def test_shift_click_draws_a_line_from_the_last_point():
    box = toolbox(size=6.0)
    drag(box.tool, (30, 40), (40, 40))
    drag(box.tool, (90, 80), shift=True)
    along = np.linspace(0, 1, 50)
    xs, ys = 40 + 50 * along, 40 + 40 * along
    assert (labels(box)[ys.astype(int), xs.astype(int)] == Region.HAIR).all()
    drag(box.tool, (90, 110), shift=True)
    assert (labels(box)[80:110, 90] == Region.HAIR).all()
    assert len(names(box)) == 3


def test_shift_click_without_a_last_point_dabs():
    box = toolbox(region=Region.EARS)
    drag(box.tool, (64, 64), shift=True)
    assert labels(box)[64, 64] == Region.EARS
    assert painted(box).sum() == pytest.approx(np.pi * 25, rel=0.1)


def test_shift_drag_sets_the_size_and_paints_nothing():
    box = toolbox(size=10.0)
    drag(box.tool, (64, 64), (70, 64), (84, 64), shift=True)
    assert box.options.size == 50
    assert not painted(box).any()
    drag(box.tool, (64, 64), (0, 64), shift=True)
    assert box.options.size == 1
    drag(box.tool, (0, 64), (9999, 64), shift=True)
    assert box.options.size == LARGEST_SIZE


def test_the_outline_stays_while_the_size_is_dragged():
    box = toolbox(size=10.0)
    box.tool.press(at(64, 64, shift=True))
    box.tool.drag(at(84, 64, shift=True))
    assert box.tool.preview().anchor == (64, 64)
    assert box.tool.preview().cursor == 25
    assert box.tool.cancel()
    assert box.options.size == 10


@pytest.mark.parametrize("size", [1, 2, 3, 40, 512])
def test_size_steps_always_move(size):
    options = ToolOptions(size=size)
    assert options.stepped(1).size > size or size == LARGEST_SIZE
    assert options.stepped(-1).size < size or size == 1


def test_pressure_drives_the_size():
    box = toolbox(region=Region.EARS, size=20.0)
    box.tool.press(at(30, 64, pressure=0.2))
    box.tool.drag(at(100, 64, pressure=1.0))
    box.tool.release(at(100, 64, pressure=0.0))
    width = painted(box).sum(axis=0)
    assert width[30] == pytest.approx(4, abs=1)
    assert width[98] == pytest.approx(20, abs=1)
    assert (np.diff(width[30:98].astype(int)) >= 0).all()


def test_pressure_can_be_off():
    box = toolbox(region=Region.EARS, size=20.0, pressure=False)
    box.tool.press(at(64, 64, pressure=0.1))
    box.tool.release(at(64, 64))
    assert painted(box).sum(axis=0)[64] == 20


def test_an_encircled_area_fills():
    box = toolbox(region=Region.EARS, size=4.0, encircle=True)
    drag(box.tool, *circle())
    assert labels(box)[64, 64] == Region.EARS
    assert len(names(box)) == 1
    box.document.undo()
    assert not painted(box).any()


def test_an_encircled_area_is_erased():
    box = toolbox(region=Region.EARS, size=4.0, encircle=True)
    drag(box.tool, *circle())
    box.choose(ToolKind.ERASER)
    drag(box.tool, *circle(34))
    assert not painted(box).any()


def test_encircling_can_be_off():
    box = toolbox(region=Region.EARS, size=4.0, encircle=False)
    drag(box.tool, *circle())
    assert labels(box)[64, 94] == Region.EARS
    assert labels(box)[64, 64] != Region.EARS


def test_symmetry_paints_both_sides():
    box = toolbox(region=Region.EARS, symmetric=True)
    drag(box.tool, (30, 50), (44, 70))
    both = painted(box)
    assert both[50, 30]
    assert (both != both[:, ::-1]).mean() < 0.005


def test_symmetry_fills_both_circles():
    box = toolbox(region=Region.EARS, size=3.0, symmetric=True, encircle=True)
    drag(box.tool, *circle(14, (40, 64)))
    assert labels(box)[64, 40] == labels(box)[64, 88] == Region.EARS


def test_the_eraser_goes_back_to_before_the_first_edit():
    box = toolbox(size=30.0)
    drag(box.tool, (40, 64), (90, 64))
    box.change(region=Region.NOSE)
    drag(box.tool, (40, 64), (90, 64))
    box.choose(ToolKind.ERASER)
    drag(box.tool, (30, 64), (100, 64))
    assert not painted(box).any()
    assert names(box)[-1] == "Erase"


def test_control_turns_the_brush_into_an_eraser():
    box = toolbox(size=30.0)
    drag(box.tool, (64, 64), (90, 64))
    drag(box.tool, (64, 64), (90, 64), ctrl=True)
    assert not painted(box).any()


def test_a_locked_region_is_left_alone():
    box = toolbox(size=100.0)
    box.document.rules = FREE.with_lock(Region.EYES, locked=True)
    drag(box.tool, (64, 64), (70, 64))
    eyes = face_labels() == Region.EYES
    assert (labels(box)[eyes] == Region.EYES).all()
    assert painted(box).any()


def test_original_pixels_are_soft_and_can_be_taken_away():
    box = toolbox(size=40.0, hardness=0.5)
    box.choose(ToolKind.ORIGINAL)
    drag(box.tool, (64, 64), (66, 64))
    occluder = box.document.pixels(Layer.OCCLUDER)
    assert occluder[64, 64] == 255
    assert np.isin(occluder, (0, 255)).mean() < 1
    drag(box.tool, (64, 64), (66, 64), ctrl=True)
    assert box.document.pixels(Layer.OCCLUDER)[64, 64] == 0
    assert not painted(box).any()


def test_the_amount_stays_inside_the_region():
    box = toolbox(region=Region.NOSE, size=60.0, amount=0.25)
    box.choose(ToolKind.AMOUNT)
    drag(box.tool, (64, 70), (64, 72))
    amount = box.document.pixels(Layer.AMOUNT)
    assert amount[70, 64] == round(0.25 * 255)
    assert (face_labels()[amount != 255] == Region.NOSE).all()
    assert names(box) == ["Paint amount: 25 %"]
    drag(box.tool, (64, 70), (64, 72), ctrl=True)
    assert (box.document.pixels(Layer.AMOUNT)[70, 64]) == 255


def test_the_amount_may_leave_the_region():
    box = toolbox(region=Region.NOSE, size=60.0, amount=0.0, inside_region=False)
    box.choose(ToolKind.AMOUNT)
    drag(box.tool, (64, 70), (64, 72))
    assert box.document.pixels(Layer.AMOUNT)[70, 40] < 255


def test_a_held_tool_returns():
    box = toolbox()
    assert box.hold(ToolKind.PICK)
    assert (box.kind, box.chosen) == (ToolKind.PICK, ToolKind.BRUSH)
    box.let_go()
    assert box.kind is ToolKind.BRUSH


def test_a_stroke_under_way_is_not_interrupted():
    box = toolbox()
    box.tool.press(at(64, 64))
    assert not box.hold(ToolKind.PAN)
    assert box.kind is ToolKind.BRUSH


def test_choosing_a_tool_drops_what_was_under_way():
    box = toolbox()
    box.tool.press(at(64, 64))
    box.choose(ToolKind.FILL)
    assert not painted(box).any()
    assert not box.document.in_stroke


def test_listeners_hear_of_options_and_tools():
    box = toolbox()
    heard = []
    box.subscribe(lambda: heard.append((box.kind, box.options.size)))
    box.change(size=20.0)
    box.change(size=20.0)
    box.choose(ToolKind.ERASER)
    assert heard == [(ToolKind.BRUSH, 20.0), (ToolKind.ERASER, 20.0)]


def test_steps_are_named_as_the_window_wishes():
    box = Toolbox(opened(), name_step=lambda kind, options: f"{kind.name} {options.region.name}")
    drag(box.tool, (64, 100), (66, 100), ctrl=True)
    drag(box.tool, (64, 40), (66, 40))
    assert names(box) == ["PAINT SKIN"]


@pytest.mark.parametrize("kind", StepKind)
def test_every_step_has_a_name_that_translators_are_given(kind):
    options = ToolOptions(region=Region.EYE_GLASS, amount=0.25)
    assert kind.value in STEP_WORDS
    assert "{" not in english(kind, options)
    assert step_name(kind, options) == english(kind, options)
    assert english(StepKind.FILL, options) == "Fill: Glasses"
