"""Telling label orders apart: in the right one the regions lie as in a face."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from e4s_studio.core.regions import REGION_COUNT, Region

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_ABOVE: Final = (
    (Region.HAIR, Region.EYES),
    (Region.HAIR, Region.LIP),
    (Region.HAIR, Region.BELOWFACE),
    (Region.EYEBROWS, Region.EYES),
    (Region.EYEBROWS, Region.NOSE),
    (Region.EYES, Region.NOSE),
    (Region.EYES, Region.LIP),
    (Region.EYE_GLASS, Region.LIP),
    (Region.NOSE, Region.LIP),
    (Region.NOSE, Region.MOUTH),
    (Region.LIP, Region.BELOWFACE),
    (Region.SKIN, Region.BELOWFACE),
)
"""Pairs whose first region is, by its mean row, above the second in an upright face."""

_SMALLER_THAN_SKIN: Final = (
    Region.LIP,
    Region.EYEBROWS,
    Region.EYES,
    Region.NOSE,
    Region.EARS,
    Region.MOUTH,
    Region.EAR_RINGS,
)

Name = TypeVar("Name", bound=str)


def likeliest_order(labels: NDArray[np.uint8], orders: Mapping[Name, NDArray[np.uint8]]) -> Name:
    """Return the order in which most of what is known of faces holds, less what doesn't.

    Long hair, a profile or a missing region upsets one statement or two, and a wrong order
    many: it takes the hair for the neck, or the nose for the eyes.

    Parameters
    ----------
    labels
        (H, W) uint8, as found in a picture.
    orders
        For each order's name the (n,) region of each label. Of equals the first wins.
    """
    rows = _rows(labels)
    scores = {name: _plausibility(rows, table) for name, table in orders.items()}
    return max(scores, key=lambda name: scores[name])


def _rows(labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return (256, H): how many pixels of each label lie in each row."""
    height = labels.shape[0]
    places = labels.astype(np.int64) * height + np.arange(height)[:, None]
    return np.bincount(places.ravel(), minlength=256 * height).reshape(256, height)


def _plausibility(rows: NDArray[np.int64], table: NDArray[np.uint8]) -> int:
    per_region = np.zeros((REGION_COUNT, rows.shape[1]), dtype=np.int64)
    np.add.at(per_region, table, rows[: len(table)])
    area = per_region.sum(axis=1)
    mean_row = per_region @ np.arange(rows.shape[1]) / np.maximum(area, 1)
    score = 0
    for upper, lower in _ABOVE:
        if area[upper] and area[lower]:
            score += 1 if mean_row[upper] < mean_row[lower] else -1
    for part in _SMALLER_THAN_SKIN:
        if area[part]:
            score += 1 if area[part] < area[Region.SKIN] else -1
    return score
