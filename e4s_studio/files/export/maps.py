"""Label maps to give away: the 12 regions, CelebAMask-HQ's 19 labels, or their colours."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from e4s_studio.core.regions import FROM_CELEBAMASK, PALETTE, Region

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _celebamask_labels() -> NDArray[np.uint8]:
    # Of a region's two labels (left and right eye, upper and lower lip) the lower number: which
    # side a pixel is on is not in a map of 12 regions.
    labels = [np.flatnonzero(np.equal(FROM_CELEBAMASK, region))[0] for region in Region]
    return np.array(labels, np.uint8)


TO_CELEBAMASK: Final = _celebamask_labels()
"""(12,) uint8: the CelebAMask-HQ label of each region; of paired labels the first."""


def region_map(labels: NDArray[np.uint8]) -> bytes:
    """Return an indexed PNG: values 0 to 11, shown in the palette's colours."""
    picture = Image.fromarray(np.ascontiguousarray(labels))
    # A palette of 256 entries: with fewer Pillow packs two pixels in a byte.
    picture.putpalette(PALETTE.tobytes().ljust(3 * 256, b"\0"))
    return _png(picture)


def celebamask_map(labels: NDArray[np.uint8]) -> bytes:
    """Return a grey PNG of CelebAMask-HQ's labels, 0 to 18."""
    return _png(Image.fromarray(TO_CELEBAMASK[labels]))


def coloured_map(labels: NDArray[np.uint8]) -> bytes:
    """Return an RGB PNG in the palette's colours."""
    return _png(Image.fromarray(PALETTE[labels]))


def _png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
