"""Asking the engine for results, and which of them are shown, kept and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from e4s_studio.core.commands import CommandStack
    from e4s_studio.core.events import Change
    from e4s_studio.engine.request import RenderResult
    from e4s_studio.gui.workspace import Workspace

_REST_MS: Final = 80
"""While a stroke is under way the result follows at most this often: paint comes first."""


class Rendering(QObject):
    """Asks for results of the document, and takes those that come.

    Signals
    -------
    pending()
        An edit is on its way to the engine.
    shown(RenderResult)
        A newer result is there.

    Attributes
    ----------
    results
        The results of the open pair.
    """

    pending = Signal()
    shown = Signal(object)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self._document = workspace.document
        self.results = Results()
        self._submitted = -1
        self._whole = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self.submit)

    def submit(self) -> None:
        """Ask for the result of the document as it is now."""
        self._rest.stop()
        engine, document = self._workspace.engine, self._document
        if engine is None or not self._workspace.has_pair:
            return
        self._submitted = document.revision
        self.pending.emit()
        engine.submit(document.snapshot(), self._workspace.pair, whole=self._whole)

    def submit_rest(self) -> None:
        """Ask for the result at the end of a gesture, unless it is asked for already."""
        if self._document.revision != self._submitted:
            self.submit()

    def want_photograph(self, *, wanted: bool) -> None:
        """Have final results bring the whole photograph along, or no longer."""
        if wanted and not self._whole:
            self._whole = wanted
            self.submit()
        self._whole = wanted

    def follow(self, change: Change) -> None:
        """Ask for the result of a change; during a stroke only now and then."""
        if change.history and not change.settings:
            self.submit_rest()  # a stroke has ended, or was undone
        if not change.affects_result or not self._document.settings.live_preview:
            return
        if not change.in_stroke:
            self.submit()
        elif not self._rest.isActive():
            self._rest.start()

    def take(self, result: RenderResult) -> None:
        """Show a result if it is newer or finer than the shown one."""
        if not self.results.accept(result):
            return
        if result.revision == self._document.revision and not self._document.in_stroke:
            self.results.settle(self._document.history)
        self.shown.emit(result)

    def close(self) -> None:
        """Ask for nothing any more."""
        self._rest.stop()


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
