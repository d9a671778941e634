"""Reading a credential, and checking that the file is still what was signed."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import c2pa

from e4s_studio.core.errors import CredentialError, ImageError
from e4s_studio.files.output import reason_of
from e4s_studio.files.provenance.credential import (
    EMBEDDING,
    PLAIN_BYTES,
    SETTINGS,
    SIDECAR_SUFFIX,
    SWAP_ASSERTION,
    sidecar_of,
)

_MAX_SIZE: Final = 4 << 30
"""Largest file that is read, in bytes."""

# The codes of C2PA's readers for a file that differs from what was signed.
_CHANGED: Final = frozenset({"assertion.dataHash.mismatch", "assertion.boxesHash.mismatch"})
_UNTRUSTED: Final = "signingCredential.untrusted"


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
        return next((dict(data) for data in self._data(SWAP_ASSERTION)), {})

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
    kind = EMBEDDING.get(path.suffix.lower())
    try:
        if kind is not None:
            found = _verified(kind, data, None, roots)
            if found is not None:
                return found
        return None if sidecar is None else _verified(PLAIN_BYTES, data, sidecar, roots)
    except c2pa.C2paError as error:
        if sidecar is None and b"c2pa" not in data:
            raise ImageError(
                f"“{path}” is not a picture that can be read; get it again, or check its suffix."
            ) from error
        raise CredentialError(
            f"The credential of “{path}” is damaged and cannot be read ({error})."
        ) from error


def _sidecar(path: Path) -> Path | None:
    """Return the sidecar of a file that cannot hold its credential, if there is one."""
    if path.suffix.lower() in (*EMBEDDING, SIDECAR_SUFFIX):
        return None
    # Other programs name it after the stem alone.
    places = (sidecar_of(path), path.with_suffix(SIDECAR_SUFFIX))
    return next((place for place in places if place.is_file()), None)


def _verified(kind: str, data: bytes, sidecar: Path | None, roots: str | None) -> Inspection | None:
    settings = SETTINGS | ({} if roots is None else {"trust": {"user_anchors": roots}})
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
