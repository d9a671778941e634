from collections import deque

import numpy as np
import pytest
from documents import face_labels

from e4s_studio.core import brush
from e4s_studio.core.brush import Dab
from e4s_studio.core.geometry import Box

CANVAS = Box(0, 0, 60, 50)


def on_canvas(stencil, canvas=CANVAS):
    full = np.zeros(canvas.shape, np.bool_)
    full[stencil.box.slices] = stencil.mask
    return full


def centres(canvas=CANVAS):
    x, y = canvas.centres()
    return np.broadcast_arrays(x, y)


@pytest.mark.parametrize("radius", [2.0, 7.3, 100.0])
def test_a_disc_covers_the_centres_within_its_radius(radius):
    x, y = centres()
    drawn = on_canvas(brush.disc(Dab(20.2, 30.7, radius), CANVAS))
    assert (drawn == (np.hypot(x - 20.2, y - 30.7) <= radius)).all()


def test_the_smallest_brush_draws_the_pixel_under_it():
    for x, y in np.random.default_rng(0).uniform(0, 50, (200, 2)):
        drawn = on_canvas(brush.disc(Dab(x, y, 0.1), CANVAS))
        assert drawn[int(y), int(x)]
        assert drawn.sum() <= 4


def test_a_thin_line_has_no_gap():
    rng = np.random.default_rng(1)
    for _ in range(100):
        (x0, y0), (x1, y1) = rng.uniform(0, 50, (2, 2))
        drawn = on_canvas(brush.line(Dab(x0, y0, 0.5), Dab(x1, y1, 0.5), CANVAS))
        assert connected(drawn, (int(y0), int(x0)))[int(y1), int(x1)]


def connected(mask, start):
    """Return what is connected to `start` by 8 neighbours, pixel by pixel."""
    found = np.zeros_like(mask)
    waiting = deque([start])
    while waiting:
        row, column = waiting.popleft()
        inside = 0 <= row < mask.shape[0] and 0 <= column < mask.shape[1]
        if inside and mask[row, column] and not found[row, column]:
            found[row, column] = True
            waiting.extend((row + dy, column + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1))
    return found


def test_a_line_is_the_union_of_its_discs():
    x, y = centres()
    rng = np.random.default_rng(2)
    for _ in range(20):
        (x0, y0), (x1, y1) = rng.uniform(-10, 60, (2, 2))
        r0, r1 = rng.uniform(1, 12, 2)
        union = np.zeros(CANVAS.shape, np.bool_)
        for t in np.linspace(0, 1, 2000):
            radius = r0 + t * (r1 - r0)
            union |= np.hypot(x - x0 - t * (x1 - x0), y - y0 - t * (y1 - y0)) <= radius
        drawn = on_canvas(brush.line(Dab(x0, y0, r0), Dab(x1, y1, r1), CANVAS))
        assert (drawn != union).mean() < 0.01
        ends = np.hypot(x - x0, y - y0) <= r0
        ends |= np.hypot(x - x1, y - y1) <= r1
        assert drawn[ends].all()


def test_strokes_far_outside_cost_nothing():
    stencil = brush.line(Dab(-1e6, 5, 10), Dab(-1e5, 5, 10), CANVAS)
    assert stencil.mask.size == 0
    stencil = brush.line(Dab(-1e6, 25, 3), Dab(1e6, 25, 3), CANVAS)
    assert stencil.box.width == 60
    assert stencil.box.height <= 8


def test_a_soft_line_falls_from_one_to_nothing():
    x, y = centres()
    stencil = brush.soft_line(Dab(30, 25, 20), Dab(30, 25, 20), CANVAS, hardness=0.5)
    cover = np.zeros(CANVAS.shape)
    cover[stencil.box.slices] = stencil.cover
    distance = np.hypot(x - 30, y - 25)
    assert (cover[distance < 10] == 1).all()
    assert (cover[distance > 20] == 0).all()
    between = (distance > 10.5) & (distance < 19.5)
    assert ((cover[between] > 0) & (cover[between] < 1)).all()
    order = np.argsort(distance.ravel())
    assert (np.diff(cover.ravel()[order]) <= 1e-6).all()


def test_a_polygon_covers_the_centres_inside():
    outline = [(10, 5), (50, 5), (50, 40), (10, 40)]
    drawn = on_canvas(brush.polygon(outline, CANVAS))
    expected = np.zeros(CANVAS.shape, np.bool_)
    expected[5:40, 10:50] = True
    assert (drawn == expected).all()
    assert (on_canvas(brush.polygon(outline[::-1], CANVAS)) == expected).all()


def test_polygons_agree_with_the_winding_of_each_centre():
    rng = np.random.default_rng(3)
    x, y = centres()
    for _ in range(20):
        outline = rng.uniform(-10, 65, (rng.integers(3, 9), 2))
        drawn = on_canvas(brush.polygon(outline, CANVAS))
        to = outline[:, :, None, None] - np.stack([x, y])
        following = np.roll(to, -1, axis=0)
        cross = to[:, 0] * following[:, 1] - to[:, 1] * following[:, 0]
        turned = np.arctan2(cross, (to * following).sum(axis=1)).sum(axis=0) / (2 * np.pi)
        assert (drawn == (np.rint(turned) != 0)).all()


def test_an_outline_that_crosses_itself_has_no_holes():
    turns = np.linspace(0, 4 * np.pi, 101)[:-1]  # twice around
    outline = np.stack([30 + 15 * np.cos(turns), 25 + 15 * np.sin(turns)], axis=1)
    assert on_canvas(brush.polygon(outline, CANVAS))[25, 30]


@pytest.mark.parametrize("points", [[], [(3, 3)], [(3, 3), (9, 9)], [(3, 3), (9, 9), (15, 15)]])
def test_points_that_enclose_nothing_fill_nothing(points):
    assert not brush.polygon(points, CANVAS).mask.any()


def test_polygons_are_cut_at_the_canvas():
    outline = [(-1000, -1000), (1000, -1000), (1000, 1000), (-1000, 1000)]
    assert on_canvas(brush.polygon(outline, CANVAS)).all()
    assert brush.polygon([(-30, 0), (-20, 0), (-20, 9)], CANVAS).mask.size == 0


def test_a_rectangle_is_cut_too():
    assert brush.rectangle(Box(-5, 40, 10, 70), CANVAS).box == Box(0, 40, 10, 50)


def flooded(labels, row, column):
    found = np.zeros(labels.shape, np.bool_)
    waiting = deque([(row, column)])
    while waiting:
        y, x = waiting.popleft()
        inside = 0 <= y < labels.shape[0] and 0 <= x < labels.shape[1]
        if inside and not found[y, x] and labels[y, x] == labels[row, column]:
            found[y, x] = True
            waiting.extend([(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)])
    return found


def test_flood_takes_what_is_connected():
    rng = np.random.default_rng(4)
    for _ in range(40):
        labels = (rng.random((40, 50)) < 0.6).astype(np.uint8)
        row, column = rng.integers(40), rng.integers(50)
        stencil = brush.flood(labels, column + 0.5, row + 0.5)
        expected = flooded(labels, row, column)
        assert (on_canvas(stencil, Box.of(labels)) == expected).all()
        assert stencil.box == Box.of_true(expected)


def test_flood_stays_in_one_eye():
    labels = face_labels()
    stencil = brush.flood(labels, 0.37 * 96, 0.42 * 96)
    assert stencil.box.right < 48
    assert (labels[stencil.box.slices][stencil.mask] == labels[40, 35]).all()


@pytest.mark.parametrize("point", [(-0.1, 5), (5, -3), (96, 5), (5, 200)])
def test_flood_outside_finds_nothing(point):
    assert brush.flood(face_labels(), *point).mask.size == 0


def loop(a, b, turns=1.0, n=40):
    angles = np.linspace(0, 2 * np.pi * turns, n)
    return [Dab(100 + a * np.cos(t), 100 + b * np.sin(t), 4) for t in angles]


def test_loops_close():
    assert brush.closes(loop(40, 40), 5)
    assert brush.closes(loop(60, 20), 5)


def test_what_does_not_come_back_does_not_close():
    assert not brush.closes(loop(40, 40, turns=0.8), 5)
    assert not brush.closes([], 5)
    assert not brush.closes([Dab(1, 1, 3)] * 3, 5)


def test_dabbing_and_scribbling_do_not_close():
    assert not brush.closes([Dab(50, 50, 10)] * 30, 5)
    to_and_fro = [Dab(50 + 40 * abs(t), 50 + 2 * np.sin(9 * t), 4) for t in np.linspace(-1, 1, 60)]
    assert not brush.closes(to_and_fro, 5)
    assert not brush.closes(loop(4, 4), 5)
