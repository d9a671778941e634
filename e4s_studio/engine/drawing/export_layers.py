"""From a composed crop to the layers of an export, at the photograph's own resolution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from e4s_studio.core.geometry import Box
from e4s_studio.core.quad import Quad
from e4s_studio.engine.faces.align import from_crop, uncrop_labels
from e4s_studio.engine.faces.portraits import native_size
from e4s_studio.engine.finishing.paste import laid_cover
from e4s_studio.files.export.layers import WHITE, ExportLayers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.core.contents import DocumentSnapshot
    from e4s_studio.engine.drawing.renderer import Renderer
    from e4s_studio.engine.finishing.compose import Composite


def finished_layers(renderer: Renderer, snapshot: DocumentSnapshot) -> ExportLayers:
    """Draw, compose and place a document in full: float32, final size, never the preview."""
    *_, drawn = renderer.drawings(snapshot.labels, snapshot.settings.amounts)
    composite = renderer.finish(drawn, snapshot, native_size(renderer.portraits.target))
    return placed_layers(snapshot, composite)


def placed_layers(snapshot: DocumentSnapshot, composite: Composite) -> ExportLayers:
    """Place a composed crop and its layers in the target's photograph.

    Parameters
    ----------
    snapshot
        The document.
    composite
        Its finished crop, of any size.
    """
    target = snapshot.target
    photograph, quad = target.photograph, Quad.of(target.quad)
    window = Box.around(quad.points, 1).intersection(Box.of(photograph))
    before = photograph[window.slices].astype(np.float32)
    covered = laid_cover(composite.cover, quad, photograph.shape)
    matte = from_crop(covered, quad, window).clip(0, 1)
    laid = from_crop(composite.result, quad, window, edge=cv2.BORDER_REPLICATE)
    face = from_crop(composite.face, quad, window, edge=cv2.BORDER_REPLICATE).clip(0, WHITE)
    # Where nothing is covered the photograph stays, bit for bit.
    mixed = (before + matte[..., None] * (laid - before)).clip(0, WHITE)
    result = np.where(matte[..., None] > 0, mixed, before)
    return ExportLayers(
        photograph=photograph,
        window=window,
        result=_as_float32(result),
        face=face,
        matte=matte,
        occluder=from_crop(snapshot.occluder / np.float32(WHITE), quad, window).clip(0, 1),
        labels=uncrop_labels(snapshot.labels, quad, photograph.shape[:2])[window.slices],
        film=composite.film,
    )


def _as_float32(levels: NDArray[np.floating]) -> NDArray[np.float32]:
    return levels.astype(np.float32, copy=False)
