from dataclasses import replace

import pytest
import torch
from tiny_rgi import TINY
from torch import Tensor

from e4s_studio.core.regions import Region
from e4s_studio.networks.config import E4S_1024, MOMENTS, REGIONS, STUDIO_256
from e4s_studio.networks.rgi import RGI
from e4s_studio.networks.texture import (
    GAIN,
    LEAST_VARIANCE,
    Light,
    colour_moments,
    mix_vectors,
)

SIZE = 32


def ramp() -> tuple[Tensor, Tensor]:
    """Skin on the left half, hair on the right; red rises to the right all over, blue is flat."""
    labels = torch.full((1, SIZE, SIZE), int(Region.SKIN))
    labels[..., SIZE // 2 :] = int(Region.HAIR)
    image = torch.zeros(1, 3, SIZE, SIZE)
    image[:, 0] = torch.linspace(-1, 1, SIZE)
    image[:, 2] = 0.5
    return image, labels


def test_the_mean_colour_of_each_region_is_told() -> None:
    image, labels = ramp()
    moments = colour_moments(image, labels)[0] / GAIN
    for region in (Region.SKIN, Region.HAIR):
        inside = labels[0] == region
        expected = image[0][:, inside]
        assert torch.allclose(moments[region, :3], expected.mean(1), atol=1e-5)
        variance = expected.var(dim=1, correction=0) + LEAST_VARIANCE
        assert torch.allclose(moments[region, 3:6], variance.sqrt(), atol=1e-4)


def test_a_colour_that_rises_to_the_right_is_told_from_one_that_rises_downwards() -> None:
    image, labels = ramp()
    across = colour_moments(image, labels)[0, Region.SKIN, 6:].view(5, 3) / GAIN
    down = colour_moments(image.transpose(2, 3), labels.transpose(1, 2))[0, Region.SKIN, 6:]
    down = down.view(5, 3) / GAIN
    # Of a ramp the mean product with its own place, in deviations, is the colour's deviation.
    red = image[0, 0][labels[0] == Region.SKIN]
    assert across[0, 0] == pytest.approx(red.std(correction=0).item(), rel=0.05)
    assert across[:, 2].abs().max() < 1e-5
    assert abs(across[1, 0]) < 1e-5
    assert down[1, 0] == pytest.approx(across[0, 0].item(), rel=1e-4)
    assert abs(down[0, 0]) < 1e-5


def test_a_region_that_is_not_there_has_zeros_and_no_other_picture_matters() -> None:
    image, labels = ramp()
    both = colour_moments(torch.cat([image, -image]), labels.expand(2, -1, -1))
    assert torch.equal(both[:, Region.BELOWFACE], torch.zeros(2, MOMENTS))
    assert torch.allclose(both[:1], colour_moments(image, labels), atol=1e-6)


def test_a_region_of_one_pixel_has_finite_moments() -> None:
    image, labels = ramp()
    labels[0, 5, 5] = int(Region.EYES)
    moments = colour_moments(image, labels)[0, Region.EYES] / GAIN
    assert torch.allclose(moments[:3], image[0, :, 5, 5], atol=1e-6)
    assert moments[6:].abs().max() < 1e-4


def test_the_published_vectors_are_as_long_as_they_were() -> None:
    assert E4S_1024.vector_dim == 1280
    assert STUDIO_256.seen_dim == 64 + 128 + 128 + MOMENTS
    assert STUDIO_256.vector_dim == STUDIO_256.seen_dim + 2 * STUDIO_256.light


def test_a_darker_photograph_has_darker_vectors_of_the_built_in_model() -> None:
    image, labels = ramp()
    network = RGI(STUDIO_256).eval()
    seen = STUDIO_256.seen_dim
    with torch.no_grad():
        vectors, darker = (
            network.encode_labels(picture, labels)[0, Region.SKIN, seen - MOMENTS : seen]
            for picture in (image, image - 0.5)
        )
    assert torch.allclose(vectors[:3] - darker[:3], torch.full((3,), GAIN * 0.5), atol=1e-4)
    assert torch.allclose(vectors[3:], darker[3:], atol=1e-4)


LIGHT = 3
CONFIG = replace(TINY, light=LIGHT)
EARS, MOUTH = 6, 11


def pair() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    source, target = torch.rand(2, 1, REGIONS, 5 + 2 * LIGHT).unbind()
    target[..., -LIGHT:] = torch.rand(LIGHT)  # one light in the whole picture
    return source, target


def test_vectors_are_interpolated_per_region() -> None:
    source, target = pair()
    amounts = torch.linspace(0, 1, REGIONS)
    mixed = mix_vectors(source, target, amounts, 0)
    for region, amount in enumerate(amounts):
        expected = (1 - amount) * target[0, region] + amount * source[0, region]
        torch.testing.assert_close(mixed[0, region], expected)


def test_a_region_that_one_face_lacks_is_taken_whole_from_the_other() -> None:
    source, target = pair()
    source[:, EARS] = 0
    target[:, MOUTH] = 0
    mixed = mix_vectors(source, target, torch.full((REGIONS,), 0.5), 0)
    torch.testing.assert_close(mixed[:, EARS], target[:, EARS])
    torch.testing.assert_close(mixed[:, MOUTH], source[:, MOUTH])


def test_a_swap_is_drawn_in_the_targets_light_whatever_its_amounts() -> None:
    source, target = pair()
    for amount in (0.0, 0.5, 1.0):
        mixed = mix_vectors(source, target, torch.full((REGIONS,), amount), LIGHT)
        torch.testing.assert_close(mixed[..., -LIGHT:], target[..., -LIGHT:])
        rest = torch.lerp(target, source, amount)[..., :-LIGHT]
        torch.testing.assert_close(mixed[..., :-LIGHT], rest)


def test_a_region_that_the_target_lacks_is_drawn_in_its_light_too() -> None:
    source, target = pair()
    target[:, MOUTH] = 0
    mixed = mix_vectors(source, target, torch.zeros(REGIONS), LIGHT)
    torch.testing.assert_close(mixed[0, MOUTH, -LIGHT:], target[0, 0, -LIGHT:])
    torch.testing.assert_close(mixed[0, MOUTH, :-LIGHT], source[0, MOUTH, :-LIGHT])


def test_the_light_is_one_for_the_whole_picture_and_nothing_where_a_region_is_missing() -> None:
    seen = torch.randn(2, REGIONS, CONFIG.seen_dim)
    seen[:, EARS] = 0
    vectors = Light(CONFIG)(seen)
    assert vectors.shape == (2, REGIONS, CONFIG.vector_dim)
    torch.testing.assert_close(vectors[..., : CONFIG.seen_dim], seen)
    first, second = vectors[..., CONFIG.seen_dim :].split(LIGHT, dim=2)
    assert torch.equal(first, second)
    assert not vectors[:, EARS].any()
    others = [region for region in range(REGIONS) if region != EARS]
    assert torch.equal(first[:, others], first[:, :1].expand(-1, len(others), -1))
    assert not torch.equal(first[0, 0], first[1, 0])


@pytest.mark.parametrize("light", [0, LIGHT])
def test_a_network_mixes_with_as_much_light_as_it_has(light: int) -> None:
    network = RGI(replace(TINY, light=light))
    source, target = torch.rand(2, 1, REGIONS, network.config.vector_dim).unbind()
    mixed = network.mix(source, target, torch.ones(REGIONS))
    kept = network.config.vector_dim - light
    torch.testing.assert_close(mixed, torch.cat([source[..., :kept], target[..., kept:]], dim=2))


def test_no_weight_tells_of_a_light_that_is_not_there() -> None:
    names = RGI(TINY).state_dict()
    assert not [name for name in names if "light" in name]
