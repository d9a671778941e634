"""Flat exports keep the photograph's own pixels, depth, colours and EXIF."""

from __future__ import annotations

import io

import imagecodecs
import numpy as np
import OpenImageIO as oiio  # noqa: N813 - the library's own short name
import pytest
from PIL import ExifTags, Image
from swaps import WINDOW, encoded, exif, photograph, smooth, swap, wide_profile

from e4s_studio.core.errors import OutputError
from e4s_studio.files.export.layers import to_8, to_16
from e4s_studio.files.export.pictures import (
    SRGB,
    FlatPicture,
    encode,
    finished_picture,
    original_of,
    unblended_face,
)
from e4s_studio.files.images import read_image


def opened(tmp_path, data: bytes, name: str) -> np.ndarray:
    (tmp_path / name).write_bytes(data)
    return read_image(tmp_path / name)


def deep_tiff(path, pixels: np.ndarray, orientation: int = 1) -> bytes:
    height, width, channels = pixels.shape
    spec = oiio.ImageSpec(width, height, channels, oiio.UINT16)
    spec.attribute("Orientation", orientation)
    buffer = oiio.ImageBuf(spec)
    assert buffer.set_pixels(oiio.ROI(), pixels)
    assert buffer.write(str(path))
    return path.read_bytes()


def outside(pixels: np.ndarray) -> np.ndarray:
    kept = pixels.copy()
    kept[WINDOW.slices] = 0
    return kept


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_lossless_formats_hold_the_result_to_the_last_step(suffix):
    layers = swap()
    finished = finished_picture(layers, original_of(layers.photograph, None))
    data = encode(finished, suffix)
    expected = layers.full(layers.result)
    inside = np.zeros(layers.photograph.shape[:2], bool)
    inside[WINDOW.slices] = True
    expected = np.where(inside[..., None], expected, layers.photograph)
    if suffix == ".tif":
        pixels = imagecodecs.tiff_decode(data)
        assert pixels.dtype == np.uint16
        assert np.abs(pixels / 257 - expected).max() <= 0.5 / 257 + 1e-4
    else:
        pixels = np.asarray(Image.open(io.BytesIO(data)))
        assert np.abs(pixels - expected).max() <= 0.51


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_lossy_formats_come_close(suffix):
    layers = swap()
    data = encode(finished_picture(layers, original_of(layers.photograph, None)), suffix)
    pixels = np.asarray(Image.open(io.BytesIO(data))).astype(float)
    assert np.abs(pixels[WINDOW.slices] - layers.result).mean() < 3


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_exif_is_carried_over_and_the_orientation_applied_once(tmp_path, suffix):
    sideways = photograph().transpose(1, 0, 2)[::-1]
    file = encoded(np.ascontiguousarray(sideways), "PNG", exif=exif())
    upright = opened(tmp_path, file, "a.png")
    np.testing.assert_array_equal(upright, photograph())
    original = original_of(upright, file)
    data = encode(finished_picture(swap(picture=upright), original), suffix)
    again = Image.open(io.BytesIO(data))
    assert again.size == (upright.shape[1], upright.shape[0])
    found = again.getexif()
    assert found.get(ExifTags.Base.Orientation, 1) == 1
    assert found[ExifTags.Base.Make] == "Camera maker"
    assert found[ExifTags.Base.Copyright] == "Ann"
    assert found[ExifTags.Base.Software].startswith("E4S Studio")
    details = found.get_ifd(ExifTags.IFD.Exif)
    assert details[ExifTags.Base.ExposureTime] == pytest.approx(1 / 125)
    assert details[ExifTags.Base.LensModel] == "50 mm"
    assert found.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"


def test_a_wide_profile_is_carried_over_and_the_photographs_pixels_stay(tmp_path):
    wide = photograph(1)
    file = encoded(wide, "PNG", icc_profile=wide_profile())
    seen = opened(tmp_path, file, "a.png")
    assert np.abs(seen.astype(int) - wide).mean() > 3
    layers = swap(picture=seen)
    data = encode(finished_picture(layers, original_of(seen, file)), ".png")
    written = Image.open(io.BytesIO(data))
    assert written.info["icc_profile"] == wide_profile()
    np.testing.assert_array_equal(outside(np.asarray(written)), outside(wide))
    shown = opened(tmp_path, data, "b.png")[WINDOW.slices]
    assert np.abs(shown - layers.result).mean() < 1


@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_sixteen_bits_stay_sixteen_bits(tmp_path, kind):
    deep = np.rint(smooth(np.random.default_rng(3), (120, 160), 65535)).astype(np.uint16)
    as_tiff = deep_tiff(tmp_path / "deep.tif", deep)
    file = imagecodecs.png_encode(deep) if kind == "png" else as_tiff
    layers = swap(picture=to_8(deep))
    finished = finished_picture(layers, original_of(layers.photograph, file))
    np.testing.assert_array_equal(outside(finished.pixels), outside(deep))
    pixels = imagecodecs.tiff_decode(encode(finished, ".tif"))
    np.testing.assert_array_equal(pixels, finished.pixels)
    assert len(np.unique(pixels % 257)) > 200


@pytest.mark.parametrize("orientation", range(1, 9))
def test_sixteen_bits_are_turned_upright(tmp_path, orientation):
    deep = np.random.default_rng(4).integers(0, 65536, (32, 48, 3), dtype=np.uint16)
    file = imagecodecs.png_encode(deep)
    tag = Image.Exif()
    tag[ExifTags.Base.Orientation] = orientation
    stream = io.BytesIO()
    Image.fromarray(to_8(deep)).save(stream, "PNG", exif=tag.tobytes())
    upright = opened(tmp_path, stream.getvalue(), "a.png")
    plain = stream.getvalue()
    chunk = plain[plain.index(b"eXIf") - 4 :]
    chunk = chunk[: 12 + int.from_bytes(chunk[:4], "big")]
    start = file.index(b"IDAT") - 4
    found = original_of(upright, file[:start] + chunk + file[start:])
    assert np.abs(to_8(found.pixels).astype(int) - upright).max() == 0
    assert len(np.unique(found.pixels % 257)) > 200


def test_files_that_are_not_the_photograph_give_the_photograph():
    layers = swap()
    grey = encoded(photograph()[..., 0], "PNG")
    cmyk = io.BytesIO()
    Image.fromarray(photograph()).convert("CMYK").save(cmyk, "JPEG")
    other = encoded(photograph(9), "PNG", exif=exif())
    small = encoded(photograph()[:50], "PNG")
    for file in (None, b"", b"junk", grey, cmyk.getvalue(), other, small):
        found = original_of(layers.photograph, file)
        np.testing.assert_array_equal(found.pixels, to_16(layers.photograph))
        assert found.profile is None
        assert found.exif == b""


def test_a_broken_profile_counts_for_nothing(tmp_path):
    file = encoded(photograph(), "PNG", icc_profile=b"no profile")
    found = original_of(opened(tmp_path, file, "a.png"), file)
    assert found.profile is None
    np.testing.assert_array_equal(found.pixels, to_16(photograph()))


def test_the_unblended_face_has_the_matte_as_alpha():
    layers = swap()
    for suffix in (".png", ".tif"):
        data = encode(unblended_face(layers), suffix)
        if suffix == ".tif":
            pixels = imagecodecs.tiff_decode(data) / 257
        else:
            pixels = np.asarray(Image.open(io.BytesIO(data))).astype(float)
        assert pixels.shape == (*layers.photograph.shape[:2], 4)
        window = pixels[WINDOW.slices]
        assert np.abs(window[..., :3] - layers.face).max() <= 0.51
        assert np.abs(window[..., 3] / 255 - layers.matte).max() <= 0.003
        assert not outside(pixels).any()


def test_what_a_format_cannot_hold_is_said():
    wide = FlatPicture(np.zeros((1, 20_000, 3), np.uint16))
    with pytest.raises(OutputError, match="choose another format"):
        encode(wide, ".webp")


def test_tiff_says_that_it_is_srgb():
    data = encode(FlatPicture(to_16(photograph())), ".tiff")
    assert Image.open(io.BytesIO(data)).info["icc_profile"] == SRGB
