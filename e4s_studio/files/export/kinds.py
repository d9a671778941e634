"""What can be exported, and in which formats."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from e4s_studio.core.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path

PICTURE_SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")
ALPHA_SUFFIXES: Final = (".png", ".webp", ".tif", ".tiff")


class ExportKind(StrEnum):
    """What is exported."""

    PICTURE = "picture"
    FACE = "face"
    REGIONS = "regions"
    CELEBAMASK = "celebamask"
    COLOURS = "colours"
    SHEET = "sheet"


SUFFIXES: Final[dict[ExportKind, tuple[str, ...]]] = {
    ExportKind.PICTURE: (*PICTURE_SUFFIXES, ".psd", ".ora"),
    ExportKind.FACE: ALPHA_SUFFIXES,
    ExportKind.REGIONS: (".png",),
    ExportKind.CELEBAMASK: (".png",),
    ExportKind.COLOURS: (".png",),
    ExportKind.SHEET: PICTURE_SUFFIXES,
}
"""The suffixes that each kind can be written with; of pictures, .psd and .ora have layers."""


SHOWING: Final = frozenset({ExportKind.PICTURE, ExportKind.FACE, ExportKind.SHEET})
"""The kinds that show the sitter's face: the artist states the ground before the first of them."""


def require_suffix(path: Path, kind: ExportKind) -> None:
    """Find out whether a kind of export can be written under a name.

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
