"""Frozen values of a document: for rendering, for re-cropping, for saving."""

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
    """An immutable state of a document, for rendering in another thread.

    Attributes
    ----------
    revision
        Increases with every change that affects the result.
    source, target
        The portraits.
    labels
        (H, W) uint8: the swapped face's regions, as edited.
    hole
        (H, W) bool: where the swap rule left a gap.
    occluder
        (H, W) uint8, 0 to 255: the opacity of the target's own pixels.
    amount
        (H, W) uint8, 0 to 255: the factor of the region's texture amount; 255 is 1.
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
    """New crops of the same photographs, with their planes.

    Attributes
    ----------
    source, target
        The portraits, of the same size as before.
    started, hole
        (H, W) uint8 and bool: the result of the swap rule for the new crops, and its gaps.
    planes
        The planes warped to the target's new crop; missing ones do not change.
    kept
        The kept snapshots warped to the target's new crop; None if that did not change.
    """

    source: Portrait | None
    target: Portrait | None
    started: NDArray[np.uint8]
    hole: NDArray[np.bool_]
    planes: Mapping[Layer, NDArray[np.uint8]] = field(default_factory=lambda: MappingProxyType({}))
    kept: Mapping[str, EditState] | None = None


@dataclass(frozen=True, eq=False)
class DocumentContents:
    """The complete contents of a document, including the history, for saving.

    Attributes
    ----------
    source, target
        The portraits, or None.
    state
        Planes and settings; None without a target.
    rules
        Locks and paint-over rules.
    kept
        The kept snapshots by slot, "A" to "C".
    commands
        The history, oldest first, including undone commands.
    index
        The number of commands that are done.
    """

    source: Portrait | None
    target: Portrait | None
    state: EditState | None
    rules: PaintRules = FREE
    kept: Mapping[str, EditState] = field(default_factory=lambda: MappingProxyType({}))
    commands: tuple[Command, ...] = ()
    index: int = 0
