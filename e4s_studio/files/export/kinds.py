"""The kinds of export, and the formats of each."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from e4s_studio.core.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path

_PICTURE: Final = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")
_WITH_ALPHA: Final = (".png", ".webp", ".tif", ".tiff")


class ExportKind(StrEnum):
    """A kind of export."""

    PICTURE = "picture"
    FACE = "face"
    REGIONS = "regions"
    CELEBAMASK = "celebamask"
    COLOURS = "colours"
    SHEET = "sheet"


SUFFIXES: Final[dict[ExportKind, tuple[str, ...]]] = {
    ExportKind.PICTURE: (*_PICTURE, ".psd", ".ora"),
    ExportKind.FACE: _WITH_ALPHA,
    ExportKind.REGIONS: (".png",),
    ExportKind.CELEBAMASK: (".png",),
    ExportKind.COLOURS: (".png",),
    ExportKind.SHEET: _PICTURE,
}
"""The file suffixes of each kind; of pictures, .psd and .ora have layers."""

SHOWING: Final = frozenset({ExportKind.PICTURE, ExportKind.FACE, ExportKind.SHEET})
"""The kinds that show the sitter's face: they need the ground on which the face is used."""


def require_suffix(path: Path, kind: ExportKind) -> None:
    """Check that a kind of export can be written under a name.

    Raises
    ------
    OutputError
        If the suffix does not fit.
    """
    if path.suffix.lower() not in SUFFIXES[kind]:
        known = ", ".join(SUFFIXES[kind])
        raise OutputError(
            f"“{path.name}” does not end in a suffix that fits the export “{kind}”; use {known}."
        )
