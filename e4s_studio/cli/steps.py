"""Every picture on the way from two photographs to a swap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from e4s_studio.core.regions import PALETTE
from e4s_studio.engine.pictures import to_image
from e4s_studio.files.images import write_image

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from e4s_studio.studio import Swap


def write_steps(folder: Path, swap: Swap) -> None:
    """Write the maps in colour, the reconstructions, the drawn and the unblended face, the mattes.

    Parameters
    ----------
    folder
        Where to; it exists.
    swap
        The swap.
    """
    reconstructions, composite = swap.pair.renderer.reconstructions, swap.composite
    source, target = swap.snapshot.portraits
    pictures = {
        "1_source_crop": source.image,
        "1_target_crop": target.image,
        "2_source_map": PALETTE[source.labels],
        "2_target_map": PALETTE[target.labels],
        "3_swapped_map": PALETTE[swap.snapshot.labels],
        "3_hole": _grey(swap.snapshot.hole * 255.0),
        "4_source_reconstruction": to_image(reconstructions.source),
        "4_target_reconstruction": to_image(reconstructions.target),
        "5_drawn": to_image(composite.drawn),
        "6_face": to_image(composite.face),
        "7_cover": _grey(composite.cover * 255.0),
        "8_crop": to_image(composite.result),
    }
    for name, picture in pictures.items():
        write_image(folder / f"{name}.png", picture)


def _grey(levels: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.repeat(to_image(levels)[..., None], 3, axis=2)
