"""The parser of the published system: facexlib's BiSeNet, when its weights are there."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import torch

from e4s_studio.core.regions import FROM_BISENET, REGION_COUNT
from e4s_studio.engine import facexlib_edge
from e4s_studio.engine.doubt import doubt_of
from e4s_studio.engine.parsing.parsing import Parsing
from e4s_studio.engine.resample import resized

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SIDE: Final = 512
# ImageNet's statistics, RGB.
_MEAN: Final = (0.485, 0.456, 0.406)
_DEVIATION: Final = (0.229, 0.224, 0.225)


def bisenet_map(crop: NDArray[np.uint8], weights: Path) -> Parsing:
    """Parse an aligned face with BiSeNet.

    Parameters
    ----------
    crop
        (S, S, 3) uint8 RGB, aligned.
    weights
        facexlib's parsing_bisenet.pth.

    Returns
    -------
    Labels and doubt at the crop's size.

    Raises
    ------
    CheckpointError
        If `weights` does not hold facexlib's BiSeNet.
    """
    size = crop.shape[0]
    small = cv2.resize(crop, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    picture = torch.from_numpy(np.asarray(small, np.float32) / 255)
    picture = (picture - torch.tensor(_MEAN)) / torch.tensor(_DEVIATION)
    network = _network(weights, weights.stat().st_mtime_ns if weights.exists() else 0)
    with torch.inference_mode():
        logits = network(picture.permute(2, 0, 1)[None])[0]  # (1, 19, 512, 512)
    foreign = logits[0].softmax(dim=0).permute(1, 2, 0).numpy()
    chances = np.zeros((SIDE, SIDE, REGION_COUNT), np.float32)
    for label, region in enumerate(FROM_BISENET):
        chances[..., region] = np.maximum(chances[..., region], foreign[..., label])
    chances = resized(chances / chances.sum(axis=-1, keepdims=True), size)
    return Parsing(chances.argmax(axis=-1).astype(np.uint8), doubt_of(chances))


@lru_cache(maxsize=1)
def _network(weights: Path, _changed: int) -> torch.nn.Module:
    """Keep the network of the file as it was at a time of change."""
    from facexlib.parsing import init_parsing_model  # noqa: PLC0415 (half a second, rarely)

    return facexlib_edge.load(init_parsing_model, "bisenet", weights, facexlib_edge.BISENET_FILE)
