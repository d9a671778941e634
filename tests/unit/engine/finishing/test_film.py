"""Black-and-white targets keep their tone, grey sources get the target's colours."""

import numpy as np
import pytest

from e4s_studio.core.pair import Both
from e4s_studio.core.regions import Region
from e4s_studio.core.settings import FilmTrait
from e4s_studio.engine.finishing.film import LUMINANCE, film_of, tone_of
from e4s_studio.train.portraits import random_shape, random_texture, render

SIDE = 160


def painted(seed):
    rng = np.random.default_rng(seed)
    picture, labels = render(random_shape(rng), random_texture(rng), SIDE)
    return picture.astype(np.float32), labels


def grey(picture):
    return np.repeat((picture @ LUMINANCE)[..., None], 3, axis=-1)


def sepia(picture):
    light = grey(picture)
    brown = np.array([1, 0, -1], np.float32)
    return light + (brown - brown @ LUMINANCE) * (6 + 0.12 * light * (1 - light / 300))


def jpeg_noise(picture):
    return picture + np.random.default_rng(0).normal(0, 1.2, picture.shape)


@pytest.mark.parametrize("seed", range(6))
def test_colour_photographs_have_no_tone(seed):
    assert tone_of(painted(seed)[0]) is None


@pytest.mark.parametrize("film", [grey, sepia])
@pytest.mark.parametrize("seed", range(3))
def test_prints_have_one_even_when_noisy(film, seed):
    assert tone_of(jpeg_noise(film(painted(seed)[0]))) is not None


def test_an_even_picture_has_a_tone():
    colour = np.array([90, 80, 60], np.float32)
    tone = tone_of(np.tile(colour, (32, 32, 1)))
    light = colour.astype(np.float64) @ LUMINANCE
    # The luminance is a float32 sum of three products, rounded in an order that BLAS chooses.
    bound = 3 * np.finfo(np.float32).eps / 2 * light
    assert np.allclose(tone[:, -1], colour - light, rtol=0, atol=bound)


@pytest.mark.parametrize("film", [grey, sepia])
def test_a_swap_into_a_print_has_the_prints_tone(film):
    source, target, labels = painted(1)[0], film(painted(2)[0]), painted(2)[1]
    face = film_of(Both(source, target), labels).develop(
        source, labels, np.ones_like(source[..., 0])
    )
    assert np.abs(face - film(source)).mean() < 2
    assert np.abs(face @ LUMINANCE - source @ LUMINANCE).max() < 4


def test_a_grey_source_gets_the_colours_of_the_targets_regions():
    source, (target, labels) = grey(painted(1)[0]), painted(2)
    alpha = np.ones_like(source[..., 0])
    face = film_of(Both(source, target), labels).develop(source, labels, alpha)
    redness = {}
    for region in (Region.SKIN, Region.LIP, Region.HAIR):
        seen, wanted = (each[labels == region].mean(axis=0) for each in (face, target))
        seen, wanted = seen / (seen @ LUMINANCE), wanted / (wanted @ LUMINANCE)
        # Lips are thin: the skin's colour gets half a pixel into them.
        assert np.allclose(seen, wanted, atol=0.3 if region == Region.LIP else 0.06)
        redness[region] = seen[0]
    assert redness[Region.LIP] > redness[Region.SKIN]
    assert np.allclose(face @ LUMINANCE, source @ LUMINANCE, atol=1)


def test_where_the_target_keeps_its_texture_nothing_is_tinted():
    source, (target, labels) = grey(painted(1)[0]), painted(2)
    film = film_of(Both(source, target), labels)
    assert np.array_equal(film.develop(target, labels, np.zeros_like(source[..., 0])), target)


@pytest.mark.parametrize(
    ("of_source", "of_target", "trait"),
    [
        (np.asarray, np.asarray, None),
        (np.asarray, sepia, FilmTrait.TONE),
        (grey, np.asarray, FilmTrait.COLOURS),
        (grey, sepia, FilmTrait.TONE),
    ],
)
def test_which_film_is_followed(of_source, of_target, trait):
    (source, _), (target, labels) = painted(1), painted(2)
    source, target = of_source(source), of_target(target)
    assert film_of(Both(source, target), labels).trait is trait


@pytest.mark.parametrize(("of_source", "of_target"), [(np.asarray, sepia), (grey, np.asarray)])
def test_an_amount_lies_on_the_way_to_the_whole(of_source, of_target):
    (source, _), (target, labels) = painted(1), painted(2)
    source = of_source(source)
    film = film_of(Both(source, of_target(target)), labels)
    alpha = np.full_like(source[..., 0], 0.75)
    none, part, whole = (film.develop(source, labels, alpha, amount) for amount in (0, 0.25, 1))
    np.testing.assert_array_equal(none, source)
    np.testing.assert_allclose(part, source + 0.25 * (whole - source), atol=1e-3)
    assert np.abs(whole - source).mean() > 2


def test_two_colour_photographs_are_left_alone():
    (source, _), (target, labels) = painted(1), painted(2)
    alpha = np.ones_like(source[..., 0])
    assert film_of(Both(source, target), labels).develop(source, labels, alpha) is source
