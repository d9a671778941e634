"""Connects results and the ways to compare them with the result pane."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence

from e4s_studio.core.document import SNAPSHOT_SLOTS
from e4s_studio.gui.jobs import Job
from e4s_studio.gui.panes.picture_panes import Compare

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from e4s_studio.core.events import Change
    from e4s_studio.engine.request import RenderResult
    from e4s_studio.gui.controller import Controller
    from e4s_studio.gui.editing import Editing
    from e4s_studio.gui.main_window import MainWindow


class CompareHandler(QObject):
    """Shows results, and what they are compared with."""

    def __init__(self, window: MainWindow, controller: Controller, editing: Editing) -> None:
        super().__init__(window)
        self._window = window
        self._pane = window.result
        self._controller = controller
        self._document = controller.document
        self._results = controller.rendering.results
        self._editing = editing
        self._shown_slot = ""
        actions = window.actions_by_name
        for mode in Compare:
            actions[f"compare.{mode}"].triggered.connect(partial(self._use_mode, mode))
        for slot in SNAPSHOT_SLOTS:
            actions[f"compare.keep_{slot}"].triggered.connect(partial(self._keep, slot))
            actions[f"compare.show_{slot}"].triggered.connect(partial(self._flip, slot))
            actions[f"compare.recall_{slot}"].triggered.connect(partial(editing.recall, slot))
        actions["edit.copy"].triggered.connect(self._copy)
        controller.rendering.shown.connect(self._show_result)
        controller.pair_opened.connect(self._show_pair)
        controller.recropped.connect(self._show_recut)
        controller.changed.connect(self._show_change)
        window.installEventFilter(self)
        self._show_slots()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Show the original for as long as its key is held, wherever the keyboard is."""
        kind = event.type()
        if kind in {QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.ShortcutOverride}:
            return self._key(event)
        if kind == QEvent.Type.WindowDeactivate:
            self._pane.hold_original(held=False)
        return super().eventFilter(watched, event)

    def _key(self, event: QEvent) -> bool:
        action = self._window.actions_by_name["compare.original"]
        if not isinstance(event, QKeyEvent) or not _is_key(event, action.shortcut()):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            # Taken as a plain key: a shortcut would not say when it is let go.
            event.accept()
        elif not event.isAutoRepeat():
            self._pane.hold_original(held=event.type() == QEvent.Type.KeyPress)
        return True

    @property
    def _wants_photograph(self) -> bool:
        return self._pane.mode is Compare.WHOLE

    def _use_mode(self, mode: Compare) -> None:
        self._pane.set_mode(mode)
        self._controller.rendering.want_photograph(wanted=self._wants_photograph)

    def _show_result(self, result: RenderResult) -> None:
        self._pane.show_before(self._results.before)
        self._pane.show_pixels(result.image)
        if result.photograph is not None or not self._wants_photograph:
            self._pane.show_photograph(
                result.photograph, result.original, self._share_of_photograph(result)
            )

    def _share_of_photograph(self, result: RenderResult) -> float:
        """Return how much narrower the shown photograph is than the one that is exported."""
        target = self._document.target
        if result.photograph is None or target is None:
            return 1.0
        return float(result.photograph.shape[1] / target.photograph.shape[1])

    def _show_pair(self) -> None:
        target, source = self._document.target, self._document.source
        self._pane.show_pixels(None)
        self._pane.show_photograph(None)
        self._pane.photograph_view.fit()
        self._pane.show_before(None)
        self._pane.show_original(None if target is None else target.image)
        self._window.source.show_pixels(None if source is None else source.image)
        self._release_slot()

    def _show_recut(self) -> None:
        self._results.forget_kept()
        self._show_pair()
        self._show_slots()

    def _show_change(self, change: Change) -> None:
        if change.snapshots or change.portraits:
            self._show_slots()
        if change.affects_result:
            self._release_slot()

    def _show_slots(self) -> None:
        actions = self._window.actions_by_name
        for slot in SNAPSHOT_SLOTS:
            kept = slot in self._document.kept
            actions[f"compare.show_{slot}"].setEnabled(kept and self._controller.has_pair)
            actions[f"compare.recall_{slot}"].setEnabled(kept)
            actions[f"compare.keep_{slot}"].setEnabled(not self._document.is_empty)

    def _keep(self, slot: str) -> None:
        self._editing.keep(slot)
        self._show_slots()

    def _flip(self, slot: str) -> None:
        """Show a snapshot; a second time, the result again."""
        again = slot == self._shown_slot
        self._release_slot()
        if again:
            return
        self._shown_slot = slot
        self._window.actions_by_name[f"compare.show_{slot}"].setChecked(True)
        picture = self._results.kept(slot)
        if picture is None:
            self._draw_kept(slot)
        else:
            self._pane.show_kept(slot, picture)

    def _draw_kept(self, slot: str) -> None:
        """Draw a snapshot whose picture is not there: one of a project, or kept in a hurry."""
        state, snapshot = self._document.kept[slot], self._document.kept_snapshot(slot)

        def take(picture: NDArray[np.uint8]) -> None:
            if self._document.kept.get(slot) is state:
                self._results.put(slot, picture)
                if self._shown_slot == slot:
                    self._pane.show_kept(slot, picture)

        self._controller.jobs.run(
            Job(
                self.tr("Drawing snapshot {0}").format(slot),
                lambda: self._controller.workspace.ready_engine().picture(snapshot),
                take,
            )
        )

    def _release_slot(self) -> None:
        if self._shown_slot:
            self._window.actions_by_name[f"compare.show_{self._shown_slot}"].setChecked(False)
            self._pane.show_kept(self._shown_slot, None)
        self._shown_slot = ""

    def _copy(self) -> None:
        if self._pane.picture is not None:
            QGuiApplication.clipboard().setImage(self._pane.picture.image)


def _is_key(event: QKeyEvent, keys: QKeySequence) -> bool:
    return not keys.isEmpty() and QKeySequence(event.keyCombination()) == keys
