"""The history of a document as bytes, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from e4s_studio.core.commands import Command, Layer
from e4s_studio.core.errors import LabelMapError, SettingsError
from e4s_studio.core.geometry import Box
from e4s_studio.core.plane import Patch
from e4s_studio.core.regions import REGION_COUNT
from e4s_studio.core.settings import EditSettings
from e4s_studio.files.project.archive import DamagedEntryError
from e4s_studio.files.project.manifest import CommandEntry, HistoryEntry, PatchEntry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

MAX_THUMBNAIL: Final = 256
CHECKED_PIXELS: Final = 4_000_000_000
"""How many pixels of patches are tried out when a history from outside is opened."""
_MAPS: Final = (Layer.LABELS, Layer.STARTED)


def packed_history(commands: Sequence[Command]) -> tuple[HistoryEntry, bytes]:
    """Return the description of commands, and the bytes of their patches and thumbnails."""
    numbers: dict[EditSettings, int] = {}
    entries, blocks = [], []
    for command in commands:
        before, after = (
            numbers.setdefault(settings, len(numbers))
            for settings in (command.before, command.after)
        )
        blocks += [patch.packed for patch in command.patches.values()]
        blocks.append(np.ascontiguousarray(command.thumbnail).tobytes())
        entries.append(_entry(command, before, after))
    plain = [settings.as_dict() for settings in numbers]
    return HistoryEntry(settings=plain, commands=entries), b"".join(blocks)


def unpacked_history(entry: HistoryEntry, data: bytes) -> tuple[Command, ...]:
    """Return the commands that `packed_history` described.

    Raises
    ------
    DamagedEntryError
        If the bytes do not fit the description, or settings are out of range.
    """
    try:
        settings = [EditSettings.from_dict(plain) for plain in entry.settings]
        reader = _Reader(data)
        commands = tuple(_command(one, settings, reader) for one in entry.commands)
    except (SettingsError, IndexError, TypeError) as error:
        raise DamagedEntryError(str(error)) from error
    reader.require_end()
    return commands


def require_replayable(
    commands: Sequence[Command], index: int, planes: Mapping[Layer, NDArray[np.uint8]]
) -> None:
    """Undo and redo everything once, as far as `CHECKED_PIXELS` goes, on a copy.

    Raises
    ------
    DamagedEntryError
        If there is no such place, a patch cannot be applied, or it makes a label map something
        else.
    """
    if index > len(commands):
        raise DamagedEntryError("index")
    left = CHECKED_PIXELS
    for steps in (commands[:index][::-1], commands[index:]):
        copies = {layer: plane.copy() for layer, plane in planes.items()}
        for command in steps:
            for layer, patch in command.patches.items():
                if layer not in copies:
                    raise DamagedEntryError(layer)
                left -= patch.box.width * patch.box.height
                if left > 0:
                    _try(copies[layer], layer, patch)


def _try(plane: NDArray[np.uint8], layer: Layer, patch: Patch) -> None:
    if patch.box.is_empty or patch.box.intersection(Box.of(plane)) != patch.box:
        raise DamagedEntryError("box")
    try:
        plane[patch.box.slices] ^= patch.difference()
    except LabelMapError as error:
        raise DamagedEntryError(str(error)) from error
    if layer in _MAPS and plane[patch.box.slices].max() >= REGION_COUNT:
        raise DamagedEntryError("labels")


def _entry(command: Command, before: int, after: int) -> CommandEntry:
    height, width = command.thumbnail.shape
    patches = {
        layer: PatchEntry(box=patch.box, length=len(patch.packed))
        for layer, patch in command.patches.items()
    }
    return CommandEntry(
        name=command.name,
        before=before,
        after=after,
        merge_key=command.merge_key,
        patches=patches,
        thumbnail=(height, width),
    )


def _command(entry: CommandEntry, settings: list[EditSettings], reader: _Reader) -> Command:
    patches = {
        layer: Patch(Box(*patch.box), reader.take(patch.length))
        for layer, patch in entry.patches.items()
    }
    height, width = entry.thumbnail
    if max(height, width) > MAX_THUMBNAIL:
        raise DamagedEntryError("thumbnail")
    labels = np.frombuffer(reader.take(height * width), np.uint8).reshape(height, width)
    if labels.max() >= REGION_COUNT:
        raise DamagedEntryError("thumbnail")
    before, after = settings[entry.before], settings[entry.after]
    return Command(entry.name, patches, before, after, entry.merge_key, labels)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def take(self, length: int) -> bytes:
        block = self._data[self._place : self._place + length]
        if len(block) != length:
            raise DamagedEntryError("history data")
        self._place += length
        return block

    def require_end(self) -> None:
        if self._place != len(self._data):
            raise DamagedEntryError("history data")
