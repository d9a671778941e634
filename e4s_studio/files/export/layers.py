"""What an export is made from: the swap at full resolution, and single layers with alpha."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.core.geometry import Box

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.core.settings import FilmTrait

WHITE: Final = 255.0
STEPS_16: Final = 257
"""16-bit steps in one 8-bit level."""


@dataclass(frozen=True, eq=False)
class ExportLayers:
    """A swap at the target photograph's resolution, at full precision.

    Outside the window the photograph is unchanged.

    Attributes
    ----------
    photograph
        (H0, W0, 3) uint8 RGB in sRGB: the target photograph, upright.
    window
        The part of the photograph that the other layers cover: (h, w) pixels.
    result
        (h, w, 3) float32 levels, 0 to 255: the finished picture.
    face
        (h, w, 3) float32 levels: the swapped face before blending.
    matte
        (h, w) float32, 0 to 1: how much of the face is seen.
    occluder
        (h, w) float32, 0 to 1: how far the photograph's own pixels win, as painted.
    labels
        (h, w) uint8 regions.
    film
        The trait of the target's film that changed the picture; None if none did.

    Raises
    ------
    ValueError
        If a layer does not fit the window, or the window the photograph.
    """

    photograph: NDArray[np.uint8]
    window: Box
    result: NDArray[np.float32]
    face: NDArray[np.float32]
    matte: NDArray[np.float32]
    occluder: NDArray[np.float32]
    labels: NDArray[np.uint8]
    film: FilmTrait | None = None

    def __post_init__(self) -> None:
        if self.window.intersection(Box.of(self.photograph)) != self.window:
            raise ValueError(f"{self.window} reaches out of the photograph")
        layers = (self.result, self.face, self.matte, self.occluder, self.labels)
        if any(layer.shape[:2] != self.window.shape for layer in layers):
            raise ValueError(f"a layer does not fit {self.window}")

    @property
    def before(self) -> NDArray[np.float32]:
        """(h, w, 3) float32 levels: the photograph inside the window."""
        return self.photograph[self.window.slices].astype(np.float32)

    @property
    def changed(self) -> NDArray[np.bool_]:
        """(h, w) bool: where the result differs from the photograph."""
        return np.asarray((self.result != self.photograph[self.window.slices]).any(axis=2))

    def full(self, plane: NDArray[np.generic], fill: float = 0) -> NDArray[np.generic]:
        """Return a window's plane at the whole photograph's size, with `fill` around it."""
        whole = np.full(self.photograph.shape[:2] + plane.shape[2:], fill, plane.dtype)
        whole[self.window.slices] = plane
        return whole


@dataclass(frozen=True, eq=False)
class StackLayer:
    """A picture with alpha: one layer of a layered file.

    Attributes
    ----------
    name
        Shown to the artist.
    left, top
        The layer's first pixel, in pixels of the photograph.
    colour
        (h, w, 3) uint16 RGB, 65535 is white, in the colours of the photograph's file.
    alpha
        (h, w) uint8.
    visible
        Whether the layer is part of the picture.
    """

    name: str
    left: int
    top: int
    colour: NDArray[np.uint16]
    alpha: NDArray[np.uint8]
    visible: bool = True

    def cropped(self) -> StackLayer | None:
        """Return the part that is not transparent, or None if the whole layer is."""
        box = Box.of_true(self.alpha > 0)
        if box.is_empty:
            return None
        return replace(
            self,
            left=self.left + box.left,
            top=self.top + box.top,
            colour=self.colour[box.slices],
            alpha=self.alpha[box.slices],
        )


def flattened(pixels: NDArray[np.uint16], layers: tuple[StackLayer, ...]) -> NDArray[np.uint16]:
    """Return a copy of (H, W, 3) pixels with layers composited over them."""
    merged = pixels.copy()
    for layer in layers:
        height, width = layer.alpha.shape
        under = merged[layer.top : layer.top + height, layer.left : layer.left + width]
        share = layer.alpha[..., None].astype(np.float32) / WHITE
        under[:] = np.rint(under + share * (layer.colour.astype(np.float32) - under))
    return merged


def to_16(levels: NDArray[np.generic]) -> NDArray[np.uint16]:
    """Return levels of 0 to 255, of any type, as 16-bit values."""
    if levels.dtype == np.uint8:
        return np.asarray(levels.astype(np.uint16) * STEPS_16, np.uint16)
    return np.asarray(np.rint(np.clip(levels, 0, WHITE) * STEPS_16), np.uint16)


def to_8(values: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Round 16-bit values to levels."""
    return np.asarray(cv2.convertScaleAbs(values, alpha=1 / STEPS_16), np.uint8)
