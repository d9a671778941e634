import zlib

import numpy as np
import pytest

from e4s_studio.core.errors import LabelMapError
from e4s_studio.core.geometry import EMPTY_BOX, Box
from e4s_studio.core.plane import Patch, Plane


def random_plane(seed=0, shape=(20, 30)):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def test_a_patch_goes_forth_and_back():
    before, after = random_plane(0), random_plane(0)
    after[3:9, 4:20] ^= random_plane(1)[3:9, 4:20]
    plane = Plane(before)
    patch = Patch.between(before, after)
    assert patch.box.intersection(Box(4, 3, 20, 9)) == patch.box
    plane.apply(patch)
    assert (plane.view() == after).all()
    plane.apply(patch)
    assert (plane.view() == before).all()


def test_a_patch_holds_the_smallest_box():
    before = random_plane()
    after = before.copy()
    after[5, 6] ^= 1
    after[7, 2] ^= 1
    assert Patch.between(before, after).box == Box(2, 5, 7, 8)
    assert Patch.between(before, after, Box(2, 5, 30, 20)).box == Box(2, 5, 7, 8)
    assert Patch.between(before, before).is_empty


def test_patches_of_strokes_are_small():
    before = np.zeros((1024, 1024), np.uint8)
    after = before.copy()
    after[200:700, 300:800] = 6
    assert Patch.between(before, after).nbytes < 5000


def test_what_is_frozen_never_changes():
    plane = Plane(random_plane())
    frozen = plane.freeze()
    kept = frozen.copy()
    plane.put(Box(0, 0, 5, 5), np.ones((5, 5), np.bool_), 7)
    assert (frozen == kept).all()
    assert (plane.view()[:5, :5] == 7).all()
    with pytest.raises(ValueError, match="read-only"):
        frozen[0, 0] = 1


def test_a_plane_never_writes_to_the_array_it_was_made_of():
    pixels = random_plane()
    kept = pixels.copy()
    plane = Plane(pixels)
    plane.put(Box(0, 0, 30, 20), np.ones((20, 30), np.bool_), 3)
    pixels[0, 0] ^= 1
    assert plane.view()[0, 0] == 3
    assert (pixels.ravel()[1:] == kept.ravel()[1:]).all()


def test_freezing_copies_only_at_the_next_write():
    plane = Plane(random_plane())
    assert plane.freeze() is plane.freeze()
    frozen = plane.freeze()
    assert plane.is_still(frozen)
    plane.put(Box(0, 0, 1, 1), np.ones((1, 1), np.bool_), 1)
    written = plane.view().base
    plane.put(Box(1, 0, 2, 1), np.ones((1, 1), np.bool_), 1)
    assert plane.view().base is written
    assert not plane.is_still(frozen)


def test_put_tells_what_changed():
    plane = Plane(np.zeros((10, 10), np.uint8))
    mask = np.zeros((4, 4), np.bool_)
    mask[1, 1] = mask[2, 3] = True
    patch = plane.put(Box(5, 5, 9, 9), mask, 200)
    assert patch.box == Box(6, 6, 9, 8)
    assert np.flatnonzero(plane.view()).tolist() == [66, 78]
    assert plane.put(Box(5, 5, 9, 9), mask, 200).is_empty
    assert plane.put(EMPTY_BOX, np.zeros((0, 0), np.bool_), 1).is_empty


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((3, 3)), np.zeros((3, 3, 3), np.uint8), np.zeros((0, 3), np.uint8)],
)
def test_what_is_no_plane_is_refused(pixels):
    with pytest.raises(LabelMapError, match="one channel"):
        Plane(pixels)


def test_another_size_is_refused():
    plane = Plane(random_plane())
    with pytest.raises(LabelMapError, match="30 x 20"):
        plane.replace(np.zeros((3, 3), np.uint8))


@pytest.mark.parametrize(
    ("box", "packed"),
    [
        (Box(0, 0, 2, 2), b"no zlib"),
        (Box(0, 0, 2, 2), zlib.compress(bytes(3))),
        (Box(0, 0, 2, 2), zlib.compress(bytes(5))),
        (Box(0, 0, 2, 2), zlib.compress(bytes(10**7))),
        (Box(29, 0, 31, 2), zlib.compress(bytes(4))),
        (Box(-1, 0, 1, 2), zlib.compress(bytes(4))),
    ],
)
def test_a_damaged_patch_leaves_the_plane_alone(box, packed):
    plane = Plane(random_plane())
    with pytest.raises(LabelMapError, match="cannot be replayed"):
        plane.apply(Patch(box, packed))
    assert (plane.view() == random_plane()).all()
