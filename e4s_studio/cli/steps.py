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

    from e4s_studio.engine.drawing.session import Session
    from e4s_studio.engine.finishing.compose import Composite


def write_steps(
    folder: Path,
    session: Session,
    label_map: NDArray[np.uint8],
    hole: NDArray[np.bool_],
    composite: Composite,
) -> None:
    """Write the maps in colour, the reconstructions, the drawn and the unblended face, the mattes.

    Parameters
    ----------
    folder
        Where to; it exists.
    session
        The fitted pair.
    label_map, hole
        (H, W) uint8 and bool: the swap's map and its holes.
    composite
        The finished crop.
    """
    source, target = session.portraits
    pictures = {
        "1_source_crop": source.image,
        "1_target_crop": target.image,
        "2_source_map": PALETTE[source.labels],
        "2_target_map": PALETTE[target.labels],
        "3_swapped_map": PALETTE[label_map],
        "3_hole": _grey(hole * 255.0),
        "4_source_reconstruction": to_image(session.reconstructions.source),
        "4_target_reconstruction": to_image(session.reconstructions.target),
        "5_drawn": to_image(composite.drawn),
        "6_face": to_image(composite.face),
        "7_cover": _grey(composite.cover * 255.0),
        "8_crop": to_image(composite.result),
    }
    for name, picture in pictures.items():
        write_image(folder / f"{name}.png", picture)


def _grey(levels: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.repeat(to_image(levels)[..., None], 3, axis=2)
