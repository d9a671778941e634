"""A visible mark: a line of text in the picture's corner that says it was edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from e4s_studio.files.export.layers import to_16
from e4s_studio.files.export.stack import StackLayer

if TYPE_CHECKING:
    from e4s_studio.files.export.original import Original

MARK_TEXT: Final = "Face edited"
_HEIGHT: Final = 0.028
"""Height of the letters, in shares of the picture's shorter side."""
_SMALLEST: Final = 10.0
_PLATE: Final = 150
"""Opacity of the dark plate behind the letters: they can be read on any picture."""


def visible_mark(original: Original, text: str = MARK_TEXT) -> StackLayer:
    """Return the mark as a layer in the lower right corner, cut to the picture's size."""
    height, width = original.pixels.shape[:2]
    size = max(_SMALLEST, _HEIGHT * min(height, width))
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    margin = round(size / 2)
    plate = (round(right - left) + 2 * margin, round(bottom - top) + 2 * margin)
    alpha = Image.new("L", plate, _PLATE)
    ImageDraw.Draw(alpha).text((margin - left, margin - top), text, fill=255, font=font)
    letters = Image.new("L", plate, 0)
    ImageDraw.Draw(letters).text((margin - left, margin - top), text, fill=255, font=font)
    grey = np.asarray(letters)[:height, :width]
    colour = original.from_srgb(to_16(np.repeat(grey[..., None], 3, axis=2)))
    return StackLayer(
        "Mark",
        max(0, width - plate[0]),
        max(0, height - plate[1]),
        colour,
        np.asarray(alpha)[:height, :width],
    )
