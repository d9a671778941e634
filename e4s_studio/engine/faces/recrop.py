"""Bringing what was painted in one crop of a photograph to another crop of it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from e4s_studio.core.commands import Layer
from e4s_studio.core.layers import FULL, EditState
from e4s_studio.core.quad import Quad
from e4s_studio.engine.faces.align import recrop_labels, recrop_matte

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from e4s_studio.core.portrait import Portrait

_MAPS: Final = frozenset({Layer.LABELS, Layer.STARTED})
_UNTOUCHED: Final = {Layer.OCCLUDER: 0, Layer.AMOUNT: FULL}


def quad_of(portrait: Portrait) -> Quad:
    """Return where a portrait lies in its photograph."""
    return Quad.of(portrait.quad)


def moved_state(
    state: EditState, before: Quad, after: Quad, beyond: NDArray[np.uint8]
) -> EditState:
    """Keep paint where it was on the face when the target's quad is changed.

    Maps and switches take the nearest pixel, mattes are interpolated.

    Parameters
    ----------
    state
        Planes and settings in the crop of `before`.
    before, after
        The quad until now and the changed one.
    beyond
        (S, S) uint8: the label map of what the old crop did not show.

    Returns
    -------
    The same in the crop of `after`.
    """

    def moved(layer: Layer, plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if layer in _UNTOUCHED:
            return recrop_matte(plane, before, after, _UNTOUCHED[layer])
        return recrop_labels(plane, before, after, beyond if layer in _MAPS else beyond * 0)

    planes = {layer: moved(layer, plane) for layer, plane in state.planes.items()}
    return EditState(MappingProxyType(planes), state.settings)
