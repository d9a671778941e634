"""What a small network, trained on painted portraits alone, sees in an aligned crop."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import torch

from e4s_studio.core.errors import CheckpointError
from e4s_studio.engine.resample import shrunk
from e4s_studio.files.resources import BUILT_IN_PARSER, network_file
from e4s_studio.networks.parser import SIDE, ParserNet
from e4s_studio.networks.weights import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Plane = NDArray[np.float32]

_SCALES: Final = (0.94, 1.0, 1.06)
"""The crop is looked at a little nearer and farther, and mirrored: the mean errs less."""


def learned_chances(crop: NDArray[np.uint8], weights: Path | None = None) -> Plane:
    """Return the probability of every region.

    Parameters
    ----------
    crop
        (S, S, 3) uint8 RGB, aligned.
    weights
        A parser's weights; None for the built-in parser.

    Returns
    -------
    (96, 96, 12) float32 that sum to 1 over the last axis.

    Raises
    ------
    CheckpointError
        If the weights are missing, damaged, or not a parser's.
    """
    network = _network(weights)
    small = _sized(crop)
    views = [_scaled(small, scale) for scale in _SCALES]
    views += [view[:, ::-1] for view in views]
    pictures = torch.from_numpy(np.stack(views).transpose(0, 3, 1, 2).copy()) / 255
    with torch.inference_mode():
        seen = network(pictures).softmax(dim=1).permute(0, 2, 3, 1).numpy()
    half = len(_SCALES)
    seen = (seen[:half] + seen[half:, :, ::-1]) / 2
    back = [_scaled(view, 1 / scale) for view, scale in zip(seen, _SCALES, strict=True)]
    return np.asarray(np.mean(back, axis=0), np.float32)


def parser_of(weights: Path) -> ParserNet:
    """Load a parser.

    Raises
    ------
    CheckpointError
        If there is no such file, or if it does not hold a parser's weights.
    """
    try:
        return ParserNet.from_file(weights)
    except FileNotFoundError as error:
        raise CheckpointError(f"There are no weights “{weights}”; check the name.") from error
    except WeightsError as error:
        raise CheckpointError(
            f"{weights} does not hold the parser's weights; install the program again, or train"
            " them with `e4s-studio train --preset parser-96`."
        ) from error


@lru_cache(maxsize=1)
def _network(weights: Path | None) -> ParserNet:
    return parser_of(network_file(BUILT_IN_PARSER) if weights is None else weights)


def _sized(crop: NDArray[np.uint8]) -> Plane:
    small = shrunk(crop, crop.shape[0] / SIDE)[0].clip(0, 255)
    if small.shape[0] == SIDE:
        return small
    return np.asarray(cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.float32)


def _scaled(planes: Plane, factor: float) -> Plane:
    """Enlarge planes, (96, 96, K), about their middle; the edge is continued."""
    middle = (SIDE - 1) / 2
    turn = np.array([[1 / factor, 0, middle * (1 - 1 / factor)], [0, 1 / factor, 0]])
    turn[1, 2] = turn[0, 2]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    parts = [
        cv2.warpAffine(
            planes[..., k : k + 4], turn, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        for k in range(0, planes.shape[2], 4)
    ]
    return np.dstack(parts).astype(np.float32)
