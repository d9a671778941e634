"""Faces from facexlib's RetinaFace, when its weights are there."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import torch

from e4s_studio.core.face import Face
from e4s_studio.engine import facexlib_edge

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

LEAST_SCORE: Final = 0.8


def find(photo: NDArray[np.uint8], weights: Path) -> list[Face]:
    """Find the faces of a photograph, (H, W, 3) uint8 RGB.

    Raises
    ------
    CheckpointError
        If `weights` is not the file of facexlib's RetinaFace (ResNet-50).
    """
    network = _network(weights, weights.stat().st_mtime_ns if weights.exists() else 0)
    with torch.inference_mode():
        rows = network.detect_faces(photo[:, :, ::-1], LEAST_SCORE)  # type: ignore[operator]
    return [_face(row) for row in rows]


def _face(row: NDArray[np.float32]) -> Face:
    """Read a row: x0, y0, x1, y1, score, then eyes, nose and mouth corners, left ones first."""
    x0, y0, x1, y1, score, *points = (float(value) for value in row)
    pairs = tuple(zip(points[0::2], points[1::2], strict=True))
    return Face(score, (x0, y0, x1, y1), pairs)  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def _network(weights: Path, _changed: int) -> torch.nn.Module:
    """Keep the network of the file as it was at a time of change."""
    from facexlib.detection import init_detection_model  # noqa: PLC0415 (half a second, rarely)

    return facexlib_edge.load(
        init_detection_model, "retinaface_resnet50", weights, facexlib_edge.RETINAFACE_FILE
    )
