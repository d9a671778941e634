"""One export, from layers to files; the editor and the command line both use it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from e4s_studio.core.errors import CancelledError
from e4s_studio.files.export.captions import before_after_sheet, visible_mark
from e4s_studio.files.export.kinds import ExportKind, require_suffix
from e4s_studio.files.export.layered import openraster_file, photoshop_file
from e4s_studio.files.export.layers import to_8, to_16
from e4s_studio.files.export.pictures import (
    FlatPicture,
    encode,
    finished_picture,
    original_of,
    unblended_face,
)
from e4s_studio.files.label_maps import celebamask_png, coloured_png, region_png
from e4s_studio.files.output import check_writable
from e4s_studio.files.provenance.credential import Signed, sign, write_signed
from e4s_studio.files.provenance.facts import facts_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from e4s_studio.core.contents import DocumentSnapshot
    from e4s_studio.files.export.layers import ExportLayers
    from e4s_studio.files.project import Labelling
    from e4s_studio.files.provenance.facts import Facts
    from e4s_studio.files.provenance.identity import Identity


_MAPS: Final = {
    ExportKind.REGIONS: region_png,
    ExportKind.CELEBAMASK: celebamask_png,
    ExportKind.COLOURS: coloured_png,
}


@dataclass(frozen=True, eq=False)
class ExportJob:
    """What to export, where to and how.

    Attributes
    ----------
    path
        The file to write; its suffix decides the format.
    layers
        The swap at the photograph's resolution.
    source
        (h, w, 3) uint8 RGB: the source's photograph, for the sheet.
    kind
        Which export.
    target_file
        The target photograph's own file, for its ICC profile, EXIF and depth; None if it is gone.
    facts
        Content of the credential; None for no credential. Label maps never have one.
    identity
        The signer; None goes with no facts.
    mark
        Whether to write in the picture's corner that it was edited.
    """

    path: Path
    layers: ExportLayers
    source: NDArray[np.uint8]
    kind: ExportKind = ExportKind.PICTURE
    target_file: bytes | None = field(default=None, repr=False)
    facts: Facts | None = field(default=None, repr=False)
    identity: Identity | None = None
    mark: bool = False

    @classmethod
    def of(  # noqa: PLR0913 - what is exported, and how, each by name
        cls,
        snapshot: DocumentSnapshot,
        layers: ExportLayers,
        path: Path,
        *,
        kind: ExportKind,
        labelling: Labelling,
        model: str,
        identity: Identity | None,
    ) -> ExportJob:
        """Return the export of a document, drawn by a model, with its label."""
        source, target = snapshot.portraits
        signs = labelling.credential
        return cls(
            path,
            layers,
            source.photograph,
            kind,
            target.file,
            facts_of(snapshot, model, labelling.ground, layers.film) if signs else None,
            identity,
            labelling.mark,
        )


def export(
    job: ExportJob,
    progress: Callable[[float], None] = lambda _: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> list[Path]:
    """Write an export, whole or not at all; return the files written.

    Parameters
    ----------
    job
        What to export.
    progress
        Called with 0 to 1.
    is_cancelled
        Called between the steps; once it returns True, nothing is written.

    Raises
    ------
    OutputError
        If the suffix does not fit, the format cannot hold the picture, or the place cannot be
        written to.
    CredentialError
        If the picture cannot be signed.
    CancelledError
        If it was cancelled.
    """

    def reach(fraction: float) -> None:
        if is_cancelled():
            raise CancelledError("Stopped. Nothing was written.")
        progress(fraction)

    require_suffix(job.path, job.kind)
    check_writable(job.path)
    reach(0.0)
    data = _encoded(job, reach)
    reach(0.8)
    signed = Signed(data)
    if job.facts is not None and job.identity is not None and job.kind not in _MAPS:
        signed = sign(data, job.path.name, job.facts, job.identity)
    reach(0.9)
    written = write_signed(job.path, signed)
    progress(1.0)
    return written


def _encoded(job: ExportJob, reach: Callable[[float], None]) -> bytes:
    suffix, layers = job.path.suffix.lower(), job.layers
    if job.kind in _MAPS:
        return _MAPS[job.kind](np.asarray(layers.full(layers.labels), np.uint8))
    if job.kind is ExportKind.FACE:
        return encode(unblended_face(layers), suffix)
    original = original_of(layers.photograph, None if suffix == ".ora" else job.target_file)
    reach(0.1)
    marks = (visible_mark(original),) if job.mark else ()
    if suffix == ".psd":
        return photoshop_file(layers, original, marks)
    if suffix == ".ora":
        return openraster_file(layers, original, marks)
    if job.kind is ExportKind.SHEET:
        after = finished_picture(layers, original_of(layers.photograph, None), marks)
        sheet = before_after_sheet(job.source, layers.photograph, to_8(after.pixels))
        return encode(FlatPicture(to_16(sheet)), suffix)
    finished = finished_picture(layers, original, marks)
    reach(0.3)
    return encode(finished, suffix)
