"""The soft step that priors and outlines share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def rise(x: NDArray[np.floating] | np.floating) -> NDArray[np.float32]:
    """Return the logistic function of x, float32: 0 far below 0, ½ at 0, 1 far above."""
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -30, 30))), np.float32)
