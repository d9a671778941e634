"""One record of a journal: how a project differs from the project at the record before."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from e4s_studio.core.commands import Layer
from e4s_studio.core.document import SNAPSHOT_SLOTS
from e4s_studio.core.errors import StudioError
from e4s_studio.core.layers import EditState
from e4s_studio.core.pair import Both, Role
from e4s_studio.core.plane import Patch
from e4s_studio.core.settings import EditSettings
from e4s_studio.files.project.archive import Blocks, DamagedEntryError, pixels_of, png_of
from e4s_studio.files.project.history import apply_patch, packed_history, unpacked_history
from e4s_studio.files.project.manifest import (
    HistoryEntry,
    LabellingEntry,
    PatchEntry,
    Plain,
    QuadEntry,
    RulesEntry,
    quad_entry,
    quad_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from e4s_studio.core.commands import Command
    from e4s_studio.core.contents import DocumentContents
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.files.project.project import Project

_MAGIC: Final = b"E4SJ"
_MAX_RECORD: Final = 512 << 20
# Magic, length and CRC-32 of what follows, length of its description.
_HEAD: Final = struct.Struct("<4s3L")


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _KeptEntry(_Entry):
    slot: str
    settings: Plain
    lengths: dict[Layer, int]


class _RecutEntry(_Entry):
    quad: QuadEntry
    image_length: int = Field(ge=0)
    labels_length: int = Field(ge=0)


class _Record(_Entry):
    recut: dict[Role, _RecutEntry] = Field(default_factory=dict)
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

    A new source photograph is not in it.
    """
    old, new = before.contents, after.contents
    first, last = _common(old.commands, new.commands)
    history, history_data = packed_history(new.commands[last - first :])
    patches = {} if old.state is None or new.state is None else _patches(old.state, new.state)
    kept, pictures = _kept(old, new)
    recut, crops = _recut(old, new)
    entry = _Record(
        recut=recut,
        planes={layer: PatchEntry.of(patch) for layer, patch in patches.items()},
        settings=None if new.state is None else new.state.settings.as_dict(),
        rules=RulesEntry.of(new.rules),
        labelling=LabellingEntry.of(after.labelling),
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
    return _HEAD.pack(_MAGIC, len(body), zlib.crc32(body), len(text)) + body


def same_photograph(one: Portrait | None, other: Portrait | None) -> bool:
    """Return whether two portraits are the same, or crops of one size from one photograph."""
    if one is other or one is None or other is None:
        return one is other
    return one.photograph is other.photograph and one.shape == other.shape


def replayed(project: Project, log: bytes) -> tuple[Project, bool]:
    """Return a project with the records of a log applied, and whether the log is whole.

    The first record that is cut short or damaged ends it.
    """
    place = 0
    while place < len(log):
        body = _body(log, place)
        if body is None:
            return project, False
        text, blocks = body
        try:
            project = _applied(project, _Record.model_validate_json(text), Blocks(blocks))
        except (ValidationError, DamagedEntryError, StudioError):
            return project, False
        place += _HEAD.size + len(text) + len(blocks)
    return project, True


def _common(old: Sequence[Command], new: Sequence[Command]) -> tuple[int, int]:
    """Return the range of old commands, first to last - 1, that the new ones begin with."""
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


def _kept(old: DocumentContents, new: DocumentContents) -> tuple[list[_KeptEntry], list[bytes]]:
    """Return the snapshots that are new."""
    entries: list[_KeptEntry] = []
    blocks: list[bytes] = []
    for slot, state in new.kept.items():
        if state is not old.kept.get(slot):
            pngs = {layer: png_of(plane) for layer, plane in state.planes.items()}
            lengths = {layer: len(png) for layer, png in pngs.items()}
            settings = state.settings.as_dict()
            entries.append(_KeptEntry(slot=slot, settings=settings, lengths=lengths))
            blocks += pngs.values()
    return entries, blocks


def _recut(
    old: DocumentContents, new: DocumentContents
) -> tuple[dict[Role, _RecutEntry], list[bytes]]:
    """Return the crops that were cut out anew, without the photographs."""
    pairs = {Role.SOURCE: (old.source, new.source), Role.TARGET: (old.target, new.target)}
    entries: dict[Role, _RecutEntry] = {}
    blocks: list[bytes] = []
    for role, (before, after) in pairs.items():
        if before is after or after is None or not same_photograph(before, after):
            continue
        image, labels = png_of(after.image), png_of(after.labels)
        entries[role] = _RecutEntry(
            quad=quad_entry(after.quad), image_length=len(image), labels_length=len(labels)
        )
        blocks += [image, labels]
    return entries, blocks


def _body(log: bytes, place: int) -> tuple[bytes, bytes] | None:
    """Return the description and the blocks of the record at a place, None unless it is whole."""
    if len(log) < place + _HEAD.size:
        return None
    magic, length, crc, text_length = _HEAD.unpack_from(log, place)
    body = log[place + _HEAD.size : place + _HEAD.size + length]
    whole = magic == _MAGIC and len(body) == length <= _MAX_RECORD and zlib.crc32(body) == crc
    return (body[:text_length], body[text_length:]) if whole else None


def _applied(project: Project, record: _Record, blocks: Blocks) -> Project:
    # The blocks are read in the order in which `record_of` joins them.
    contents = project.contents
    state = contents.state
    if state is not None:
        state = _patched(state, record, blocks)
    added = unpacked_history(record.history, blocks.take(record.history_length))
    kept = {slot: one for slot, one in contents.kept.items() if slot in record.slots}
    for one in record.kept:
        shape = next(iter(state.planes.values())).shape if state is not None else (0, 0)
        planes: dict[Layer, Any] = {
            layer: pixels_of(blocks.take(length), shape) for layer, length in one.lengths.items()
        }
        kept[one.slot] = EditState(MappingProxyType(planes), EditSettings.from_dict(one.settings))
    pair = Both(contents.source, contents.target)
    portraits: Mapping[str, Portrait] = {
        role: _recropped(pair[role], entry, blocks) for role, entry in record.recut.items()
    }
    commands = contents.commands[record.first : record.last] + added
    if record.index > len(commands):
        raise DamagedEntryError("index")
    contents = replace(
        contents,
        **portraits,
        state=state,
        rules=record.rules.rules(),
        kept=MappingProxyType(kept),
        commands=commands,
        index=record.index,
    )
    return replace(project, contents=contents, labelling=record.labelling.labelling())


def _patched(state: EditState, record: _Record, blocks: Blocks) -> EditState:
    planes = dict(state.planes)
    for layer, entry in record.planes.items():
        planes[layer] = planes[layer].copy()
        apply_patch(planes[layer], layer, entry.patch(blocks))
    return EditState(MappingProxyType(planes), EditSettings.from_dict(record.settings or {}))


def _recropped(portrait: Portrait | None, entry: _RecutEntry, blocks: Blocks) -> Portrait:
    if portrait is None:
        raise DamagedEntryError("portrait")
    image = pixels_of(blocks.take(entry.image_length), portrait.image.shape)
    labels = pixels_of(blocks.take(entry.labels_length), portrait.shape)
    return replace(
        portrait, image=image, labels=labels, quad=quad_of(entry.quad, portrait.photograph)
    )
