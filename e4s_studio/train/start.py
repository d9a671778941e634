"""The network that a training starts with: a random one, or one that was trained before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from e4s_studio.core.errors import CheckpointError
from e4s_studio.networks.rgi import RGI

if TYPE_CHECKING:
    from e4s_studio.train.plan import TrainingPlan


def start_network(plan: TrainingPlan) -> RGI:
    """Return the plan's network with random weights, drawn with its seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        return RGI(plan.config)


def go_on_with(network: RGI, plan: TrainingPlan) -> RGI:
    """Return the plan's network with the weights of one that was trained before.

    One from before texture vectors told of the light learns that in the new training: until then
    it draws as it did.

    Raises
    ------
    CheckpointError
        If it is another network than the plan's.
    """
    if network.config == plan.config:
        return network
    if network.config != replace(plan.config, light=0):
        raise CheckpointError(
            f"These weights are of another network than the preset {plan.preset}."
        )
    grown = start_network(plan)
    kept = network.state_dict()
    scale = (plan.config.vector_dim / network.config.vector_dim) ** 0.5
    for name, weight in grown.state_dict().items():
        if name.endswith("mlp.0.weight") and name in kept:
            # An equalised layer divides by the square root of how many inputs it has.
            weight.zero_()[:, : network.config.vector_dim] = kept[name] * scale
        elif name in kept:
            weight.copy_(kept[name])
    return grown
