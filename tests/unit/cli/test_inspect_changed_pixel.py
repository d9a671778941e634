"""`inspect` never vouches for a signed picture that was saved again with one pixel changed."""

from __future__ import annotations

import io
import zipfile
from functools import partial

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - the library's own short name
import pytest
from PIL import Image
from psd_tools.constants import ChannelID
from psd_tools.psd import PSD
from typer.testing import CliRunner

from e4s_studio.cli.app import app
from e4s_studio.cli.inspect_file import CHANGED_EXIT_CODE, NONE_EXIT_CODE
from e4s_studio.core.geometry import Box
from e4s_studio.core.regions import Region
from e4s_studio.core.settings import EditSettings
from e4s_studio.files import places
from e4s_studio.files.export.exporting import ExportJob, export
from e4s_studio.files.export.layers import ExportLayers
from e4s_studio.files.provenance.credential import inspect_file, sidecar_of, sign, write_signed
from e4s_studio.files.provenance.facts import Facts, Ground, Photograph
from e4s_studio.files.provenance.identity import local_identity

WINDOW = Box(16, 8, 48, 40)
X, Y = 30, 20
FACE_IN_ORA = "data/layer1.png"
"""The photograph is the first layer from below, the face the second."""


# --- Saving again with some bits of one value flipped: the red at X, Y ------------------------


def resave_flat(path, step, **options):
    with Image.open(path) as picture:
        red, green, blue = picture.getpixel((X, Y))
        picture.putpixel((X, Y), (red ^ step, green, blue))
        # Into memory, since the file is still open.
        stream = io.BytesIO()
        picture.save(stream, picture.format, **options)
    path.write_bytes(stream.getvalue())


def resave_tiff(path, step):
    """Pillow has no colour of 16 bits."""
    buffer = oiio.ImageBuf(str(path))
    pixels = buffer.get_pixels(oiio.UINT16)
    pixels[Y, X, 0] ^= step
    assert buffer.set_pixels(oiio.ROI(), pixels)
    assert buffer.write(str(path))


def resave_psd(path, step):
    """Change the face's layer, and nothing that programs without layers show."""
    document = PSD.read(io.BytesIO(path.read_bytes()))
    information = document.layer_and_mask_information.layer_info
    index = [record.name for record in information.layer_records].index("Face")
    record = information.layer_records[index]
    red = [one.id for one in record.channel_info].index(ChannelID.CHANNEL_0)
    channel = information.channel_image_data[index][red]
    size = (record.width, record.height, document.header.depth)
    values = np.frombuffer(channel.get_data(*size), ">u2").reshape(record.height, -1).copy()
    values[Y - record.top, X - record.left] ^= step
    record.channel_info[red].length = 2 + channel.set_data(values.tobytes(), *size)
    written = io.BytesIO()
    document.write(written)
    path.write_bytes(written.getvalue())


def resave_ora(path, step):
    with zipfile.ZipFile(path) as archive:
        entries = {one: archive.read(one) for one in archive.infolist()}
    with zipfile.ZipFile(path, "w") as archive:
        for one, data in entries.items():
            archive.writestr(one, flipped_png(data, step) if one.filename == FACE_IN_ORA else data)


def flipped_png(data: bytes, step: int) -> bytes:
    pixels = np.array(Image.open(io.BytesIO(data)))
    pixels[Y - WINDOW.top, X - WINDOW.left, 0] ^= step
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=1)
    return stream.getvalue()


HOLDING = {
    ".png": resave_flat,
    ".jpg": partial(resave_flat, quality="keep"),
    ".webp": partial(resave_flat, lossless=True),
    ".tif": resave_tiff,
}
"""Formats that hold their credential."""
BESIDE = {".psd": resave_psd, ".ora": resave_ora}
"""Formats that have it in a file beside them."""
STEP = {".jpg": 128}
"""Which bits are flipped, where one step of a level would be lost on saving."""


# --- Signed pictures ---------------------------------------------------------------------------


def layers() -> ExportLayers:
    rng = np.random.default_rng(0)
    photograph = rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)
    face = rng.uniform(0, 255, (*WINDOW.shape, 3)).astype(np.float32)
    ones = np.ones(WINDOW.shape, np.float32)
    labels = np.full(WINDOW.shape, Region.SKIN, np.uint8)
    return ExportLayers(photograph, WINDOW, face, face, ones, 0 * ones, labels)


def facts() -> Facts:
    photographs = (Photograph(name, name.encode()) for name in ("ann.raw", "bob.raw"))
    return Facts(*photographs, "0" * 64, EditSettings(), "studio-256", Ground.CONSENT)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
def identity(keys, monkeypatch):
    monkeypatch.setattr(places, "keys_folder", lambda: keys)
    return local_identity(keys)


def signed_export(folder, suffix, identity):
    path = folder / f"swap{suffix}"
    job = ExportJob(path, layers(), layers().photograph, facts=facts(), identity=identity)
    assert path in export(job)
    assert inspect_file(path).is_intact
    return path


def settled_export(folder, suffix, identity):
    """Sign a picture that stays as it is, bit for bit, when it is opened and saved.

    That of a lossy format was saved again until it does: then a pixel is all that changes below.
    """
    path = folder / f"swap{suffix}"
    export(ExportJob(path, layers(), layers().photograph))
    for _ in range(40):
        before = path.read_bytes()
        HOLDING[suffix](path, 0)
        if path.read_bytes() == before:
            break
    write_signed(path, sign(path.read_bytes(), path.name, facts(), identity))
    assert inspect_file(path).is_intact
    return path


def credential_in(path, data: bytes) -> bytes:
    """Return a credential as it lies in a file: a JUMBF box, which begins with its length."""
    start = data.index(b"jumb") - 4
    length = int.from_bytes(data[start : start + 4], "big")
    # In a PNG its chunk's check sum goes with it.
    return data[start : start + length + (4 if path.suffix == ".png" else 0)]


def put_into(path, credential: bytes, identity):
    """Put another file's credential where the format has it.

    A credential of the picture's own, of the same length, makes the room for it.
    """
    data = sign(path.read_bytes(), path.name, facts(), identity).data
    own = credential_in(path, data)
    assert own != credential
    assert len(own) == len(credential)
    assert data.count(own) == 1
    path.write_bytes(data.replace(own, credential))


def differing(path, other) -> np.ndarray:
    """Return where two files' pixels differ, (H, W) bool."""
    one, two = (
        np.asarray(oiio.ImageBuf(str(file)).get_pixels(oiio.UINT16)) for file in (path, other)
    )
    return (one != two).any(axis=2)


# --- What is said of them ----------------------------------------------------------------------


def assert_said(path, code, sentence):
    result = CliRunner().invoke(app, ["inspect", str(path)])
    assert result.exit_code == code, result.output
    assert sentence in result.stdout
    assert "exactly as it was signed" not in result.stdout


@pytest.mark.parametrize("suffix", HOLDING)
def test_a_credential_that_is_dropped_on_saving_is_missing(tmp_path, identity, suffix):
    path = signed_export(tmp_path, suffix, identity)
    HOLDING[suffix](path, STEP.get(suffix, 1))
    assert_said(path, NONE_EXIT_CODE, "no content credential")


@pytest.mark.parametrize("suffix", HOLDING)
def test_a_credential_that_is_carried_over_holds_for_its_own_pixels_alone(
    tmp_path, identity, suffix
):
    path = settled_export(tmp_path, suffix, identity)
    signed = path.read_bytes()
    credential = credential_in(path, signed)
    (tmp_path / f"signed{suffix}").write_bytes(signed)

    HOLDING[suffix](path, 0)
    put_into(path, credential, identity)
    assert path.read_bytes() == signed

    HOLDING[suffix](path, STEP.get(suffix, 1))
    put_into(path, credential, identity)
    changed = differing(path, tmp_path / f"signed{suffix}")
    assert changed[Y, X]
    # A JPEG has no pixels of their own: others of the block change as well.
    assert changed.sum() == 1 or (suffix == ".jpg" and changed.sum() <= 64)
    assert_said(path, CHANGED_EXIT_CODE, "changed after it was signed")


@pytest.mark.parametrize("suffix", BESIDE)
def test_one_changed_pixel_in_a_layer_is_detected(tmp_path, identity, suffix):
    path = signed_export(tmp_path, suffix, identity)
    signed = path.read_bytes()
    BESIDE[suffix](path, 0)
    assert path.read_bytes() == signed
    BESIDE[suffix](path, 1)
    assert_said(path, CHANGED_EXIT_CODE, "changed after it was signed")
    BESIDE[suffix](path, 1)
    assert inspect_file(path).is_intact


@pytest.mark.parametrize("suffix", BESIDE)
def test_a_changed_layer_without_its_sidecar_is_not_signed(tmp_path, identity, suffix):
    path = signed_export(tmp_path, suffix, identity)
    BESIDE[suffix](path, 1)
    sidecar_of(path).unlink()
    assert_said(path, NONE_EXIT_CODE, "no content credential")
