"""Pairs are decided by their number, and their truths stay exact under augmentation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from e4s_studio.core.errors import ImageError
from e4s_studio.core.regions import FACE, REGION_COUNT, Region
from e4s_studio.engine.fitting.examples import SMALL_FEATURES, pixel_weights
from e4s_studio.train.augment import random_recolouring, random_warp
from e4s_studio.train.batches import Batch, Collate, PairSampler
from e4s_studio.train.pairs import (
    FolderPairs,
    PortraitPairs,
    Stream,
    View,
    known_mix,
    possible_amounts,
    random_amounts,
    swap_texture,
)
from e4s_studio.train.plan import TrainingPlan
from e4s_studio.train.portraits import random_shape, random_texture, render

SIZE = 64


def same(one, other):
    names = ("pictures", "labels", "amounts", "truths", "known")
    return all(np.array_equal(getattr(one, n), getattr(other, n)) for n in names)


def test_a_number_determines_a_pair():
    pairs = PortraitPairs(SIZE, augment=0.5)
    assert same(pairs[5], PortraitPairs(SIZE, augment=0.5)[5])
    assert not same(pairs[5], pairs[6])


def test_streams_and_seeds_have_no_portrait_in_common():
    first = PortraitPairs(SIZE)[0]
    for other in (PortraitPairs(SIZE, 1), PortraitPairs(SIZE, 0, Stream.HELD_OUT)):
        assert not np.array_equal(first.pictures, other[0].pictures)


def test_without_augmentation_the_truth_is_the_renderers():
    pair = PortraitPairs(SIZE, 3)[2]
    assert np.array_equal(pair.pictures[0], pair.truths[0])
    kept = ~np.isin(pair.labels[1], np.flatnonzero(pair.amounts[1]))
    # Beyond the mixed regions the truth is the target, but for what shines from one to the other.
    difference = np.abs(pair.truths[1].astype(int) - pair.pictures[1])[kept]
    assert np.median(difference) == 0
    assert pair.known.all()


def test_both_ways_the_source_gets_the_targets_textures():
    pairs = PortraitPairs(SIZE, 3, both_ways=True)
    for number in range(6):
        pair, one_way = pairs[number], PortraitPairs(SIZE, 3)[number]
        # The swap's own direction is what it is one way.
        assert np.array_equal(pair.truths[1], one_way.truths[1])
        assert not one_way.amounts[0].any()
        swapped = np.isin(pair.labels[0], np.flatnonzero(pair.amounts[0]))
        difference = np.abs(pair.truths[0].astype(int) - pair.pictures[0]).max(axis=2)
        assert np.median(difference[~swapped]) == 0 if (~swapped).any() else True
        if pair.amounts[0].max(initial=0) == 1 and swapped.any():
            assert (difference[swapped] > 0).mean() > 0.5


def test_the_lighting_is_the_targets():
    rng = np.random.default_rng(0)
    shape, texture, other = random_shape(rng), random_texture(rng), random_texture(rng)
    background = np.zeros(REGION_COUNT, np.float32)
    background[Region.BACKGROUND] = 1
    mixed = swap_texture(texture, other, background)
    assert mixed.background.light == texture.background.light
    assert mixed.background != texture.background
    before, labels = render(shape, texture, SIZE)
    after, _ = render(shape, mixed, SIZE)
    skin = labels == Region.SKIN
    assert np.abs(before.astype(int) - after)[skin].mean() < 1


def test_augmentation_changes_target_and_ground_truth_alike():
    plain = [PortraitPairs(SIZE, 1)[n] for n in range(8)]
    changed = [PortraitPairs(SIZE, 1, augment=1.0)[n] for n in range(8)]
    for one, other in zip(plain, changed, strict=True):
        assert not np.array_equal(one.truths, other.truths)
        assert np.array_equal(one.amounts, other.amounts)
        kept = ~np.isin(other.labels[1], np.flatnonzero(other.amounts[1]))
        inside = np.zeros_like(kept)
        inside[4:-4, 4:-4] = True
        # Sensor noise, at most 8 levels strong, is all that tells picture and truth apart there.
        difference = np.abs(other.truths[1].astype(int) - other.pictures[1])[kept & inside]
        assert np.median(difference) < 8


def test_a_warp_moves_labels_with_the_image():
    rng = np.random.default_rng(3)
    labels = np.zeros((SIZE, SIZE), np.uint8)
    labels[20:44, 12:40] = Region.SKIN
    image = np.repeat(labels[..., None] * 20.0, 3, axis=2).astype(np.float32)
    warp = random_warp(rng, SIZE, bent=True, flipped=True)
    moved, moved_labels = warp.image(image), warp.labels(labels)
    assert not np.array_equal(moved_labels, labels)
    assert np.mean((moved[..., 0] > 60) == (moved_labels == Region.SKIN)) > 0.97
    still = random_warp(rng, SIZE, bent=False, flipped=False)
    assert np.array_equal(still.labels(labels), labels)


def test_a_mix_is_recoloured_by_its_amounts():
    rng = np.random.default_rng(4)
    one, other = (random_recolouring(rng, changed=True) for _ in range(2))
    image = rng.uniform(80, 170, (4, 3, 3)).astype(np.float32)
    labels = np.array([[0, 1, 2]] * 4, np.uint8)
    amounts = np.array([0, 1, 0.5] + [0] * 9, np.float32)
    got = one.towards(other, amounts)(image, labels)
    first, second = one(image, labels), other(image, labels)
    assert np.allclose(got[:, 0], first[:, 0])
    assert np.allclose(got[:, 1], second[:, 1], atol=1e-4)
    assert np.allclose(got[:, 2], (first[:, 2] + second[:, 2]) / 2, atol=1e-3)


def test_amounts_cover_every_kind_of_swap():
    drawn = [random_amounts(np.random.default_rng(n)) for n in range(300)]
    inner = np.isin(np.arange(REGION_COUNT), list(FACE))
    assert any((amounts == 0).all() for amounts in drawn)
    assert any(np.array_equal(amounts, inner) for amounts in drawn)
    assert any((amounts > 0).sum() == 1 for amounts in drawn)
    assert any(((amounts > 0) & (amounts < 1)).sum() > 2 for amounts in drawn)


def test_what_the_source_lacks_is_not_swapped():
    labels = np.full((SIZE, SIZE), Region.SKIN, np.uint8)
    amounts = possible_amounts(np.ones(REGION_COUNT, np.float32), labels)
    assert np.flatnonzero(amounts).tolist() == [Region.SKIN]


def test_photographs_show_a_mix_where_labels_agree_or_the_target_stays():
    rng = np.random.default_rng(5)
    images = rng.integers(0, 256, (2, 2, 2, 3), np.uint8)
    source = View(images[0], np.array([[6, 6], [1, 1]], np.uint8))
    target = View(images[1], np.array([[6, 1], [1, 0]], np.uint8))
    amounts = np.zeros(REGION_COUNT, np.float32)
    amounts[Region.SKIN], amounts[Region.LIP] = 1, 0.5
    mixed = known_mix(source, target, amounts)
    assert mixed.known.tolist() == [[True, False], [True, True]]
    assert np.array_equal(mixed.image[0, 0], images[0, 0, 0])
    assert np.array_equal(mixed.image[1, 1], images[1, 1, 1])
    half = images[:, 1, 0].astype(float).mean(axis=0)
    assert np.abs(mixed.image[1, 0] - half).max() <= 1


@pytest.fixture
def photographs(tmp_path):
    for n in range(3):
        rng = np.random.default_rng(n)
        image, labels = render(random_shape(rng), random_texture(rng), SIZE)
        Image.fromarray(image).save(tmp_path / f"{n}.png")
        Image.fromarray(labels).save(tmp_path / f"{n}_map.png")
    return tmp_path


def test_a_folder_gives_pairs_of_its_pictures(photographs):
    pairs = FolderPairs(photographs, SIZE)
    assert len(pairs.files) == 3
    assert same(pairs[1], FolderPairs(photographs, SIZE)[1])
    owners = [np.asarray(Image.open(picture)) for picture, _ in pairs.files]
    for picture in pairs[1].pictures:
        assert any(np.array_equal(picture, owner) for owner in owners)


def test_a_folder_without_maps_is_refused(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg")
    with pytest.raises(ImageError, match="NAME_map"):
        FolderPairs(tmp_path, SIZE)
    with pytest.raises(ImageError, match="no pictures"):
        FolderPairs(tmp_path / "absent", SIZE)


def test_a_pair_is_the_same_at_every_size():
    pairs = PortraitPairs(128, seed=3, augment=0.3)
    large, small = pairs[7], pairs.pair(7, 64)
    assert small.pictures.shape == (2, 64, 64, 3)
    np.testing.assert_array_equal(large.amounts, small.amounts)
    for one, other in ((large.pictures, small.pictures), (large.truths, small.truths)):
        shrunk = one.reshape(2, 64, 2, 64, 2, 3).mean(axis=(2, 4))
        assert np.abs(shrunk - other).mean() < 4
    assert (large.labels[:, ::2, ::2] == small.labels).mean() > 0.95


def test_a_step_has_pairs_of_the_size_it_needs():
    plan = TrainingPlan(steps=10, quarter=0.3, half=0.4)
    assert plan.config.encoder_input == 128
    drawn = [plan.resolution(step) for step in range(10)]
    assert drawn == [64] * 3 + [128] * 4 + [256] * 3
    assert [plan.picture_size(step) for step in range(10)] == [128] * 7 + [256] * 3
    sampler = PairSampler(2, 6, 8, plan.picture_size)
    assert list(sampler) == [[(12, 128), (13, 128)], [(14, 256), (15, 256)]]


def test_small_features_weigh_more_than_in_a_fit_and_unknown_pixels_nothing():
    pair = PortraitPairs(SIZE, 3)[0]
    half_known = replace(
        pair, known=np.repeat([[[True, False]]], 2, 0).repeat(SIZE, 1).repeat(32, 2)
    )
    batch = Batch(Collate([])([half_known]), torch.device("cpu"))
    assert batch.weight.shape == (2, 1, SIZE, SIZE)
    assert not batch.weight[..., 32:].any()
    in_fit = pixel_weights(batch.labels)
    share = (batch.weight / in_fit)[..., :32]
    features = torch.isin(batch.labels, torch.tensor(SMALL_FEATURES))[:, None, :, :32]
    assert features.any()
    assert bool((share[features] > 2).all())
    assert bool((share[~features] == 1).all())
