import copy
import pickle
from dataclasses import replace

import pytest
import torch

from e4s_studio.networks import encoder
from e4s_studio.networks.config import REGIONS, STUDIO_256
from e4s_studio.networks.encoder import Encoder
from e4s_studio.networks.workspace import SpareWorkspace, Workspace

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


def test_takes_the_same_memory_again_for_the_same_purpose_alone():
    space, like = Workspace(), torch.empty(0)
    first = space.take("a", (4, 6), like)
    other = space.take("b", (4, 6), like)
    again = space.take("a", (3, 5), like)
    assert again.shape == (3, 5)
    assert again.data_ptr() == first.data_ptr() != other.data_ptr()
    assert space.take("a", (3, 5), like.double()).dtype == torch.float64
    assert space.take("a", (40, 60), like).shape == (40, 60)


def test_memory_made_in_inference_mode_can_be_written_to_outside_of_it():
    space, like = Workspace(), torch.empty(0)
    with torch.inference_mode():
        space.take("a", (4,), like)
    assert space.take("a", (4,), like).fill_(3).sum() == 12


def test_two_passes_at_once_do_not_share_a_workspace():
    spare = SpareWorkspace()
    with spare.borrowed() as one, spare.borrowed() as two:
        assert one is not two
    with spare.borrowed() as later:
        assert later in (one, two)


def test_a_workspace_is_neither_copied_nor_pickled():
    spare = SpareWorkspace()
    with spare.borrowed() as space:
        space.take("a", (1000,), torch.empty(0))
    assert len(pickle.dumps(spare)) < 500
    with copy.deepcopy(spare).borrowed() as other:
        assert other is not space


@pytest.mark.parametrize("room", [0, 2_000_000, 1 << 30])
def test_weights_that_are_not_kept_encode_the_same(inputs, room, monkeypatch):
    monkeypatch.setattr(encoder, "KEPT_FLOATS", room)
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
