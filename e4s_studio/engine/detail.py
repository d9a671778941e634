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

from e4s_studio.core.regions import FACE, Region

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCE_FEATHER: Final = 16 / 1024
"""Width, in crop sides, over which detail fades towards pixels whose labels differ: the residual
of a soft reconstruction holds both sides of an edge, and one of them is not there any more."""
OUTLINE_FEATHER: Final = 40 / 1024
"""Width, in crop sides, over which the source's detail fades towards its own face's outline where
that lies inside the swapped face: the light there turns away, and a soft reconstruction spreads
what lies behind the head."""
TARGET_FEATHER: Final = 3 / 1024
"""The same for the target, whose own pixels lie on the other side of most edges."""
FINE: Final = 5 / 1024
"""Standard deviation, in crop sides, that parts fine detail (pores, hairs) from coarse."""
EDGE_WIDTH: Final = 32 / 1024
"""How far into a feature, in crop sides, fine detail may come of the form at its edge."""
SKIN_EDGE_WIDTH: Final = 16 / 1024
"""The same for skin, where a beard is not form and begins at the lips."""
PORES: Final = 2 / 1024
"""Standard deviation, in crop sides, of what is too fine to be the form of skin at all."""
EDGE_SLOPE: Final = 1.5
"""Fine detail is form alone up to a third of an edge's width, and fades to none at its end."""
COARSE_FORM: Final = 0.5
"""Share of coarse detail that is form. Where the truth of swaps without a fit is known, least
squares on both residuals say as much for fine detail near edges, away from them, and for coarse."""
DECIDED: Final = 0.75
"""A region has a portrait's shape if so much of what differs between it and either is the other's;
less than that is a little of both."""
SAME_SHAPE: Final = 0.05
"""Two shapes of a region are about the same if they differ by less than this share of its area."""
TABLE: Final = 256
"""Entries of a table of all labels that fit a byte."""
FEWER: Final = 4
"""Every so many rows and columns are enough to compare shapes."""
GRAIN_MARGIN: Final = 16 / 1024
"""Grain is taken only this far, in crop sides, inside its region: not from hairs at its edge."""
GRAIN_LIMIT: Final = 2.5
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
        (N, N, 3) float32: what of both is finer than `FINE`.
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
    featured = np.isin(labels, list(FACE | {Region.EARS}))
    # Strands of hair lie as they lie, whatever their colour.
    edge = np.where(featured, _edge(labels), ~neck).astype(np.float32)
    shade = np.where(featured, np.float32(1 - COARSE_FORM), np.float32(1))
    parts = []
    for full in _planes(photograph - reconstruction):
        coarse = cv2.GaussianBlur(full, (0, 0), FINE * size)
        fine = full - coarse
        outlined = np.where(skin, cv2.GaussianBlur(full, (0, 0), PORES * size) - coarse, fine)
        texture = fine - edge * outlined + shade * coarse
        if neck.any():
            # Hairs that lie over the neck are not its texture.
            texture[neck] = _clipped(texture[neck], np.ones(np.count_nonzero(neck), np.bool_))
        parts.append((full - texture, texture, fine))
    form, texture, fine = zip(*parts, strict=True)
    return Residual(labels, form, texture, _picture(fine), edge)


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

    def fill(self, labels: NDArray[np.uint8], weight: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the grain of each region where it is wanted.

        Parameters
        ----------
        labels
            (N, N) uint8: which region's grain.
        weight
            (N, N) float32, 0 to 1: how much of it.

        Returns
        -------
        (N, N, 3) float32 levels.
        """
        filled = np.zeros((labels.size, 3), np.float32)
        flat_weight, flat_labels = weight.ravel(), labels.ravel()
        wanted = np.flatnonzero(flat_weight)
        for region in np.unique(flat_labels[wanted]):
            mirror = self._mirror(int(region))
            if mirror is None:
                continue
            places, grain = mirror
            pixels = wanted[flat_labels[wanted] == region]
            filled[pixels] = grain[places[pixels]] * flat_weight[pixels, None]
        return filled.reshape(self._residual.fine.shape)

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


def detail_of(
    labels: NDArray[np.uint8],
    alpha: NDArray[np.float32],
    source: Residual,
    target: Residual,
    grain: Grain,
) -> NDArray[np.float32]:
    """Collect the detail of a swap.

    Parameters
    ----------
    labels
        (N, N) uint8: the swap's label map.
    alpha
        (N, N) float32: the texture amount at each pixel.
    source, target
        The portraits' residuals.
    grain
        The source's, for skin that neither photograph shows.

    Returns
    -------
    (N, N, 3) float32 levels to add to the drawn picture.
    """
    from_source = _agreement(labels, source.labels, SOURCE_FEATHER)
    from_source *= _within_outline(labels, source.labels)
    from_target = _agreement(labels, target.labels, TARGET_FEATHER)
    # Away from face and neck a shape is the target's as a rule, so there the source's detail only
    # goes where the target has none; on the skin the target's would be a ghost of its features.
    face, neck = np.isin(labels, list(FACE)), labels == Region.BELOWFACE
    inside = face | neck
    owned = np.where(inside, from_source, from_source * (1 - from_target))
    share = _form_share(labels, alpha, source.labels, target.labels)
    form_owned = np.where(face, share, alpha * (1 - from_target) * ~neck) * from_source
    # The wider fading does for the target's form what it does for the source's detail.
    faded = alpha * inside * (_agreement(labels, target.labels, SOURCE_FEATHER) - from_target)
    form_kept = (1 - np.where(face, share, alpha * neck)) * (from_target + faded)
    detail = _weighted(
        (alpha * owned, source.texture),
        ((1 - alpha) * from_target, target.texture),
        (form_owned, source.form),
        (form_kept, target.form),
    )
    lacking = alpha * inside * (1 - from_source) * (1 - form_kept * target.edge)
    if lacking.any():
        detail += grain.fill(labels, lacking)
    return detail


def _weighted(*parts: tuple[NDArray[np.float32], Planes]) -> NDArray[np.float32]:
    """Add up (3, N, N) planes by weights (N, N) to (N, N, 3)."""
    total = [np.zeros_like(parts[0][0]) for _ in parts[0][1]]
    for weight, planes in parts:
        for sum_, plane in zip(total, planes, strict=True):
            cv2.accumulateProduct(plane, weight, sum_)
    return _picture(total)


def _picture(planes: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.asarray(cv2.merge(planes), np.float32)


def _planes(picture: NDArray[np.float32]) -> Planes:
    red, green, blue = (np.asarray(plane, np.float32) for plane in cv2.split(picture))
    return red, green, blue


def _form_share(
    labels: NDArray[np.uint8],
    alpha: NDArray[np.float32],
    source: NDArray[np.uint8],
    target: NDArray[np.uint8],
) -> NDArray[np.float32]:
    """Return how far the form of each face region is the source's: (N, N) of 0 to 1.

    It is, of a region whose shape is nearer to the source's than to the target's. Where the two
    portraits' shapes are about the same, it goes with the texture.
    """
    swapped, *portraits = (map_[::FEWER, ::FEWER] for map_ in (labels, source, target))
    face = np.isin(swapped, list(FACE))
    from_source, from_target = (
        _differing(swapped, own, face & np.isin(own, list(FACE))) for own in portraits
    )
    differing = from_source + from_target
    share = from_target / np.maximum(differing, 1)
    share = np.clip((share - (1 - DECIDED)) / (2 * DECIDED - 1), 0, 1)
    area = np.bincount(swapped.ravel(), minlength=TABLE)
    sure = np.minimum(differing / np.maximum(SAME_SHAPE * area, 1), 1)
    known, unknown = (
        np.asarray(cv2.LUT(labels, table.astype(np.float32)), np.float32)
        for table in (sure * share, 1 - sure)
    )
    return known + unknown * alpha


def _differing(
    one: NDArray[np.uint8], other: NDArray[np.uint8], where: NDArray[np.bool_]
) -> NDArray[np.int_]:
    """Count the pixels of each label that has but one of two maps there: (256,)."""
    apart = where & (one != other)
    first, second = (np.bincount(labels[apart], minlength=TABLE) for labels in (one, other))
    return first + second


def _edge(labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return how near another region is: (N, N), 1 beside it, 0 from the edge's width on."""
    beside = cv2.morphologyEx(labels, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    depth = cv2.distanceTransform((~beside).astype(np.uint8), cv2.DIST_L2, 5)
    width = np.where(labels == Region.SKIN, SKIN_EDGE_WIDTH, EDGE_WIDTH) * labels.shape[0]
    return np.asarray(np.clip(EDGE_SLOPE * (1 - depth / width), 0, 1), np.float32)


def _agreement(
    labels: NDArray[np.uint8], own: NDArray[np.uint8], feather: float
) -> NDArray[np.float32]:
    """Weigh by whether the labels agree, fading to 0 inside the area that does."""
    agree = (labels == own).astype(np.float32)
    width = max(1, round(feather * labels.shape[0]))
    near = cv2.blur(agree, (2 * width + 1, 2 * width + 1), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(agree * np.clip(2 * near - 1, 0, 1), np.float32)


def _within_outline(labels: NDArray[np.uint8], source: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Fall to 0 towards where the swapped face goes on and the source's has ended: (N, N)."""
    face = list(FACE)
    beyond = (np.isin(labels, face) & ~np.isin(source, face)).astype(np.float32)
    width = max(1, round(OUTLINE_FEATHER * labels.shape[0]))
    near = cv2.blur(beyond, (2 * width + 1, 2 * width + 1), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(np.clip(1 - 2 * near, 0, 1), np.float32)


def _clipped(fine: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Clip (M, 3), or (M,), fine detail to what the known pixels' own grain usually reaches."""
    spread = 1.4826 * np.median(np.abs(fine[known]), axis=0)  # the MAD of a normal distribution
    return np.asarray(np.clip(fine, -GRAIN_LIMIT * spread, GRAIN_LIMIT * spread), np.float32)


def _inside(area: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Shrink an area by the grain's margin."""
    depth = cv2.distanceTransform(area.astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(depth > GRAIN_MARGIN * area.shape[0])


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
    near_y, near_x = known_y[place[nearest]], known_x[place[nearest]]
    y, x = np.mgrid[:size, :size]
    mirror_y, mirror_x = 2 * near_y - y, 2 * near_x - x
    hit = (np.minimum(mirror_y, mirror_x) >= 0) & (np.maximum(mirror_y, mirror_x) < size)
    hit[hit] = known[mirror_y[hit], mirror_x[hit]]
    tile_y, tile_x = _tiled(known)
    chosen = np.where(hit, mirror_y * size + mirror_x, tile_y[:, None] * size + tile_x)
    return np.asarray(chosen.ravel(), np.int32)


def _tiled(known: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return for each row, and for each column, one of the largest known square's: (2, N)."""
    reach = cv2.distanceTransform(np.pad(known, 1).astype(np.uint8), cv2.DIST_C, 3)[1:-1, 1:-1]
    centre = np.array(np.unravel_index(int(np.argmax(reach)), known.shape))
    start, side = centre - int(reach.max()) + 1, 2 * int(reach.max()) - 1
    place = (np.arange(known.shape[0]) - start[:, None]) % (2 * side)
    return np.asarray(start[:, None] + np.minimum(place, 2 * side - 1 - place), np.intp)
