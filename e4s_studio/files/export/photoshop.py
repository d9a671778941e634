"""Layered PSD files, 16 bits a channel, in the photograph's own colours."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from PIL import Image
from psd_tools import PSDImage
from psd_tools.constants import Resource
from psd_tools.psd import PSD
from psd_tools.psd.image_resources import ImageResource

from e4s_studio.core.errors import OutputError
from e4s_studio.files.export.original import SRGB
from e4s_studio.files.export.pictures import finished_picture
from e4s_studio.files.export.stack import (
    flattened,
    region_layers,
    spare_layers,
    visible_stack,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from psd_tools.api.layers import PixelLayer

    from e4s_studio.files.export.layers import ExportLayers
    from e4s_studio.files.export.original import Original
    from e4s_studio.files.export.stack import StackLayer

MAX_SIDE: Final = 30_000
"""The format's own limit, in pixels."""


def photoshop_file(
    layers: ExportLayers, original: Original, extra: tuple[StackLayer, ...] = ()
) -> bytes:
    """Return a PSD: target, face and occluder, the spare layers, and each region as a mask.

    Alphas are layer masks, so that they can be painted on.

    Parameters
    ----------
    layers, original
        What to write, and the target's own file.
    extra
        Layers on top, such as the visible mark.

    Raises
    ------
    OutputError
        If the photograph is larger than the format allows.
    """
    height, width = layers.photograph.shape[:2]
    if max(height, width) > MAX_SIDE:
        raise OutputError(
            f"A PSD has {MAX_SIDE} pixels a side at most, and this photograph is {width} ×"
            f" {height}; export OpenRaster or TIFF."
        )
    document = _Document.new("RGB", (width, height), depth=16)
    for layer in (*visible_stack(layers, original), *extra, *spare_layers(layers, original)):
        _add(document, layer)
    regions = [_add(document, layer) for layer in region_layers(layers)]
    document.create_group([one for one in regions if one is not None], "Regions").visible = False
    profile = ImageResource(key=Resource.ICC_PROFILE, data=original.profile or SRGB)
    document.image_resources[Resource.ICC_PROFILE] = profile
    merged = flattened(finished_picture(layers, original).pixels, extra)
    return _with_preview(document, merged)


class _Document(PSDImage):
    """A document that is saved without being composited: the finished picture is there already.

    The library would do it in some gigabytes of memory for a photograph of 24 megapixels.
    """

    def is_updated(self) -> bool:
        return False


def _with_preview(document: PSDImage, merged: NDArray[np.uint16]) -> bytes:
    """Return a document's file with (H, W, 3) pixels as what programs without layers show."""
    stream = io.BytesIO()
    document.save(stream)
    stream.seek(0)
    record = PSD.read(stream)
    planes = [merged[..., channel].astype(">u2").tobytes() for channel in range(3)]
    record.image_data.set_data(planes, record.header)
    written = io.BytesIO()
    record.write(written)
    return written.getvalue()


def _add(document: PSDImage, layer: StackLayer) -> PixelLayer | None:
    """Add a layer on top; one of which nothing can be seen is left out."""
    seen = layer.cropped()
    if seen is None:
        return None
    added = document.create_pixel_layer_from_array(
        seen.colour, name=seen.name, top=seen.top, left=seen.left
    )
    if seen.alpha.min() < 255:
        added.create_mask(Image.fromarray(seen.alpha))
    added.visible = seen.visible
    return added
