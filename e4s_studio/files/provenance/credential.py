"""Signing a picture, and writing it with its credential."""

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
from e4s_studio.core.errors import CredentialError
from e4s_studio.core.film import FilmTrait
from e4s_studio.core.regions import Region
from e4s_studio.core.settings import EditSettings
from e4s_studio.files.output import write_whole
from e4s_studio.files.provenance.facts import Facts, Photograph, label_map_sha256

if TYPE_CHECKING:
    from e4s_studio.files.provenance.identity import Identity

SWAP_ASSERTION: Final = "org.e4s-studio.swap"
SIDECAR_SUFFIX: Final = ".c2pa"
PLAIN_BYTES: Final = "application/octet-stream"
"""The media type for files that C2PA cannot parse; its hash then covers all bytes."""

EMBEDDING: Final = {
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
SETTINGS: Final[dict[str, Any]] = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
}


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
    kind = EMBEDDING.get(Path(name).suffix.lower())
    signed = io.BytesIO()
    try:
        with c2pa.Context.from_dict(SETTINGS) as context, identity.signer() as signer:
            builder = c2pa.Builder(json.dumps(_manifest(name, facts)), context=context)
            with builder:
                _add_photograph(builder, facts.target, "parentOf", "target")
                _add_photograph(builder, facts.source, "componentOf", "source")
                if kind is None:
                    builder.set_no_embed()
                credential = builder.sign(signer, kind or PLAIN_BYTES, io.BytesIO(data), signed)
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
    return path.with_name(path.name + SIDECAR_SUFFIX)


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
            {"label": SWAP_ASSERTION, "data": facts.as_dict()},
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
    builder: c2pa.Builder, photograph: Photograph, relationship: str, role: str
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
    builder.add_ingredient(ingredient, kind if known else PLAIN_BYTES, stream)


def _media_type(data: bytes) -> str:
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.get_format_mimetype() or PLAIN_BYTES
    except UnidentifiedImageError:
        return PLAIN_BYTES
