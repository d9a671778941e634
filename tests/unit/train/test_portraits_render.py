"""Portraits are whole, the same for the same seed, varied, and quick enough to train on."""

import cv2
import numpy as np
import pytest

from e4s_studio.core.regions import REGION_COUNT, Region
from e4s_studio.train.portraits import random_shape, random_texture, render

ALWAYS = {
    Region.BACKGROUND,
    Region.LIP,
    Region.EYEBROWS,
    Region.EYES,
    Region.NOSE,
    Region.SKIN,
    Region.BELOWFACE,
}


def portrait(shape_seed, texture_seed, size):
    shape = random_shape(np.random.default_rng(shape_seed))
    return render(shape, random_texture(np.random.default_rng(texture_seed)), size)


@pytest.fixture(scope="module")
def many():
    return [portrait(seed, 1000 + seed, 128) for seed in range(48)]


@pytest.mark.parametrize("size", [64, 256, 257])
def test_image_and_label_map_have_the_size_asked_for(size):
    image, labels = portrait(1, 2, size)
    assert image.shape == (size, size, 3)
    assert labels.shape == (size, size)
    assert image.dtype == labels.dtype == np.uint8
    assert labels.max() < REGION_COUNT


def test_the_same_seeds_give_the_same_bytes():
    for first, second in zip(portrait(3, 4, 128), portrait(3, 4, 128), strict=True):
        assert first.tobytes() == second.tobytes()


def test_drawing_leaves_one_seed_independent_of_the_other():
    labels = [portrait(5, texture, 96)[1] for texture in (6, 7, 8)]
    np.testing.assert_array_equal(labels[0], labels[1])
    np.testing.assert_array_equal(labels[0], labels[2])


def test_every_portrait_has_a_face_and_together_they_have_every_region(many):
    present = [set(np.unique(labels)) for _, labels in many]
    assert all(regions >= ALWAYS for regions in present)
    counts = {region: sum(region in regions for regions in present) for region in Region}
    assert all(count >= 3 for count in counts.values()), counts


def test_proportions_are_those_of_parsing_maps(many):
    shares = np.mean([np.bincount(m.ravel(), minlength=REGION_COUNT) / m.size for _, m in many], 0)
    # The ranges hold the maps of real aligned portraits, with a margin.
    expected = {
        Region.SKIN: (0.20, 0.34),
        Region.HAIR: (0.12, 0.45),
        Region.NOSE: (0.014, 0.026),
        Region.LIP: (0.007, 0.016),
        Region.EYES: (0.003, 0.009),
        Region.EYEBROWS: (0.004, 0.022),
        Region.BELOWFACE: (0.025, 0.06),
    }
    for region, (low, high) in expected.items():
        assert low < shares[region] < high, region


def test_label_maps_are_clean(many):
    """Hardly any pixel stands alone among pixels of other regions."""
    for _, labels in many:
        alone = np.ones(labels.shape, bool)
        for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            alone &= labels != np.roll(labels, (dy, dx), (0, 1))
        assert alone[1:-1, 1:-1].mean() < 1e-3


def test_skin_runs_from_very_light_to_very_dark(many):
    tones = [image[labels == Region.SKIN].mean() for image, labels in many]
    assert min(tones) < 75
    assert max(tones) > 165


def test_pictures_have_a_photographs_contrast(many):
    spread = [image.std() for image, _ in many]
    assert 40 < np.mean(spread) < 80
    assert np.mean([(image == 255).mean() for image, _ in many]) < 0.01


def test_sizes_agree():
    """A large picture, reduced, is the small one: details fade with what pixels can show."""
    small, _ = portrait(9, 10, 128)
    large, _ = portrait(9, 10, 512)
    reduced = cv2.resize(large, (128, 128), interpolation=cv2.INTER_AREA).astype(float)
    assert np.abs(reduced - small).mean() < 4.0


def test_edges_are_antialiased():
    image, labels = portrait(11, 12, 256)
    border = labels != np.roll(labels, 1, axis=1)
    border &= np.roll(~border, 1, axis=1)
    steps = np.abs(image[:, 2:].astype(int) - image[:, :-2]).max(axis=2)
    within = np.abs(image[:, 1:-1].astype(int) - image[:, :-2]).max(axis=2)
    sharp = border[:, 1:-1] & (steps > 40)
    assert (within[sharp] < steps[sharp]).mean() > 0.5
