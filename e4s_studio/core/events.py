"""Changes of a document, and their observers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from e4s_studio.core.geometry import EMPTY_BOX, Box

if TYPE_CHECKING:
    from collections.abc import Callable

    from e4s_studio.core.regions import Region


@dataclass(frozen=True)
class Change:
    """One change of a document, for views to decide what to refresh.

    Attributes
    ----------
    revision
        The document's revision after the change.
    labels
        Box of the changed pixels of the label map.
    regions
        The regions that gained or lost pixels.
    mattes
        Box of the changed pixels of the mattes.
    settings
        Names of the changed attributes of `EditSettings`.
    portraits
        Whether other photographs are open (then everything is new).
    rules
        Whether locks or paint-over rules changed.
    history
        Whether the command stack or its index changed.
    snapshots
        Whether a kept snapshot (A, B, C) changed.
    in_stroke
        Whether a stroke is in progress.
    origin
        The object that requested the change, so that it can ignore the notification; or None.
    """

    revision: int
    labels: Box = EMPTY_BOX
    regions: frozenset[Region] = frozenset()
    mattes: Box = EMPTY_BOX
    settings: frozenset[str] = frozenset()
    portraits: bool = False
    rules: bool = False
    history: bool = False
    snapshots: bool = False
    in_stroke: bool = False
    origin: object = None

    @property
    def affects_result(self) -> bool:
        """Whether the result must be rendered again."""
        pixels = not (self.labels.is_empty and self.mattes.is_empty)
        return pixels or self.portraits or bool(self.settings - {"live_preview"})


class Observers:
    """Listeners that are called on every change, in the order of subscription."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Change], None]] = []

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` on every change; call the returned function to stop that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def notify(self, change: Change) -> None:
        """Call every listener."""
        for listener in tuple(self._listeners):
            listener(change)
