"""One record of a journal: how a document differs from how it was at the record before."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from e4s_studio.core.commands import Layer
from e4s_studio.core.document import SNAPSHOT_SLOTS
from e4s_studio.core.errors import StudioError
from e4s_studio.core.geometry import Box
from e4s_studio.core.layers import EditState
from e4s_studio.core.plane import Patch
from e4s_studio.core.settings import EditSettings
from e4s_studio.files.project.archive import DamagedEntryError
from e4s_studio.files.project.history import packed_history, unpacked_history
from e4s_studio.files.project.manifest import (
    HistoryEntry,
    LabellingEntry,
    PatchEntry,
    Plain,
    RulesEntry,
)
from e4s_studio.files.project.opening import labelling_of, rules_of
from e4s_studio.files.project.pixels import pixels_of, png_of
from e4s_studio.files.project.saving import labelling_entry, rules_entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from e4s_studio.core.commands import Command
    from e4s_studio.core.contents import DocumentContents
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.files.project.project import Project

MAGIC: Final = b"E4SJ"
MAX_RECORD: Final = 512 << 20
# Magic, length and CRC-32 of what follows, length of its description.
_HEAD: Final = struct.Struct("<4s3L")

_Role = Literal["source", "target"]


class _KeptEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    slot: str
    settings: Plain
    lengths: dict[Layer, int]


class _RecutEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    quad: tuple[tuple[float, float], ...] | None = Field(min_length=4, max_length=4)
    image_length: int = Field(ge=0)
    labels_length: int = Field(ge=0)


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    recut: dict[_Role, _RecutEntry] = Field(default_factory=dict)
    planes: dict[Layer, PatchEntry]
    settings: Plain | None
    rules: RulesEntry
    labelling: LabellingEntry
    kept: list[_KeptEntry]
    slots: list[str] = Field(default_factory=lambda: list(SNAPSHOT_SLOTS))
    first: int = Field(ge=0)
    last: int = Field(ge=0)
    history: HistoryEntry
    history_length: int = Field(ge=0)
    index: int = Field(ge=0)


def record_of(before: Project, after: Project) -> bytes:
    """Return what changed from one project to a later one with the same target photograph.

    Of another source photograph it says nothing.
    """
    old, new = before.contents, after.contents
    first, last = _common(old.commands, new.commands)
    history, history_data = packed_history(new.commands[last - first :])
    patches = {} if old.state is None or new.state is None else _patches(old.state, new.state)
    kept: list[_KeptEntry] = []
    pictures: list[bytes] = []
    for slot, state in new.kept.items():
        if state is not old.kept.get(slot):
            pngs = {layer: png_of(plane) for layer, plane in state.planes.items()}
            lengths = {layer: len(png) for layer, png in pngs.items()}
            kept.append(_KeptEntry(slot=slot, settings=state.settings.as_dict(), lengths=lengths))
            pictures += pngs.values()
    recut, crops = _recut(old, new)
    entry = _Record(
        recut=recut,
        planes={
            layer: PatchEntry(box=patch.box, length=len(patch.packed))
            for layer, patch in patches.items()
        },
        settings=None if new.state is None else new.state.settings.as_dict(),
        rules=rules_entry(new.rules),
        labelling=labelling_entry(after.labelling),
        kept=kept,
        slots=list(new.kept),
        first=first,
        last=last,
        history=history,
        history_length=len(history_data),
        index=new.index,
    )
    text = entry.model_dump_json().encode()
    blocks = [patch.packed for patch in patches.values()]
    body = b"".join([text, *blocks, history_data, *pictures, *crops])
    return _HEAD.pack(MAGIC, len(body), zlib.crc32(body), len(text)) + body


def same_photograph(one: Portrait | None, other: Portrait | None) -> bool:
    """Tell whether two portraits are crops of one size of the same photograph, or are the same."""
    if one is other or one is None or other is None:
        return one is other
    known = one.photograph is not None and one.photograph is other.photograph
    return known and one.shape == other.shape


def replayed(project: Project, log: bytes) -> tuple[Project, bool]:
    """Return a project with the records of a log done, and whether the log is whole.

    The first record that is cut short or damaged ends it.
    """
    place = 0
    while place < len(log):
        body = _body(log, place)
        if body is None:
            return project, False
        text, blocks = body
        try:
            project = _applied(project, _Record.model_validate_json(text), _Blocks(blocks))
        except (ValidationError, DamagedEntryError, StudioError):
            return project, False
        place += _HEAD.size + len(text) + len(blocks)
    return project, True


def _common(old: Sequence[Command], new: Sequence[Command]) -> tuple[int, int]:
    """Return the run of old commands, first to last - 1, that the new ones begin with."""
    places = {id(command): place for place, command in enumerate(old)}
    first = places.get(id(new[0])) if new else None
    if first is None:
        return len(old), len(old)
    last = first
    while last < len(old) and last - first < len(new) and old[last] is new[last - first]:
        last += 1
    return first, last


def _patches(before: EditState, after: EditState) -> dict[Layer, Patch]:
    patches = {
        layer: Patch.between(before.planes[layer], after.planes[layer])
        for layer in Layer
        if before.planes[layer] is not after.planes[layer]
    }
    return {layer: patch for layer, patch in patches.items() if not patch.is_empty}


def _recut(
    old: DocumentContents, new: DocumentContents
) -> tuple[dict[_Role, _RecutEntry], list[bytes]]:
    """Return the crops that were cut out anew, without the photographs."""
    pairs: dict[_Role, tuple[Portrait | None, Portrait | None]] = {
        "source": (old.source, new.source),
        "target": (old.target, new.target),
    }
    entries: dict[_Role, _RecutEntry] = {}
    blocks: list[bytes] = []
    for role, (before, after) in pairs.items():
        if before is after or after is None or not same_photograph(before, after):
            continue
        image, labels = png_of(after.image), png_of(after.labels)
        quad = None if after.quad is None else tuple((float(x), float(y)) for x, y in after.quad)
        entries[role] = _RecutEntry(quad=quad, image_length=len(image), labels_length=len(labels))
        blocks += [image, labels]
    return entries, blocks


def _body(log: bytes, place: int) -> tuple[bytes, bytes] | None:
    if len(log) < place + _HEAD.size:
        return None
    magic, length, crc, text_length = _HEAD.unpack_from(log, place)
    body = log[place + _HEAD.size : place + _HEAD.size + length]
    whole = magic == MAGIC and len(body) == length <= MAX_RECORD and zlib.crc32(body) == crc
    return (body[:text_length], body[text_length:]) if whole else None


class _Blocks:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def take(self, length: int) -> bytes:
        self._place += length
        return self._data[self._place - length : self._place]


def _applied(project: Project, record: _Record, blocks: _Blocks) -> Project:
    contents = project.contents
    state = contents.state
    if state is not None:
        planes = dict(state.planes)
        for layer, entry in record.planes.items():
            patch = Patch(Box(*entry.box), blocks.take(entry.length))
            planes[layer] = _patched(planes[layer], patch)
        state = EditState(MappingProxyType(planes), EditSettings.from_dict(record.settings or {}))
    added = unpacked_history(record.history, blocks.take(record.history_length))
    kept = {slot: one for slot, one in contents.kept.items() if slot in record.slots}
    for one in record.kept:
        shape = next(iter(state.planes.values())).shape if state is not None else (0, 0)
        pictures: dict[Layer, Any] = {
            layer: pixels_of(blocks.take(length), shape) for layer, length in one.lengths.items()
        }
        kept[one.slot] = EditState(MappingProxyType(pictures), EditSettings.from_dict(one.settings))
    portraits = {
        role: _recropped(getattr(contents, role), entry, blocks)
        for role, entry in record.recut.items()
    }
    commands = contents.commands[record.first : record.last] + added
    if record.index > len(commands):
        raise DamagedEntryError("index")
    contents = replace(
        contents,
        **portraits,
        state=state,
        rules=rules_of(record.rules),
        kept=MappingProxyType(kept),
        commands=commands,
        index=record.index,
    )
    return replace(project, contents=contents, labelling=labelling_of(record.labelling))


def _recropped(portrait: Portrait | None, entry: _RecutEntry, blocks: _Blocks) -> Portrait:
    if portrait is None:
        raise DamagedEntryError("portrait")
    image = pixels_of(blocks.take(entry.image_length), portrait.image.shape)
    labels = pixels_of(blocks.take(entry.labels_length), portrait.shape)
    quad = None if entry.quad is None else np.array(entry.quad, np.float64)
    return replace(portrait, image=image, labels=labels, quad=quad)


def _patched(plane: np.ndarray[Any, np.dtype[np.uint8]], patch: Patch) -> Any:
    if patch.box.intersection(Box.of(plane)) != patch.box:
        raise DamagedEntryError("box")
    changed = plane.copy()
    changed[patch.box.slices] ^= patch.difference()
    return changed
