"""What the target's own file holds beyond what the editor works on: depth, colours, EXIF."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import imagecodecs
import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageOps

from e4s_studio import __version__
from e4s_studio.files.export.layers import to_8, to_16

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_DRIFT: Final = 2.0
"""Mean difference, in levels, up to which a file is taken for the photograph that was opened."""
_SAMPLED: Final = 16

_ORIENTED: Final[dict[int, Image.Transpose]] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Of a TIFF's tags most say how its own pixels are stored; these say what is in the picture.
_DESCRIBING: Final = (
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.Copyright,
    ExifTags.Base.XResolution,
    ExifTags.Base.YResolution,
    ExifTags.Base.ResolutionUnit,
)
_PARTS: Final = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
_DAMAGE: Final = (
    OSError,
    RuntimeError,
    ValueError,
    SyntaxError,
    EOFError,
    Image.DecompressionBombError,
)


SRGB: Final = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@dataclass(frozen=True, eq=False)
class Original:
    """The target photograph as its file has it.

    Attributes
    ----------
    pixels
        (H, W, 3) uint16 RGB, upright, in the profile's colours.
    profile
        The ICC profile; None for sRGB.
    exif
        EXIF without orientation, thumbnail and storage tags; b"" if there is none.
    """

    pixels: NDArray[np.uint16]
    profile: bytes | None
    exif: bytes

    def from_srgb(self, colours: NDArray[np.uint16]) -> NDArray[np.uint16]:
        """Convert (h, w, 3) sRGB colours to the profile's."""
        return colours if self.profile is None else _converted(colours, SRGB, self.profile)


def original_of(photograph: NDArray[np.uint8], data: bytes | None) -> Original:
    """Return what a photograph's file holds, as far as it can be used.

    A file that is missing, or is not the photograph that was opened, gives the photograph itself;
    one in other than RGB colours (CMYK, grey, indexed) gives its EXIF and the photograph in sRGB.

    Parameters
    ----------
    photograph
        (H, W, 3) uint8 RGB in sRGB, upright, as the editor opened it.
    data
        The file's bytes, or None.
    """
    plain = Original(to_16(photograph), None, b"")
    if data is None:
        return plain
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _read(photograph, data)
    except _DAMAGE:
        return plain


def _read(photograph: NDArray[np.uint8], data: bytes) -> Original:
    with Image.open(io.BytesIO(data)) as picture:
        turned = picture.getexif().get(ExifTags.Base.Orientation, 1)
        found = Original(to_16(photograph), None, _described(picture.getexif()))
        if picture.mode != "RGB" or picture.has_transparency_data:
            return found
        profile = _usable(picture.info.get("icc_profile"))
        pixels = _deep_pixels(data, turned)
        if pixels is None or not _shows(pixels, profile, photograph):
            pixels = to_16(np.array(ImageOps.exif_transpose(picture)))
    if not _shows(pixels, profile, photograph):
        return Original(found.pixels, None, b"")
    return Original(pixels, profile, found.exif)


def _usable(profile: bytes | None) -> bytes | None:
    """Return the profile if colours can be converted to and from it."""
    if not profile:
        return None
    try:
        _converted(np.zeros((1, 1, 3), np.uint16), SRGB, profile)
    except imagecodecs.CmsError:
        return None
    return profile


def _deep_pixels(data: bytes, turned: int) -> NDArray[np.uint16] | None:
    """Return upright 16-bit RGB, or None where the file has no more than 8 bits."""
    flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if pixels is None or pixels.dtype != np.uint16 or pixels.shape[2:] != (3,):
        return None
    rgb = np.ascontiguousarray(pixels[..., ::-1], np.uint16)
    if turned not in _ORIENTED:
        return rgb
    # Pillow knows the eight orientations, and no 16-bit RGB: one channel at a time.
    turning = _ORIENTED[turned]
    channels = [Image.fromarray(rgb[..., channel]).transpose(turning) for channel in range(3)]
    return np.stack([np.asarray(channel, np.uint16) for channel in channels], axis=2)


def _shows(
    pixels: NDArray[np.uint16], profile: bytes | None, photograph: NDArray[np.uint8]
) -> bool:
    if pixels.shape != photograph.shape:
        return False
    sample = np.ascontiguousarray(pixels[::_SAMPLED, ::_SAMPLED])
    seen = sample if profile is None else _converted(sample, profile, SRGB)
    difference = to_8(seen).astype(np.int16) - photograph[::_SAMPLED, ::_SAMPLED]
    return float(np.abs(difference).mean()) <= MAX_DRIFT


def _converted(colours: NDArray[np.uint16], profile: bytes, other: bytes) -> NDArray[np.uint16]:
    converted = imagecodecs.cms_transform(
        np.ascontiguousarray(colours),
        profile,
        other,
        colorspace="rgb",
        outcolorspace="rgb",
        outdtype=np.uint16,
        intent=int(ImageCms.Intent.RELATIVE_COLORIMETRIC),
    )
    return np.asarray(converted)


def _described(exif: Image.Exif) -> bytes:
    kept = Image.Exif()
    for tag in _DESCRIBING:
        if tag in exif:
            kept[tag] = exif[tag]
    for part in _PARTS:
        if values := exif.get_ifd(part):
            kept.get_ifd(part).update(values)
            kept[part] = kept.get_ifd(part)
    if not len(kept):
        return b""
    kept[ExifTags.Base.Software] = f"E4S Studio {__version__}"
    return kept.tobytes()
