"""Painted portraits whose every swap has a known truth.

A portrait is drawn from two independent sets of parameters. `Shape` says where everything
lies: head, features, hair style, pose, expression, glasses, earrings. `Texture` says what each
region looks like. `mix` exchanges textures region by region, so that
``render(shape, mix(a, b, amounts), size)`` is the exact picture of a partial swap.
"""

from __future__ import annotations

from e4s_studio.train.portraits.geometry import alignment_points
from e4s_studio.train.portraits.mixing import mix
from e4s_studio.train.portraits.renderer import render
from e4s_studio.train.portraits.shape import Shape, random_shape
from e4s_studio.train.portraits.texture import Texture, random_texture

__all__ = [
    "Shape",
    "Texture",
    "alignment_points",
    "mix",
    "random_shape",
    "random_texture",
    "render",
]
