"""A network with the texture vectors of a pair: what a swap is drawn from."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from e4s_studio.engine.pictures import to_labels, to_network

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from e4s_studio.core.pair import Both
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.networks.rgi import RGI


@dataclass(frozen=True)
class Fitted:
    """A network and the texture vectors of a pair, fitted as far as the fit has come.

    Attributes
    ----------
    network
        Frozen, in evaluation mode; the fit's own copy.
    vectors
        (1, 12, vector_dim) texture vectors.
    steps
        Steps taken.
    """

    network: RGI
    vectors: Both[Tensor]
    steps: int = 0

    def on(self, device: torch.device | str) -> Fitted:
        """Return a copy of the fit on another device."""
        network = copy.deepcopy(self.network).to(device)
        return Fitted(network, self.vectors.map(lambda each: each.to(device)), self.steps)


def encode_pair(network: RGI, portraits: Both[Portrait]) -> Fitted:
    """Return the network as it is, with the vectors that its encoder gives for the pair."""
    with torch.inference_mode():
        vectors = portraits.map(lambda each: encode(network, each.image, each.labels))
    return Fitted(network, vectors.map(torch.clone))


def encode(network: RGI, image: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Tensor:
    """Return the texture vectors of one crop, (1, 12, vector_dim).

    Parameters
    ----------
    network
        The network with the encoder.
    image, labels
        (H, W, 3) uint8 RGB, and (H, W) uint8.
    """
    device = network.latent_avg.device
    return network.encode_labels(
        to_network(image, network.config.size).to(device), to_labels(labels).to(device)
    )
