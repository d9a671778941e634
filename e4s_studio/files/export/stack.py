"""The stack of a layered file: any program composites it to the flat export."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from e4s_studio.core.geometry import Box
from e4s_studio.core.regions import Region
from e4s_studio.files.export.layers import STEPS_16, WHITE, ExportLayers, to_16
from e4s_studio.files.export.pictures import finished_picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.files.export.original import Original


@dataclass(frozen=True, eq=False)
class StackLayer:
    """One picture with alpha in a stack.

    Attributes
    ----------
    name
        As the artist reads it.
    left, top
        Where its first pixel lies in the photograph.
    colour
        (h, w, 3) uint16 RGB, 65535 is white, in the colours of the stack's `Original`.
    alpha
        (h, w) uint8.
    visible
        Whether it takes part in the picture.
    """

    name: str
    left: int
    top: int
    colour: NDArray[np.uint16]
    alpha: NDArray[np.uint8]
    visible: bool = True

    def cropped(self) -> StackLayer | None:
        """Return the part that holds all that can be seen, or None if nothing can."""
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


def visible_stack(layers: ExportLayers, original: Original) -> list[StackLayer]:
    """Return the layers, bottom first, that composite to the finished picture.

    They are the photograph, the blended face and the occluder. "Over" is the only operation that
    every program agrees on, so the multi-band seam is written as a colour c and an alpha a with
    photograph + a (c − photograph) = picture, where a is the face matte, or as much more as c
    needs to stay within 0 to 255. Likewise for the occluder above it.
    """
    window = layers.window
    before = _levels(original.pixels[window.slices])
    after = _levels(finished_picture(layers, original).pixels[window.slices])
    changed = layers.changed
    # Resampling lets a trace of the face through a full occluder; the occluder gives way to it.
    room = 1 - _needed_alpha(before, after)
    hidden = np.floor(np.minimum(layers.occluder, room).clip(0, 1) * WHITE) / WHITE * changed
    seen = np.maximum(1 - hidden, 1 / WHITE)[..., None]
    under = np.clip((after - before * (1 - seen)) / seen, 0, WHITE)
    alpha = np.ceil(np.maximum(_needed_alpha(before, under), layers.matte * changed) * WHITE)
    share = np.clip(alpha, 1, WHITE)[..., None] / WHITE
    colour = before + (under - before) / share
    opaque = np.full(layers.photograph.shape[:2], 255, np.uint8)
    return [
        StackLayer("Target", 0, 0, original.pixels, opaque),
        _in_window(window, "Face", to_16(colour), alpha),
        _in_window(window, "Occluder", to_16(before), hidden * WHITE),
    ]


def spare_layers(layers: ExportLayers, original: Original) -> list[StackLayer]:
    """Return hidden layers to work on with: the unblended face and the two mattes."""
    window = layers.window
    face = original.from_srgb(to_16(layers.face))
    white = np.full_like(face, 65535)
    matte, occluder = layers.matte * WHITE, layers.occluder * WHITE
    return [
        _in_window(window, "Unblended face", face, matte, visible=False),
        _in_window(window, "Face matte", white, matte, visible=False),
        _in_window(window, "Occluder matte", white, occluder, visible=False),
    ]


def region_layers(layers: ExportLayers) -> list[StackLayer]:
    """Return one hidden layer for each region that there is, in its palette colour."""
    return [
        StackLayer(
            region.title.capitalize(),
            layers.window.left,
            layers.window.top,
            np.full_like(layers.face, region.colour, dtype=np.uint16) * np.uint16(STEPS_16),
            (layers.labels == region).astype(np.uint8) * np.uint8(255),
            visible=False,
        )
        for region in Region
        if (layers.labels == region).any()
    ]


def _levels(pixels: NDArray[np.uint16]) -> NDArray[np.float32]:
    return np.divide(pixels, STEPS_16, dtype=np.float32)


def _needed_alpha(before: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.floating]:
    """Return the least alpha with which some colour over `before` gives `after`, (h, w)."""
    room = np.where(after > before, WHITE - before, before)
    share = np.abs(after - before) / np.maximum(room, 1e-6)
    return np.asarray(share.max(axis=2))


def _in_window(
    window: Box,
    name: str,
    colour: NDArray[np.uint16],
    alpha: NDArray[np.floating],
    *,
    visible: bool = True,
) -> StackLayer:
    levels = np.rint(np.clip(alpha, 0, WHITE)).astype(np.uint8)
    return StackLayer(name, window.left, window.top, colour, levels, visible)


def flattened(pixels: NDArray[np.uint16], layers: tuple[StackLayer, ...]) -> NDArray[np.uint16]:
    """Return (H, W, 3) pixels with layers laid over them."""
    merged = pixels.copy()
    for layer in layers:
        height, width = layer.alpha.shape
        under = merged[layer.top : layer.top + height, layer.left : layer.left + width]
        share = layer.alpha[..., None].astype(np.float32) / WHITE
        under[:] = np.rint(under + share * (layer.colour.astype(np.float32) - under))
    return merged
