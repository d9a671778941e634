"""Whose detail goes where: what a swap's label map has in common with those of its portraits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.core.regions import FACE, REGION_COUNT, Region
from e4s_studio.engine.pictures import among, by_region

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Labels = NDArray[np.uint8]
    Levels = NDArray[np.float32]
    Values = NDArray[np.float32]

SOURCE_FEATHER: Final = 16 / 1024
"""Width, in crop sides, over which detail fades towards pixels whose labels differ: the residual
of a soft reconstruction holds both sides of an edge, and one of them is not there any more."""
OUTLINE_FEATHER: Final = 40 / 1024
"""Width, in crop sides, over which the source's detail fades towards its own face's outline where
that lies inside the swapped face: the light there turns away, and a soft reconstruction spreads
what lies behind the head."""
_TARGET_FEATHER: Final = 3 / 1024
"""The same for the target, whose own pixels lie on the other side of most edges."""
_DECIDED: Final = 0.75
"""A region has a portrait's shape if so much of what differs between it and either is the other's;
less than that is a little of both."""
_SAME_SHAPE: Final = 0.05
"""Two shapes of a region are about the same if they differ by less than this share of its area."""
NECK: Final = np.array([region == Region.BELOWFACE for region in Region])
"""Which of the regions is the neck ..."""
INSIDE: Final = np.array([region in FACE for region in Region]) | NECK
"""... and which are it or the face."""
EVEN: Final = frozenset(
    {Region.SKIN, Region.NOSE, Region.BELOWFACE, Region.LIP, Region.EYEBROWS, Region.HAIR}
)
"""What looks much the same all over. Pieces of an eye, or of teeth, are no grain for another."""
_GRAINED: Final = np.array([region in EVEN for region in Region])
_FEWER: Final = 4
"""Every so many rows and columns are enough to compare shapes."""


@dataclass(frozen=True)
class Shares:
    """How far each portrait's detail belongs to a swap.

    Attributes
    ----------
    labels
        (N, N) uint8: the swap's label map.
    source
        (N, N) float32, 0 to 1: how far the source's does.
    target
        (N, N) float32, 0 to 1: how far the target's does.
    wider
        (N, N) float32: how much farther where it does for the target's form what fading does for
        the source's detail.
    no_source
        (N, N) float32, 0 to 1: how far the source's does not.
    same, slope
        (12,): how far each region's form is the source's, same + slope · (its texture amount).
    """

    labels: Labels
    source: Levels
    target: Levels
    wider: Levels
    no_source: Levels
    same: Values
    slope: Values

    def source_texture(self, amounts: Values) -> Levels:
        """Weigh the source's texture, by the regions' texture amounts (12,): (N, N) float32."""
        return self._by_region(amounts) * self.source

    def target_texture(self, amounts: Values) -> Levels:
        """Weigh the target's."""
        return self._by_region(1 - amounts) * self.target

    def source_form(self, amounts: Values) -> Levels:
        """Weigh the source's form."""
        return self._by_region(np.where(NECK, 0, self._form(amounts))) * self.source

    def target_form(self, amounts: Values) -> Levels:
        """Weigh the target's."""
        weights = self._by_region(amounts * INSIDE)
        weights *= self.wider
        weights += self.target
        weights *= self._by_region(np.where(INSIDE, 1 - self._form(amounts), 1))
        return weights

    def source_lacking(self, amounts: Values) -> Levels:
        """Say how much of the source's texture is wanted where it does not show any."""
        return self._by_region(amounts * _GRAINED) * self.no_source

    def target_lacking(self, amounts: Values) -> Levels:
        """Say the same of the target's."""
        return self._by_region((1 - amounts) * _GRAINED) * (1 - self.target)

    def _form(self, amounts: Values) -> Values:
        return self.same + self.slope * amounts

    def _by_region(self, values: Values) -> Levels:
        return by_region(self.labels, values)


def shares_of(labels: Labels, source: Labels, target: Labels) -> Shares:
    """Compare a swap's label map with its portraits', all (N, N) uint8."""
    from_source = _agreement(labels, source, SOURCE_FEATHER)
    from_source *= _within_outline(labels, source)
    from_target = _agreement(labels, target, _TARGET_FEATHER)
    wider = _agreement(labels, target, SOURCE_FEATHER)
    wider -= from_target
    no_source = 1 - from_source
    # Away from face and neck a shape is the target's as a rule, so there the source's detail only
    # goes where the target has none; on the skin the target's would be a ghost of its features.
    from_source *= 1 - from_target * by_region(labels, ~INSIDE)
    same, slope = _form_share(labels, source, target)
    return Shares(labels, from_source, from_target, wider, no_source, same, slope)


def _form_share(labels: Labels, source: Labels, target: Labels) -> tuple[Values, Values]:
    """Return how far the form of each region is the source's: what is sure, and what else.

    A face region's is, if its shape is nearer to the source's than to the target's. Where the two
    portraits' shapes are about the same, and outside of the face, it goes with the texture.
    """
    swapped, *portraits = (map_[::_FEWER, ::_FEWER] for map_ in (labels, source, target))
    face = among(swapped, FACE)
    from_source, from_target = (
        _differing(swapped, own, face & among(own, FACE)) for own in portraits
    )
    differing = from_source + from_target
    share = from_target / np.maximum(differing, 1)
    share = np.clip((share - (1 - _DECIDED)) / (2 * _DECIDED - 1), 0, 1)
    area = np.bincount(swapped.ravel(), minlength=REGION_COUNT)
    sure = np.minimum(differing / np.maximum(_SAME_SHAPE * area, 1), 1)
    return (sure * share).astype(np.float32), (1 - sure).astype(np.float32)


def _differing(one: Labels, other: Labels, where: NDArray[np.bool_]) -> NDArray[np.int_]:
    """Count the pixels of each region that has but one of two maps there: (12,)."""
    apart = where & (one != other)
    first, second = (np.bincount(labels[apart], minlength=REGION_COUNT) for labels in (one, other))
    return first + second


def _agreement(labels: Labels, own: Labels, feather: float) -> Levels:
    """Weigh by whether the labels agree, fading to 0 inside the area that does."""
    agree = labels == own
    weights = _nearby(agree, feather)
    weights *= 2
    weights -= 1
    np.clip(weights, 0, 1, out=weights)
    weights *= agree
    return weights


def _within_outline(labels: Labels, source: Labels) -> Levels:
    """Fall to 0 towards where the swapped face goes on and the source's has ended: (N, N)."""
    weights = _nearby(among(labels, FACE) & ~among(source, FACE), OUTLINE_FEATHER)
    weights *= -2
    weights += 1
    return np.clip(weights, 0, 1, out=weights)


def _nearby(area: NDArray[np.bool_], feather: float) -> Levels:
    """Return how much of each pixel's neighbourhood, a feather to each side, is in an area."""
    width = max(1, round(feather * area.shape[0]))
    side = 2 * width + 1
    counted = cv2.boxFilter(
        area.view(np.uint8), cv2.CV_32F, (side, side), borderType=cv2.BORDER_REPLICATE
    )
    return np.asarray(counted, np.float32)
