"""The history of a document as bytes, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from e4s_studio.core.commands import Command, Layer
from e4s_studio.core.errors import LabelMapError, SettingsError
from e4s_studio.core.geometry import Box
from e4s_studio.core.regions import REGION_COUNT
from e4s_studio.core.settings import EditSettings
from e4s_studio.files.project.archive import Blocks, DamagedEntryError
from e4s_studio.files.project.manifest import CommandEntry, HistoryEntry, PatchEntry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from e4s_studio.core.plane import Patch

MAPS: Final = (Layer.LABELS, Layer.STARTED)
"""The layers that are label maps."""
_MAX_THUMBNAIL: Final = 256
_CHECKED_PIXELS: Final = 4_000_000_000
"""Number of pixels of patches that are tried out when a history from outside is opened."""


def packed_history(commands: Sequence[Command]) -> tuple[HistoryEntry, bytes]:
    """Return the entry of commands, and the bytes of their patches and thumbnails."""
    numbers: dict[EditSettings, int] = {}
    entries, blocks = [], []
    for command in commands:
        before, after = (
            numbers.setdefault(settings, len(numbers))
            for settings in (command.before, command.after)
        )
        blocks += [patch.packed for patch in command.patches.values()]
        blocks.append(np.ascontiguousarray(command.thumbnail).tobytes())
        height, width = command.thumbnail.shape
        entries.append(
            CommandEntry(
                name=command.name,
                before=before,
                after=after,
                merge_key=command.merge_key,
                patches={layer: PatchEntry.of(one) for layer, one in command.patches.items()},
                thumbnail=(height, width),
            )
        )
    plain = [settings.as_dict() for settings in numbers]
    return HistoryEntry(settings=plain, commands=entries), b"".join(blocks)


def unpacked_history(entry: HistoryEntry, data: bytes) -> tuple[Command, ...]:
    """Return the commands of an entry and the bytes that go with it.

    Raises
    ------
    DamagedEntryError
        If the bytes do not fit the entry, or settings are out of range.
    """
    try:
        settings = [EditSettings.from_dict(plain) for plain in entry.settings]
        blocks = Blocks(data)
        commands = tuple(_command(one, settings, blocks) for one in entry.commands)
    except (SettingsError, IndexError, TypeError) as error:
        raise DamagedEntryError(str(error)) from error
    blocks.require_end()
    return commands


def require_replayable(
    commands: Sequence[Command], index: int, planes: Mapping[Layer, NDArray[np.uint8]]
) -> None:
    """Undo and redo everything once on a copy, up to `_CHECKED_PIXELS` pixels of patches.

    Raises
    ------
    DamagedEntryError
        If there is no such index, a patch cannot be applied, or a label map gets values that are
        no regions.
    """
    if index > len(commands):
        raise DamagedEntryError("index")
    left = _CHECKED_PIXELS
    for steps in (commands[:index][::-1], commands[index:]):
        copies = {layer: plane.copy() for layer, plane in planes.items()}
        for command in steps:
            for layer, patch in command.patches.items():
                if layer not in copies:
                    raise DamagedEntryError(layer)
                left -= patch.box.width * patch.box.height
                if left > 0:
                    apply_patch(copies[layer], layer, patch)


def apply_patch(plane: NDArray[np.uint8], layer: Layer, patch: Patch) -> None:
    """Apply a patch from outside to a (H, W) plane.

    Raises
    ------
    DamagedEntryError
        If the patch does not fit the plane, is damaged, or a label map gets values that are no
        regions.
    """
    if patch.box.is_empty or patch.box.intersection(Box.of(plane)) != patch.box:
        raise DamagedEntryError("box")
    try:
        plane[patch.box.slices] ^= patch.difference()
    except LabelMapError as error:
        raise DamagedEntryError(str(error)) from error
    if layer in MAPS and plane[patch.box.slices].max() >= REGION_COUNT:
        raise DamagedEntryError("labels")


def _command(entry: CommandEntry, settings: list[EditSettings], blocks: Blocks) -> Command:
    patches = {layer: patch.patch(blocks) for layer, patch in entry.patches.items()}
    height, width = entry.thumbnail
    if max(height, width) > _MAX_THUMBNAIL:
        raise DamagedEntryError("thumbnail")
    labels = np.frombuffer(blocks.take(height * width), np.uint8).reshape(height, width)
    if labels.max() >= REGION_COUNT:
        raise DamagedEntryError("thumbnail")
    before, after = settings[entry.before], settings[entry.after]
    return Command(entry.name, patches, before, after, entry.merge_key, labels)
