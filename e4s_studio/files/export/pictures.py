"""Flat pictures: PNG, JPEG, WebP and 16-bit TIFF, with the photograph's own ICC and EXIF."""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - the library's own short name
from PIL import Image

from e4s_studio.core.errors import OutputError
from e4s_studio.files.export.layers import ExportLayers, to_8, to_16
from e4s_studio.files.export.original import SRGB

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.files.export.original import Original

_PILLOW: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    ".png": ("PNG", {"compress_level": 2}),
    # No chroma subsampling: it would smear the colour of lips and of the seam.
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".webp": ("WEBP", {"quality": 95}),
}
_TIFF: Final = (".tif", ".tiff")

# How OpenImageIO names what is carried over; the rest says how a file stores its pixels.
_CARRIED: Final = ("Exif:", "GPS:")
_CARRIED_NAMES: Final = frozenset(
    {
        "Artist",
        "Copyright",
        "DateTime",
        "ExposureTime",
        "FNumber",
        "ImageDescription",
        "Make",
        "Model",
        "Software",
    }
)


@dataclass(frozen=True, eq=False)
class FlatPicture:
    """A finished picture, before it is encoded.

    Attributes
    ----------
    pixels
        (H, W, 3) RGB or (H, W, 4) RGBA, uint16.
    profile
        The ICC profile that the colours are meant in; None for sRGB.
    exif
        EXIF bytes, or b"".
    """

    pixels: NDArray[np.uint16]
    profile: bytes | None = None
    exif: bytes = b""


def finished_picture(layers: ExportLayers, original: Original) -> FlatPicture:
    """Return the finished picture; where nothing was changed it is the original, bit for bit."""
    pixels = original.pixels.copy()
    window, changed = pixels[layers.window.slices], layers.changed
    window[changed] = original.from_srgb(to_16(layers.result))[changed]
    return FlatPicture(pixels, original.profile, original.exif)


def unblended_face(layers: ExportLayers) -> FlatPicture:
    """Return the face before blending, with the face matte as alpha, at the photograph's size."""
    alpha = np.rint(np.clip(layers.matte, 0, 1) * 65535).astype(np.uint16)
    rgba = np.dstack([to_16(layers.face), alpha])
    return FlatPicture(np.asarray(layers.full(rgba), np.uint16))


def encode(picture: FlatPicture, suffix: str) -> bytes:
    """Encode a picture in the format of a suffix, one of `kinds.PICTURE_SUFFIXES`.

    Raises
    ------
    OutputError
        If the format cannot hold the picture.
    """
    suffix = suffix.lower()
    if suffix in _TIFF:
        return _tiff(picture)
    name, options = _PILLOW[suffix]
    stream = io.BytesIO()
    metadata: dict[str, Any] = {"icc_profile": picture.profile} if picture.profile else {}
    if picture.exif:
        metadata["exif"] = picture.exif
    try:
        Image.fromarray(to_8(picture.pixels)).save(stream, name, **options, **metadata)
    except (OSError, ValueError) as error:
        height, width = picture.pixels.shape[:2]
        raise OutputError(
            f"A picture of {width} × {height} pixels cannot be saved as {name} ({error});"
            " choose another format, such as .png."
        ) from error
    return stream.getvalue()


def _tiff(picture: FlatPicture) -> bytes:
    """Write a 16-bit TIFF; Pillow has none in colour."""
    height, width, channels = picture.pixels.shape
    spec = oiio.ImageSpec(width, height, channels, oiio.UINT16)
    spec.attribute("compression", "zip:2")
    # Colours under a transparent pixel stay as they are.
    spec.attribute("oiio:UnassociatedAlpha", 1)
    profile = np.frombuffer(picture.profile or SRGB, np.uint8)
    spec.attribute("ICCProfile", oiio.TypeDesc(f"uint8[{profile.size}]"), profile)
    with tempfile.TemporaryDirectory(prefix="e4s-studio-") as name:
        folder = Path(name)
        if picture.exif:
            _carry_exif(spec, picture.exif, folder / "exif.jpg")
        path = folder / "picture.tif"
        buffer = oiio.ImageBuf(spec)
        if not (buffer.set_pixels(oiio.ROI(), picture.pixels) and buffer.write(str(path))):
            raise OutputError(f"The picture cannot be saved as TIFF ({buffer.geterror()}).")
        return path.read_bytes()


def _carry_exif(spec: oiio.ImageSpec, exif: bytes, scratch: Path) -> None:
    Image.new("RGB", (1, 1)).save(scratch, "JPEG", exif=exif)
    for attribute in oiio.ImageBuf(str(scratch)).spec().extra_attribs:
        if attribute.name.startswith(_CARRIED) or attribute.name in _CARRIED_NAMES:
            spec.attribute(attribute.name, attribute.type, attribute.value)
