"""Layered OpenRaster files, for Krita, GIMP and MyPaint.

By the standard (https://www.openraster.org) a zip of PNGs in sRGB and an XML of their order.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

import numpy as np
from PIL import Image

from e4s_studio.files.export.layers import to_8
from e4s_studio.files.export.original import original_of
from e4s_studio.files.export.pictures import finished_picture
from e4s_studio.files.export.stack import flattened, region_layers, spare_layers, visible_stack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.files.export.layers import ExportLayers
    from e4s_studio.files.export.stack import StackLayer

THUMBNAIL_SIDE: Final = 256
# A photograph's PNG shrinks by a few per cent more at higher levels, at several times the time.
_COMPRESSION: Final = 1


def openraster_file(layers: ExportLayers, extra: tuple[StackLayer, ...] = ()) -> bytes:
    """Return an ORA: target, face and occluder, the spare layers, and a layer for each region.

    Parameters
    ----------
    layers
        What to write.
    extra
        Layers on top, such as the visible mark.
    """
    original = original_of(layers.photograph, None)
    merged = flattened(finished_picture(layers, original).pixels, extra)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "image/openraster")
        writer = _Writer(archive, layers.photograph.shape[:2])
        for layer in (*visible_stack(layers, original), *extra, *spare_layers(layers, original)):
            writer.add(layer, writer.root)
        regions = writer.group("Regions")
        for layer in region_layers(layers):
            writer.add(layer, regions)
        writer.finish(Image.fromarray(to_8(merged)))
    return stream.getvalue()


class _Writer:
    """Writes layers to a zip, bottom first, and their order to its `stack.xml`."""

    def __init__(self, archive: zipfile.ZipFile, shape: tuple[int, ...]) -> None:
        self._archive = archive
        self._image = ET.Element("image", version="0.0.3", w=str(shape[1]), h=str(shape[0]))
        self.root = ET.SubElement(self._image, "stack")
        self._count = 0

    def group(self, name: str) -> ET.Element:
        """Add a hidden group on top."""
        group = ET.Element("stack", name=name, visibility="hidden")
        self.root.insert(0, group)
        return group

    def add(self, layer: StackLayer, parent: ET.Element) -> None:
        """Add a layer on top of a group; one of which nothing can be seen is left out."""
        seen = layer.cropped()
        if seen is None:
            return
        source = f"data/layer{self._count}.png"
        self._count += 1
        self._store(source, Image.fromarray(_pixels(seen)))
        attributes = {
            "name": seen.name,
            "src": source,
            "x": str(seen.left),
            "y": str(seen.top),
            "opacity": "1.0",
            "visibility": "visible" if seen.visible else "hidden",
            "composite-op": "svg:src-over",
        }
        # The first in the file lies on top.
        parent.insert(0, ET.Element("layer", attributes))

    def finish(self, merged: Image.Image) -> None:
        """Write the order of the layers, the finished picture and its thumbnail."""
        self._archive.writestr("stack.xml", ET.tostring(self._image, "UTF-8"))
        self._store("mergedimage.png", merged)
        merged.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        self._store("Thumbnails/thumbnail.png", merged)

    def _store(self, name: str, picture: Image.Image) -> None:
        stream = io.BytesIO()
        picture.save(stream, "PNG", compress_level=_COMPRESSION)
        self._archive.writestr(name, stream.getvalue())


def _pixels(layer: StackLayer) -> NDArray[np.uint8]:
    colour = to_8(layer.colour)
    return colour if layer.alpha.min() == 255 else np.dstack([colour, layer.alpha])
