"""The aligned pairs of the benchmarks, and the measure of similarity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from e4s_studio.core.regions import FACE
from e4s_studio.engine.faces.portraits import aligned_portrait
from e4s_studio.files.images import read_image
from e4s_studio.files.label_maps import read_label_map

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from e4s_studio.core.portrait import Portrait

LOSSLESS_DB = 99.0


def names_of(samples: Path) -> list[str]:
    """List the pairs in a folder: NAME_source.jpg, NAME_target.jpg, and a NAME_…_mask.png each."""
    return sorted(path.name.removesuffix("_source.jpg") for path in samples.glob("*_source.jpg"))


def read(samples: Path, name: str) -> Portrait:
    """Read one sample with its map."""
    image = read_image(samples / f"{name}.jpg")
    return aligned_portrait(image, read_label_map(samples / f"{name}_mask.png"))


def psnr(one: NDArray[np.generic], other: NDArray[np.generic], where: NDArray[np.bool_]) -> float:
    """Return the peak signal-to-noise ratio in dB over some pixels, at most 99."""
    error = np.mean((one[where].astype(np.float64) - other[where].astype(np.float64)) ** 2)
    return min(LOSSLESS_DB, 10 * np.log10(255**2 / error)) if error > 0 else LOSSLESS_DB


def face_of(labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the mask of the inner face."""
    return np.isin(labels, list(FACE))
