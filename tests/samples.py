"""Portraits to test with: the rendered ones that ship, and photographs beside the checkout."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from e4s_studio.files.label_maps import read_label_map

RENDERED = Path(__file__).resolve().parents[1] / "resources" / "samples"
SHARED = Path(__file__).resolve().parents[2] / "shared"
PHOTOGRAPHS = SHARED / "samples"
needs_photographs = pytest.mark.skipif(
    not PHOTOGRAPHS.is_dir(), reason=f"the photographs are an additional check: no {PHOTOGRAPHS}"
)
FACES = ("amara", "elias", "ida", "marco", "noor", "rosalind", "vera")
"""The shipped portraits but one, whose glasses hide the face from the cascades."""
SIDE = 1024

Picture = NDArray[np.uint8]


def picture_of(path: Path) -> Picture:
    """Read a photograph as (H, W, 3) uint8."""
    return np.asarray(Image.open(path).convert("RGB"))


def photograph(name: str) -> Callable[[], Picture]:
    """Return what reads a photograph beside the checkout, for parameters of a test."""
    return lambda: picture_of(PHOTOGRAPHS / name)


def rendered(name: str) -> tuple[Picture, Picture]:
    """Return a shipped portrait, (1024, 1024, 3), and its label map, (1024, 1024)."""
    return picture_of(RENDERED / f"{name}.jpg"), read_label_map(RENDERED / f"{name}_map.png")


def placed(
    name: str, width: int, height: int, scale: float, tilt: float = 0
) -> tuple[Picture, Picture]:
    """Show a portrait as a camera takes it: (H, W, 3), and its label map, (H, W).

    The portrait's middle is in the picture's, at `scale`, turned by `tilt` degrees; its border is
    continued to the picture's.
    """
    image, labels = rendered(name)
    matrix = cv2.getRotationMatrix2D((SIDE / 2 - 0.5,) * 2, tilt, scale)
    matrix[:, 2] += np.array([width - SIDE, height - SIDE]) / 2
    # OpenCV's warp does not average when it shrinks.
    smooth = cv2.GaussianBlur(image, (0, 0), 0.4 / scale)
    size = (width, height)
    photo = cv2.warpAffine(smooth, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return photo, cv2.warpAffine(labels, matrix, size, flags=cv2.INTER_NEAREST)


def group() -> Picture:
    """Return two rows of seven portraits, (400, 1232, 3): a face every 176 pixels."""
    faces = [placed(name, 176, 200, 0.17)[0] for name in FACES]
    return np.vstack([np.hstack(faces), np.hstack(faces[::-1])])
