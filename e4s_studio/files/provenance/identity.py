"""The signer: a key made on this computer, or the artist's own certificate."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import c2pa
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from e4s_studio.core.errors import CredentialError, OutputError
from e4s_studio.files.output import make_folder, reason_of, write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_YEARS: Final = timedelta(days=3650)
_CERTIFICATES: Final = "certificates.pem"
_KEY: Final = "key.pem"
_ORGANISATION: Final = "E4S Studio"
_CURVES: Final = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True, repr=False)
class Identity:
    """A private key and its certificates.

    Attributes
    ----------
    certificates
        PEM: the signer's certificate, then those above it.
    key
        PEM, PKCS #8, without a password.
    """

    certificates: bytes
    key: bytes

    @property
    def name(self) -> str:
        """The common name in the signer's certificate."""
        subject = x509.load_pem_x509_certificates(self.certificates)[0].subject
        names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(names[0].value) if names else subject.rfc4514_string()

    def signer(self) -> c2pa.Signer:
        """Return a signer. Its signatures have no time stamp: that would need a network."""
        algorithm = _algorithm(load_pem_private_key(self.key, password=None))
        info = c2pa.C2paSignerInfo(algorithm.encode(), self.certificates, self.key, None)
        return c2pa.Signer.from_info(info)


def local_identity(folder: Path) -> Identity:
    """Return this computer's identity, which is made in a folder the first time.

    Raises
    ------
    OutputError
        If the folder cannot be written to.
    CredentialError
        If there is something else than a key and a certificate.
    """
    certificates, key = folder / _CERTIFICATES, folder / _KEY
    if not (certificates.is_file() and key.is_file()):
        _keep(_new_identity(), certificates, key)
    return read_identity(certificates, key)


def _keep(made: Identity, certificates: Path, key: Path) -> None:
    try:
        make_folder(key.parent)
        write_whole(key, made.key, mode=0o600)
        write_whole(certificates, made.certificates)
    except OutputError as error:
        raise OutputError(
            f"There is no place for a key to sign with: {error} Or export without a content"
            " credential."
        ) from error


def read_identity(certificates: Path, key: Path, password: str | None = None) -> Identity:
    """Read the artist's own certificate and key.

    Parameters
    ----------
    certificates
        PEM: the signer's certificate, then those above it.
    key
        PEM: the private key.
    password
        The key's password, if it has one.

    Raises
    ------
    CredentialError
        If a file is missing or no certificate or key, the password is missing or wrong, or the
        key does not belong to the certificate.
    """
    pem = _contents(certificates)
    try:
        chain = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise CredentialError(
            f"“{certificates}” is no certificate in PEM form ({error}); choose another."
        ) from error
    private = _private_key(key, password)
    _algorithm(private)
    if _public(chain[0].public_key()) != _public(private.public_key()):
        raise CredentialError(f"The key “{key}” does not belong to “{certificates}”.")
    plain = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Identity(b"".join(one.public_bytes(Encoding.PEM) for one in chain), plain)


def _contents(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CredentialError(
            f"“{path}” cannot be read: {reason_of(error)}; choose another."
        ) from error


def _private_key(path: Path, password: str | None) -> PrivateKeyTypes:
    data = _contents(path)
    locked = b"ENCRYPTED" in data
    if locked and not password:
        raise CredentialError(f"The key “{path}” is locked with a password; enter it.")
    secret = password.encode() if locked and password else None
    try:
        return load_pem_private_key(data, password=secret)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        reason = "its password is another one, or it is" if password else "it is"
        raise CredentialError(
            f"“{path}” cannot be used: {reason} no private key in PEM form ({error}); choose"
            " another."
        ) from error


def _public(key: object) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined, no-any-return]


def _algorithm(key: object) -> str:
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    raise CredentialError("This kind of key cannot sign; use an elliptic curve, Ed25519 or RSA.")


def _new_identity() -> Identity:
    """Make a root certificate and a signer under it: C2PA takes no self-signed signer."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    # The host's and the user's names stay private.
    tag = os.urandom(4).hex()
    root_name, name = _name(f"Own root {tag}"), _name(f"This computer {tag}")
    root = (
        _certificate(root_name, root_name, root_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    leaf = (
        _certificate(name, root_name, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(purpose, critical=False)
        .add_extension(above, critical=False)
        .sign(root_key, hashes.SHA256())
    )
    chain = leaf.public_bytes(Encoding.PEM) + root.public_bytes(Encoding.PEM)
    return Identity(chain, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    # A day early: clocks of other computers may be slow.
    begin = datetime.now(UTC) - timedelta(days=1)
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + _YEARS)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def chosen_identity(
    folder: Path, certificates: Path | None, key: Path | None, password: str | None = None
) -> Identity:
    """Return the artist's own identity if both files are named, else this computer's.

    Raises
    ------
    CredentialError
        If only one of the files is named, or as `read_identity` does.
    """
    if certificates is not None and key is not None:
        return read_identity(certificates, key, password)
    if certificates is not None or key is not None:
        raise CredentialError("Name both the certificate and its private key, or neither.")
    return local_identity(folder)


def known_roots(folder: Path, roots: Path | None = None) -> str | None:
    """Return the certificates to trust, as PEM: those of a file, else this computer's, else None.

    Raises
    ------
    CredentialError
        If the file holds none.
    """
    own = folder / _CERTIFICATES
    if roots is None and not own.is_file():
        return None
    try:
        found = x509.load_pem_x509_certificates((roots or own).read_bytes())
    except (OSError, ValueError) as error:
        raise CredentialError(f"“{roots or own}” holds no certificates ({error}).") from error
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in found)
