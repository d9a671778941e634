"""Finding the faces of a photograph: where they are, how sure that is, and their landmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.core.face import Face, face_at
from e4s_studio.engine.faces import haar, retinaface

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


__all__ = ["Face", "as_rgb8", "face_at", "find_faces"]

_SEARCHED_SIDE: Final = 1600
"""Pixels: photographs are searched at this size; faces below a sixtieth are not looked for."""


def find_faces(photo: NDArray[np.generic], weights: Path | None = None) -> list[Face]:
    """Find every face of a photograph, the surest first.

    Parameters
    ----------
    photo
        (H, W) or (H, W, C) uint8, uint16, or floating in [0, 1]; RGB or grey, alpha is ignored.
    weights
        The file of facexlib's RetinaFace (ResNet-50). None searches with OpenCV's Haar cascades,
        which need no download: upright and tilted faces seen from the front.

    Returns
    -------
    The faces; an empty list where there is none.

    Raises
    ------
    CheckpointError
        If `weights` is not RetinaFace's file.
    """
    if photo.size == 0:
        return []
    small, ratio = _searched(as_rgb8(photo))
    if weights is None:
        found = haar.find(np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8))
    else:
        found = retinaface.find(small, weights)
    faces = (_enlarged(face, 1 / ratio) for face in found)
    return sorted(faces, key=lambda face: face.confidence, reverse=True)


def as_rgb8(photo: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Return a photograph of any supported type as (H, W, 3) uint8 RGB, without its alpha."""
    if photo.dtype == np.uint16:
        eight = (photo >> 8).astype(np.uint8)  # type: ignore[operator]
    elif photo.dtype == np.uint8:
        eight = photo.astype(np.uint8, copy=False)
    else:
        eight = np.rint(photo.astype(np.float32).clip(0, 1) * 255).astype(np.uint8)
    planes = eight.reshape(*eight.shape[:2], -1)
    if planes.shape[2] < 3:
        planes = planes[:, :, :1].repeat(3, axis=2)
    return np.ascontiguousarray(planes[:, :, :3])


def _searched(photo: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    ratio = min(1.0, _SEARCHED_SIDE / max(photo.shape[:2]))
    if ratio == 1.0:
        return photo, ratio
    small = cv2.resize(photo, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), ratio


def _enlarged(face: Face, factor: float) -> Face:
    """Bring a face from the searched size to the photograph's pixels."""

    def there(value: float) -> float:
        return (value + 0.5) * factor - 0.5

    x0, y0, x1, y1 = (there(value) for value in face.box)
    points = tuple((there(x), there(y)) for x, y in face.landmarks)
    return Face(face.confidence, (x0, y0, x1, y1), points)  # type: ignore[arg-type]
