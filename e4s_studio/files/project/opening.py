"""Opening a project file that is not trusted, as far as it is whole."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
import safetensors
from pydantic import ValidationError

from e4s_studio.core.commands import Layer
from e4s_studio.core.contents import DocumentContents
from e4s_studio.core.errors import ProjectError, SettingsError, StudioError
from e4s_studio.core.layers import FULL, EditState
from e4s_studio.core.pair import Role
from e4s_studio.core.portrait import Portrait
from e4s_studio.core.regions import REGION_COUNT
from e4s_studio.core.settings import EditSettings
from e4s_studio.files.images import decode_image
from e4s_studio.files.project.archive import (
    LIMIT,
    Archive,
    DamagedEntryError,
    file_bytes,
    pixels_of,
)
from e4s_studio.files.project.history import MAPS, require_replayable, unpacked_history
from e4s_studio.files.project.manifest import (
    MANIFEST,
    HistoryEntry,
    Manifest,
    manifest_of,
    quad_of,
)
from e4s_studio.files.project.project import FittedWeights, Opened, Project
from e4s_studio.files.project.saving import THUMBNAIL_SIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.core.commands import Command
    from e4s_studio.files.project.manifest import FittedEntry, PortraitEntry, StateEntry

_MANIFEST_LIMIT: Final = 4 << 20
_HISTORY_LIMIT: Final = 64 << 20
_PICTURE_LIMIT: Final = 256 << 20
_DEFAULTS: Final = {Layer.PAINTED: 0, Layer.HOLE: 0, Layer.OCCLUDER: 0, Layer.AMOUNT: FULL}
_SWITCHES: Final = (Layer.PAINTED, Layer.HOLE)


def open_project(path: Path | str) -> Opened:
    """Open a project file.

    What is damaged is left out, with a warning; the file is not changed.

    Raises
    ------
    ProjectError
        If there is no such file, it is no project, one of a newer version, or so damaged that
        not even its list of contents is left.
    """
    path = Path(path)
    return opened_bytes(file_bytes(path, "project", 3 * LIMIT), path.name)


def opened_bytes(data: bytes, name: str) -> Opened:
    """Open a project from the bytes of its file; `name` is what errors call it.

    Raises
    ------
    ProjectError
        As `open_project` does.
    """
    archive = Archive(data)
    manifest = _manifest(archive, name)
    opener = _Opener(archive)
    contents = opener.contents(manifest)
    project = Project(
        contents,
        manifest.labelling.labelling(),
        opener.fitted(manifest.fitted),
        opener.thumbnail(manifest.thumbnail),
    )
    cut = () if archive.is_whole else ("The file is cut short; this is what is left of it.",)
    return Opened(project, (*cut, *opener.warnings))


def _manifest(archive: Archive, name: str) -> Manifest:
    try:
        text = archive.read(MANIFEST, _MANIFEST_LIMIT)
    except DamagedEntryError as error:
        raise ProjectError(
            f"“{name}” is no project of E4S Studio, or is damaged beyond use; open a copy of it."
        ) from error
    return manifest_of(text, name)


class _Opener:
    """Reads the parts of a project, and collects warnings."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self.warnings: list[str] = []

    def contents(self, manifest: Manifest) -> DocumentContents:
        """Return the document."""
        source = self._portrait(manifest.source, Role.SOURCE)
        target = self._portrait(manifest.target, Role.TARGET)
        if source and target and source.shape != target.shape:
            self.warnings.append("The source does not fit the target; open it again.")
            source = None
        state, is_exact = None, False
        if target is not None:
            state, is_exact = self._state(manifest.state, target)
        kept = {} if target is None else self._kept(manifest, target.shape)
        commands, index = self._history(manifest, state if is_exact else None)
        rules = manifest.rules.rules()
        return DocumentContents(
            source, target, state, rules, MappingProxyType(kept), commands, index
        )

    def fitted(self, entry: FittedEntry | None) -> FittedWeights | None:
        """Return the fitted weights."""
        if entry is None:
            return None
        try:
            data = self._archive.read(entry.weights)
            safetensors.deserialize(data)  # type: ignore[no-untyped-call]
        except (DamagedEntryError, safetensors.SafetensorError):
            self.warnings.append("The fitted model is damaged; fit it again.")
            return None
        return FittedWeights(entry.model, data)

    def thumbnail(self, name: str | None) -> NDArray[np.uint8] | None:
        """Return the thumbnail; a damaged one is left out without a warning."""
        if name is None:
            return None
        try:
            data = self._archive.read(name, _PICTURE_LIMIT)
            picture = decode_image(data, name)
        except (DamagedEntryError, StudioError):
            return None
        return picture if max(picture.shape[:2]) <= THUMBNAIL_SIDE else None

    def _portrait(self, entry: PortraitEntry | None, role: Role) -> Portrait | None:
        if entry is None:
            return None
        try:
            image = self._pixels(entry.image, (*entry.size, 3))
        except DamagedEntryError:
            self.warnings.append(f"The {role} photograph is damaged; open it again.")
            return None
        try:
            labels = self._labels(entry.labels, entry.size)
        except DamagedEntryError:
            self.warnings.append(f"The {role}'s label map is damaged; open its photograph again.")
            labels = np.zeros(entry.size, np.uint8)
        file, photograph = self._photograph(entry, role)
        path = None if entry.name is None else Path(Path(entry.name).name)
        try:
            if photograph is None:
                return Portrait(image, labels, path, file=file)
            quad = quad_of(entry.quad, photograph)
            return Portrait(image, labels, path, photograph, quad, file)
        except StudioError as error:
            self.warnings.append(f"The {role} is damaged ({error}); open it again.")
            return None

    def _photograph(
        self, entry: PortraitEntry, role: Role
    ) -> tuple[bytes | None, NDArray[np.uint8] | None]:
        try:
            file = None if entry.file is None else self._archive.read(entry.file)
            if not entry.has_photograph:
                return file, None
            data = file
            if entry.photograph is not None:
                data = self._archive.read(entry.photograph)
            if data is not None:
                return file, decode_image(data, entry.name or role)
        except (DamagedEntryError, StudioError):
            pass
        self.warnings.append(
            f"Of the {role} photograph the aligned face alone is left; open it again."
        )
        return None, None

    def _state(self, entry: StateEntry | None, target: Portrait) -> tuple[EditState, bool]:
        """Return the planes and settings, and whether all of them are the file's own."""
        planes, missing = {}, []
        for layer in Layer:
            try:
                planes[layer] = self._plane(entry, layer, target.shape)
            except DamagedEntryError:
                missing.append(str(layer))
        started = planes.setdefault(Layer.STARTED, target.labels)
        planes.setdefault(Layer.LABELS, started)
        for layer, value in _DEFAULTS.items():
            planes.setdefault(layer, np.full(target.shape, value, np.uint8))
        settings = _settings(entry)
        if missing:
            names = ", ".join(missing)
            self.warnings.append(f"What was painted is damaged in part ({names}); look it over.")
        if settings is None:
            self.warnings.append("The settings are damaged; the usual ones are set.")
        state = EditState(MappingProxyType(planes), settings or EditSettings())
        return state, not missing and settings is not None

    def _kept(self, manifest: Manifest, shape: tuple[int, int]) -> dict[str, EditState]:
        kept: dict[str, EditState] = {}
        for slot, entry in manifest.kept.items():
            settings = _settings(entry)
            try:
                planes = {layer: self._plane(entry, layer, shape) for layer in Layer}
            except DamagedEntryError:
                settings = None
            if settings is None:
                self.warnings.append(f"The snapshot {slot} is damaged and was left out.")
            else:
                kept[slot] = EditState(MappingProxyType(planes), settings)
        return kept

    def _history(
        self, manifest: Manifest, state: EditState | None
    ) -> tuple[tuple[Command, ...], int]:
        if manifest.history is None or manifest.history_data is None:
            return (), 0
        try:
            text = self._archive.read(manifest.history, _HISTORY_LIMIT)
            entry = HistoryEntry.model_validate_json(text)
            commands = unpacked_history(entry, self._archive.read(manifest.history_data))
            require_replayable(commands, manifest.index, {} if state is None else state.planes)
        except (DamagedEntryError, ValidationError):
            self.warnings.append("The history is damaged and was left out; the edits are there.")
            return (), 0
        return commands, manifest.index

    def _plane(
        self, entry: StateEntry | None, layer: Layer, shape: tuple[int, int]
    ) -> NDArray[np.uint8]:
        if entry is None or layer not in entry.planes:
            raise DamagedEntryError(layer)
        if layer in MAPS:
            return self._labels(entry.planes[layer], shape)
        pixels = self._pixels(entry.planes[layer], shape)
        if layer in _SWITCHES and pixels.max() > 1:
            raise DamagedEntryError(layer)
        return pixels

    def _labels(self, name: str, shape: tuple[int, int]) -> NDArray[np.uint8]:
        labels = self._pixels(name, shape)
        if labels.max() >= REGION_COUNT:
            raise DamagedEntryError(name)
        return labels

    def _pixels(self, name: str, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        return pixels_of(self._archive.read(name, _PICTURE_LIMIT), shape)


def _settings(entry: StateEntry | None) -> EditSettings | None:
    try:
        return None if entry is None else EditSettings.from_dict(entry.settings)
    except (SettingsError, TypeError):
        return None
