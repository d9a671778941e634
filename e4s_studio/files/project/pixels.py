"""Planes and pictures as PNG, and back, with the size known beforehand."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from PIL import Image

from e4s_studio.files.project.archive import DamagedEntryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# What is painted packs well at once, and photographs hardly better with more time.
_OPTIONS: Final = (cv2.IMWRITE_PNG_COMPRESSION, 1)


def png_of(pixels: NDArray[np.uint8]) -> bytes:
    """Return an (H, W) or (H, W, 3) RGB uint8 picture as PNG."""
    bgr = pixels if pixels.ndim == 2 else pixels[..., ::-1]
    _, data = cv2.imencode(".png", np.ascontiguousarray(bgr), _OPTIONS)
    return data.tobytes()


def pixels_of(data: bytes, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return the pixels of a PNG that has exactly this shape, (H, W) or (H, W, 3).

    Raises
    ------
    DamagedEntryError
        If it is no PNG, damaged, or of another shape.
    """
    mode = "L" if len(shape) == 2 else "RGB"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
                # Nothing but the header is read so far.
                if picture.mode != mode or picture.size != (shape[1], shape[0]):
                    raise DamagedEntryError(f"{picture.mode} of {picture.size}")
                return np.array(picture)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise DamagedEntryError(str(error)) from error
