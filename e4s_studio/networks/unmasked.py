"""One resolution of the generator where one code serves the whole picture, without gradients.

Upsampling, convolution and toRGB run band by band: the features between them are never stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from e4s_studio.networks import dense

if TYPE_CHECKING:
    from torch import Tensor

    from e4s_studio.networks.modulated import Folded


@dataclass(frozen=True)
class UnmaskedStage:
    """The folded layers of one resolution R, and what they draw of one sample."""

    up: Folded
    plain: Folded
    rgb: Tensor  # (C, 3)

    def draw(self, x: Tensor, features: Tensor | None) -> Tensor:
        """Draw the sample x (1, r, r, in): RGB (1, R, R, 3) in the type of x.

        The features (1, R, R, C) are written too, where a finer resolution wants them.
        """
        resolution = 2 * x.shape[1]
        picture = x.new_empty(1, resolution, resolution, 3)
        source = dense.Rows(x)
        before = None
        for band in dense.bands(resolution, resolution * len(self.rgb), x.device):
            fresh = self.up.rows(source.ring(band.start // 2, band.stop // 2), band)
            ring, rows = _ring(before, fresh, band, resolution)
            before = ring[:, -2:]
            y = self.plain.rows(ring, rows)
            picture[:, rows] = y @ self.rgb
            if features is not None:
                features[:, rows] = y
        return picture


def _ring(
    before: Tensor | None, fresh: Tensor, band: slice, resolution: int
) -> tuple[Tensor, slice]:
    """Put new rows under the last two of the ring before them.

    A row can be convolved once the row under it is there: the rows that are ready lag the band by
    one, except at the end.

    Returns
    -------
    tuple
        The ring (1, rows + 2, R + 2, C) and its rows.
    """
    above, below = (1 if before is None else 2), int(band.stop == resolution)
    _, height, width, channels = fresh.shape
    ring = fresh.new_empty(1, above + height + below, width + 2, channels)
    dense.clear_border(ring, top=before is None, bottom=bool(below))
    if before is not None:
        ring[:, :2] = before
    ring[:, above : above + height, 1:-1] = fresh
    start = band.start + 1 - above
    return ring, slice(start, start + ring.shape[1] - 2)
