"""C2PA content credentials: signing and writing a picture, and verifying a file."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import c2pa
import numpy as np
from PIL import Image, UnidentifiedImageError

from e4s_studio import __version__
from e4s_studio.core.errors import CredentialError, ImageError
from e4s_studio.core.pair import Role
from e4s_studio.core.regions import Region
from e4s_studio.core.settings import EditSettings, FilmTrait
from e4s_studio.files.output import reason_of, write_whole
from e4s_studio.files.provenance.facts import Facts, Photograph, label_map_sha256

if TYPE_CHECKING:
    from e4s_studio.files.provenance.identity import Identity

_SWAP_ASSERTION: Final = "org.e4s-studio.swap"
_SIDECAR_SUFFIX: Final = ".c2pa"
_PLAIN_BYTES: Final = "application/octet-stream"
"""The media type for files that C2PA cannot parse; its hash then covers all bytes."""

_EMBEDDING: Final = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
}
"""Media types by suffix of the formats that can hold a credential."""

# https://cv.iptc.org/newscodes/digitalsourcetype/
_COMPOSITE: Final = (
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
)
_FOLLOWED: Final = {
    FilmTrait.TONE: "The face follows the tone of the black-and-white target",
    FilmTrait.COLOURS: "The face of the black-and-white source follows the target's colours",
}
_AGENT: Final = {"name": "E4S Studio", "version": __version__}
# Nothing is fetched, and no thumbnails are made: they would show the sitters' original faces to
# everybody who gets the picture.
_SETTINGS: Final[dict[str, Any]] = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
}
_MAX_SIZE: Final = 4 << 30
"""Largest file that is read, in bytes."""

# The codes of C2PA's readers for a file that differs from what was signed.
_CHANGED: Final = frozenset({"assertion.dataHash.mismatch", "assertion.boxesHash.mismatch"})
_UNTRUSTED: Final = "signingCredential.untrusted"


@dataclass(frozen=True)
class Signed:
    """A signed picture.

    Attributes
    ----------
    data
        The file's bytes.
    sidecar
        The credential, if the format cannot hold it; else None.
    """

    data: bytes
    sidecar: bytes | None = None


def sign(data: bytes, name: str, facts: Facts, identity: Identity) -> Signed:
    """Sign a picture.

    Parameters
    ----------
    data
        The whole file.
    name
        The file's name; its suffix decides whether the credential goes into it.
    facts
        The content of the credential.
    identity
        The signer.

    Raises
    ------
    CredentialError
        If the key or the file cannot be used.
    """
    kind = _EMBEDDING.get(Path(name).suffix.lower())
    signed = io.BytesIO()
    try:
        with c2pa.Context.from_dict(_SETTINGS) as context, identity.signer() as signer:
            builder = c2pa.Builder(json.dumps(_manifest(name, facts)), context=context)
            with builder:
                _add_photograph(builder, facts.target, "parentOf", Role.TARGET)
                _add_photograph(builder, facts.source, "componentOf", Role.SOURCE)
                if kind is None:
                    builder.set_no_embed()
                credential = builder.sign(signer, kind or _PLAIN_BYTES, io.BytesIO(data), signed)
    except c2pa.C2paError as error:
        raise CredentialError(
            f"“{name}” could not be signed ({error}); check the certificate, or turn the"
            " credential off."
        ) from error
    return Signed(data, credential) if kind is None else Signed(signed.getvalue())


def require_signer(identity: Identity) -> None:
    """Check that C2PA accepts an identity, by signing a single pixel.

    Raises
    ------
    CredentialError
        If it does not: the certificate has expired, is not meant for signing, or the like.
    """
    stream = io.BytesIO()
    Image.new("RGB", (1, 1)).save(stream, "PNG")
    pixel = Photograph("pixel.png", stream.getvalue())
    facts = Facts(pixel, pixel, label_map_sha256(np.zeros((1, 1), np.uint8)), EditSettings(), "")
    try:
        sign(pixel.data, pixel.name, facts, identity)
    except CredentialError as error:
        raise CredentialError(
            f"Content credentials cannot be signed with the certificate of “{identity.name}”"
            f" ({error.__cause__}); choose another."
        ) from error


def sidecar_of(path: Path) -> Path:
    """Return the sidecar of a file that cannot hold its credential: `a.psd.c2pa` of `a.psd`.

    It has the file's suffix too, so that `a.psd` and `a.ora` have different sidecars.
    """
    return path.with_name(path.name + _SIDECAR_SUFFIX)


def write_signed(path: Path, signed: Signed) -> list[Path]:
    """Write a signed picture, its sidecar first; return the files written.

    Raises
    ------
    OutputError
        If the place cannot be written to.
    """
    written = [path]
    if signed.sidecar is not None:
        write_whole(sidecar_of(path), signed.sidecar)
        written.append(sidecar_of(path))
    write_whole(path, signed.data)
    return written


@dataclass(frozen=True)
class Inspection:
    """The content of a file's credential, and whether the file is still as it was signed.

    Attributes
    ----------
    manifest
        The active manifest, as C2PA's reader gives it.
    problems
        Codes of the C2PA specification; empty if the file is as it was signed.
    trusted
        Whether the signer is among the certificates that were given, such as this computer's.
    sidecar
        The credential's file, if it is beside the picture.
    """

    manifest: dict[str, Any]
    problems: tuple[str, ...]
    trusted: bool
    sidecar: Path | None = None

    @property
    def is_intact(self) -> bool:
        """Whether nothing in the file was changed since it was signed."""
        return not self.problems

    @property
    def was_changed(self) -> bool:
        """Whether the picture's own bytes differ from those that were signed."""
        return bool(_CHANGED.intersection(self.problems))

    @property
    def signer(self) -> str:
        """The name in the signer's certificate."""
        info = self.manifest.get("signature_info", {})
        return str(info.get("common_name") or info.get("issuer") or "unknown")

    @property
    def facts(self) -> dict[str, Any]:
        """The assertion of E4S Studio; empty if another program signed."""
        return next((dict(data) for data in self._data(_SWAP_ASSERTION)), {})

    @property
    def actions(self) -> list[dict[str, Any]]:
        """What was done, in order: C2PA actions."""
        return [
            action
            for label in ("c2pa.actions.v2", "c2pa.actions")
            for data in self._data(label)
            for action in data.get("actions", [])
        ]

    def _data(self, label: str) -> list[dict[str, Any]]:
        assertions = self.manifest.get("assertions", [])
        return [one["data"] for one in assertions if one["label"] == label]


def inspect_file(path: Path | str, roots: str | None = None) -> Inspection | None:
    """Read and verify the credential in a file, or in the sidecar beside it.

    Parameters
    ----------
    path
        Any file.
    roots
        Certificates to trust, PEM.

    Returns
    -------
    The credential, or None if there is none.

    Raises
    ------
    ImageError
        If there is no such file, it is too large, or it is no picture.
    CredentialError
        If there is a credential that cannot be read.
    """
    path = Path(path)
    data = _read(path)
    sidecar = _sidecar(path)
    kind = _EMBEDDING.get(path.suffix.lower())
    try:
        if kind is not None:
            found = _verified(kind, data, None, roots)
            if found is not None:
                return found
        return None if sidecar is None else _verified(_PLAIN_BYTES, data, sidecar, roots)
    except c2pa.C2paError as error:
        if sidecar is None and b"c2pa" not in data:
            raise ImageError(
                f"“{path}” is not a picture that can be read; get it again, or check its suffix."
            ) from error
        raise CredentialError(
            f"The credential of “{path}” is damaged and cannot be read ({error})."
        ) from error


def _manifest(name: str, facts: Facts) -> dict[str, Any]:
    swapped = [region.title for region in Region if facts.settings.amount(region) > 0]
    edit = {
        "action": "c2pa.edited",
        "digitalSourceType": _COMPOSITE,
        "softwareAgent": _AGENT,
        "description": "The face of the source photograph was put into the target photograph.",
        "parameters": {"model": facts.model, "regions": swapped},
    }
    actions = [
        {
            "action": "c2pa.opened",
            "description": f"The target photograph “{facts.target.name}” was opened.",
            "parameters": {"ingredientIds": ["target"]},
        },
        {
            "action": "c2pa.placed",
            "description": f"The source photograph “{facts.source.name}” was placed.",
            "parameters": {"ingredientIds": ["source"]},
        },
        edit,
    ]
    if facts.film is not None:
        actions.append(_followed(facts.film, facts.settings.film))
    return {
        "claim_generator_info": [_AGENT],
        "title": name,
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": actions}},
            {"label": _SWAP_ASSERTION, "data": facts.as_dict()},
        ],
    }


def _followed(film: FilmTrait, amount: float) -> dict[str, Any]:
    return {
        "action": "c2pa.adjustedColor",
        "softwareAgent": _AGENT,
        "description": f"{_FOLLOWED[film]} ({amount:.0%}).",
        "parameters": {"film": str(film), "amount": amount},
    }


def _add_photograph(
    builder: c2pa.Builder, photograph: Photograph, relationship: str, role: Role
) -> None:
    """Add a photograph, and the credential that it may have itself, as an ingredient."""
    kind = _media_type(photograph.data)
    known = kind in c2pa.Builder.get_supported_mime_types()
    ingredient = {
        "title": photograph.name,
        "relationship": relationship,
        "instance_id": role,
        "label": role,
        "description": f"SHA-256 {photograph.sha256}",
    }
    stream = io.BytesIO(photograph.data)
    builder.add_ingredient(ingredient, kind if known else _PLAIN_BYTES, stream)


def _media_type(data: bytes) -> str:
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.get_format_mimetype() or _PLAIN_BYTES
    except UnidentifiedImageError:
        return _PLAIN_BYTES


def _sidecar(path: Path) -> Path | None:
    """Return the sidecar of a file that cannot hold its credential, if there is one."""
    if path.suffix.lower() in (*_EMBEDDING, _SIDECAR_SUFFIX):
        return None
    # Other programs name it after the stem alone.
    places = (sidecar_of(path), path.with_suffix(_SIDECAR_SUFFIX))
    return next((place for place in places if place.is_file()), None)


def _verified(kind: str, data: bytes, sidecar: Path | None, roots: str | None) -> Inspection | None:
    settings = _SETTINGS | ({} if roots is None else {"trust": {"user_anchors": roots}})
    credential = None if sidecar is None else _read(sidecar)
    with c2pa.Context.from_dict(settings) as context:
        reader = c2pa.Reader.try_create(kind, io.BytesIO(data), credential, context)
        if reader is None:
            return None
        with reader:
            results = (reader.get_validation_results() or {}).get("activeManifest", {})
            codes = [failure["code"] for failure in results.get("failure", [])]
            trusted = reader.get_validation_state() == "Trusted"
            manifest = reader.get_active_manifest() or {}
    problems = tuple(code for code in codes if code != _UNTRUSTED)
    return Inspection(manifest, problems, trusted, sidecar)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_SIZE:
            raise ImageError(f"“{path}” is too large to be looked into.")
        return path.read_bytes()
    except OSError as error:
        raise ImageError(f"“{path}” cannot be read: {reason_of(error)}.") from error
