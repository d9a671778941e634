import copy
import pickle
from dataclasses import replace

import pytest
import torch
from torch import nn

from e4s_studio.networks.config import REGIONS, STUDIO_256
from e4s_studio.networks.encoder import Encoder
from e4s_studio.networks.fast import WeightCache, cache as cache_module
from e4s_studio.networks.fast.cache import Workspace

WIDE = replace(
    STUDIO_256,
    stem=80,
    encoder_groups=((2, 104), (1, 128), (2, 160), (2, 160)),
    encoder_input=64,
)


@pytest.fixture
def inputs():
    torch.manual_seed(0)
    return torch.rand(2, 3, 64, 64) * 2 - 1, torch.randint(0, REGIONS, (2, 64, 64))


def fresh(config=WIDE):
    torch.manual_seed(0)
    return Encoder(config).eval()


def test_a_value_is_made_once_for_each_state_of_a_weight():
    layer, cache = nn.Linear(3, 3), WeightCache()
    double = lambda: 2 * layer.weight  # noqa: E731
    first = cache.once(layer, "double", double)
    assert cache.once(layer, "double", double) is first
    assert not first.requires_grad
    with torch.no_grad():
        layer.weight.add_(1)
    assert torch.equal(cache.once(layer, "double", double), 2 * layer.weight)


def test_what_was_made_in_inference_mode_serves_gradients():
    layer, cache = nn.Linear(3, 3), WeightCache()
    with torch.inference_mode():
        made = cache.once(layer, "double", lambda: 2 * layer.weight)
    x = torch.ones(3, requires_grad=True)
    (made @ x).sum().backward()
    torch.testing.assert_close(x.grad, made.sum(0))


def test_a_cache_is_neither_copied_nor_pickled():
    layer, cache = nn.Linear(3, 3), WeightCache()
    first = cache.once(layer, "large", lambda: torch.zeros(1000))
    assert len(pickle.dumps(cache)) < 500
    assert copy.deepcopy(cache).once(layer, "large", lambda: torch.zeros(1000)) is not first


def test_takes_the_same_memory_again_for_the_same_purpose_alone():
    space, like = Workspace(WeightCache()), torch.empty(0)
    with torch.inference_mode():
        first = space.take("a", (4, 6), like)
        other = space.take("b", (4, 6), like)
    again = space.take("a", (3, 5), like)
    assert again.data_ptr() == first.data_ptr() != other.data_ptr()
    assert again.fill_(3).sum() == 45
    assert space.take("a", (3, 5), like.double()).dtype == torch.float64
    assert space.take("a", (40, 60), like).shape == (40, 60)


def test_two_passes_at_once_do_not_share_a_workspace():
    cache = WeightCache()
    with cache.workspace() as one, cache.workspace() as two:
        assert one is not two
    with cache.workspace() as later:
        assert later in (one, two)


def test_room_goes_to_the_first_layers_that_ask(monkeypatch):
    monkeypatch.setattr(cache_module, "LARGE_FLOATS", 4)
    monkeypatch.setattr(cache_module, "KEPT_FLOATS", 10)
    cache, layers = WeightCache(), [nn.Linear(1, 1) for _ in range(3)]
    assert [cache.room(layer, size) for layer, size in zip(layers, (6, 6, 4), strict=True)] == [
        True,
        False,
        True,
    ]
    assert cache.room(layers[0], 6)
    assert cache.room(layers[1], 3)


@pytest.mark.parametrize("room", [0, 2_000_000, 1 << 30])
def test_weights_that_are_not_kept_encode_the_same(inputs, room, monkeypatch):
    monkeypatch.setattr(cache_module, "LARGE_FLOATS", 0)
    monkeypatch.setattr(cache_module, "KEPT_FLOATS", room)
    network = fresh()
    with torch.no_grad():
        fast = network(*inputs)
    torch.testing.assert_close(fast, network(*inputs), atol=2e-5, rtol=0)


def test_sizes_that_halve_to_odd_ones_encode_the_same(inputs):
    network = fresh(replace(WIDE, encoder_input=52))
    with torch.no_grad():
        fast = network(*inputs)
    torch.testing.assert_close(fast, network(*inputs), atol=2e-5, rtol=0)


def test_encoding_again_changes_nothing_and_new_weights_count(inputs):
    network = fresh()
    with torch.no_grad():
        first = network(*inputs)
        copied = copy.deepcopy(network)
        assert torch.equal(network(*inputs), first)
        network.free_memory()
        assert torch.equal(network(*inputs), first)
        for parameter in network.parameters():
            parameter.mul_(0.9)
        changed = network(*inputs)
        assert torch.equal(copied(*inputs), first)
    torch.testing.assert_close(changed, network(*inputs), atol=2e-5, rtol=0)
    assert not torch.equal(changed, first)
