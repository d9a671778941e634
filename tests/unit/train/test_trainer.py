from dataclasses import replace

import pytest
import torch
from small import TINY
from trainings import PLAN

from e4s_studio.core.errors import CheckpointError
from e4s_studio.networks.config import PRESETS, REGIONS
from e4s_studio.networks.rgi import RGI
from e4s_studio.train.trainer import continue_from, initial_network

SIZE = TINY.size


@pytest.fixture(autouse=True)
def tiny_preset(monkeypatch):
    monkeypatch.setitem(PRESETS, "tiny", TINY)


def test_equal_seeds_give_equal_networks() -> None:
    one, other = (initial_network(PLAN).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_training_starts_from_given_weights() -> None:
    network = initial_network(replace(PLAN, seed=5))
    assert continue_from(network, PLAN) is network


def test_weights_without_lighting_generate_what_they_did() -> None:
    torch.manual_seed(1)
    old = RGI(replace(PLAN.config, light=0)).eval()
    grown = continue_from(old, PLAN).eval()
    assert grown.config == PLAN.config
    image = torch.rand(1, 3, SIZE, SIZE) * 2 - 1
    labels = torch.randint(REGIONS, (1, SIZE, SIZE))
    with torch.inference_mode():
        drawn = [
            network.draw(
                network.style_codes(network.encode_labels(image, labels)), network.layout(labels)
            )
            for network in (old, grown)
        ]
    torch.testing.assert_close(drawn[0], drawn[1], rtol=1e-4, atol=1e-5)


def test_weights_of_another_network_are_refused() -> None:
    other = RGI(replace(PLAN.config, style_dim=2 * PLAN.config.style_dim))
    with pytest.raises(CheckpointError, match="another network"):
        continue_from(other, PLAN)
