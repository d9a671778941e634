"""Credentials hold in every format, say what was done, and break with the picture."""

from __future__ import annotations

import contextlib
import hashlib
import io
from dataclasses import replace

import c2pa
import numpy as np
import pytest
from PIL import Image
from signing import LABELS, encoded, facts, picture

from e4s_studio.core.errors import CredentialError, ImageError
from e4s_studio.core.settings import FilmTrait
from e4s_studio.files.images import read_image
from e4s_studio.files.provenance.credential import inspect_file, sign, write_signed
from e4s_studio.files.provenance.facts import Facts, Photograph
from e4s_studio.files.provenance.identity import local_identity

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".webp": "WEBP", ".tif": "TIFF"}
FOREIGN = b"8BPS\x00\x01" + bytes(range(256)) * 8


@pytest.fixture(scope="session")
def identity(tmp_path_factory):
    return local_identity(tmp_path_factory.mktemp("keys"))


def labelled(folder, suffix, identity):
    path = folder / f"swap{suffix}"
    path.write_bytes(encoded(FORMATS[suffix], 3))
    assert write_signed(path, sign(path.read_bytes(), path.name, facts(), identity)) == [path]
    return path


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_standard_reader_accepts_it(tmp_path, identity, suffix):
    path = labelled(tmp_path, suffix, identity)
    with c2pa.Reader(path) as reader:
        assert reader.get_validation_state() == "Valid"
        assert reader.is_embedded()
    found = inspect_file(path)
    assert found.is_intact
    assert not found.trusted
    assert inspect_file(path, identity.certificates.decode()).trusted


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_picture_stays_the_same(tmp_path, identity, suffix):
    path = labelled(tmp_path, suffix, identity)
    plain = np.asarray(Image.open(io.BytesIO(encoded(FORMATS[suffix], 3))).convert("RGB"))
    np.testing.assert_array_equal(read_image(path), plain)


@pytest.mark.parametrize("suffix", FORMATS)
def test_one_changed_byte_of_the_picture_is_detected(tmp_path, identity, suffix):
    path = labelled(tmp_path, suffix, identity)
    data = bytearray(path.read_bytes())
    start = data.find(encoded(FORMATS[suffix], 3)[200:264])
    assert start > 0
    data[start + 32] ^= 1
    path.write_bytes(bytes(data))
    found = inspect_file(path)
    assert found.was_changed
    assert not found.is_intact


def test_one_changed_pixel_is_detected_in_a_whole_file(tmp_path, identity):
    path = labelled(tmp_path, ".png", identity)
    chunks = path.read_bytes()
    credential = chunks[chunks.index(b"caBX") - 4 : chunks.index(b"IDAT") - 4]
    changed = picture(3)
    changed[5, 5, 0] ^= 1
    stream = io.BytesIO()
    Image.fromarray(changed).save(stream, "PNG")
    data = stream.getvalue()
    start = data.index(b"IDAT") - 4
    path.write_bytes(data[:start] + credential + data[start:])
    np.testing.assert_array_equal(read_image(path), changed)
    assert inspect_file(path).was_changed


def test_it_says_what_was_done(tmp_path, identity):
    found = inspect_file(labelled(tmp_path, ".png", identity))
    assert [action["action"] for action in found.actions] == [
        "c2pa.opened",
        "c2pa.placed",
        "c2pa.edited",
    ]
    assert found.actions[2]["digitalSourceType"].endswith("compositeWithTrainedAlgorithmicMedia")
    assert found.facts["model"] == "studio-256"
    assert found.facts["ground"] == "consent"
    assert found.facts["amounts"]["lips"] == 0.25
    assert found.facts["settings"]["shapes"]["lips"] == "source"
    assert found.facts["amounts"]["hair"] == 0
    assert found.facts["settings"]["light"] == 0.75
    hashes = found.facts["hashes"]
    assert hashes["source"] == hashlib.sha256(encoded("JPEG", 1)).hexdigest()
    assert hashes["target"] == hashlib.sha256(encoded("PNG", 2)).hexdigest()
    assert hashes["label_map"] == hashlib.sha256(b"4x3\n" + LABELS.tobytes()).hexdigest()
    roles = {one["title"]: one["relationship"] for one in found.manifest["ingredients"]}
    assert roles == {"bob.png": "parentOf", "ann.jpg": "componentOf"}
    assert found.signer == identity.name


@pytest.mark.parametrize(
    ("film", "said"),
    [
        (FilmTrait.TONE, "the tone of the black-and-white target (60%)"),
        (FilmTrait.COLOURS, "the black-and-white source follows the target's colours (60%)"),
    ],
)
def test_a_film_that_was_followed_is_named(tmp_path, identity, film, said):
    made = facts()
    followed = replace(made, settings=replace(made.settings, film=0.6), film=film)
    path = tmp_path / "swap.png"
    path.write_bytes(sign(encoded("PNG", 3), "swap.png", followed, identity).data)
    with c2pa.Reader(path) as reader:
        assert reader.get_validation_state() == "Valid"
    found = inspect_file(path)
    action = found.actions[-1]
    assert action["action"] == "c2pa.adjustedColor"
    assert said in action["description"]
    assert action["parameters"] == {"film": film, "amount": 0.6}
    assert found.facts["settings"]["film"] == 0.6


def test_a_film_that_changed_nothing_is_not_named(tmp_path, identity):
    path = labelled(tmp_path, ".png", identity)
    assert "film" not in inspect_file(path).facts["settings"]
    assert b"film" not in path.read_bytes()


def test_the_photographs_themselves_are_not_in_it(tmp_path, identity):
    data = labelled(tmp_path, ".png", identity).read_bytes()
    assert b"c2pa.thumbnail" not in data
    assert len(data) < len(encoded("PNG", 3)) + 20_000


def test_what_is_not_stated_is_not_claimed(tmp_path, identity):
    signed = sign(encoded("PNG"), "a.png", facts(ground=None), identity)
    (tmp_path / "a.png").write_bytes(signed.data)
    assert inspect_file(tmp_path / "a.png").facts["ground"] == "not stated"


def test_a_photographs_own_credential_is_carried_along(tmp_path, identity):
    first = sign(encoded("PNG"), "first.png", facts(), identity)
    second = Facts(
        facts().source,
        Photograph("first.png", first.data),
        facts().label_map_sha256,
        facts().settings,
        "studio-256",
    )
    signed = sign(encoded("PNG", 4), "second.png", second, identity)
    (tmp_path / "second.png").write_bytes(signed.data)
    with c2pa.Reader(tmp_path / "second.png") as reader:
        assert reader.json().count('"org.e4s-studio.swap"') == 2
        assert reader.get_validation_state() == "Valid"


def test_a_photograph_of_a_kind_that_the_standard_does_not_know(tmp_path, identity):
    made = facts()
    odd = Facts(
        Photograph("ann.bmp", encoded("BMP", 1)),
        Photograph("bob.raw", b"nothing that a library reads"),
        made.label_map_sha256,
        made.settings,
        made.model,
    )
    (tmp_path / "a.png").write_bytes(sign(encoded("PNG"), "a.png", odd, identity).data)
    assert inspect_file(tmp_path / "a.png").is_intact


def test_formats_that_cannot_hold_it_get_a_sidecar(tmp_path, identity):
    path = tmp_path / "swap.psd"
    written = write_signed(path, sign(FOREIGN, path.name, facts(), identity))
    assert written == [path, tmp_path / "swap.psd.c2pa"]
    assert path.read_bytes() == FOREIGN
    found = inspect_file(path)
    assert found.is_intact
    assert found.sidecar == tmp_path / "swap.psd.c2pa"
    found.sidecar.rename(tmp_path / "swap.c2pa")
    assert inspect_file(path).is_intact
    path.write_bytes(FOREIGN[:-1] + b"\0")
    assert inspect_file(path).was_changed


def test_files_without_a_credential(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded("PNG"))
    (tmp_path / "a.txt").write_text("hello")
    assert inspect_file(tmp_path / "a.png") is None
    assert inspect_file(tmp_path / "a.txt") is None
    with pytest.raises(ImageError, match="cannot be read"):
        inspect_file(tmp_path / "missing.png")


def test_a_damaged_sidecar(tmp_path):
    (tmp_path / "a.psd").write_bytes(FOREIGN)
    (tmp_path / "a.c2pa").write_bytes(b"no credential")
    with pytest.raises(CredentialError, match="damaged"):
        inspect_file(tmp_path / "a.psd")


def test_damaged_pictures_end_in_a_sentence(tmp_path, identity):
    data = labelled(tmp_path, ".png", identity).read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(40):
        damaged = bytearray(data)
        damaged[int(rng.integers(8, len(data)))] ^= int(rng.integers(1, 256))
        (tmp_path / "b.png").write_bytes(bytes(damaged[: int(rng.integers(8, len(data) + 1))]))
        with contextlib.suppress(CredentialError, ImageError):
            inspect_file(tmp_path / "b.png")


def test_a_file_that_is_no_picture_of_its_suffix(identity):
    with pytest.raises(CredentialError, match="could not be signed"):
        sign(b"no picture", "a.png", facts(), identity)
