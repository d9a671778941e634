from dataclasses import replace

import pytest
import torch
from tiny_rgi import TINY

from e4s_studio.networks.config import REGIONS
from e4s_studio.networks.light import Light, mix_vectors
from e4s_studio.networks.rgi import RGI

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
