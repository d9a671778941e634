"""A small network and small portraits, for tests of what the engine does with them."""

from dataclasses import replace

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from e4s_studio.core.portrait import Portrait
from e4s_studio.core.regions import Region
from e4s_studio.networks.config import RGIConfig
from e4s_studio.networks.rgi import RGI

SIZE = 256

SMALL = RGIConfig(
    size=64,
    code_layers=13,
    style_dim=16,
    hidden=16,
    mapping_layers=0,
    channels=(16, 16, 16, 16, 16),
    stem=4,
    encoder_groups=((1, 4), (1, 8), (1, 8), (1, 16)),
)


def small_network(config: RGIConfig = SMALL) -> RGI:
    """Return a narrow network of random weights, always the same."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        return RGI(config).eval().requires_grad_(False)


def lit_network() -> RGI:
    """Return a narrow network whose texture vectors tell of the light, as if it were trained."""
    network = small_network(replace(SMALL, light=4))
    network.G.conv1.noise.weight.fill_(0.1)
    return network


def drawn_map(*, width: float = 1.0, hair: bool = True) -> NDArray[np.uint8]:
    """Draw a simple face: background, hair, neck, skin, brows, eyes, nose, lips."""
    labels = np.zeros((SIZE, SIZE), np.uint8)
    if hair:
        cv2.ellipse(labels, (128, 110), (int(95 * width), 105), 0, 0, 360, int(Region.HAIR), -1)
    cv2.rectangle(labels, (100, 180), (156, 255), int(Region.BELOWFACE), -1)
    cv2.ellipse(labels, (128, 135), (int(70 * width), 92), 0, 0, 360, int(Region.SKIN), -1)
    for x in (98, 158):
        cv2.ellipse(labels, (x, 115), (16, 7), 0, 0, 360, int(Region.EYES), -1)
        cv2.ellipse(labels, (x, 98), (20, 5), 0, 0, 360, int(Region.EYEBROWS), -1)
    cv2.ellipse(labels, (128, 140), (12, 24), 0, 0, 360, int(Region.NOSE), -1)
    cv2.ellipse(labels, (128, 190), (28, 9), 0, 0, 360, int(Region.LIP), -1)
    return labels


def portrait(seed: int, *, width: float = 1.0) -> Portrait:
    """Paint a face whose regions have colours and a grain of their own."""
    rng = np.random.default_rng(seed)
    labels = drawn_map(width=width)
    colours = rng.uniform(40, 215, (len(Region), 3))
    grain = rng.normal(0, 12, (SIZE, SIZE, 3))
    image = np.clip(colours[labels] + grain, 0, 255).astype(np.uint8)
    return Portrait(image, labels)
