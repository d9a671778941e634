"""Layered files, PSD and OpenRaster: every program composites them to the flat export.

From below they have the target, the face and the occluder; then hidden layers for further
editing, and a hidden group with a layer for each region. OpenRaster (https://www.openraster.org),
for Krita, GIMP and MyPaint, is a zip of PNGs in sRGB and an XML file with their order.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

import numpy as np
from PIL import Image
from psd_tools import PSDImage
from psd_tools.constants import Resource
from psd_tools.psd import PSD
from psd_tools.psd.image_resources import ImageResource

from e4s_studio.core.errors import OutputError
from e4s_studio.core.regions import Region
from e4s_studio.files.export.layers import (
    STEPS_16,
    WHITE,
    ExportLayers,
    StackLayer,
    flattened,
    to_8,
    to_16,
)
from e4s_studio.files.export.pictures import SRGB, FlatPicture, finished_picture

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from psd_tools.api.layers import PixelLayer

    from e4s_studio.core.geometry import Box

MAX_SIDE: Final = 30_000
"""The largest PSD that the format allows, in pixels a side."""
_THUMBNAIL_SIDE: Final = 256
# A photograph's PNG shrinks by a few per cent more at higher levels, at several times the time.
_COMPRESSION: Final = 1


def photoshop_file(
    layers: ExportLayers, original: FlatPicture, extra: tuple[StackLayer, ...] = ()
) -> bytes:
    """Return a PSD of 16 bits a channel, in the photograph's own colours.

    Alphas are layer masks, so that they can be painted on.

    Parameters
    ----------
    layers
        The swap.
    original
        The target's own file.
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
    stack = _stacked(layers, original, extra)
    document = _Document.new("RGB", (width, height), depth=16)
    for layer in stack.layers:
        _add(document, layer)
    regions = [_add(document, layer) for layer in stack.regions]
    document.create_group(regions, "Regions").visible = False
    profile = ImageResource(key=Resource.ICC_PROFILE, data=original.profile or SRGB)
    document.image_resources[Resource.ICC_PROFILE] = profile
    return _with_preview(document, stack.merged)


def openraster_file(
    layers: ExportLayers, original: FlatPicture, extra: tuple[StackLayer, ...] = ()
) -> bytes:
    """Return an ORA.

    Parameters
    ----------
    layers
        The swap.
    original
        The target photograph in sRGB: the format knows no other colours.
    extra
        Layers on top, such as the visible mark.
    """
    stack = _stacked(layers, original, extra)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "image/openraster")
        writer = _OpenRasterWriter(archive, layers.photograph.shape[:2])
        for layer in stack.layers:
            writer.add(layer, writer.root)
        regions = writer.group("Regions")
        for layer in stack.regions:
            writer.add(layer, regions)
        writer.finish(Image.fromarray(to_8(stack.merged)))
    return stream.getvalue()


@dataclass(frozen=True, eq=False)
class _Stack:
    """Layers, bottom first, cropped to what is not transparent, and the picture they composite to.

    `merged` is (H, W, 3) uint16 in the colours of the original.
    """

    layers: list[StackLayer]
    regions: list[StackLayer]
    merged: NDArray[np.uint16]


def _stacked(layers: ExportLayers, original: FlatPicture, extra: tuple[StackLayer, ...]) -> _Stack:
    finished = finished_picture(layers, original)
    stack = (
        *_visible_layers(layers, original, finished),
        *extra,
        *_spare_layers(layers, original),
    )
    merged = flattened(finished.pixels, extra)
    return _Stack(_cropped(stack), _cropped(_region_layers(layers)), merged)


def _cropped(layers: Iterable[StackLayer]) -> list[StackLayer]:
    return [cropped for layer in layers if (cropped := layer.cropped()) is not None]


def _visible_layers(
    layers: ExportLayers, original: FlatPicture, finished: FlatPicture
) -> list[StackLayer]:
    """Return the photograph, the blended face and the occluder: they composite to the result.

    "Over" is the only operation that all programs do alike, so the multi-band seam is written as
    a colour c and an alpha a with photograph + a (c − photograph) = picture, where a is the face
    matte, or as much more as c needs to stay within 0 to 255. Likewise for the occluder above it.
    """
    window = layers.window
    before = _levels(original.pixels[window.slices])
    after = _levels(finished.pixels[window.slices])
    changed = layers.changed
    # Resampling lets a trace of the face through a full occluder: lower the occluder's alpha there.
    room = 1 - _needed_alpha(before, after)
    hidden = np.floor(np.minimum(layers.occluder, room).clip(0, 1) * WHITE) / WHITE * changed
    seen = np.maximum(1 - hidden, 1 / WHITE)[..., None]
    under = np.clip((after - before * (1 - seen)) / seen, 0, WHITE)
    alpha = np.ceil(np.maximum(_needed_alpha(before, under), layers.matte * changed) * WHITE)
    share = np.clip(alpha, 1, WHITE)[..., None] / WHITE
    colour = before + (under - before) / share
    opaque = np.full(layers.photograph.shape[:2], 255, np.uint8)
    return [
        StackLayer("Target", 0, 0, original.pixels, opaque),
        _in_window(window, "Face", to_16(colour), alpha),
        _in_window(window, "Occluder", to_16(before), hidden * WHITE),
    ]


def _spare_layers(layers: ExportLayers, original: FlatPicture) -> list[StackLayer]:
    """Return hidden layers for further editing: the unblended face and the two mattes."""
    window = layers.window
    face = original.from_srgb(to_16(layers.face))
    white = np.full_like(face, 65535)
    matte, occluder = layers.matte * WHITE, layers.occluder * WHITE
    return [
        _in_window(window, "Unblended face", face, matte, visible=False),
        _in_window(window, "Face matte", white, matte, visible=False),
        _in_window(window, "Occluder matte", white, occluder, visible=False),
    ]


def _region_layers(layers: ExportLayers) -> list[StackLayer]:
    """Return a hidden layer in the palette's colour for each region in the label map."""
    return [
        StackLayer(
            region.title.capitalize(),
            layers.window.left,
            layers.window.top,
            np.full_like(layers.face, region.colour, dtype=np.uint16) * np.uint16(STEPS_16),
            (layers.labels == region).astype(np.uint8) * np.uint8(255),
            visible=False,
        )
        for region in Region
        if (layers.labels == region).any()
    ]


def _levels(pixels: NDArray[np.uint16]) -> NDArray[np.float32]:
    return np.divide(pixels, STEPS_16, dtype=np.float32)


def _needed_alpha(before: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.floating]:
    """Return the smallest alpha, (h, w), with which a colour over `before` can give `after`."""
    room = np.where(after > before, WHITE - before, before)
    share = np.abs(after - before) / np.maximum(room, 1e-6)
    return np.asarray(share.max(axis=2))


def _in_window(
    window: Box,
    name: str,
    colour: NDArray[np.uint16],
    alpha: NDArray[np.floating],
    *,
    visible: bool = True,
) -> StackLayer:
    levels = np.rint(np.clip(alpha, 0, WHITE)).astype(np.uint8)
    return StackLayer(name, window.left, window.top, colour, levels, visible)


class _Document(PSDImage):
    """A document that the library does not composite on saving: we have the finished picture.

    Compositing a photograph of 24 megapixels would take it some gigabytes of memory.
    """

    def is_updated(self) -> bool:
        return False


def _with_preview(document: PSDImage, merged: NDArray[np.uint16]) -> bytes:
    """Return a document's file; programs without layers show the (H, W, 3) pixels given."""
    stream = io.BytesIO()
    document.save(stream)
    stream.seek(0)
    record = PSD.read(stream)
    planes = [merged[..., channel].astype(">u2").tobytes() for channel in range(3)]
    record.image_data.set_data(planes, record.header)
    written = io.BytesIO()
    record.write(written)
    return written.getvalue()


def _add(document: PSDImage, layer: StackLayer) -> PixelLayer:
    """Add a layer on top."""
    added = document.create_pixel_layer_from_array(
        layer.colour, name=layer.name, top=layer.top, left=layer.left
    )
    if layer.alpha.min() < 255:
        added.create_mask(Image.fromarray(layer.alpha))
    added.visible = layer.visible
    return added


class _OpenRasterWriter:
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
        """Add a layer on top of a group."""
        source = f"data/layer{self._count}.png"
        self._count += 1
        self._store(source, Image.fromarray(_rgba(layer)))
        attributes = {
            "name": layer.name,
            "src": source,
            "x": str(layer.left),
            "y": str(layer.top),
            "opacity": "1.0",
            "visibility": "visible" if layer.visible else "hidden",
            "composite-op": "svg:src-over",
        }
        # The file lists the top layer first.
        parent.insert(0, ET.Element("layer", attributes))

    def finish(self, merged: Image.Image) -> None:
        """Write the order of the layers, the finished picture and its thumbnail."""
        self._archive.writestr("stack.xml", ET.tostring(self._image, "UTF-8"))
        self._store("mergedimage.png", merged)
        merged.thumbnail((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE))
        self._store("Thumbnails/thumbnail.png", merged)

    def _store(self, name: str, picture: Image.Image) -> None:
        stream = io.BytesIO()
        picture.save(stream, "PNG", compress_level=_COMPRESSION)
        self._archive.writestr(name, stream.getvalue())


def _rgba(layer: StackLayer) -> NDArray[np.uint8]:
    colour = to_8(layer.colour)
    return colour if layer.alpha.min() == 255 else np.dstack([colour, layer.alpha])
