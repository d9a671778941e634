"""Connects regions, blend and history with the verbs that edit the document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from e4s_studio.core.regions import Region
from e4s_studio.gui.docks.regions import ORDER

if TYPE_CHECKING:
    from e4s_studio.core.events import Change
    from e4s_studio.engine.request import RenderResult
    from e4s_studio.gui.controller import Controller
    from e4s_studio.gui.editing import Editing
    from e4s_studio.gui.main_window import MainWindow
    from e4s_studio.gui.tools.toolbox import Toolbox

_AMOUNT_STEP = 0.1


class EditingHandler(QObject):
    """The document's settings, rules and history on one side, three docks on the other."""

    def __init__(
        self, window: MainWindow, controller: Controller, editing: Editing, toolbox: Toolbox
    ) -> None:
        super().__init__(window)
        self._window = window
        self._controller, self._document = controller, controller.document
        self._editing = editing
        self._toolbox = toolbox
        self._connect_docks()
        self._connect_actions()
        controller.changed.connect(self._show_change)
        controller.rendering.shown.connect(self._show_film)
        toolbox.subscribe(self._show_region)
        window.canvas.style_changed.connect(self._show_hidden)
        self._show_settings()
        self._show_history()
        self._show_region()

    def _connect_docks(self) -> None:
        window, editing = self._window, self._editing
        window.regions.amounts_edited.connect(editing.set_amounts)
        window.regions.amounts_released.connect(editing.end_gesture)
        window.regions.shape_chosen.connect(editing.set_shape)
        window.regions.region_chosen.connect(lambda region: self._toolbox.change(region=region))
        window.regions.hidden_changed.connect(self._hide)
        window.regions.lock_changed.connect(
            lambda region, on: editing.set_locked(region, locked=on)
        )
        window.blend.edited.connect(editing.set_setting)
        window.blend.released.connect(editing.end_gesture)
        window.history.jump_asked.connect(editing.jump)

    def _connect_actions(self) -> None:
        actions, editing = self._window.actions_by_name, self._editing
        actions["edit.undo"].triggered.connect(editing.undo)
        actions["edit.redo"].triggered.connect(editing.redo)
        actions["region.next"].triggered.connect(lambda: self._step_region(1))
        actions["region.previous"].triggered.connect(lambda: self._step_region(-1))
        actions["region.more"].triggered.connect(lambda: self._step_amount(_AMOUNT_STEP))
        actions["region.less"].triggered.connect(lambda: self._step_amount(-_AMOUNT_STEP))
        actions["region.hide"].triggered.connect(
            lambda: self._hide(self._region, self._region not in self._hidden)
        )
        actions["region.lock"].triggered.connect(self._toggle_lock)
        actions["region.reset"].triggered.connect(editing.reset_amounts)
        actions["region.none"].triggered.connect(lambda: editing.set_amounts(Region, 0.0))
        actions["region.all"].triggered.connect(lambda: editing.set_amounts(Region, 1.0))

    @property
    def _region(self) -> Region:
        return self._toolbox.options.region

    @property
    def _hidden(self) -> frozenset[Region]:
        return self._window.canvas.style_of_overlay.hidden

    def _show_change(self, change: Change) -> None:
        if change.settings or change.portraits:
            self._show_settings()
        if change.portraits and not self._controller.has_pair:
            self._window.blend.show_film(followed=True)
        if change.rules or change.portraits:
            self._window.regions.show_locked(self._document.rules.locked)
        if change.history:
            self._show_history()

    def _show_settings(self) -> None:
        self._window.regions.show_settings(self._document.settings)
        self._window.blend.show_settings(self._document.settings)

    def _show_film(self, result: RenderResult) -> None:
        self._window.blend.show_film(followed=result.film is not None)

    def _show_history(self) -> None:
        history, actions = self._document.history, self._window.actions_by_name
        self._window.history.show_history(history)
        actions["edit.undo"].setEnabled(history.index > 0)
        actions["edit.redo"].setEnabled(history.index < len(history.commands))

    def _show_region(self) -> None:
        self._window.regions.show_chosen(self._region)

    def _show_hidden(self) -> None:
        self._window.regions.show_hidden(self._hidden)

    def _hide(self, region: Region, hidden: bool) -> None:  # noqa: FBT001 - a slot of a signal
        changed = self._hidden | {region} if hidden else self._hidden - {region}
        self._window.canvas.change_style(hidden=changed)

    def _toggle_lock(self) -> None:
        locked = self._region in self._document.rules.locked
        self._editing.set_locked(self._region, locked=not locked)

    def _step_region(self, step: int) -> None:
        place = ORDER.index(self._region) + step
        self._toolbox.change(region=ORDER[place % len(ORDER)])

    def _step_amount(self, step: float) -> None:
        amount = self._document.settings.amount(self._region) + step
        self._editing.set_amounts([self._region], round(min(max(amount, 0.0), 1.0), 2))
        self._editing.end_gesture()
