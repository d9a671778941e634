"""Synthetic portraits for which the ground truth of every swap is known.

A portrait is rendered from two independent sets of parameters. `Shape` is its geometry: head,
features, hair style, pose, expression, glasses, earrings. `Texture` is the appearance of each
region. `mix` interpolates textures region by region, so that
``render(shape, mix(a, b, amounts), size)`` is the exact picture of a partial swap.
"""

from __future__ import annotations

from e4s_studio.train.portraits.geometry import alignment_points
from e4s_studio.train.portraits.renderer import render
from e4s_studio.train.portraits.shape import Shape, random_shape
from e4s_studio.train.portraits.texture import Texture, mix, random_texture

__all__ = [
    "Shape",
    "Texture",
    "alignment_points",
    "mix",
    "random_shape",
    "random_texture",
    "render",
]
