"""Pasting a composed crop back into the whole photograph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from e4s_studio.core.quad import Quad
from e4s_studio.engine.faces.align import paste_back
from e4s_studio.engine.pictures import to_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.core.portrait import Portrait
    from e4s_studio.engine.finishing.compose import Composite

_FULL_ALPHA_FROM: Final = 0.25
"""Cover above which the composed crop replaces the photograph. It carries its own seam already,
so the outermost part of the seam alone is left to fade into the photograph's own pixels."""
_BORDER_FADE: Final = 1 / 16
"""Share of the crop's side over which a swap fades where the crop ends and its photograph goes on:
a neck that passes the border would be cut off there."""
_SMALLEST_MARGIN: Final = 0.01
"""Share of the crop's side by which the photograph has to go on beyond it."""


def into_photograph(portrait: Portrait, composite: Composite) -> NDArray[np.uint8]:
    """Put a composed crop back into the whole photograph, at the photograph's resolution.

    Pixels that the composite does not cover equal the photograph's bit for bit.
    """
    photograph, quad = portrait.photograph, Quad.of(portrait.quad)
    covered = laid_cover(composite.cover, quad, photograph.shape)
    if photograph.shape == composite.result.shape and quad == Quad.whole(*photograph.shape[:2]):
        levels = photograph.astype(np.float32)
        laid = levels + covered[..., None] * (composite.result - levels)
        return to_image(laid)
    return paste_back(photograph, composite.result, covered, quad)


def laid_cover(
    cover: NDArray[np.float32], quad: Quad, photograph: tuple[int, ...]
) -> NDArray[np.float32]:
    """Return how far a composed crop replaces its photograph.

    Parameters
    ----------
    cover
        (N, N) float32, 0 to 1: where the crop differs from the target at all.
    quad
        Where the crop was cut out.
    photograph
        Height and width of the photograph, and whatever follows.

    Returns
    -------
    (N, N) float32, 0 to 1: full where anything was swapped, fading outside it, and towards every
    side of the crop beyond which the photograph goes on.
    """
    covered = np.clip(cover / _FULL_ALPHA_FROM, 0, 1)
    ramp = (np.arange(cover.shape[0], dtype=np.float32) + 0.5) / (_BORDER_FADE * cover.shape[0])
    fade = np.clip(ramp, 0, 1) ** 2 * (3 - 2 * np.clip(ramp, 0, 1))
    left, bottom, right, top = _sides_inside(quad, photograph)
    for inside, line in ((left, fade), (right, fade[::-1])):
        covered = covered * line if inside else covered
    for inside, line in ((top, fade), (bottom, fade[::-1])):
        covered = covered * line[:, None] if inside else covered
    return np.asarray(covered, np.float32)


def _sides_inside(quad: Quad, photograph: tuple[int, ...]) -> list[bool]:
    """Say of the crop's left, bottom, right and top side whether the photograph goes on there."""
    corners = quad.points
    middles = (corners + np.roll(corners, -1, axis=0)) / 2
    end = np.array([photograph[1], photograph[0]]) - 1
    room = np.minimum(middles, end - middles).min(axis=1)
    return [bool(free > _SMALLEST_MARGIN * quad.side) for free in room]
