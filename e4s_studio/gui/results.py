"""The results that are shown, kept and compared. No Qt: only pictures and revisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from e4s_studio.core.commands import CommandStack
    from e4s_studio.engine.request import RenderResult


class Results:
    """The newest result of a pair, the one before the last edit, and the kept ones."""

    def __init__(self) -> None:
        self._pair = 0
        self._newest: RenderResult | None = None
        self._before: NDArray[np.uint8] | None = None
        self._step: tuple[int, object] | None = None
        self._settled: NDArray[np.uint8] | None = None
        self._kept: dict[str, NDArray[np.uint8]] = {}

    def begin(self, pair: int) -> None:
        """Forget everything; from now on only results of `pair` count."""
        self._pair = pair
        self._newest = self._before = self._settled = self._step = None
        self._kept = {}

    @property
    def newest(self) -> RenderResult | None:
        """The result that is shown."""
        return self._newest

    @property
    def before(self) -> NDArray[np.uint8] | None:
        """(h, w, 3) uint8: the final result before the last edit; None before the first."""
        return self._before

    def accept(self, result: RenderResult) -> bool:
        """Take a result if it is to be shown: never an older or a coarser one of the same."""
        shown = self._newest
        if result.pair != self._pair:
            return False
        if shown is not None:
            if result.revision < shown.revision:
                return False
            again = result.revision == shown.revision
            if again and shown.final and not result.final:
                return False
        self._newest = result
        return True

    def settle(self, history: CommandStack) -> None:
        """Note that the newest result shows the present place in the history.

        Several results of one step, and of one slider's drag, count as one.
        """
        if self._newest is None or not self._newest.final:
            return
        top = history.top
        gesture = None if top is None else top.merge_key
        step = (history.index, gesture if gesture is not None else top)
        if self._step is not None and step != self._step:
            self._before = self._settled
        self._step, self._settled = step, self._newest.image

    def keep(self, slot: str, revision: int) -> None:
        """Keep the picture of a revision beside the document's snapshot of the same name.

        Where it is not there yet, nothing is kept: what is shown is the picture of another edit.
        """
        newest = self._newest
        self._kept.pop(slot, None)
        if newest and newest.final and newest.revision == revision:
            self._kept[slot] = newest.image

    def put(self, slot: str, picture: NDArray[np.uint8]) -> None:
        """Keep a (h, w, 3) uint8 picture that was drawn of a snapshot."""
        self._kept[slot] = picture

    def forget_kept(self) -> None:
        """Forget the kept pictures: the crop that they show is another now."""
        self._kept = {}

    def kept(self, slot: str) -> NDArray[np.uint8] | None:
        """Return the (h, w, 3) uint8 picture kept in a slot; None where there is none."""
        return self._kept.get(slot)
