"""Met in wide steps, counted closely: as many answers as the cascade gives everywhere."""

import cv2
import numpy as np
import pytest

from e4s_studio.engine.faces.landmarks import Cascades
from e4s_studio.engine.faces.upright import NEIGHBOURS, SMALLEST_FACE, STEP, search
from tests.samples import group, needs_photographs, photograph, placed


@pytest.mark.parametrize(
    ("picture", "width"),
    [
        (group, 1232),
        (lambda: placed("amara", 418, 520, 0.3)[0], 900),
        pytest.param(photograph("group_1927.png"), 1328, marks=needs_photographs),
        pytest.param(photograph("unaligned_1.jpg"), 900, marks=needs_photographs),
    ],
    ids=["rendered group", "rendered", "group_1927", "unaligned_1"],
)
def test_what_is_found_everywhere_is_found_in_wide_steps(picture, width):
    grey = cv2.cvtColor(picture(), cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, None, fx=width / grey.shape[1], fy=width / grey.shape[1])
    cascade = Cascades()["frontalface_alt2"]
    everywhere, votes = cascade.detectMultiScale2(
        grey, STEP, NEIGHBOURS, minSize=(SMALLEST_FACE,) * 2
    )
    hits = search(grey, cascade)
    sure = [(box, number) for box, number in zip(everywhere, votes, strict=True) if number >= 6]
    assert sure
    for (x, y, side, _), number in sure:
        near = [h for h in hits if np.hypot(h.x - x - side / 2, h.y - y - side / 2) < side / 4]
        best = max(near, key=lambda hit: hit.votes)
        assert abs(best.width - side) < 0.2 * side
        assert best.votes > 0.5 * number


@pytest.mark.parametrize("shape", [(5, 300), (19, 19), (20, 20), (400, 21)])
def test_flat_and_narrow_pictures_show_nobody(shape):
    assert search(np.full(shape, 99, np.uint8), Cascades()["frontalface_alt2"]) == []
