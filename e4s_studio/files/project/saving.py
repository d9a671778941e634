"""Writing a project file, and locking it against other windows."""

from __future__ import annotations

import hashlib
import io
import logging
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from filelock import FileLock, Timeout

from e4s_studio import __version__
from e4s_studio.core.errors import ImageError, OutputError, ProjectError
from e4s_studio.core.pair import Role
from e4s_studio.files.images import decode_image
from e4s_studio.files.output import make_folder, write_whole
from e4s_studio.files.project.archive import png_of
from e4s_studio.files.project.history import packed_history
from e4s_studio.files.project.manifest import (
    MANIFEST,
    FittedEntry,
    LabellingEntry,
    Manifest,
    PortraitEntry,
    RulesEntry,
    StateEntry,
    quad_entry,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.core.layers import EditState
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.files.project.project import FittedWeights, Project

_LOG = logging.getLogger(__name__)

SUFFIX: Final = ".e4s"
THUMBNAIL_SIDE: Final = 256
# A fixed time stamp: the same project gives the same bytes.
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


def save_project(project: Project, path: Path | str) -> None:
    """Save a project, whole or not at all.

    Raises
    ------
    OutputError
        If the place cannot be written to, or the disk is full.
    """
    write_whole(path, project_bytes(project))


def project_bytes(project: Project) -> bytes:
    """Return a project as the bytes of its file."""
    writer = _Writer()
    contents = project.contents
    entry, data = packed_history(contents.commands)
    # Small entries first, and photographs last: a file that is cut short keeps the edits.
    state = None if contents.state is None else writer.planes("state", contents.state)
    kept: dict[Any, StateEntry] = {
        slot: writer.planes(f"kept_{slot.lower()}", one) for slot, one in contents.kept.items()
    }
    manifest = Manifest(
        program=f"E4S Studio {__version__}",
        state=state,
        kept=kept,
        rules=RulesEntry.of(contents.rules),
        history=writer.add("history.json", entry.model_dump_json().encode(), packed=True),
        history_data=writer.add("history.bin", data),
        index=contents.index,
        labelling=LabellingEntry.of(project.labelling),
        thumbnail=writer.thumbnail(project),
        target=writer.portrait(Role.TARGET, contents.target),
        source=writer.portrait(Role.SOURCE, contents.source),
        fitted=writer.fitted(project.fitted),
    )
    return writer.finish(manifest)


def hold(path: Path | str, folder: Path) -> FileLock:
    """Lock a project file, so that no other window opens it; release the lock at the end.

    The system releases it too when the program ends. The lock is in a folder of the program's
    own, not beside the artist's file. If that folder cannot be written to, nothing is locked:
    saving the work matters more than the lock.

    Parameters
    ----------
    path
        The project file; it need not exist.
    folder
        The folder of the locks.

    Raises
    ------
    ProjectError
        If another window has it open.
    """
    name = hashlib.sha256(str(Path(path).resolve()).encode()).hexdigest()[:32]
    lock = FileLock(folder / f"{name}.lock", is_singleton=False, thread_local=False)
    try:
        make_folder(folder)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ProjectError(
            f"“{path}” is open in another window; close it there, or save under another name."
        ) from error
    except (OutputError, OSError):
        _LOG.warning("“%s” is not guarded against other windows", path, exc_info=True)
    return lock


def _with_file(portrait: Portrait) -> Portrait:
    """Return a portrait with its photograph's file, if that still holds the opened photograph.

    Takes as long as decoding the photograph.
    """
    if portrait.file is not None or portrait.path is None or portrait.is_crop:
        return portrait
    try:
        data = portrait.path.read_bytes()
        same = np.array_equal(decode_image(data, portrait.path.name), portrait.photograph)
    except (OSError, ImageError):
        return portrait
    return replace(portrait, file=data) if same else portrait


def thumbnail_of(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture of at most `THUMBNAIL_SIDE` pixels a side."""
    scale = THUMBNAIL_SIDE / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


class _Writer:
    """Collects entries, each under its own name; equal planes are stored once."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[bytes, bool]] = {}
        self._names: dict[bytes, str] = {}

    def add(self, name: str, data: bytes, *, packed: bool = False) -> str:
        """Add an entry, and return its name."""
        self._entries[name] = (data, packed)
        return name

    def plane(self, name: str, pixels: NDArray[np.uint8]) -> str:
        """Add a plane unless an equal one was added; return the entry's name."""
        data = png_of(pixels)
        if data not in self._names:
            self._names[data] = self.add(name, data)
        return self._names[data]

    def planes(self, folder: str, state: EditState) -> StateEntry:
        """Add a state: its planes, and its settings."""
        planes = {
            layer: self.plane(f"{folder}/{layer}.png", pixels)
            for layer, pixels in state.planes.items()
        }
        return StateEntry(planes=planes, settings=state.settings.as_dict())

    def portrait(self, role: Role, portrait: Portrait | None) -> PortraitEntry | None:
        """Add a portrait, with its photograph's own file or else the photograph as PNG."""
        if portrait is None:
            return None
        portrait = _with_file(portrait)
        image = self.plane(f"{role}/crop.png", portrait.image)
        labels = self.plane(f"{role}/labels.png", portrait.labels)
        file = photograph = None
        if portrait.file is None and not portrait.is_crop:
            photograph = self.plane(f"{role}/photograph.png", portrait.photograph)
        if portrait.file is not None:
            file = self.add(f"{role}/file{_plain_suffix(portrait.path)}", portrait.file)
        return PortraitEntry(
            name=None if portrait.path is None else portrait.path.name,
            size=portrait.shape,
            image=image,
            labels=labels,
            file=file,
            photograph=photograph,
            has_photograph=not portrait.is_crop,
            quad=quad_entry(portrait.quad),
        )

    def thumbnail(self, project: Project) -> str | None:
        """Add the project's thumbnail, else one of the target's crop."""
        target = project.contents.target
        picture = project.thumbnail
        if picture is None and target is not None:
            picture = target.image
        if picture is None:
            return None
        return self.add("thumbnail.png", png_of(thumbnail_of(picture)))

    def fitted(self, fitted: FittedWeights | None) -> FittedEntry | None:
        """Add the fitted weights."""
        if fitted is None:
            return None
        name = self.add("fitted.safetensors", fitted.safetensors)
        return FittedEntry(model=fitted.model, weights=name)

    def finish(self, manifest: Manifest) -> bytes:
        """Return the zip, the manifest first."""
        first = {MANIFEST: (manifest.model_dump_json(indent=1).encode(), True)}
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name, (data, packed) in (first | self._entries).items():
                info = zipfile.ZipInfo(name, _EPOCH)
                info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
                archive.writestr(info, data)
        return stream.getvalue()


def _plain_suffix(path: Path | None) -> str:
    suffix = "" if path is None else path.suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,11}", suffix) else ""
