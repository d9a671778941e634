"""Training examples for the parser: exact label maps, and a training that converges."""

from copy import deepcopy

import numpy as np
import pytest

from e4s_studio.core.regions import REGION_COUNT, Region
from e4s_studio.train.parser.examples import View, make_pool, photograph, random_view
from e4s_studio.train.parser.scene import (
    HEAD,
    add_background,
    add_clothes,
    add_hat,
    add_moustache,
    paint_scene,
    recolour_hair,
)
from e4s_studio.train.parser.training import ParserPlan, train_parser

SIDE = 96


def rng_of(*seed):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def scenes():
    """Return painted people, bald ones and bearded ones among them."""
    return [paint_scene(rng_of(7, i), 128) for i in range(6)]


def test_an_example_does_not_depend_on_their_number():
    short, long = (make_pool(3, 4, count, SIDE) for count in (2, 3))
    assert short.pictures.shape == (2, SIDE, SIDE, 3)
    assert np.array_equal(short.pictures, long.pictures[:2])
    assert np.array_equal(short.labels, long.labels[:2])
    assert long.labels.max() < REGION_COUNT


def test_cropped_heads_are_completed_above(scenes):
    for scene in scenes:
        assert (scene.labels[0] == Region.BACKGROUND).all()


@pytest.mark.parametrize("seed", range(8))
def test_landmarks_match_the_warp_of_the_picture(seed):
    view = random_view(rng_of(seed))
    points = np.array([(-0.5, 0.0), (0.5, 0.0), (-0.4, 1.05), (0.4, 1.05)])
    seen = view.seen(points)
    back = np.stack(view.source(seen[:, 0], seen[:, 1]), axis=1)
    assert np.abs(back - points).max() < 0.01


def test_a_turned_head_shows_more_of_one_cheek():
    view = View(0.45, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0)
    left, right, ear_left, ear_right = view.seen(
        np.array([(-0.5, 0.0), (0.5, 0.0), (-1.2, 0.4), (1.2, 0.4)])
    )[:, 0]
    assert left - ear_left > 1.5 * (ear_right - right)


def test_the_map_stays_on_the_picture(scenes):
    # The picture shows the label map, so the same warp must apply to both.
    for seed, scene in enumerate(scenes):
        flat = deepcopy(scene)
        flat.picture[:] = np.where(scene.labels == Region.HAIR, 40, 200)[..., None]
        picture, labels = photograph(rng_of(seed), flat, SIDE)
        dark = picture.mean(axis=2)
        hair = labels == Region.HAIR
        if hair.sum() > 300:
            assert dark[hair].mean() < dark[~hair].mean()


def test_another_background_leaves_the_head(scenes):
    scene = deepcopy(scenes[0])
    add_background(rng_of(1), scene, scenes[1])
    deep = np.isin(scenes[0].labels, (Region.NOSE, Region.LIP))
    assert np.allclose(scene.picture[deep], scenes[0].picture[deep], atol=1)
    outside = scene.labels == Region.BACKGROUND
    assert np.abs(scene.picture - scenes[0].picture)[outside].mean() > 5


def test_clothes_cover_neck_but_never_the_face(scenes):
    fewer = 0
    for seed, before in enumerate(scenes):
        scene = deepcopy(before)
        add_clothes(rng_of(seed), scene)
        face = np.isin(before.labels, HEAD)
        assert np.array_equal(scene.labels[face], before.labels[face])
        necks = [(s.labels == Region.BELOWFACE).sum() for s in (before, scene)]
        assert necks[1] <= necks[0]
        fewer += necks[1] < necks[0]
    assert fewer >= 3


def test_a_hat_is_background_and_leaves_the_eyes(scenes):
    scene = deepcopy(scenes[0])
    add_hat(rng_of(2), scene)
    eyes = scenes[0].labels == Region.EYES
    assert (scene.labels[eyes] == Region.EYES).all()
    crown = (scenes[0].labels != Region.BACKGROUND) & (scene.labels == Region.BACKGROUND)
    assert crown.sum() > 100


def test_a_moustache_is_skin_and_covers_lips_alone(scenes):
    scene = deepcopy(scenes[1])
    add_moustache(rng_of(4), scene)
    changed = scene.labels != scenes[1].labels
    assert changed.any()
    assert (scene.labels[changed] == Region.SKIN).all()
    assert set(np.unique(scenes[1].labels[changed])) <= {Region.LIP, Region.MOUTH}


def test_hair_of_any_lightness_changes_hair_alone(scenes):
    haired = next(s for s in scenes if (s.labels == Region.HAIR).sum() > 800)
    scene = deepcopy(haired)
    recolour_hair(rng_of(5), scene)
    change = np.abs(scene.picture - haired.picture).mean(axis=2)
    assert change[haired.labels == Region.HAIR].mean() > 10
    assert change[haired.labels == Region.NOSE].max() < 1


def test_a_training_converges():
    pool = make_pool(0, 3, 8, SIDE)
    losses = []
    plan = ParserPlan(steps=24, batch=4)
    network = train_parser(pool, plan, lambda _, loss: losses.append(loss))
    assert len(losses) == 24
    assert np.mean(losses[-4:]) < 0.7 * np.mean(losses[:4])
    assert not network.training
