"""The content of a credential: how a picture was made, from which files, on what ground."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from e4s_studio.core.pair import Role
from e4s_studio.core.regions import Region
from e4s_studio.files.images import encode_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.core.contents import DocumentSnapshot
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.core.settings import EditSettings, FilmTrait


class Ground(StrEnum):
    """The ground on which the sitter's face is used, as the artist states it."""

    OWN_FACE = "own-face"
    CONSENT = "consent"
    LICENSED = "licensed"
    PUBLIC_DOMAIN = "public-domain"
    SYNTHETIC = "synthetic"


@dataclass(frozen=True)
class Photograph:
    """A photograph that went into a picture.

    Attributes
    ----------
    name
        The file's name, without its folders.
    data
        The file's bytes.
    """

    name: str
    data: bytes

    @classmethod
    def read(cls, path: Path | str) -> Photograph:
        """Read a photograph's file; its folders stay private."""
        path = Path(path)
        return cls(path.name, path.read_bytes())

    @property
    def sha256(self) -> str:
        """SHA-256 of the file, in hexadecimal digits."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Facts:
    """How a picture was made.

    Attributes
    ----------
    source, target
        The photographs.
    label_map_sha256
        `label_map_sha256` of the swapped face's label map.
    settings
        The settings, with the amount of each region.
    model
        The network's name, or its checkpoint's.
    ground
        The ground on which the face is used; None if it was not stated.
    film
        The trait of the target's film that changed the picture; None if none did.
    """

    source: Photograph
    target: Photograph
    label_map_sha256: str
    settings: EditSettings
    model: str
    ground: Ground | None = None
    film: FilmTrait | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the content of our own assertion in the credential, as JSON."""
        settings = self.settings.as_dict()
        amounts, shapes = (
            {region.title: settings[name][region.label] for region in Region}
            for name in ("amounts", "shapes")
        )
        del settings["amounts"], settings["live_preview"]
        settings["shapes"] = shapes
        if self.film is None:
            # A setting without an effect would be read as something that was done.
            del settings["film"]
        return {
            "model": self.model,
            "amounts": amounts,
            "settings": settings,
            "hashes": {
                "alg": "sha256",
                "source": self.source.sha256,
                "target": self.target.sha256,
                "label_map": self.label_map_sha256,
            },
            "ground": "not stated" if self.ground is None else str(self.ground),
        }


def facts_of(
    snapshot: DocumentSnapshot, model: str, ground: Ground | None, film: FilmTrait | None
) -> Facts:
    """Return the facts of a document; `film` is that of its `ExportLayers`."""
    return Facts(
        _photograph(snapshot.source, Role.SOURCE),
        _photograph(snapshot.target, Role.TARGET),
        label_map_sha256(snapshot.labels),
        snapshot.settings,
        model,
        ground,
        film,
    )


def _photograph(portrait: Portrait, role: Role) -> Photograph:
    """Return a photograph's file, or a PNG of it if the file was not kept."""
    name = role if portrait.path is None else portrait.path.name
    if portrait.file is not None:
        return Photograph(name, portrait.file)
    return Photograph(name, encode_image(f"{role}.png", portrait.photograph))


def label_map_sha256(label_map: NDArray[np.uint8]) -> str:
    """Return SHA-256 of "WIDTHxHEIGHT", a line feed, and the (H, W) uint8 labels by rows."""
    height, width = label_map.shape
    digest = hashlib.sha256(f"{width}x{height}\n".encode())
    digest.update(np.ascontiguousarray(label_map).tobytes())
    return digest.hexdigest()
