"""What changed in a document, and who wants to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from e4s_studio.core.geometry import EMPTY_BOX, Box

if TYPE_CHECKING:
    from collections.abc import Callable

    from e4s_studio.core.regions import Region


@dataclass(frozen=True)
class Change:
    """One change of a document. Views decide by it what to refresh.

    Attributes
    ----------
    revision
        The document's revision after the change.
    labels
        The pixels of the label map that changed; empty if none did.
    regions
        The regions that gained or lost pixels.
    mattes
        The pixels of the occluder or of the amount mask that changed; empty if none did.
    settings
        Names of the changed attributes of `EditSettings`.
    portraits
        Whether other photographs are open now (everything is new then).
    rules
        Whether locks or paint-over rules changed.
    history
        Whether the command stack changed, or its place in it.
    snapshots
        Whether a kept snapshot (A, B, C) changed.
    in_stroke
        Whether a stroke is still under way.
    origin
        Whoever asked for the change, so as not to be told what it knows; or None.
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
        """Whether the result has to be rendered again."""
        pixels = not (self.labels.is_empty and self.mattes.is_empty)
        return pixels or self.portraits or bool(self.settings - {"live_preview"})


class Observers:
    """Those who are told of every change, in the order in which they came."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Change], None]] = []

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` at every change; call what is returned to end that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def notify(self, change: Change) -> None:
        """Tell every listener."""
        for listener in tuple(self._listeners):
            listener(change)
