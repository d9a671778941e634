"""Connects the tools dock and the tools' keys with the tool box."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from e4s_studio.core.commands import Layer
from e4s_studio.gui.canvas.actions import TOOLS, connect_canvas_actions

if TYPE_CHECKING:
    from e4s_studio.core.events import Change
    from e4s_studio.core.label_map import PaintRules
    from e4s_studio.gui.controller import Controller
    from e4s_studio.gui.main_window import MainWindow
    from e4s_studio.gui.tools.toolbox import Toolbox


class ToolsHandler(QObject):
    """The tool box on one side, the dock, its actions and the overlay on the other."""

    def __init__(self, window: MainWindow, controller: Controller, toolbox: Toolbox) -> None:
        super().__init__(window)
        self._window = window
        self._document = controller.document
        self._toolbox = toolbox
        self._connect_actions()
        window.tools.option_changed.connect(lambda option, value: toolbox.change(**{option: value}))
        window.tools.rules_changed.connect(self._take_rules)
        window.tools.overlay_changed.connect(
            lambda opacity: window.canvas.change_style(opacity=opacity, shown=True)
        )
        window.canvas.style_changed.connect(self._show_style)
        toolbox.subscribe(self._show_options)
        controller.changed.connect(self._show_change)
        self._show_options()
        self._show_style()

    def _connect_actions(self) -> None:
        actions, canvas = self._window.actions_by_name, self._window.canvas
        connect_canvas_actions(actions, self._toolbox, canvas)
        for name in TOOLS:
            actions[name].triggered.connect(canvas.setFocus)
        for name, layer in (("original", Layer.OCCLUDER), ("amount", Layer.AMOUNT)):
            actions[f"paint.clear_{name}"].triggered.connect(partial(self._clear, layer))

    def _clear(self, layer: Layer) -> None:
        if not self._document.is_empty:
            self._document.clear_matte(layer)

    def _take_rules(self, rules: PaintRules) -> None:
        self._document.rules = rules

    def _show_options(self) -> None:
        self._window.tools.show_options(self._toolbox.kind, self._toolbox.options)

    def _show_style(self) -> None:
        self._window.tools.show_overlay(self._window.canvas.style_of_overlay.opacity)

    def _show_change(self, change: Change) -> None:
        if change.rules or change.portraits:
            self._window.tools.show_rules(self._document.rules)
