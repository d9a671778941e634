"""Swaps to export: a photograph, and layers made the way that blending makes them."""

from __future__ import annotations

import functools
import io

import cv2
import imagecodecs
import numpy as np
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from e4s_studio.core.geometry import Box
from e4s_studio.files.export.layers import ExportLayers

WINDOW = Box(30, 20, 110, 90)
SHAPE = (120, 160)


def smooth(rng: np.random.Generator, shape: tuple[int, int], high: float = 255) -> np.ndarray:
    coarse = rng.random((6, 8, 3), dtype=np.float32) * high
    return np.clip(cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC), 0, high)


def photograph(seed: int = 0) -> np.ndarray:
    return np.rint(smooth(np.random.default_rng(seed), SHAPE)).astype(np.uint8)


def swap(seed: int = 0, picture: np.ndarray | None = None) -> ExportLayers:
    """Return layers whose result is no plain mix of face and photograph, as a multi-band seam."""
    rng = np.random.default_rng(seed)
    picture = photograph(seed) if picture is None else picture
    before = picture[WINDOW.slices].astype(np.float32)
    face = smooth(rng, WINDOW.shape)
    y, x = np.indices(WINDOW.shape, np.float32)
    distance = np.hypot(x - 40, y - 35)
    matte = np.clip((34 - distance) / 12, 0, 1)
    bleed = 30 * rng.standard_normal(3).astype(np.float32)
    seam = bleed * (1 - matte[..., None])
    mixed = np.clip(before + matte[..., None] * (face - before + seam), 0, 255)
    occluder = np.clip((x - 50) / 10, 0, 1) * (y < 30)
    result = mixed + occluder[..., None] * (before - mixed)
    labels = np.where(distance < 34, 6, 0).astype(np.uint8)
    labels[30:36, 30:40] = 1
    return ExportLayers(picture, WINDOW, result, face, matte, occluder, labels)


def exif() -> bytes:
    data = Image.Exif()
    data[ExifTags.Base.Make] = "Camera maker"
    data[ExifTags.Base.Copyright] = "Ann"
    data[ExifTags.Base.Orientation] = 6
    data.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExposureTime] = IFDRational(1, 125)
    data.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.LensModel] = "50 mm"
    data.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    return data.tobytes()


@functools.cache
def wide_profile() -> bytes:
    """Return an ICC profile with Adobe RGB's primaries and a gamma of 2.2."""
    primaries = [0.64, 0.33, 1.0, 0.21, 0.71, 1.0, 0.15, 0.06, 1.0]
    return imagecodecs.cms_profile(
        "rgb", whitepoint=[0.3127, 0.329, 1.0], primaries=primaries, gamma=2.2
    )


def encoded(picture: np.ndarray, kind: str = "JPEG", **options) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, kind, **options)
    return stream.getvalue()
