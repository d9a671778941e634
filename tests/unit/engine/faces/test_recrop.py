"""A portrait cut out anew: what was painted stays on the face."""

from types import MappingProxyType

import numpy as np
import pytest

from e4s_studio.core.commands import Layer
from e4s_studio.core.errors import FaceError
from e4s_studio.core.layers import FULL, EditState, Layers
from e4s_studio.core.portrait import Portrait
from e4s_studio.core.quad import Quad
from e4s_studio.core.regions import Region
from e4s_studio.core.settings import EditSettings
from e4s_studio.engine.faces.recrop import moved_state, quad_of
from e4s_studio.engine.opening import recut_portrait
from e4s_studio.engine.parsing.parsing import Parsing
from tests.unit.engine.pairs import portrait

SIDE = 64
BEFORE = Quad.whole(SIDE, SIDE).moved(100, 100)


def painted_state() -> EditState:
    layers = Layers.blank(np.full((SIDE, SIDE), Region.SKIN, np.uint8))
    planes = {layer: np.array(plane) for layer, plane in layers.freeze().items()}
    for layer, value in (
        (Layer.LABELS, int(Region.HAIR)),
        (Layer.PAINTED, 1),
        (Layer.OCCLUDER, 200),
        (Layer.AMOUNT, 40),
    ):
        planes[layer][20:30, 30:40] = value
    return EditState(MappingProxyType(planes), EditSettings(detail=0.5))


def test_every_plane_stays_on_the_face():
    beyond = np.full((SIDE, SIDE), Region.BACKGROUND, np.uint8)
    moved = moved_state(painted_state(), BEFORE, BEFORE.moved(10, 5), beyond)
    assert moved.settings.detail == 0.5
    for layer, value in (
        (Layer.LABELS, Region.HAIR),
        (Layer.PAINTED, 1),
        (Layer.OCCLUDER, 200),
        (Layer.AMOUNT, 40),
    ):
        assert (moved.planes[layer][15:25, 20:30] == value).all()
        assert (moved.planes[layer] == value).sum() == 100
    # What the old crop did not show is parsed, not painted, and as if no brush had been there.
    for layer, value in (
        (Layer.LABELS, Region.BACKGROUND),
        (Layer.PAINTED, 0),
        (Layer.OCCLUDER, 0),
        (Layer.AMOUNT, FULL),
    ):
        assert (moved.planes[layer][:, 54:] == value).all()


def test_turned_and_scaled_paint_covers_the_same_part_of_the_photograph():
    after = BEFORE.turned(20).scaled(1.5)
    moved = moved_state(painted_state(), BEFORE, after, np.zeros((SIDE, SIDE), np.uint8))
    rows, columns = np.nonzero(moved.planes[Layer.PAINTED])
    centre = after.to_photo(SIDE) @ (columns.mean(), rows.mean(), 1)
    assert centre[:2] == pytest.approx((134.5, 124.5), abs=0.5)
    assert len(rows) == pytest.approx(100 / 1.5**2, rel=0.25)


class Sight:
    """Sees lips everywhere."""

    def parse(self, crop: np.ndarray) -> Parsing:
        labels = np.full(crop.shape[:2], Region.LIP, np.uint8)
        return Parsing(labels, np.zeros(crop.shape[:2], np.float32))


def test_a_portrait_is_cut_out_anew():
    whole = portrait(1)
    small = Portrait(
        whole.image[64:192, 64:192],
        whole.labels[64:192, 64:192],
        photograph=whole.image,
        quad=Quad.whole(128, 128).moved(64, 64).points,
    )
    quad = quad_of(small).moved(30, 0)
    kept = recut_portrait(small, quad, Sight(), keep_map=True)
    np.testing.assert_array_equal(kept.image, whole.image[64:192, 94:222])
    np.testing.assert_array_equal(kept.labels[:, :-30], small.labels[:, 30:])
    assert (kept.labels[:, -30:] == Region.LIP).all()
    assert quad_of(kept) == quad
    anew = recut_portrait(small, quad, Sight(), keep_map=False)
    assert (anew.labels == Region.LIP).all()
    with pytest.raises(FaceError, match="outside"):
        recut_portrait(small, quad.moved(900, 0), Sight(), keep_map=True)


def test_a_crop_without_a_photograph_is_its_own():
    whole = portrait(1)
    alone = Portrait(whole.image, whole.labels)
    cut = recut_portrait(alone, Quad.whole(256, 256).scaled(0.5), Sight(), keep_map=False)
    assert cut.shape == (256, 256)
    np.testing.assert_array_equal(cut.photograph, whole.image)
