import numpy as np
import pytest

from e4s_studio.core.errors import LabelMapError
from e4s_studio.core.regions import Region
from e4s_studio.engine.swap import swap_label_maps
from tests.samples import SHARED

GOLDEN = SHARED / "golden" / "mask_swap.npz"


@pytest.mark.skipif(not GOLDEN.is_file(), reason=f"an additional check: no {GOLDEN}")
@pytest.mark.parametrize(("order", "over"), [("hair_first", True), ("face_first", False)])
def test_the_published_rule_holds_pixel_for_pixel(order: str, over: object) -> None:
    golden = np.load(GOLDEN)
    swapped, hole = swap_label_maps(golden["source"], golden["target"], face_over_hair=bool(over))
    np.testing.assert_array_equal(swapped, golden[f"swapped_{order}"])
    np.testing.assert_array_equal(hole, golden[f"hole_{order}"])


def rule(source: int, target: int, *, face_over_hair: bool) -> tuple[int, bool]:
    """Return the result and whether it is a hole: the rule's rows, the first that fits counts."""
    face = {1, 2, 3, 5, 6, 9}  # lip, eyebrows, eyes, nose, skin, mouth
    rows = (
        (target == 10, target),  # glasses
        (target == 0, target),  # background
        (not face_over_hair and target == 4, target),  # hair
        (source in face, source),
        (target in {4, 7, 8, 11}, target),  # hair, ears, neck, earrings
    )
    fitting = [result for fits, result in rows if fits]
    return (fitting[0], False) if fitting else (6, True)


@pytest.mark.parametrize("over", [True, False])
def test_each_pair_of_regions_follows_the_rule(over: object) -> None:
    source, target = np.indices((len(Region), len(Region)), np.uint8)
    swapped, holes = swap_label_maps(source, target, face_over_hair=bool(over))
    expected = [
        rule(int(s), int(t), face_over_hair=bool(over))
        for s, t in zip(source.flat, target.flat, strict=True)
    ]
    assert list(zip(swapped.flat, holes.flat, strict=True)) == expected


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
