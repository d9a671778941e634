"""Label maps in every order and guise become the same 12 regions; anything else is refused."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from e4s_studio.core.errors import ImageError, LabelMapError, OutputError
from e4s_studio.core.regions import FROM_BISENET, FROM_CELEBAMASK, PALETTE, Region
from e4s_studio.files.label_maps import read_label_map, write_label_map
from tests.samples import PHOTOGRAPHS, needs_photographs, rendered

CLOTH, HAT = 18, 14  # CelebAMask-HQ


def first_label(table, region) -> int:
    return int(np.flatnonzero(table == region)[0])


def in_order(regions, table):
    """A map of our regions, in the labels of another order."""
    inverse = np.array([first_label(table, region) for region in Region], dtype=np.uint8)
    return inverse[regions]


@pytest.fixture
def face():
    """(64, 48) regions of a plain face: no picture of anybody."""
    regions = np.full((64, 48), Region.BACKGROUND, dtype=np.uint8)
    regions[4:50, 8:40] = Region.HAIR
    regions[50:62, 16:32] = Region.BELOWFACE
    regions[14:54, 12:36] = Region.SKIN
    regions[24:32, 9:12] = Region.EARS
    regions[20:22, 15:21] = regions[20:22, 27:33] = Region.EYEBROWS
    regions[24:27, 15:21] = regions[24:27, 27:33] = Region.EYES
    regions[26:38, 22:26] = Region.NOSE
    regions[42:47, 18:30] = Region.LIP
    regions[44:45, 20:28] = Region.MOUTH
    return regions


def saved(folder, array, **options):
    path = folder / "map.png"
    Image.fromarray(array).save(path, **options)
    return path


@pytest.mark.parametrize("table", [FROM_CELEBAMASK, FROM_BISENET, np.arange(12)])
@pytest.mark.parametrize("channels", [1, 3])
def test_orders_are_detected_in_grey_pictures(tmp_path, face, table, channels):
    labels = in_order(face, table)
    array = labels if channels == 1 else np.repeat(labels[..., None], channels, axis=2)
    assert (read_label_map(saved(tmp_path, array)) == face).all()


@pytest.mark.parametrize(
    ("hair", "neck", "table"), [(13, 17, FROM_CELEBAMASK), (17, 14, FROM_BISENET)]
)
def test_the_order_is_the_one_in_which_the_hair_is_above_the_neck(tmp_path, hair, neck, table):
    labels = np.zeros((40, 20), np.uint8)
    labels[2:10], labels[10:30], labels[30:] = hair, 1, neck
    assert (read_label_map(saved(tmp_path, labels)) == table[labels]).all()


def test_where_several_orders_fit_equally_ours_is_taken(tmp_path):
    labels = np.zeros((4, 4), np.uint8)
    labels[1] = 5
    assert (read_label_map(saved(tmp_path, labels)) == labels).all()


@pytest.mark.parametrize(
    ("order", "table"),
    [("celebamask", FROM_CELEBAMASK), ("bisenet", FROM_BISENET), ("regions", np.arange(12))],
)
def test_a_named_order_is_taken_at_its_word(tmp_path, face, order, table):
    upside_down = face[::-1]
    path = saved(tmp_path, in_order(upside_down, table))
    assert (read_label_map(path, order=order) == upside_down).all()


def test_labels_without_a_region_are_background(tmp_path, face):
    labels = in_order(face, FROM_CELEBAMASK)
    labels[:4] = HAT
    labels[62:] = CLOTH
    assert (read_label_map(saved(tmp_path, labels)) == face).all()


def test_palette_colours(tmp_path, face):
    path = saved(tmp_path, PALETTE[face])
    assert (read_label_map(path) == face).all()
    assert (read_label_map(path, order="palette") == face).all()


def test_nothing_painted_is_background(tmp_path, face):
    alpha = np.where(face == Region.BACKGROUND, 0, 255).astype(np.uint8)
    colours = PALETTE[face]
    colours[alpha == 0] = 255
    assert (read_label_map(saved(tmp_path, np.dstack([colours, alpha]))) == face).all()


def test_unused_palette_colours(tmp_path, face):
    coloured = PALETTE[face]
    coloured[62:] = (0, 204, 0)
    path = saved(tmp_path, coloured)
    assert (read_label_map(path) == face).all()
    assert (read_label_map(path, order="palette") == face).all()


def test_nineteen_labels_in_colour(tmp_path, face):
    colours = np.vstack([PALETTE, [(0, 0, 153), (0, 0, 204), (255, 51, 153), (0, 204, 204)]])
    colours = np.vstack([colours, [(0, 51, 0), (255, 153, 51), (0, 204, 0)]]).astype(np.uint8)
    path = saved(tmp_path, colours[in_order(face, FROM_CELEBAMASK)])
    assert (read_label_map(path) == face).all()


def indexed(values, palette):
    picture = Image.fromarray(values)
    picture.putpalette(palette)
    return picture


@pytest.mark.parametrize(
    "palette",
    [
        pytest.param(bytes(range(40)) * 3, id="any colours"),
        pytest.param(bytes(np.repeat(np.arange(12) * 20, 3).tolist()), id="stretched grey"),
    ],
)
def test_indexed_pictures_in_other_colours_hold_labels(tmp_path, face, palette):
    indexed(face, palette).save(tmp_path / "map.png")
    assert (read_label_map(tmp_path / "map.png") == face).all()


def test_packed_grey_palettes_hold_labels_as_colours(tmp_path, face):
    labels = in_order(face, FROM_CELEBAMASK)
    used, ranks = np.unique(labels, return_inverse=True)
    palette = bytes(np.repeat(used, 3).tolist())
    indexed(ranks.reshape(face.shape).astype(np.uint8), palette).save(tmp_path / "map.png")
    assert (read_label_map(tmp_path / "map.png") == face).all()


def test_written_maps(tmp_path, face):
    path = tmp_path / "map.png"
    write_label_map(path, face)
    with Image.open(path) as picture:
        assert picture.mode == "P"
        assert (np.array(picture) == face).all()
        assert (np.array(picture.convert("RGB")) == PALETTE[face]).all()
    assert path.read_bytes()[24] == 8  # bits a pixel, in the PNG's header
    assert (read_label_map(path) == face).all()


def test_only_label_maps_are_written(tmp_path, face):
    with pytest.raises(OutputError, match=r"\.png"):
        write_label_map(tmp_path / "map.jpg", face)
    with pytest.raises(ValueError, match="0 to 11"):
        write_label_map(tmp_path / "map.png", face + np.uint8(20))
    assert not list(tmp_path.iterdir())


def test_maps_grow_to_their_photograph_pixel_by_pixel(tmp_path, face):
    path = saved(tmp_path, face)
    doubled = face.repeat(2, axis=0).repeat(2, axis=1)
    assert (read_label_map(path, size=(128, 96)) == doubled).all()
    assert read_label_map(path, size=(640, 475)).shape == (640, 475)


@pytest.mark.parametrize("size", [(64, 64), (48, 64), (128, 90)])
def test_maps_of_another_shape_are_refused(tmp_path, face, size):
    with pytest.raises(LabelMapError, match="48 × 64, but its photograph is"):
        read_label_map(saved(tmp_path, face), size=size)


def many_labels(count):
    return (np.arange(64 * 48) % count).reshape(64, 48).astype(np.uint8)


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((8, 8), np.uint8), "one colour only.*; give a map that .*, or give none"),
        (np.full((8, 8, 3), (204, 0, 0), np.uint8), "one colour only.*; give a map that"),
        (many_labels(40), "40 labels"),
        (np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8), "colours"),
        (np.where(np.eye(8) > 0, 255, 0).astype(np.uint8), "has the value 255"),
        (np.where(np.eye(8) > 0, 19, 0).astype(np.uint8), "has the value 19"),
        (np.where(np.eye(8) > 0, CLOTH, HAT).astype(np.uint8), "only background; give a map that"),
        (np.eye(8).astype(np.uint16), "more than 8 bits"),
        (np.stack([np.eye(8) * 7, np.eye(8), np.eye(8)], -1).astype(np.uint8), r"\(7, 1, 1\)"),
    ],
)
def test_what_can_be_no_label_map_is_refused(tmp_path, array, reason):
    with pytest.raises(LabelMapError, match=reason):
        read_label_map(saved(tmp_path, array))


def test_orders_that_do_not_fit_are_refused(tmp_path, face):
    path = saved(tmp_path, in_order(face, FROM_CELEBAMASK))
    with pytest.raises(LabelMapError, match="ends at 11"):
        read_label_map(path, order="regions")
    with pytest.raises(LabelMapError, match="not in the palette"):
        read_label_map(path, order="palette")


def test_files_that_are_no_pictures_are_refused(tmp_path):
    with pytest.raises(ImageError, match="does not exist"):
        read_label_map(tmp_path / "map.png")


@pytest.mark.parametrize("name", ["amara", "ruth"])
@pytest.mark.parametrize("table", [FROM_CELEBAMASK, FROM_BISENET, np.arange(12)])
def test_portraits_maps_are_read_in_every_order_and_size(tmp_path, name, table):
    expected = rendered(name)[1][::2, ::2]
    path = saved(tmp_path, in_order(expected, table))
    assert (read_label_map(path) == expected).all()
    doubled = expected.repeat(2, axis=0).repeat(2, axis=1)
    assert (read_label_map(path, size=(1024, 1024)) == doubled).all()
    assert (read_label_map(saved(tmp_path, PALETTE[expected])) == expected).all()


@needs_photographs
@pytest.mark.parametrize("path", sorted(PHOTOGRAPHS.glob("*_mask.png")), ids=lambda path: path.stem)
def test_photographs_maps_are_celebamask_ones(tmp_path, path):
    expected = FROM_CELEBAMASK[np.array(Image.open(path))]
    assert (read_label_map(path) == expected).all()
    assert (read_label_map(saved(tmp_path, in_order(expected, FROM_BISENET))) == expected).all()
