"""The order of the labels is found by where the regions lie."""

from __future__ import annotations

import numpy as np
import pytest

from e4s_studio.core.regions import FROM_CELEBAMASK, Region
from e4s_studio.files.label_orders import likeliest_order

IDENTITY = np.arange(12, dtype=np.uint8)


def test_an_upright_face_is_preferred_to_its_mirror_image_upside_down():
    face = np.zeros((40, 20), dtype=np.uint8)
    face[2:10] = Region.HAIR
    face[10:30] = Region.SKIN
    face[14:16, 4:8] = Region.EYES
    face[26:28, 6:14] = Region.LIP
    face[30:] = Region.BELOWFACE
    swapped = IDENTITY.copy()
    swapped[[Region.HAIR, Region.BELOWFACE]] = Region.BELOWFACE, Region.HAIR
    orders = {"wrong": swapped, "right": IDENTITY}
    assert likeliest_order(face, orders) == "right"
    assert likeliest_order(face[::-1], {"hair below": IDENTITY, "turned": swapped}) == "turned"


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_of_equals_the_first_wins(first):
    says_nothing = np.zeros((4, 4), dtype=np.uint8)
    orders = {"ours": IDENTITY, "theirs": FROM_CELEBAMASK}
    ordered = {first: orders.pop(first), **orders}
    assert likeliest_order(says_nothing, ordered) == first
