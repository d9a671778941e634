"""Photographs in and out: reads what cameras and editors save, as 8-bit sRGB."""

from __future__ import annotations

import io
import struct
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from pillow_heif import register_heif_opener

from e4s_studio.core.errors import ImageError, OutputError
from e4s_studio.files import output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_MAX_PIXELS: Final = 120_000_000
"""More than any current camera takes, and few enough to edit in 4 GB of memory."""

# Pillow reads more, but some of it runs other programs (EPS) or is hardly ever a photograph.
_FORMATS: Final = ("JPEG", "PNG", "TIFF", "WEBP", "HEIF", "AVIF", "JPEG2000", "BMP", "GIF", "PPM")
_FORMAT_NAMES: Final = "JPEG, PNG, TIFF, WebP, HEIC, AVIF, JPEG 2000, BMP, GIF or PPM"

_WRITE_FORMATS: Final[dict[str, tuple[str, dict[str, object]]]] = {
    ".png": ("PNG", {"compress_level": 4}),
    # No chroma subsampling: it would smear the colour of lips and of the seam.
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".webp": ("WEBP", {"quality": 95}),
    ".tif": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    ".tiff": ("TIFF", {"compression": "tiff_adobe_deflate"}),
}

DAMAGE: Final = (OSError, RuntimeError, ValueError, SyntaxError, EOFError, struct.error)
"""What Pillow's decoders raise on damaged files."""

# HEIC, which telephones save, needs a plugin of Pillow's.
register_heif_opener(thumbnails=False)

SIXTEEN_BIT: Final = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})
"""Pillow's modes of single-channel pictures with 16 bits a pixel."""


def read_image(path: Path | str) -> NDArray[np.uint8]:
    """Read a photograph as a viewer shows it.

    The EXIF orientation is applied; an embedded ICC profile is converted to sRGB; grey, CMYK,
    16-bit and indexed pictures become 8-bit RGB; transparent pixels are put on white.

    Parameters
    ----------
    path
        A JPEG, PNG, TIFF, WebP, HEIC, AVIF, JPEG 2000, BMP, GIF or PPM file; the first of its
        frames is read.

    Returns
    -------
    NDArray
        (H, W, 3) uint8, RGB, sRGB, row 0 at the top.

    Raises
    ------
    ImageError
        If there is no such file, or it is empty, damaged, not a picture, or larger than
        `_MAX_PIXELS`.
    """
    picture = open_picture(path)
    with _damage_reported(path):
        return np.array(_flat_srgb(picture))


def decode_image(data: bytes, name: str) -> NDArray[np.uint8]:
    """Read a photograph from its file's bytes, as `read_image` does; `name` is for errors.

    Raises
    ------
    ImageError
        If the bytes are no picture, damaged, or larger than `_MAX_PIXELS`.
    """
    with _damage_reported(name):
        return np.array(_flat_srgb(_upright(io.BytesIO(data), name)))


def open_picture(path: Path | str) -> Image.Image:
    """Decode a picture and turn it upright, in its own mode and colours.

    Raises
    ------
    ImageError
        As `read_image` does.
    """
    path = Path(path)
    with _damage_reported(path):
        _require_content(path)
        return _upright(path, path)


def write_image(path: Path | str, image: NDArray[np.uint8]) -> None:
    """Write a picture whole or not at all, in the format of its suffix.

    Parameters
    ----------
    path
        Ends in .png, .jpg, .jpeg, .webp, .tif or .tiff.
    image
        (H, W, 3) uint8 RGB in sRGB, or (H, W) uint8 grey.

    Raises
    ------
    OutputError
        If the suffix is unknown, the format cannot hold the picture, or the place cannot be
        written to.
    """
    output.write_whole(path, encode_image(path, image))


def encode_image(path: Path | str, image: NDArray[np.uint8], **options: object) -> bytes:
    """Return the bytes that `write_image` would write to `path`.

    Parameters
    ----------
    path, image
        As `write_image` takes them.
    options
        Options of Pillow's writer, such as `exif`; they replace the usual ones.

    Raises
    ------
    OutputError
        If the suffix is unknown, or the format cannot hold the picture.
    """
    name, usual = _format_of(Path(path))
    stream = io.BytesIO()
    try:
        Image.fromarray(np.ascontiguousarray(image)).save(stream, name, **(usual | options))
    except (OSError, ValueError) as error:
        raise OutputError(
            f"A picture of {image.shape[1]} × {image.shape[0]} pixels cannot be saved as {name}"
            f" ({error}); choose another format, such as .png."
        ) from error
    return stream.getvalue()


def check_writable(path: Path | str) -> None:
    """Check before long work that `write_image` can write to `path` at its end.

    Raises
    ------
    OutputError
        If the suffix is unknown or the place cannot be written to.
    """
    path = Path(path)
    _format_of(path)
    output.check_writable(path)


@contextmanager
def _damage_reported(path: Path | str) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            # Pillow warns of odd metadata, and of sizes below our own limit.
            warnings.simplefilter("ignore")
            yield
    except UnidentifiedImageError as error:
        raise ImageError(
            f"“{path}” is not a picture that can be read; save it as {_FORMAT_NAMES}."
        ) from error
    except Image.DecompressionBombError as error:
        raise _too_large(path) from error
    except PermissionError as error:
        raise ImageError(f"“{path}” may not be opened; check its permissions.") from error
    except DAMAGE as error:
        raise ImageError(
            f"“{path}” is damaged or cut short; get it again or save it anew (in detail: {error})."
        ) from error


def _require_content(path: Path) -> None:
    if path.is_dir():
        raise ImageError(f"“{path}” is a folder; name a picture in it.")
    if not path.exists():
        raise ImageError(f"“{path}” does not exist; check its name and folder.")
    if not path.is_file():
        raise ImageError(f"“{path}” is not a file; name a picture.")
    if path.stat().st_size == 0:
        raise ImageError(f"“{path}” is empty (0 bytes); get it again or save it anew.")


def _upright(source: Path | io.BytesIO, name: Path | str) -> Image.Image:
    """Decode a picture and apply its EXIF orientation."""
    with Image.open(source, formats=_FORMATS) as picture:
        # So far only the header was read: a picture that is too large never reaches the decoder.
        if picture.width * picture.height > _MAX_PIXELS:
            raise _too_large(name)
        picture.load()
        # In place, since a copy would cost as much as decoding.
        ImageOps.exif_transpose(picture, in_place=True)
        return picture


def _too_large(path: Path | str) -> ImageError:
    return ImageError(
        f"“{path}” has more than {_MAX_PIXELS // 1_000_000} million pixels; make it smaller first."
    )


def _flat_srgb(picture: Image.Image) -> Image.Image:
    if picture.mode == "F":
        raise ValueError("32-bit floating-point pictures are not supported")
    if picture.mode in SIXTEEN_BIT:
        picture = _eight_bit(picture)
    if not picture.has_transparency_data:
        return _srgb(picture, picture)
    rgba = picture.convert("RGBA")
    white = Image.new("RGB", picture.size, "white")
    return Image.composite(_srgb(picture, rgba), white, rgba.getchannel("A"))


def _eight_bit(picture: Image.Image) -> Image.Image:
    values = np.asarray(picture).clip(0, 65535).astype(np.uint32)
    grey = Image.fromarray(((values + 128) // 257).astype(np.uint8))
    grey.info = picture.info
    return grey


def _srgb(original: Image.Image, picture: Image.Image) -> Image.Image:
    """Convert `picture` to RGB through the profile of `original`, if that has a valid one."""
    mode = {"L": "L", "LA": "L", "CMYK": "CMYK"}.get(original.mode, "RGB")
    plain = _in_mode(picture, mode)
    profile = original.info.get("icc_profile")
    if not profile:
        return _in_mode(plain, "RGB")
    try:
        transform = ImageCms.ImageCmsTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
        )
        if mode == "RGB" and _changes_nothing(transform):
            return plain
        return transform.apply(plain)
    except (OSError, ValueError):
        # Viewers take sRGB where the profile is broken.
        return _in_mode(plain, "RGB")


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Return whether a transform changes RGB colours by one level at most, as most cameras' do.

    Trying a grid of colours takes a hundredth of the time of converting a photograph.
    """
    steps = np.arange(0, 256, 5, dtype=np.uint8)
    colours = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(len(steps), -1, 3)
    converted = np.asarray(transform.apply(Image.fromarray(colours)))
    return bool(np.abs(converted.astype(np.int16) - colours).max() <= 1)


def _in_mode(picture: Image.Image, mode: str) -> Image.Image:
    """Convert a picture; Pillow would copy one that has the mode already."""
    return picture if picture.mode == mode else picture.convert(mode)


def _format_of(path: Path) -> tuple[str, dict[str, object]]:
    try:
        return _WRITE_FORMATS[path.suffix.lower()]
    except KeyError:
        known = ", ".join(_WRITE_FORMATS)
        raise OutputError(
            f"“{path.name}” does not end in a picture's suffix; use one of {known}."
        ) from None
