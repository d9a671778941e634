"""What a parser returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Parsing(NamedTuple):
    """A label map, (S, S) uint8, and its doubt, (S, S) float32 from 0 (sure) to 1 (a guess)."""

    labels: NDArray[np.uint8]
    doubt: NDArray[np.float32]
