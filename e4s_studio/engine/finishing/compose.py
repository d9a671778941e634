"""From the generator's picture to the finished crop: detail, light, film, seam, occluders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.core.pair import Both
from e4s_studio.engine.faces.portraits import crop_at
from e4s_studio.engine.finishing.blend import blend, face_matte, seam_ramp, thrice
from e4s_studio.engine.finishing.detail import Detail, residual_of
from e4s_studio.engine.finishing.film import Film, film_of
from e4s_studio.engine.finishing.light import Slope, light_slope
from e4s_studio.engine.pictures import by_region, resize, resize_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.core.portrait import Portrait
    from e4s_studio.core.settings import EditSettings, FilmTrait

CANONICAL_SIZE: Final = 1024
"""The crop size that widths in settings are meant for."""
WHITE: Final = 255.0
_SMALLEST_CHANGE: Final = 0.5 / 257
"""Levels below which a change is in no file: half a step of 16 bits."""


@dataclass(frozen=True)
class PreparedPair:
    """Two portraits and their reconstructions, ready to compose at one size N.

    Attributes
    ----------
    target
        (N, N, 3) float32 levels: the target's crop.
    target_labels
        (N, N) uint8.
    detail
        What the reconstructions lack.
    light
        Which way the target is lit.
    film
        How the swap gets the target's colours where one of the two is black and white.
    """

    target: NDArray[np.float32]
    target_labels: NDArray[np.uint8]
    detail: Detail
    light: Slope
    film: Film


@dataclass(frozen=True)
class Mattes:
    """Soft masks that the artist painted over the swap.

    Attributes
    ----------
    amount
        (H, W) uint8: a factor on the swap; 255, or None, leaves it whole.
    occluder
        (H, W) uint8: how far the target's own pixels win; 0, or None, leaves the swap.
    """

    amount: NDArray[np.uint8] | None = None
    occluder: NDArray[np.uint8] | None = None

    def kept(self, size: int) -> NDArray[np.float32] | None:
        """Return how far the target's own pixels stay, (size, size) of 0 to 1; None: nowhere."""
        swapped = np.ones((size, size), np.float32)
        if self.amount is not None:
            swapped *= resize(self.amount.astype(np.float32), size) / WHITE
        if self.occluder is not None:
            swapped *= 1 - resize(self.occluder.astype(np.float32), size) / WHITE
        kept = np.clip(1 - swapped, 0, 1)
        return kept if kept.any() else None


_NO_MATTES: Final = Mattes()


@dataclass(frozen=True)
class Composite:
    """A finished crop and the layers that it is made of.

    Attributes
    ----------
    result
        (N, N, 3) float32 levels of 0 to 255.
    drawn
        (S, S, 3) float32 levels: what the generator drew.
    face
        (N, N, 3) float32 levels: the swapped face before blending, over the whole crop.
    cover
        (N, N) float32, 0 to 1: where the result differs from the target at all. Where it is 0 the
        result equals the target's crop.
    film
        What of the target's film changed the result; None where nothing did.
    """

    result: NDArray[np.float32]
    drawn: NDArray[np.float32]
    face: NDArray[np.float32]
    cover: NDArray[np.float32]
    film: FilmTrait | None = None


def prepare(
    portraits: Both[Portrait], reconstructions: Both[NDArray[np.float32]], size: int
) -> PreparedPair:
    """Prepare a pair for composing at a size.

    Parameters
    ----------
    portraits
        The pair, of any sizes.
    reconstructions
        (S, S, 3) float32 levels as the network draws the portraits.
    size
        N.
    """
    crops = portraits.map(lambda each: crop_at(each, size).astype(np.float32))
    labels = portraits.map(lambda each: resize_labels(each.labels, size))
    drawn = reconstructions.map(lambda each: resize(each, size))
    residuals = Both(*map(residual_of, crops, drawn, labels))
    target = portraits.target
    return PreparedPair(
        crops.target,
        labels.target,
        Detail(residuals),
        # Light and film of the portraits as they are: one answer at every size.
        light_slope(target.image, target.labels),
        film_of(portraits.map(lambda each: each.image), target.labels),
    )


def compose(
    pair: PreparedPair,
    drawn: NDArray[np.float32],
    labels: NDArray[np.uint8],
    settings: EditSettings,
    mattes: Mattes = _NO_MATTES,
) -> Composite:
    """Finish a drawn picture.

    Parameters
    ----------
    pair
        The prepared pair; its size N is the result's.
    drawn
        (S, S, 3) float32 levels from the generator, S ≤ N as a rule.
    labels
        (H, W) uint8: the swap's label map.
    settings
        Amounts, detail, blend width, light and film.
    mattes
        What the artist painted by hand.
    """
    size = pair.target_labels.shape[0]
    labels = resize_labels(labels, size)
    amounts = np.asarray(settings.amounts, np.float32)
    alpha = by_region(labels, amounts)
    face = resize(drawn, size)
    if settings.detail:
        detail = pair.detail.of(labels, amounts)
        detail *= settings.detail
        face = np.add(detail, face, out=detail)
    if settings.light:
        # How much of the target's light the generator has drawn already depends on its training.
        gain = light_slope(face, labels).gain_to(pair.light, size)
        gain -= 1
        gain *= settings.light * alpha
        gain += 1
        face = np.asarray(cv2.multiply(face, thrice(gain)), np.float32)
    plain = np.clip(face, 0, WHITE)
    face = pair.film.develop(plain, labels, alpha, settings.film) if settings.film else plain
    matte = face_matte(labels, pair.target_labels, alpha)
    width = settings.blend_width * size / CANONICAL_SIZE
    cover = seam_ramp(matte, width)
    swapped = blend(pair.target, face, cover, width)
    np.clip(swapped, 0, WHITE, out=swapped)
    kept = mattes.kept(size)
    if kept is not None:
        swapped = swapped + kept[..., None] * (pair.target - swapped)
        cover = cover * (1 - kept)
    film = pair.film.trait if _shows(plain, face, cover) else None
    return Composite(swapped, drawn, face, cover, film)


def _shows(
    before: NDArray[np.float32], after: NDArray[np.float32], cover: NDArray[np.float32]
) -> bool:
    """Return whether the two differ in any file, somewhere that is covered at all."""
    if after is before:
        return False
    seen = (cover > 0).astype(np.uint8)
    return cv2.norm(before, after, cv2.NORM_INF, seen) > _SMALLEST_CHANGE
