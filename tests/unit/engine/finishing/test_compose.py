from dataclasses import replace

import cv2
import numpy as np
import pytest

from e4s_studio.core.pair import Both
from e4s_studio.core.portrait import Portrait
from e4s_studio.core.regions import FACE, Region
from e4s_studio.core.settings import EditSettings, FilmTrait
from e4s_studio.engine.finishing.blend import blend, seam_ramp
from e4s_studio.engine.finishing.compose import Composite, Mattes, compose, prepare
from e4s_studio.engine.finishing.light import light_slope
from e4s_studio.engine.swap import swap_label_maps
from tests.unit.engine.pairs import SIZE, portrait

PLAIN = EditSettings(light=0.0)
NOTHING = PLAIN.with_amount(Region, 0.0)


def flat(level: float, size: int = SIZE) -> np.ndarray:
    return np.full((size, size, 3), level, np.float32)


def composed(
    source: Portrait, target: Portrait, settings: EditSettings, mattes: Mattes | None = None
) -> tuple[Composite, np.ndarray]:
    """Compose a swap whose generator draws every reconstruction and every swap as plain grey."""
    pair = prepare(Both(source, target), Both(flat(128), flat(128)), SIZE)
    labels, _ = swap_label_maps(source.labels, target.labels, face_over_hair=True)
    return compose(pair, flat(128), labels, settings, mattes or Mattes()), labels


def test_without_any_amount_the_target_comes_back() -> None:
    target = portrait(1)
    pair = prepare(Both(portrait(2), target), Both(flat(100), flat(90)), SIZE)
    result = compose(pair, flat(50), target.labels, NOTHING)
    np.testing.assert_array_equal(result.result, target.image)
    assert not result.cover.any()


def test_past_the_seam_the_target_stays_bit_for_bit() -> None:
    source, target = portrait(1), portrait(2, width=1.1)
    result, _ = composed(source, target, replace(PLAIN, blend_width=32.0))
    outside = result.cover == 0
    assert outside.mean() > 0.2
    np.testing.assert_array_equal(result.result[outside], target.image[outside])


def test_detail_returns_the_photograph_where_the_labels_agree() -> None:
    source, target = portrait(1), portrait(2)
    result, labels = composed(source, target, PLAIN)
    inside = np.isin(labels, list(FACE)) & (labels == source.labels) & (labels == target.labels)
    np.testing.assert_allclose(result.face[inside], source.image[inside], atol=1e-3)


def test_half_an_amount_lies_halfway() -> None:
    source, target = portrait(1), portrait(2)
    result, labels = composed(source, target, PLAIN.with_amount(Region, 0.5))
    lips = labels == Region.LIP
    halfway = (source.image[lips].astype(float) + target.image[lips]) / 2
    np.testing.assert_allclose(result.face[lips], halfway, atol=1e-3)


def test_without_detail_the_drawing_is_all_there_is() -> None:
    result, _ = composed(portrait(1), portrait(2), replace(PLAIN, detail=0.0))
    np.testing.assert_allclose(result.face, 128, atol=1e-3)


def test_a_painted_occluder_wins() -> None:
    source, target = portrait(1), portrait(2)
    occluder = np.zeros((SIZE, SIZE), np.uint8)
    occluder[100:160, 100:160] = 255
    result, _ = composed(source, target, PLAIN, Mattes(occluder=occluder))
    np.testing.assert_allclose(
        result.result[100:160, 100:160], target.image[100:160, 100:160], atol=1e-3
    )
    assert np.abs(result.result[165:175, 110:150] - target.image[165:175, 110:150]).mean() > 5


def test_a_painted_amount_scales_the_swap() -> None:
    source, target = portrait(1), portrait(2)
    whole, labels = composed(source, target, PLAIN)
    half = Mattes(amount=np.full((SIZE, SIZE), 128, np.uint8))
    result, _ = composed(source, target, PLAIN, half)
    skin = labels == Region.SKIN
    share = 128 / 255
    expected = target.image[skin] + share * (whole.result[skin] - target.image[skin])
    np.testing.assert_allclose(result.result[skin], expected, atol=1e-2)


def test_a_seam_between_two_colours_has_no_step() -> None:
    matte = np.zeros((128, 128), bool)
    matte[:, 64:] = True
    result = blend(flat(60, 128), flat(180, 128), seam_ramp(matte, 16), 16)
    row = result[64, :, 0]
    assert row[: 64 - 17].max() == 60
    assert np.abs(np.diff(row)).max() < 0.2 * 120
    assert row[64 + 4 :].min() == pytest.approx(180, abs=2)


def test_the_ramp_ends_at_its_width() -> None:
    matte = np.zeros((64, 64), bool)
    matte[24:40, 24:40] = True
    ramp = seam_ramp(matte, 6)
    assert (ramp[matte] == 1).all()
    assert ramp[32, 40 + 5] > 0
    assert ramp[32, 40 + 7] == 0


def greyed(face: Portrait) -> Portrait:
    light = cv2.cvtColor(face.image, cv2.COLOR_RGB2GRAY)
    return Portrait(np.repeat(light[..., None], 3, axis=-1), face.labels)


def colourfulness(levels: np.ndarray) -> float:
    return float(np.ptp(levels, axis=-1).mean())


def test_a_swap_follows_the_film_as_far_as_it_is_set() -> None:
    source, target = portrait(1), greyed(portrait(2, width=1.1))
    seen = {}
    for amount in (0.0, 0.5, 1.0):
        composite, labels = composed(source, target, replace(PLAIN, film=amount))
        seen[amount] = colourfulness(composite.result[labels == Region.SKIN])
        assert composite.film is (FilmTrait.TONE if amount else None)
    own = colourfulness(source.image[target.labels == Region.SKIN])
    assert seen[0.0] > 0.5 * own > 10
    assert seen[0.5] == pytest.approx(seen[0.0] / 2, rel=0.05)
    assert seen[1.0] < 0.5


def test_a_grey_source_takes_the_targets_colours() -> None:
    source, target = greyed(portrait(1)), portrait(2)
    followed, labels = composed(source, target, PLAIN)
    left, _ = composed(source, target, replace(PLAIN, film=0.0))
    skin = labels == Region.SKIN
    assert followed.film is FilmTrait.COLOURS
    assert left.film is None
    assert colourfulness(left.face[skin]) < 0.5
    shares = (levels[skin].mean(axis=0) for levels in (followed.face, target.image))
    np.testing.assert_allclose(*(share / share.mean() for share in shares), atol=0.05)


def test_a_film_that_changed_nothing_is_not_claimed() -> None:
    colour, other = portrait(1), portrait(2)
    assert composed(colour, other, PLAIN)[0].film is None
    # Nothing of the source is shown where the artist keeps the target's own pixels everywhere.
    hidden = Mattes(occluder=np.full((SIZE, SIZE), 255, np.uint8))
    assert composed(colour, greyed(other), PLAIN, hidden)[0].film is None
    assert composed(colour, greyed(other), PLAIN)[0].film is FilmTrait.TONE


def lit(face: Portrait, slope: float) -> Portrait:
    ramp = np.exp(slope * ((np.arange(SIZE) + 0.5) / SIZE - 0.5))
    image = np.clip(face.image * ramp[None, :, None], 0, 255).astype(np.uint8)
    return Portrait(image, face.labels)


def test_light_from_the_side_is_found_and_beards_are_not() -> None:
    grey = Portrait(np.full((SIZE, SIZE, 3), 120, np.uint8), portrait(1).labels)
    target = lit(grey, 0.5)
    bearded = target.image.copy()
    bearded[170:] //= 4
    plain, found = (light_slope(image, grey.labels) for image in (grey.image, bearded))
    gain = plain.gain_to(found, SIZE)
    across = np.log(gain[128, -1] / gain[128, 0])
    assert across == pytest.approx(0.5 * (SIZE - 1) / SIZE, abs=0.05)
    assert np.log(gain[-1, 128] / gain[0, 128]) == pytest.approx(0, abs=0.02)


def test_light_from_above_is_left_to_the_network() -> None:
    grey = Portrait(np.full((SIZE, SIZE, 3), 120, np.uint8), portrait(1).labels)
    ramp = np.exp(0.5 * (0.5 - (np.arange(SIZE) + 0.5) / SIZE))
    above = np.clip(grey.image * ramp[:, None, None], 0, 255).astype(np.uint8)
    plain, found = (light_slope(image, grey.labels) for image in (grey.image, above))
    np.testing.assert_allclose(plain.gain_to(found, SIZE), 1, atol=0.01)


def test_equal_light_changes_nothing() -> None:
    face = portrait(3)
    slope = light_slope(face.image, face.labels)
    np.testing.assert_array_equal(slope.gain_to(slope, 64), 1)


@pytest.mark.parametrize("drawn_light", [0.0, 0.25, 0.5])
def test_a_face_is_lit_as_the_target_is_however_it_was_drawn(drawn_light: float) -> None:
    grey = Portrait(np.full((SIZE, SIZE, 3), 120, np.uint8), portrait(1).labels)
    target = lit(grey, 0.5)
    reconstructions = Both(flat(120), target.image.astype(np.float32))
    pair = prepare(Both(grey, target), reconstructions, SIZE)
    drawn = lit(grey, drawn_light).image.astype(np.float32)
    settings = EditSettings(detail=0.0, light=1.0)
    face = compose(pair, drawn, target.labels, settings).face
    skin = np.isin(target.labels, list(FACE))
    np.testing.assert_allclose(face[skin], target.image[skin].astype(float), atol=3)
