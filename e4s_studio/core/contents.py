"""Frozen values of a whole document: one to render from, one to save."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from e4s_studio.core.label_map import FREE, PaintRules
from e4s_studio.core.pair import Both

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from e4s_studio.core.commands import Command, Layer
    from e4s_studio.core.layers import EditState
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.core.settings import EditSettings


@dataclass(frozen=True, eq=False)
class DocumentSnapshot:
    """A document at one moment, for work off the thread. Nothing in it ever changes.

    Attributes
    ----------
    revision
        Grows with every change that the result depends on.
    source, target
        The portraits.
    labels
        (H, W) uint8: the swapped face's regions, as edited.
    hole
        (H, W) bool: where the swap rule left a gap.
    occluder
        (H, W) uint8, 0 to 255: how much the target's own pixel wins.
    amount
        (H, W) uint8, 0 to 255: factor on the region's texture amount; 255 leaves it as it is.
    settings
        The settings.
    """

    revision: int
    source: Portrait
    target: Portrait
    labels: NDArray[np.uint8]
    hole: NDArray[np.bool_]
    occluder: NDArray[np.uint8]
    amount: NDArray[np.uint8]
    settings: EditSettings

    @property
    def portraits(self) -> Both[Portrait]:
        """Source and target."""
        return Both(self.source, self.target)


@dataclass(frozen=True, eq=False)
class Recut:
    """Crops that were cut out of the same photographs anew, and what belongs to them.

    Attributes
    ----------
    source, target
        The portraits, as large as those they replace.
    started, hole
        (H, W) uint8 and bool: the swap rule's map of the new crops, and its gaps.
    planes
        The planes brought to the target's new crop; those that are missing stay.
    kept
        The kept snapshots brought to the target's new crop; None where that is not new.
    """

    source: Portrait | None
    target: Portrait | None
    started: NDArray[np.uint8]
    hole: NDArray[np.bool_]
    planes: Mapping[Layer, NDArray[np.uint8]] = field(default_factory=lambda: MappingProxyType({}))
    kept: Mapping[str, EditState] | None = None


@dataclass(frozen=True, eq=False)
class DocumentContents:
    """All that a document holds, its history included, for saving and opening again.

    Attributes
    ----------
    source, target
        The portraits, or None.
    state
        Planes and settings; None where no target is open.
    rules
        Locks and paint-over rules.
    kept
        The kept snapshots by slot, "A" to "C".
    commands
        The history, oldest first, what is undone included.
    index
        How many of the commands are done.
    """

    source: Portrait | None
    target: Portrait | None
    state: EditState | None
    rules: PaintRules = FREE
    kept: Mapping[str, EditState] = field(default_factory=lambda: MappingProxyType({}))
    commands: tuple[Command, ...] = ()
    index: int = 0
