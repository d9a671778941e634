"""Flat pictures with the photograph's own bit depth, ICC profile and EXIF."""

from __future__ import annotations

import io
import tempfile
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import imagecodecs
import numpy as np
import OpenImageIO as oiio  # noqa: N813 - the library's own short name
from PIL import ExifTags, Image, ImageCms, ImageOps

from e4s_studio import __version__
from e4s_studio.core.errors import OutputError
from e4s_studio.files.export.layers import ExportLayers, StackLayer, flattened, to_8, to_16
from e4s_studio.files.images import DAMAGE, encode_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAX_DRIFT: Final = 2.0
"""Largest mean difference, in levels, between a file and the photograph opened from it."""
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
# Most tags of a TIFF describe how its pixels are stored; these describe the picture.
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
SRGB: Final = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

_TIFF: Final = (".tif", ".tiff")
# A photograph's PNG hardly shrinks at higher levels, at several times the time.
_PNG_COMPRESSION: Final = 2

# OpenImageIO's names of what is kept; the others describe how a file stores its pixels.
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
    """A picture with all that its file can hold.

    Attributes
    ----------
    pixels
        (H, W, 3) RGB or (H, W, 4) RGBA, uint16, upright, in the profile's colours.
    profile
        The ICC profile; None for sRGB.
    exif
        EXIF bytes without orientation, thumbnail and storage tags; b"" if there are none.
    """

    pixels: NDArray[np.uint16]
    profile: bytes | None = None
    exif: bytes = b""

    def from_srgb(self, colours: NDArray[np.uint16]) -> NDArray[np.uint16]:
        """Convert (h, w, 3) sRGB colours to the profile's."""
        return colours if self.profile is None else _converted(colours, SRGB, self.profile)


def original_of(photograph: NDArray[np.uint8], data: bytes | None) -> FlatPicture:
    """Return the content of a photograph's file, as far as it can be used.

    A file that is missing, or is not the photograph that was opened, gives the photograph itself;
    one in other than RGB colours (CMYK, grey, indexed) gives its EXIF and the photograph in sRGB.

    Parameters
    ----------
    photograph
        (H, W, 3) uint8 RGB in sRGB, upright, as the editor opened it.
    data
        The file's bytes, or None.
    """
    plain = FlatPicture(to_16(photograph))
    if data is None:
        return plain
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _read(photograph, data)
    except (*DAMAGE, Image.DecompressionBombError):
        return plain


def finished_picture(
    layers: ExportLayers, original: FlatPicture, extra: tuple[StackLayer, ...] = ()
) -> FlatPicture:
    """Return the finished picture, with extra layers such as the visible mark over it.

    Where neither the swap nor a layer changes a pixel, it is the original's, bit for bit.
    """
    pixels = original.pixels.copy()
    window, changed = pixels[layers.window.slices], layers.changed
    window[changed] = original.from_srgb(to_16(layers.result))[changed]
    return replace(original, pixels=flattened(pixels, extra) if extra else pixels)


def unblended_face(layers: ExportLayers) -> FlatPicture:
    """Return the face before blending, with the face matte as alpha, at the photograph's size."""
    alpha = np.rint(np.clip(layers.matte, 0, 1) * 65535).astype(np.uint16)
    rgba = np.dstack([to_16(layers.face), alpha])
    return FlatPicture(np.asarray(layers.full(rgba), np.uint16))


def encode(picture: FlatPicture, suffix: str) -> bytes:
    """Encode a picture in the format of a suffix, one of the picture formats in `kinds.SUFFIXES`.

    Raises
    ------
    OutputError
        If the format cannot hold the picture.
    """
    suffix = suffix.lower()
    if suffix in _TIFF:
        return _tiff(picture)
    options: dict[str, Any] = {"compress_level": _PNG_COMPRESSION} if suffix == ".png" else {}
    if picture.profile:
        options["icc_profile"] = picture.profile
    if picture.exif:
        options["exif"] = picture.exif
    return encode_image(f"picture{suffix}", to_8(picture.pixels), **options)


def _read(photograph: NDArray[np.uint8], data: bytes) -> FlatPicture:
    with Image.open(io.BytesIO(data)) as picture:
        turned = picture.getexif().get(ExifTags.Base.Orientation, 1)
        found = FlatPicture(to_16(photograph), None, _described(picture.getexif()))
        if picture.mode != "RGB" or picture.has_transparency_data:
            return found
        profile = _usable(picture.info.get("icc_profile"))
        pixels = _deep_pixels(data, turned)
        if pixels is None or not _shows(pixels, profile, photograph):
            pixels = to_16(np.array(ImageOps.exif_transpose(picture)))
    if not _shows(pixels, profile, photograph):
        return FlatPicture(found.pixels)
    return FlatPicture(pixels, profile, found.exif)


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
    """Return upright 16-bit RGB, or None if the file has 8 bits or fewer."""
    flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if pixels is None or pixels.dtype != np.uint16 or pixels.shape[2:] != (3,):
        return None
    rgb = np.ascontiguousarray(pixels[..., ::-1], np.uint16)
    if turned not in _ORIENTED:
        return rgb
    # Pillow does the eight orientations, but has no 16-bit RGB: one channel at a time.
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
    return float(np.abs(difference).mean()) <= _MAX_DRIFT


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
