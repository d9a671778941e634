"""One resolution of the generator where one code serves the whole picture, without gradients.

Upsampling, convolution and toRGB run band by band: the features between them are never stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from e4s_studio.networks import dense

if TYPE_CHECKING:
    from torch import Tensor

    from e4s_studio.networks.modulated import Folded

BAND_FLOATS: Final = 3 << 19
"""Smaller than elsewhere: the features of several layers are in the cache at a time."""


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
        for band in dense.bands(resolution, resolution * len(self.rgb), x.device, BAND_FLOATS):
            ring, rows = self._ring(source, band, before)
            before = ring[:, -2:]
            y = self.plain.rows(ring, rows, None if features is None else features[:, rows])
            picture[:, rows] = y @ self.rgb
        return picture

    def _ring(self, source: dense.Rows, band: slice, before: Tensor | None) -> tuple[Tensor, slice]:
        """Upsample a band, under the last two rows of the ring before it.

        A row can be convolved once the row under it is there: the rows that are ready lag the band
        by one, except at the end.

        Returns
        -------
        tuple
            The ring (1, rows + 2, R + 2, C) and its rows.
        """
        resolution, height = 2 * source.x.shape[1], band.stop - band.start
        above, below = (1 if before is None else 2), int(band.stop == resolution)
        ring = source.x.new_empty(1, above + height + below, resolution + 2, len(self.rgb))
        _clear_border(ring, top=before is None, bottom=bool(below))
        if before is not None:
            ring[:, :2] = before
        inside = ring[:, above : above + height, 1:-1]
        self.up.rows(source.ring(band.start // 2, band.stop // 2), band, out=inside)
        start = band.start + 1 - above
        return ring, slice(start, start + ring.shape[1] - 2)


def _clear_border(ring: Tensor, *, top: bool, bottom: bool) -> None:
    """Zero the outer columns of (B, h, w, C), and its first and last row where they are outside."""
    ring[:, :, 0].zero_()
    ring[:, :, -1].zero_()
    if top:
        ring[:, 0].zero_()
    if bottom:
        ring[:, -1].zero_()
