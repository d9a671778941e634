import numpy as np
import pytest

from e4s_studio.core.errors import LabelMapError
from e4s_studio.core.regions import Region
from e4s_studio.engine.swap import swap_label_maps
from tests.unit.engine.pairs import SHARED

GOLDEN = SHARED / "golden" / "mask_swap.npz"


@pytest.mark.skipif(not GOLDEN.is_file(), reason="the reference data lies beside the project")
@pytest.mark.parametrize(("order", "over"), [("hair_first", True), ("face_first", False)])
def test_the_published_rule_holds_pixel_for_pixel(order: str, over: object) -> None:
    golden = np.load(GOLDEN)
    swapped, hole = swap_label_maps(golden["source"], golden["target"], face_over_hair=bool(over))
    np.testing.assert_array_equal(swapped, golden[f"swapped_{order}"])
    np.testing.assert_array_equal(hole, golden[f"hole_{order}"])


@pytest.mark.parametrize(
    ("source", "target", "over", "result", "hole"),
    [
        (Region.SKIN, Region.EYE_GLASS, True, Region.EYE_GLASS, False),
        (Region.SKIN, Region.BACKGROUND, True, Region.BACKGROUND, False),
        (Region.SKIN, Region.HAIR, True, Region.SKIN, False),
        (Region.SKIN, Region.HAIR, False, Region.HAIR, False),
        (Region.NOSE, Region.EARS, True, Region.NOSE, False),
        (Region.HAIR, Region.BELOWFACE, True, Region.BELOWFACE, False),
        (Region.HAIR, Region.LIP, True, Region.SKIN, True),
        (Region.EYE_GLASS, Region.EYES, False, Region.SKIN, True),
    ],
)
def test_each_row_of_the_rule(
    source: Region, target: Region, over: object, result: Region, hole: object
) -> None:
    maps = [np.full((2, 2), region, np.uint8) for region in (source, target)]
    swapped, holes = swap_label_maps(*maps, face_over_hair=bool(over))
    assert (swapped == result).all()
    assert (holes == hole).all()


def test_maps_of_different_sizes_are_refused() -> None:
    with pytest.raises(LabelMapError, match="same size"):
        swap_label_maps(np.zeros((4, 4), np.uint8), np.zeros((5, 4), np.uint8), face_over_hair=True)
