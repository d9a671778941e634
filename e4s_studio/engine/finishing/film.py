"""Swaps between black-and-white and colour photographs.

On a black-and-white photograph, toned or not, a face in colour is a patch, whatever its shape; a
grey face is one in a colour photograph. So a swap follows the target's film: its tone where it has
no colours; the target's colours, region by region, where the source has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from e4s_studio.core.regions import Region
from e4s_studio.core.settings import FilmTrait
from e4s_studio.engine.pictures import among

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.core.pair import Both

    Levels = NDArray[np.float32]

LUMINANCE: Final = np.array([0.299, 0.587, 0.114], np.float32)
_TONE_DEGREE: Final = 2
_MOST_STRAY: Final = 2.5
"""Levels by which a print's colours stray from its tone: with more it is a colour photograph."""
_MEASURED_SIDE: Final = 128
_FEATHER: Final = 6 / 1024
"""Standard deviation, in crop sides, over which the colours of two regions meet."""
SKIN: Final = (Region.SKIN, Region.NOSE, Region.EARS, Region.BELOWFACE)
_LEAST_PIXELS: Final = 24
DARK: Final = 8.0
"""Levels below which a colour cannot be told."""


@dataclass(frozen=True)
class Film:
    """How a swap gets the target's colours.

    Attributes
    ----------
    tone
        (3, TONE_DEGREE + 1) polynomials of colour less luminance, by luminance: the target's, if
        it has no other colours. None: it is a colour photograph.
    tints
        (12, 3) colours of the target's regions in shares of their luminance, for a source without
        colours. None: the source brings its own.
    """

    tone: NDArray[np.float64] | None
    tints: Levels | None

    @property
    def trait(self) -> FilmTrait | None:
        """What a swap takes from the target; None between two colour photographs."""
        if self.tone is not None:
            return FilmTrait.TONE
        return None if self.tints is None else FilmTrait.COLOURS

    def develop(
        self,
        face: Levels,
        labels: NDArray[np.uint8],
        alpha: NDArray[np.float32],
        amount: float = 1.0,
    ) -> Levels:
        """Give a swapped face the target's tone or colours.

        Parameters
        ----------
        face
            (N, N, 3) float32 levels, 0 to 255.
        labels
            (N, N) uint8: the swap's label map.
        alpha
            (N, N) float32: how far each pixel's texture is the source's.
        amount
            How far the face follows, 0 to 1.

        Returns
        -------
        (N, N, 3) float32 levels, 0 to 255.
        """
        if self.tone is not None:
            light = face @ LUMINANCE
            offsets = [np.polyval(row, light) for row in self.tone]
            toned = _levels(light[..., None] + np.stack(offsets, axis=-1))
            return (1 - amount) * face + amount * toned
        if self.tints is not None:
            tinted = (face @ LUMINANCE)[..., None] * _feathered(self.tints[labels])
            return _levels(face + amount * alpha[..., None] * (tinted - face))
        return face


def film_of(crops: Both[NDArray[Any]], target_labels: NDArray[np.uint8]) -> Film:
    """Compare the films of two crops.

    Parameters
    ----------
    crops
        (N, N, 3) levels of 0 to 255, of any type.
    target_labels
        (N, N) uint8.
    """
    tone = tone_of(crops.target)
    if tone is not None or tone_of(crops.source) is None:
        return Film(tone, None)
    return Film(None, _tints(crops.target, target_labels))


def tone_of(crop: NDArray[Any]) -> NDArray[np.float64] | None:
    """Return a crop's tone, if colour follows from luminance everywhere; None: it has colours."""
    small = np.asarray(crop, np.float32)
    if small.shape[0] > _MEASURED_SIDE:
        size = (_MEASURED_SIDE, _MEASURED_SIDE)
        small = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA), np.float32)
    light = (small @ LUMINANCE).ravel().astype(np.float64)
    offsets = small.reshape(-1, 3) - light[:, None]
    # The powers of a nearly even picture cannot be told apart: it has one tone.
    degree = _TONE_DEGREE if np.ptp(light) > DARK else 0
    tone = np.zeros((3, _TONE_DEGREE + 1))
    tone[:, _TONE_DEGREE - degree :] = np.polyfit(light, offsets, degree).T
    stray = offsets - np.stack([np.polyval(row, light) for row in tone], axis=1)
    return tone if np.sqrt((stray**2).mean()) < _MOST_STRAY else None


def _tints(target: NDArray[Any], labels: NDArray[np.uint8]) -> Levels:
    """Return the colour of each region of the target.

    Skin has one, wherever it is: a neck in shadow is no browner. Regions that the target lacks get
    the skin's, but teeth the eyes', which are about as white, half paled.
    """
    face = among(labels, {Region.SKIN, Region.NOSE})
    skin = _tint(target, face, np.ones(3, np.float32))
    tints = [_tint(target, labels == region, skin) for region in Region]
    for region in SKIN:
        tints[region] = skin
    if not (labels == Region.MOUTH).any():
        tints[Region.MOUTH] = np.asarray((tints[Region.EYES] + 1) / 2, np.float32)
    return np.asarray(tints, np.float32)


def _tint(target: NDArray[Any], mask: NDArray[np.bool_], otherwise: Levels) -> Levels:
    if np.count_nonzero(mask) < _LEAST_PIXELS:
        return otherwise
    mean = np.array(cv2.mean(target, mask.view(np.uint8))[:3])
    light = float(mean @ LUMINANCE)
    return np.asarray(mean / light, np.float32) if light > DARK else otherwise


def _feathered(tints: Levels) -> Levels:
    return np.asarray(cv2.GaussianBlur(tints, (0, 0), _FEATHER * tints.shape[0]), np.float32)


def _levels(face: NDArray[np.floating]) -> Levels:
    return np.asarray(face.clip(0, 255), np.float32)
