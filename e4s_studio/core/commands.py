"""The undo history: named, reversible commands, and a stack of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from e4s_studio.core.pair import Both
    from e4s_studio.core.plane import Patch
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.core.settings import EditSettings

    Pair = Both[Portrait | None]

MAX_STEPS: Final = 1000
"""Commands in a history; beyond that the oldest are dropped."""

NO_THUMBNAIL: Final = np.zeros((1, 1), dtype=np.uint8)
"""The thumbnail without a label map."""
NO_THUMBNAIL.setflags(write=False)


class Layer(StrEnum):
    """An editable plane of a document (see `EditState`)."""

    LABELS = "labels"
    PAINTED = "painted"
    STARTED = "started"
    HOLE = "hole"
    OCCLUDER = "occluder"
    AMOUNT = "amount"


@dataclass(frozen=True, eq=False)
class Command:
    """One step of the history; its patches both undo and redo it.

    Attributes
    ----------
    name
        The name of the step, for people.
    patches
        The patches of the layers that changed.
    before, after
        The settings before and after.
    merge_key
        Consecutive commands with the same key become one; None never merges.
    thumbnail
        (h, w) uint8: the label map after the command, subsampled to about 64 pixels.
    recut
        The portraits before and after, where one of them was cut out of its
        photograph anew; None for all other steps.
    """

    name: str
    patches: Mapping[Layer, Patch]
    before: EditSettings
    after: EditSettings
    merge_key: str | None = None
    thumbnail: NDArray[np.uint8] = field(default_factory=lambda: NO_THUMBNAIL)
    recut: tuple[Pair, Pair] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "patches", MappingProxyType(dict(self.patches)))

    @property
    def is_empty(self) -> bool:
        """Whether the command changes nothing."""
        return not self.patches and self.before == self.after and self.recut is None

    @property
    def nbytes(self) -> int:
        """Size of patches and thumbnail in bytes."""
        return sum(patch.nbytes for patch in self.patches.values()) + self.thumbnail.nbytes

    def follows(self, previous: Command) -> bool:
        """Return whether this command and the previous one are one change of settings."""
        same_gesture = self.merge_key is not None and self.merge_key == previous.merge_key
        return same_gesture and not self.patches and not previous.patches


class CommandStack:
    """The commands, and the number of them that are done.

    Parameters
    ----------
    commands
        The initial commands, oldest first.
    index
        The number of them that are done; all by default.

    Raises
    ------
    IndexError
        If `index` lies outside the commands.
    """

    def __init__(self, commands: tuple[Command, ...] = (), index: int | None = None) -> None:
        self._commands = list(commands)
        self._index = len(commands) if index is None else index
        if not 0 <= self._index <= len(commands):
            raise IndexError(f"no place {index} in a history of {len(commands)} commands")
        self._sealed = True
        self._saved: Command | None = self.top
        self._saved_is_reachable = True

    @property
    def commands(self) -> tuple[Command, ...]:
        """All commands, oldest first, including undone ones."""
        return tuple(self._commands)

    @property
    def index(self) -> int:
        """The number of commands that are done; `commands[index:]` are undone."""
        return self._index

    @property
    def top(self) -> Command | None:
        """The command done last, or None."""
        return self._commands[self._index - 1] if self._index else None

    @property
    def nbytes(self) -> int:
        """Size of all commands in bytes."""
        return sum(command.nbytes for command in self._commands)

    def push(self, command: Command) -> None:
        """Add a command that was just done, and drop the undone ones.

        A command that follows the top one (see `Command.follows`) is merged into it, unless
        `seal` was called in between.
        """
        if self._saved_is_reachable and self._saved in self._commands[self._index :]:
            self._saved_is_reachable = False
        del self._commands[self._index :]
        top = self.top
        if top is not None and not self._sealed and command.follows(top):
            if self._saved is top:
                self._saved_is_reachable = False
            command = replace(command, before=top.before)
            self._commands.pop()
        # A merged command without any effect is dropped: there is nothing to merge into.
        self._sealed = command.is_empty
        if not command.is_empty:
            self._commands.append(command)
        self._drop_oldest()
        self._index = len(self._commands)

    def seal(self) -> None:
        """Do not merge the next command."""
        self._sealed = True

    def steps_to(self, index: int) -> list[Command]:
        """Set the index, and return the commands to undo or to redo for it, in order.

        Raises
        ------
        IndexError
            If the index lies outside the commands.
        """
        if not 0 <= index <= len(self._commands):
            raise IndexError(f"no place {index} in a history of {len(self._commands)} commands")
        if index < self._index:
            steps = self._commands[index : self._index][::-1]
        else:
            steps = self._commands[self._index : index]
        self._index = index
        self._sealed = True
        return steps

    def mark_saved(self) -> None:
        """Mark the current index as saved."""
        self._saved = self.top
        self._saved_is_reachable = True

    @property
    def is_saved(self) -> bool:
        """Whether nothing changed since `mark_saved`."""
        return self._saved_is_reachable and self._saved is self.top

    def _drop_oldest(self) -> None:
        surplus = self._commands[: max(0, len(self._commands) - MAX_STEPS)]
        if surplus and (self._saved is None or self._saved in surplus):
            self._saved_is_reachable = False
        del self._commands[: len(surplus)]
