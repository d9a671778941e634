"""The parser's network: its size, its files, and what it does not look at."""

import pytest
import torch

from e4s_studio.networks.parser import REGIONS, SIDE, ParserNet
from e4s_studio.networks.weights import WeightsError


@pytest.fixture
def network():
    torch.manual_seed(0)
    return ParserNet().eval()


def pictures(count=2):
    return torch.rand(count, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))


def test_every_pixel_gets_twelve_logits(network):
    with torch.inference_mode():
        logits = network(pictures())
    assert logits.shape == (2, REGIONS, SIDE, SIDE)
    assert logits.isfinite().all()


def test_it_is_small_enough_to_ship(network):
    assert sum(weight.numel() for weight in network.parameters()) <= 500_000


def test_exposure_does_not_matter(network):
    scene = pictures(1)
    with torch.inference_mode():
        usual, dim = network(scene).softmax(1), network(0.6 * scene + 0.1).softmax(1)
    assert (usual - dim).abs().max() < 0.05


def test_an_even_picture_is_no_trouble(network):
    with torch.inference_mode():
        assert network(torch.full((1, 3, SIDE, SIDE), 0.5)).isfinite().all()


def test_pictures_of_a_batch_do_not_see_each_other(network):
    pair = pictures()
    with torch.inference_mode():
        assert torch.allclose(network(pair)[1:], network(pair[1:]), atol=1e-4)


def test_what_is_saved_is_loaded(network, tmp_path):
    network.save(tmp_path / "parser.safetensors")
    again = ParserNet.from_file(tmp_path / "parser.safetensors")
    with torch.inference_mode():
        first, second = (net(pictures()).softmax(1) for net in (network, again))
    assert torch.allclose(first, second, atol=0.01)
    assert not any(weight.requires_grad for weight in again.parameters())


def test_other_weights_are_refused(network, tmp_path):
    path = tmp_path / "parser.safetensors"
    network.head = torch.nn.Conv2d(24, 3, 1)
    network.save(path)
    with pytest.raises(WeightsError, match="head"):
        ParserNet.from_file(path)
