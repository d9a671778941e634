"""What a fit learns from: a pair of portraits, warped, and mixed where the truth is known.

Two pictures alone do not teach a network that a region looks as its own code says: it can tell
them apart by the label map, and then the target's beard survives every swap. So the codes are
also mixed at random per region, on the label maps of the target, the source and the swaps, and
compared with the pixels that such a mix must show: where the map's label at a pixel is also the
source's label there, amount 1 shows the source's pixel; likewise the target at 0; where it is
both's, an amount between shows the blend of the two. Elsewhere no photograph shows what a mix
looks like; the median colour of the region in its owner's photograph stands in, with little weight.
A network that is trained knows better than that, and learns from no mixes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
import torch.nn.functional as F

from e4s_studio.core.pair import Both, Role
from e4s_studio.core.regions import FACE, REGION_COUNT, Region
from e4s_studio.engine.pictures import to_labels, to_network
from e4s_studio.engine.swap import swap_label_maps

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from e4s_studio.core.portrait import Portrait
    from e4s_studio.networks.layout import Layout

_WARPS: Final = 14
"""Warped copies of each portrait."""
_WARP_SIGMA: Final = 0.025
"""Standard deviation of rotation (radians) and log-scale."""
_SHIFT_SIGMA: Final = 0.02
"""Standard deviation of the shift, in half pictures."""
_ELASTIC_SIGMA: Final = 0.02
_ELASTIC_GRID: Final = 5

_GUESS_WEIGHT: Final = 0.15
"""How much a pixel counts that no photograph shows, against one that a photograph does."""

SMALL_FEATURES: Final = (Region.LIP, Region.EYEBROWS, Region.EYES, Region.MOUTH)
BACKGROUND_WEIGHT: Final = 0.25
_FACE_WEIGHT: Final = 1.5
_FEATURE_WEIGHT: Final = 2.5


@dataclass(frozen=True)
class Example:
    """One picture to draw.

    Attributes
    ----------
    layout
        Its label map.
    amounts
        (12,) float32 texture amounts between the target (0) and the source (1).
    truth
        (1, 3, S, S) in [−1, 1].
    weight
        (1, 1, S, S): how much each pixel counts; 0 where the truth is not known.
    vectors
        (1, 12, vector_dim) texture vectors to mix; None for the pair's own, which are being fitted.
    onto
        Of a swap of the pair: the role of the portrait whose head and light it shows; `amounts`
        are those of the other's textures. None: each region is in its own light, and `amounts`
        are the source's.
    """

    layout: Layout
    amounts: Tensor
    truth: Tensor
    weight: Tensor
    vectors: Both[Tensor] | None = None
    onto: Role | None = None


@dataclass(frozen=True)
class _View:
    """A portrait at the network's size, as it is or warped."""

    image: Tensor  # (1, 3, S, S)
    labels: Tensor  # (1, S, S)
    layout: Layout
    amounts: Tensor


class Examples:
    """Draws examples from a pair of portraits, reproducibly.

    Parameters
    ----------
    portraits
        The pair.
    size
        The network's output size S.
    layout_of
        Plans a label map, (1, S, S) int64, for the network.
    seed
        The same seed draws the same examples in the same order.
    """

    def __init__(
        self,
        portraits: Both[Portrait],
        size: int,
        layout_of: Callable[[Tensor], Layout],
        seed: int,
    ) -> None:
        self._rng = np.random.default_rng(seed)
        self._layout_of = layout_of
        images = portraits.map(lambda each: to_network(each.image, size))
        self._labels = labels = portraits.map(lambda each: to_labels(each.labels, size))
        self._images, self._colours = images, _usual_colours(images, labels)
        self._views = Both(
            _View(images.source, labels.source, layout_of(labels.source), _uniform(1.0)),
            _View(images.target, labels.target, layout_of(labels.target), _uniform(0.0)),
        )
        self._plain = self._views.map(_example)
        self._warped: list[_View] = []
        swapped = [_swapped_map(pair, size) for pair in (portraits, portraits.swapped)]
        maps = [labels.target, labels.source, *swapped]
        self._maps = [(each, layout_of(each)) for each in maps]

    def plain(self, role: Role) -> Example:
        """Return one of the portraits as it is."""
        return self._plain[role]

    def warped(self) -> Example:
        """Draw a portrait, warped: a label map moves, and the texture moves with it."""
        if len(self._warped) < 2 * _WARPS:
            role = Role.SOURCE if len(self._warped) % 2 else Role.TARGET
            self._warped.append(self._warp(self._views[role]))
            return _example(self._warped[-1])
        return _example(self._warped[self._rng.integers(len(self._warped))])

    def mixed(self) -> Example:
        """Draw a mix of both portraits' codes on one of the maps, with the pixels it must show."""
        labels, layout = self._maps[self._rng.integers(len(self._maps))]
        amounts = self._amounts()
        alpha = amounts[labels]  # (1, S, S)
        source_shows, target_shows = (labels == own for own in self._labels)
        known = (
            (target_shows & source_shows)
            | (target_shows & (alpha == 0))
            | (source_shows & (alpha == 1))
        )[:, None]
        source, target = self._images
        photographs = torch.lerp(target, source, alpha[:, None])
        source, target = self._colours
        usual = torch.lerp(target, source, amounts[:, None])[labels].permute(0, 3, 1, 2)
        certainty = torch.where(known, 1.0, _GUESS_WEIGHT)
        truth = torch.where(known, photographs, usual)
        return Example(layout, amounts, truth, pixel_weights(labels) * certainty)

    def chance(self) -> float:
        """Draw a number from 0 to 1, from the same seeded sequence."""
        return float(self._rng.random())

    def _amounts(self) -> Tensor:
        if self._rng.random() < 0.4:
            return _uniform(float(self._rng.integers(2)))
        ends = self._rng.integers(2, size=REGION_COUNT).astype(np.float32)
        between = self._rng.random(REGION_COUNT, dtype=np.float32)
        partial = self._rng.random(REGION_COUNT) < 0.2
        return torch.from_numpy(np.where(partial, between, ends))

    def _warp(self, view: _View) -> _View:
        grid = self._warp_grid(view.image.shape[-1])
        image = F.grid_sample(view.image, grid, padding_mode="border", align_corners=False)
        labels = F.grid_sample(
            view.labels[:, None].float(),
            grid,
            mode="nearest",
            padding_mode="border",
            align_corners=False,
        )[:, 0].long()
        return _View(image, labels, self._layout_of(labels), view.amounts)

    def _warp_grid(self, size: int) -> Tensor:
        """Rotation, scale, shift and an elastic bend: (1, S, S, 2) positions in [−1, 1]."""
        angle = self._rng.normal(0, _WARP_SIGMA)
        scale = math.exp(self._rng.normal(0, _WARP_SIGMA))
        shift = self._rng.normal(0, _SHIFT_SIGMA, 2)
        cos, sin = scale * math.cos(angle), scale * math.sin(angle)
        matrix = torch.tensor([[[cos, -sin, shift[0]], [sin, cos, shift[1]]]], dtype=torch.float32)
        bend = self._rng.normal(0, _ELASTIC_SIGMA, (1, 2, _ELASTIC_GRID, _ELASTIC_GRID))
        smooth = F.interpolate(
            torch.from_numpy(bend).float(), size=(size, size), mode="bicubic", align_corners=True
        )
        grid = F.affine_grid(matrix, [1, 3, size, size], align_corners=False)
        return grid + smooth.permute(0, 2, 3, 1)


def _swapped_map(pair: Both[Portrait], size: int) -> Tensor:
    maps = pair.map(lambda each: each.labels)
    return to_labels(swap_label_maps(*maps, face_over_hair=True)[0], size)


def _usual_colours(images: Both[Tensor], labels: Both[Tensor]) -> Both[Tensor]:
    """Return each portrait's (12, 3) median colours; a region it lacks has the other's."""
    source, target = map(_median_colours, images, labels)
    return Both(_completed(source, target), _completed(target, source))


def _median_colours(image: Tensor, labels: Tensor) -> Tensor:
    colours = torch.full((REGION_COUNT, 3), math.nan)
    for region in torch.bincount(labels.flatten()).nonzero()[:, 0]:
        colours[region] = image[0][:, labels[0] == region].median(dim=1).values
    return colours


def _completed(colours: Tensor, other: Tensor) -> Tensor:
    return torch.where(colours.isnan(), other, colours).nan_to_num()


def pixel_weights(labels: Tensor) -> Tensor:
    """Weigh pixels by what the artist looks at: (B, S, S) int64 to (B, 1, S, S)."""
    per_region = torch.ones(REGION_COUNT)
    per_region[Region.BACKGROUND] = BACKGROUND_WEIGHT
    per_region[list(FACE)] = _FACE_WEIGHT
    per_region[list(SMALL_FEATURES)] = _FEATURE_WEIGHT
    return per_region[labels][:, None]


def _example(view: _View) -> Example:
    return Example(view.layout, view.amounts, view.image, pixel_weights(view.labels))


def _uniform(amount: float) -> Tensor:
    return torch.full((REGION_COUNT,), amount)
