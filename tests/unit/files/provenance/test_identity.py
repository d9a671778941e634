"""The key that is made on the first export, and the artist's own."""

from __future__ import annotations

import os
import platform
import stat

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from e4s_studio.core.errors import CredentialError, OutputError
from e4s_studio.files.provenance.identity import (
    chosen_identity,
    known_roots,
    local_identity,
    read_identity,
)


def test_the_key_is_made_once(tmp_path):
    first = local_identity(tmp_path / "keys")
    assert local_identity(tmp_path / "keys") == first
    assert local_identity(tmp_path / "others").key != first.key


def test_without_a_place_for_the_key_the_way_out_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"cannot be made.*without a content credential"):
        local_identity(tmp_path / "file" / "keys")


@pytest.mark.skipif(os.name != "posix", reason="permissions are a Unix matter")
def test_nobody_else_reads_the_key(tmp_path):
    local_identity(tmp_path)
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600


def test_it_tells_nothing_of_the_artist(tmp_path):
    name = local_identity(tmp_path).name
    assert name.startswith("This computer ")
    assert platform.node() not in name


def test_an_own_certificate_with_a_password(tmp_path):
    identity = local_identity(tmp_path)
    private = load_pem_private_key(identity.key, None)
    locked = private.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    (tmp_path / "locked.pem").write_bytes(locked)
    certificates = tmp_path / "certificates.pem"
    assert read_identity(certificates, tmp_path / "locked.pem", "secret") == identity
    for password, sentence in ((None, "locked with a password"), ("wrong", "another one")):
        with pytest.raises(CredentialError, match=sentence):
            read_identity(certificates, tmp_path / "locked.pem", password)


def test_a_password_that_is_not_needed_does_no_harm(tmp_path):
    identity = local_identity(tmp_path)
    files = (tmp_path / "certificates.pem", tmp_path / "key.pem")
    assert read_identity(*files, "secret") == identity


def test_keys_that_cannot_be_used(tmp_path):
    local_identity(tmp_path)
    certificates = tmp_path / "certificates.pem"
    stranger = ec.generate_private_key(ec.SECP256R1())
    odd = dsa.generate_private_key(2048)
    for key, sentence in ((stranger, "does not belong"), (odd, "cannot sign")):
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / "other.pem").write_bytes(pem)
        with pytest.raises(CredentialError, match=sentence):
            read_identity(certificates, tmp_path / "other.pem")
    with pytest.raises(CredentialError, match="no such file"):
        read_identity(tmp_path / "missing.pem", tmp_path / "key.pem")
    with pytest.raises(CredentialError, match="no such file"):
        read_identity(certificates, tmp_path / "missing.pem")
    (tmp_path / "none.pem").write_text("nothing")
    with pytest.raises(CredentialError, match="no certificate"):
        read_identity(tmp_path / "none.pem", tmp_path / "key.pem")
    with pytest.raises(CredentialError, match="no private key"):
        read_identity(certificates, tmp_path / "none.pem")


def test_both_files_or_neither(tmp_path):
    own = local_identity(tmp_path / "own")
    files = (tmp_path / "own" / "certificates.pem", tmp_path / "own" / "key.pem")
    assert chosen_identity(tmp_path / "keys", *files) == own
    assert chosen_identity(tmp_path / "keys", None, None) != own
    for certificate, key in ((files[0], None), (None, files[1])):
        with pytest.raises(CredentialError, match="both"):
            chosen_identity(tmp_path / "keys", certificate, key)


def test_roots_to_trust(tmp_path):
    assert known_roots(tmp_path) is None
    identity = local_identity(tmp_path)
    assert known_roots(tmp_path) == identity.certificates.decode()
    (tmp_path / "none.pem").write_text("nothing")
    with pytest.raises(CredentialError, match="no certificates"):
        known_roots(tmp_path, tmp_path / "none.pem")
