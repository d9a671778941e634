"""A sheet that shows the source, the picture before, and the picture after, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_HEIGHT: Final = 2048
"""Larger pictures are made smaller, since a sheet is for looking at."""
_GREY: Final = (48, 48, 48)
_INK: Final = (230, 230, 230)
_CAPTIONS: Final = ("Source", "Before", "After")


def before_after_sheet(
    source: NDArray[np.uint8], before: NDArray[np.uint8], after: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Return an (H, W, 3) uint8 sheet of three captioned panels of one height.

    Parameters
    ----------
    source, before, after
        uint8 RGB pictures of any sizes.
    """
    height = min(MAX_HEIGHT, after.shape[0])
    panels = [_at_height(picture, height) for picture in (source, before, after)]
    gap = max(4, height // 40)
    letters = max(10, height / 28)
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
