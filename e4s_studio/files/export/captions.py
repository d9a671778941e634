"""Text in exported pictures: the visible mark, and the captions of the before-and-after sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from e4s_studio.files.export.layers import StackLayer, to_16

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.files.export.pictures import FlatPicture

_MARK: Final = "Face edited"
_LETTERS: Final = 0.028
"""Height of the mark's letters, relative to the picture's shorter side."""
_SMALLEST: Final = 10.0
"""Smallest height of letters, in pixels."""
_PLATE: Final = 150
"""Opacity of the dark plate behind the mark, so that it can be read on any picture."""

_MAX_HEIGHT: Final = 2048
"""Panels of a sheet are made smaller than this, in pixels: a sheet is for looking at."""
_GREY: Final = (48, 48, 48)
_INK: Final = (230, 230, 230)
_CAPTIONS: Final = ("Source", "Before", "After")


def visible_mark(original: FlatPicture) -> StackLayer:
    """Return the line "Face edited" as a layer in the lower right corner of a picture."""
    height, width = original.pixels.shape[:2]
    size = max(_SMALLEST, _LETTERS * min(height, width))
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(_MARK)
    margin = round(size / 2)
    plate = (round(right - left) + 2 * margin, round(bottom - top) + 2 * margin)

    def drawn(ground: int) -> NDArray[np.uint8]:
        picture = Image.new("L", plate, ground)
        place = (margin - left, margin - top)
        ImageDraw.Draw(picture).text(place, _MARK, fill=255, font=font)
        return np.asarray(picture)[:height, :width]

    colour = original.from_srgb(to_16(np.repeat(drawn(0)[..., None], 3, axis=2)))
    corner = max(0, width - plate[0]), max(0, height - plate[1])
    return StackLayer("Mark", *corner, colour, drawn(_PLATE))


def before_after_sheet(
    source: NDArray[np.uint8], before: NDArray[np.uint8], after: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Return an (H, W, 3) uint8 sheet of three captioned panels of one height.

    Parameters
    ----------
    source, before, after
        uint8 RGB pictures of any sizes.
    """
    height = min(_MAX_HEIGHT, after.shape[0])
    panels = [_at_height(picture, height) for picture in (source, before, after)]
    gap = max(4, height // 40)
    letters = max(_SMALLEST, height / 28)
    font = ImageFont.load_default(letters)
    strip = round(letters * 1.8)
    width = sum(panel.width for panel in panels) + gap * (len(panels) + 1)
    sheet = Image.new("RGB", (width, height + gap + strip), _GREY)
    pen, left = ImageDraw.Draw(sheet), gap
    for panel, caption in zip(panels, _CAPTIONS, strict=True):
        sheet.paste(panel, (left, gap))
        centre = (left + panel.width / 2, gap + height + strip / 2)
        pen.text(centre, caption, fill=_INK, font=font, anchor="mm")
        left += panel.width + gap
    return np.array(sheet)


def _at_height(picture: NDArray[np.uint8], height: int) -> Image.Image:
    width = max(1, round(picture.shape[1] * height / picture.shape[0]))
    image = Image.fromarray(picture)
    return image.resize((width, height), Image.Resampling.LANCZOS)
