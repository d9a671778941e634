"""Photographs of every make are read alike, and damaged ones refused with a sentence."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from e4s_studio.core.errors import ImageError, OutputError
from e4s_studio.files.images import check_writable, read_image, write_image

ORIENTATION = 0x0112


@pytest.fixture
def photograph():
    """A (24, 36, 3) picture, smooth enough to survive lossy formats."""
    y, x = np.mgrid[0:24, 0:36]
    return np.stack([7 * x, 10 * y, 3 * x + 5 * y], axis=-1).astype(np.uint8)


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of_size(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + png_chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("suffix", "tolerance"),
    [(".png", 0), (".tif", 0), (".TIFF", 0), (".jpg", 6), (".JPEG", 6), (".webp", 12)],
)
def test_what_is_written_is_read_back(tmp_path, photograph, suffix, tolerance):
    path = tmp_path / f"a{suffix}"
    write_image(path, photograph)
    back = read_image(path)
    assert back.shape == photograph.shape
    assert back.dtype == np.uint8
    assert np.abs(back.astype(int) - photograph).max() <= tolerance
    assert list(tmp_path.iterdir()) == [path]


def test_grey_pictures_are_written_too(tmp_path, photograph):
    write_image(tmp_path / "a.png", photograph[..., 0])
    assert (read_image(tmp_path / "a.png") == photograph[..., :1]).all()


@pytest.mark.parametrize(
    ("orientation", "turned"),
    [
        (1, lambda image: image),
        (2, np.fliplr),
        (3, lambda image: np.rot90(image, 2)),
        (4, np.flipud),
        (5, lambda image: image.transpose(1, 0, 2)),
        (6, lambda image: np.rot90(image, -1)),
        (7, lambda image: np.rot90(image, 2).transpose(1, 0, 2)),
        (8, np.rot90),
    ],
)
def test_the_orientation_of_the_camera_is_applied(tmp_path, photograph, orientation, turned):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    Image.fromarray(photograph).save(tmp_path / "a.png", exif=exif)
    assert (read_image(tmp_path / "a.png") == turned(photograph)).all()


@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_what_telephones_save_is_read_upright(tmp_path, photograph, orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = tmp_path / "IMG_0001.HEIC"
    large = np.kron(photograph, np.ones((4, 4, 1), np.uint8))
    Image.fromarray(large).save(path, "HEIF", quality=95, exif=exif.tobytes())
    upright = np.rot90(large, {1: 0, 6: -1, 8: 1}[orientation])
    back = read_image(path)
    assert back.shape == upright.shape
    assert np.abs(back.astype(int) - upright).mean() < 4


def test_half_of_what_a_telephone_saved_is_refused(tmp_path, photograph):
    path = tmp_path / "IMG_0001.HEIC"
    Image.fromarray(np.kron(photograph, np.ones((4, 4, 1), np.uint8))).save(path, "HEIF")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ImageError, match="damaged"):
        read_image(path)


def test_broken_metadata_does_not_lose_the_picture(tmp_path, photograph):
    Image.fromarray(photograph).save(
        tmp_path / "a.png", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01", icc_profile=b"junk"
    )
    assert (read_image(tmp_path / "a.png") == photograph).all()


@pytest.mark.parametrize("mode", ["L", "1", "P"])
def test_pictures_of_one_channel(tmp_path, photograph, mode):
    picture = Image.fromarray(photograph).convert(mode)
    picture.save(tmp_path / "a.png")
    assert (read_image(tmp_path / "a.png") == np.array(picture.convert("RGB"))).all()


@pytest.mark.parametrize("suffix", [".png", ".tif", ".pgm"])
def test_sixteen_bits_become_eight(tmp_path, suffix):
    deep = np.linspace(0, 65535, 24 * 36).reshape(24, 36).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / f"a{suffix}")
    back = read_image(tmp_path / f"a{suffix}")
    assert np.abs(back.astype(float) - deep[..., None] / 257).max() <= 0.5
    assert back.max() == 255


def test_transparency_is_laid_over_white(tmp_path, photograph):
    alpha = np.zeros((24, 36), dtype=np.uint8)
    alpha[:12] = 255
    Image.fromarray(np.dstack([photograph, alpha])).save(tmp_path / "a.png")
    back = read_image(tmp_path / "a.png")
    assert (back[:12] == photograph[:12]).all()
    assert (back[12:] == 255).all()


def test_print_colours_are_converted(tmp_path, photograph):
    picture = Image.fromarray(photograph).convert("CMYK")
    picture.save(tmp_path / "a.tif")
    assert (read_image(tmp_path / "a.tif") == np.array(picture.convert("RGB"))).all()


def test_an_embedded_profile_is_converted_to_srgb(tmp_path, photograph):
    # sRGB with the primaries of red and green exchanged: so must the channels be.
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exchanged = (
        profile.replace(b"rXYZ", b"tmp.").replace(b"gXYZ", b"rXYZ").replace(b"tmp.", b"gXYZ")
    )
    Image.fromarray(photograph).save(tmp_path / "a.png", icc_profile=exchanged)
    back = read_image(tmp_path / "a.png")
    assert np.abs(back.astype(int) - photograph[..., [1, 0, 2]]).max() <= 1


def test_an_srgb_profile_changes_nothing(tmp_path, photograph):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(photograph).save(tmp_path / "a.png", icc_profile=profile)
    assert np.abs(read_image(tmp_path / "a.png").astype(int) - photograph).max() <= 1


def test_only_a_profile_of_other_colours_changes_them(tmp_path, photograph):
    standard = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(photograph).save(tmp_path / "a.png", icc_profile=standard)
    assert (read_image(tmp_path / "a.png") == photograph).all()
    # Red and blue have changed places.
    swapped = standard.replace(b"rXYZ", b"tXYZ").replace(b"bXYZ", b"rXYZ").replace(b"tXYZ", b"bXYZ")
    Image.fromarray(photograph).save(tmp_path / "b.png", icc_profile=swapped)
    assert np.abs(read_image(tmp_path / "b.png").astype(int) - photograph).max() > 20


def test_a_profile_of_other_colours_than_the_pictures_is_left_out(tmp_path, photograph):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    Image.fromarray(photograph).save(tmp_path / "a.png", icc_profile=profile)
    assert (read_image(tmp_path / "a.png") == photograph).all()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", r"is empty \(0 bytes\)"),
        (b"Dear diary, today I swapped a face.", "is not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is not a picture"),
        (png_of_size(30_000, 30_000), "more than 120 million pixels"),
        (png_of_size(12_000, 12_000), "more than 120 million pixels"),
        (png_of_size(64, 64), "damaged or cut short"),
    ],
    ids=["empty", "text", "program", "far too large", "too large", "without pixels"],
)
def test_what_is_no_photograph_is_refused(tmp_path, content, reason):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=reason):
        read_image(path)


@pytest.mark.parametrize("name", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_half_a_photograph_is_refused(tmp_path, photograph, name):
    stream = io.BytesIO()
    Image.fromarray(photograph).save(stream, name)
    path = tmp_path / "a.img"
    path.write_bytes(stream.getvalue()[: len(stream.getvalue()) // 2])
    with pytest.raises(ImageError, match=r"damaged or cut short|is not a picture"):
        read_image(path)


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(ImageError, match="does not exist"):
        read_image(tmp_path / "nothing.png")
    with pytest.raises(ImageError, match="is a folder"):
        read_image(tmp_path)


def test_floating_point_pictures_are_refused(tmp_path):
    Image.fromarray(np.ones((4, 4), dtype=np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(ImageError, match="floating-point"):
        read_image(tmp_path / "a.tif")


def test_unknown_suffixes_are_refused_before_any_work(tmp_path, photograph):
    for act in (check_writable, lambda path: write_image(path, photograph)):
        with pytest.raises(OutputError, match="suffix"):
            act(tmp_path / "a.doc")
    assert not list(tmp_path.iterdir())
    check_writable(tmp_path / "a.png")


def test_a_format_that_cannot_hold_the_picture(tmp_path):
    with pytest.raises(OutputError, match="cannot be saved as WEBP"):
        write_image(tmp_path / "a.webp", np.zeros((1, 20_000, 3), dtype=np.uint8))
    assert not list(tmp_path.iterdir())
