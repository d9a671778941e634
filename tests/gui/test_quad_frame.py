"""The alignment frame in the artist's hand, without a window."""

import numpy as np
import pytest

from e4s_studio.core.quad import Quad
from e4s_studio.gui.panes.quad_frame import LARGEST, SMALLEST, Grip, QuadFrame, central_quad

REACH = 5.0


@pytest.fixture
def frame() -> QuadFrame:
    return QuadFrame(Quad.whole(100, 100).moved(150, 100), (500, 400))


def drag(frame: QuadFrame, start, *points, snap=False) -> None:
    assert frame.press(start, REACH)
    for point in points:
        frame.drag(point, snap=snap)
    frame.release()


def test_the_inside_moves_it(frame):
    before = frame.quad
    assert frame.grip_at((200, 150), REACH) is Grip.MOVE
    drag(frame, (200, 150), (220, 140), (230, 165))
    np.testing.assert_allclose(frame.quad.points, before.moved(30, 15).points)


def test_a_corner_scales_it_about_its_middle(frame):
    before = frame.quad
    corner = before.corners[2]
    assert frame.grip_at((corner[0] + 3, corner[1] - 3), REACH) is Grip.SCALE
    outer = tuple(np.array(before.centre) + 1.5 * (np.array(corner) - before.centre))
    drag(frame, corner, outer)
    assert frame.quad.side == pytest.approx(150)
    assert frame.quad.centre == pytest.approx(before.centre)
    assert frame.quad.angle == pytest.approx(0)


def test_the_knob_turns_it(frame):
    before = frame.quad
    knob = frame.knob(REACH)
    assert knob == pytest.approx((before.centre[0], before.corners[0][1] - 3 * REACH))
    assert frame.grip_at(knob, REACH) is Grip.TURN
    right = before.centre[0] + 60, before.centre[1]
    drag(frame, knob, right)
    assert frame.quad.angle == pytest.approx(90)
    assert frame.quad.side == pytest.approx(before.side)


def test_with_shift_it_turns_in_steps(frame):
    x, y = frame.quad.centre
    drag(frame, frame.knob(REACH), (x + 60, y - 100), snap=True)
    assert frame.quad.angle == pytest.approx(30)


def test_far_away_there_is_nothing_to_hold(frame):
    assert frame.grip_at((10, 10), REACH) is None
    assert not frame.press((10, 10), REACH)
    before = frame.quad
    frame.drag((50, 50))
    assert frame.quad == before


def test_a_gesture_can_be_taken_back(frame):
    before = frame.quad
    assert not frame.cancel()
    frame.press((200, 150), REACH)
    assert not frame.has_moved
    frame.drag((260, 150))
    assert frame.has_moved
    assert frame.cancel()
    assert frame.quad == before
    frame.drag((300, 150))
    assert frame.quad == before


def test_its_middle_stays_in_the_photograph(frame):
    frame.move(-1000, 1000)
    assert frame.quad.centre == pytest.approx((0, 399))


def test_it_never_gets_too_small_or_too_large(frame):
    for _ in range(100):
        frame.scale(0.5)
    assert frame.quad.side >= SMALLEST
    for _ in range(100):
        frame.scale(1.5)
    assert frame.quad.side <= LARGEST * 500
    side = frame.quad.side
    drag(frame, frame.quad.corners[0], frame.quad.centre)
    assert frame.quad.side == pytest.approx(side)


def test_random_gestures_leave_a_quad_that_cuts(frame):
    rng = np.random.default_rng(3)
    for _ in range(300):
        start = tuple(rng.uniform(-50, 550, 2))
        if frame.press(start, REACH):
            frame.drag(tuple(rng.uniform(-500, 900, 2)), snap=bool(rng.random() < 0.3))
            frame.release()
        frame.turn(rng.uniform(-40, 40))
        frame.scale(rng.uniform(0.5, 2))
        x, y = frame.quad.centre
        assert 0 <= round(x, 6) <= 499
        assert 0 <= round(y, 6) <= 399
        sides = np.linalg.norm(np.roll(frame.quad.points, 1, axis=0) - frame.quad.points, axis=1)
        assert np.ptp(sides) < 1e-6 * sides.mean()


def test_a_quad_placed_by_hand_starts_in_the_middle():
    quad = central_quad(300, 200)
    assert quad.centre == pytest.approx((149.5, 99.5))
    assert quad.side == pytest.approx(120)
    assert quad.angle == pytest.approx(0)
