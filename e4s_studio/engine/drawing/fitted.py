"""A network with the texture vectors of a pair: what a swap is drawn from."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from e4s_studio.engine.pictures import to_labels, to_network

if TYPE_CHECKING:
    from torch import Tensor

    from e4s_studio.core.portrait import Portrait
    from e4s_studio.networks.rgi import RGI


@dataclass(frozen=True)
class Fitted:
    """A network and the texture vectors of a pair, fitted as far as the fit has come.

    Attributes
    ----------
    network
        Frozen, in evaluation mode; the fit's own copy.
    source, target
        (1, 12, vector_dim) texture vectors.
    steps
        Steps taken.
    """

    network: RGI
    source: Tensor
    target: Tensor
    steps: int = 0

    def on(self, device: torch.device | str) -> Fitted:
        """Return a copy of the fit on another device."""
        network = copy.deepcopy(self.network).to(device)
        return Fitted(network, self.source.to(device), self.target.to(device), self.steps)


def encode_pair(network: RGI, source: Portrait, target: Portrait) -> Fitted:
    """Return the network as it is, with the vectors that its encoder gives for the pair."""
    device = network.latent_avg.device
    size = network.config.size
    with torch.inference_mode():
        vectors = [
            network.encode_labels(
                to_network(portrait.image, size).to(device), to_labels(portrait.labels).to(device)
            )
            for portrait in (source, target)
        ]
    return Fitted(network, vectors[0].clone(), vectors[1].clone())
