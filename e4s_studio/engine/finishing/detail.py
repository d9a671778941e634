"""Detail: what the photographs show and the network does not draw, put back.

The residual of a portrait is the photograph minus its reconstruction, at the crop's own
resolution. Part of it is the portrait's texture: pores, hairs, a shade. It belongs where the
swapped label equals the portrait's own at the same pixel, in the measure of its texture amount.
The rest comes of its form: a lid's edge that was drawn too soft, a highlight. That belongs to
whichever portrait's shape a region of the swap has, whatever its texture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from e4s_studio.core.pair import Both
from e4s_studio.core.regions import FACE, Region
from e4s_studio.engine.finishing.shares import Shares, shares_of
from e4s_studio.engine.pictures import among, by_region

if TYPE_CHECKING:
    from collections.abc import Sequence

_FINE: Final = 5 / 1024
"""Standard deviation, in crop sides, that parts fine detail (pores, hairs) from coarse."""
EDGE_WIDTH: Final = 32 / 1024
"""How far into a feature, in crop sides, fine detail may come of the form at its edge."""
_SKIN_EDGE_WIDTH: Final = 16 / 1024
"""The same for skin, where a beard is not form and begins at the lips."""
_PORES: Final = 2 / 1024
"""Standard deviation, in crop sides, of what is too fine to be the form of skin at all."""
_EDGE_SLOPE: Final = 1.5
"""Fine detail is form alone up to a third of an edge's width, and fades to none at its end."""
_COARSE_FORM: Final = 0.5
"""Share of coarse detail that is form. Where the truth of swaps without a fit is known, least
squares on both residuals say as much for fine detail near edges, away from them, and for coarse."""
_GRAIN_MARGIN: Final = 16 / 1024
"""Grain is taken only this far, in crop sides, inside its region: not from hairs at its edge."""
_MIRROR_BLUR: Final = 16 / 1024
"""Standard deviation, in crop sides, by which the border that grain is mirrored at is smoothed."""
_GRAIN_LIMIT: Final = 2.5
"""Grain beyond this many standard deviations is a hair or a mole, and is clipped."""

Planes = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
"""Red, green and blue by themselves: weights of pixels go into them several times faster."""


@dataclass(frozen=True)
class Residual:
    """One portrait's residual at a crop's size.

    Attributes
    ----------
    labels
        (N, N) uint8: the portrait's own label map.
    form, texture
        (3, N, N) float32 levels, photograph − reconstruction together.
    fine
        (N, N, 3) float32: what of both is finer than `_FINE`.
    edge
        (N, N) float32, 0 to 1: how far fine detail is form (of skin, where it is not too fine).
    """

    labels: NDArray[np.uint8]
    form: Planes
    texture: Planes
    fine: NDArray[np.float32]
    edge: NDArray[np.float32]


def residual_of(
    photograph: NDArray[np.float32], reconstruction: NDArray[np.float32], labels: NDArray[np.uint8]
) -> Residual:
    """Compare a portrait's crop with its reconstruction, both (N, N, 3) levels of 0 to 255."""
    size = labels.shape[0]
    neck, skin = labels == Region.BELOWFACE, labels == Region.SKIN
    featured = among(labels, FACE | {Region.EARS})
    # Strands of hair lie as they lie, whatever their colour.
    edge = np.where(featured, _edge(labels), (~neck).astype(np.float32))
    shade = np.where(featured, np.float32(1 - _COARSE_FORM), np.float32(1))
    parts = []
    for full in _planes(photograph - reconstruction):
        coarse = cv2.GaussianBlur(full, (0, 0), _FINE * size)
        fine = full - coarse
        outlined = np.where(skin, cv2.GaussianBlur(full, (0, 0), _PORES * size) - coarse, fine)
        texture = fine - edge * outlined + shade * coarse
        if neck.any():
            # Hairs that lie over the neck are not its texture.
            texture[neck] = _clipped(texture[neck], np.ones(np.count_nonzero(neck), np.bool_))
        parts.append((full - texture, texture, fine))
    forms, textures, fines = zip(*parts, strict=True)
    return Residual(labels, forms, textures, _picture(fines), edge)


class Grain:
    """A portrait's fine detail, carried to where the portrait does not show a region.

    Parameters
    ----------
    residual
        The portrait's residual.
    """

    def __init__(self, residual: Residual) -> None:
        self._residual = residual
        self._mirrors: dict[int, tuple[NDArray[np.int32], NDArray[np.float32]] | None] = {}

    def add_to(
        self,
        picture: NDArray[np.float32],
        labels: NDArray[np.uint8],
        weight: NDArray[np.float32],
    ) -> None:
        """Add the grain of each region where it is wanted.

        Parameters
        ----------
        picture
            (N, N, 3) float32 levels: what it is added to.
        labels
            (N, N) uint8: which region's grain.
        weight
            (N, N) float32, 0 to 1: how much of it.
        """
        wanted = np.flatnonzero(weight)
        weights, regions = weight.ravel()[wanted], labels.ravel()[wanted]
        pixels = picture.reshape(-1, 3)
        for region in np.flatnonzero(np.bincount(regions)):
            mirror = self._mirror(int(region))
            if mirror is None:
                continue
            places, grain = mirror
            own = regions == region
            at = wanted[own]
            pixels[at] += grain[places[at]] * weights[own, None]

    def _mirror(self, region: int) -> tuple[NDArray[np.int32], NDArray[np.float32]] | None:
        """Return each pixel's mirror image about the region's border, and the clipped grain.

        The mirror image is an index into the flattened picture; where it lies outside the region
        again, the largest square within serves. None: the portrait lacks the region.
        """
        if region not in self._mirrors:
            known = _inside(self._residual.labels == region)
            self._mirrors[region] = (
                (_mirrored(known), _clipped(self._residual.fine.reshape(-1, 3), known.ravel()))
                if known.any()
                else None
            )
        return self._mirrors[region]


class Detail:
    """The detail of the swaps of one pair.

    Parameters
    ----------
    residuals
        Those of the two portraits.
    """

    def __init__(self, residuals: Both[Residual]) -> None:
        self._residuals = residuals
        self._grains = residuals.map(Grain)
        self._latest: Shares | None = None

    def of(self, labels: NDArray[np.uint8], amounts: NDArray[np.float32]) -> NDArray[np.float32]:
        """Collect the detail of a swap.

        Parameters
        ----------
        labels
            (N, N) uint8: the swap's label map.
        amounts
            (12,) float32: the regions' texture amounts.

        Returns
        -------
        (N, N, 3) float32 levels to add to the drawn picture.
        """
        shares, (source, target) = self._shares(labels), self._residuals
        forms = Both(shares.source_form(amounts), shares.target_form(amounts))
        detail = _weighted(
            (shares.source_texture(amounts), source.texture),
            (shares.target_texture(amounts), target.texture),
            (forms.source, source.form),
            (forms.target, target.form),
        )
        # Where a photograph does not show what is to have its texture, its grain stands in; but not
        # where fine detail is the other's form.
        lacking = Both(
            shares.source_lacking(amounts) * (1 - forms.target * target.edge),
            shares.target_lacking(amounts) * (1 - forms.source * source.edge),
        )
        for grain, weight in zip(self._grains, lacking, strict=True):
            grain.add_to(detail, labels, weight)
        return detail

    def _shares(self, labels: NDArray[np.uint8]) -> Shares:
        """Return the shares of a label map, which are kept as long as only amounts change."""
        latest = self._latest
        if latest is None or not np.array_equal(latest.labels, labels):
            own = self._residuals.map(lambda residual: residual.labels)
            latest = shares_of(labels.copy(), *own)
            self._latest = latest
        return latest


def _weighted(*parts: tuple[NDArray[np.float32], Planes]) -> NDArray[np.float32]:
    """Add up (3, N, N) planes by weights (N, N) to (N, N, 3)."""
    (first, factors), *rest = parts
    total = [np.multiply(first, factor) for factor in factors]
    for weight, planes in rest:
        for sum_, plane in zip(total, planes, strict=True):
            cv2.accumulateProduct(plane, weight, sum_)
    return _picture(total)


def _picture(planes: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.asarray(cv2.merge(planes), np.float32)


def _planes(picture: NDArray[np.float32]) -> Planes:
    red, green, blue = (np.asarray(plane, np.float32) for plane in cv2.split(picture))
    return red, green, blue


def _edge(labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return how near another region is: (N, N), 1 beside it, 0 from the edge's width on."""
    beside = cv2.morphologyEx(labels, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    depth = cv2.distanceTransform((~beside).astype(np.uint8), cv2.DIST_L2, 5)
    widths = [_SKIN_EDGE_WIDTH if region == Region.SKIN else EDGE_WIDTH for region in Region]
    near = np.asarray(depth, np.float32)
    near *= by_region(labels, -_EDGE_SLOPE / (np.array(widths) * labels.shape[0]))
    near += _EDGE_SLOPE
    return np.clip(near, 0, 1, out=near)


def _clipped(fine: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Clip (M, 3), or (M,), fine detail to what the known pixels' own grain usually reaches."""
    spread = 1.4826 * np.median(np.abs(fine[known]), axis=0)  # the MAD of a normal distribution
    return np.asarray(np.clip(fine, -_GRAIN_LIMIT * spread, _GRAIN_LIMIT * spread), np.float32)


def _inside(area: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Shrink an area by the grain's margin."""
    depth = cv2.distanceTransform(area.astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(depth > _GRAIN_MARGIN * area.shape[0])


def _mirrored(known: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return, for each pixel, the flat index of a known one: its mirror image, or in a tile.

    The tile is the largest known square, laid out mirrored. The nearest known pixel would do too,
    but that is one for many, and draws them as a streak.
    """
    _, nearest = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    size = known.shape[0]
    known_y, known_x = np.nonzero(known)
    place = np.empty(known_y.size + 1, np.intp)
    place[nearest[known]] = np.arange(known_y.size)
    order = place[nearest]
    mirror_y, mirror_x = (
        _reflected(near[order].astype(np.float32), axis)
        for axis, near in enumerate((known_y, known_x))
    )
    hit = (np.minimum(mirror_y, mirror_x) >= 0) & (np.maximum(mirror_y, mirror_x) < size)
    hit[hit] = known[mirror_y[hit], mirror_x[hit]]
    tile_y, tile_x = _tiled(known)
    chosen = np.where(hit, mirror_y * size + mirror_x, tile_y[:, None] * size + tile_x)
    return np.asarray(chosen.ravel(), np.int32)


def _reflected(near: NDArray[np.float32], axis: int) -> NDArray[np.intp]:
    """Reflect each pixel's place along an axis at the nearest known one, (N, N).

    Smoothed: a ragged border would tear strands of hair into pieces.
    """
    smooth = cv2.GaussianBlur(near, (0, 0), _MIRROR_BLUR * near.shape[0])
    place = np.arange(near.shape[0]).reshape((-1, 1) if axis == 0 else (1, -1))
    return np.asarray(np.rint(2 * smooth - place), np.intp)


def _tiled(known: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return for each row, and for each column, one of the largest known square's: (2, N)."""
    reach = cv2.distanceTransform(np.pad(known, 1).astype(np.uint8), cv2.DIST_C, 3)[1:-1, 1:-1]
    centre = np.array(np.unravel_index(int(np.argmax(reach)), known.shape))
    start, side = centre - int(reach.max()) + 1, 2 * int(reach.max()) - 1
    place = (np.arange(known.shape[0]) - start[:, None]) % (2 * side)
    return np.asarray(start[:, None] + np.minimum(place, 2 * side - 1 - place), np.intp)
