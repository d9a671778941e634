"""Connects the tools dock and the tools' keys with the tool box."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt

from e4s_studio.core.commands import Layer
from e4s_studio.gui.actions import TOOLS
from e4s_studio.gui.tools.tool import ToolKind

if TYPE_CHECKING:
    from e4s_studio.core.events import Change
    from e4s_studio.core.label_map import PaintRules
    from e4s_studio.gui.actions import Actions
    from e4s_studio.gui.canvas.canvas import MaskCanvas
    from e4s_studio.gui.controller import Controller
    from e4s_studio.gui.main_window import MainWindow
    from e4s_studio.gui.tools.toolbox import Toolbox

_OPACITY_STEP: Final = 0.1


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


def connect_canvas_actions(actions: Actions, toolbox: Toolbox, canvas: MaskCanvas) -> None:
    """Let the actions move tools and canvas, and follow them."""
    for kind in ToolKind:
        actions[f"tool.{kind}"].triggered.connect(lambda _=False, kind=kind: toolbox.choose(kind))
    _connect_brush(actions, toolbox)
    _connect_overlay(actions, canvas)
    _connect_rules(actions, toolbox)


def _connect_brush(actions: Actions, toolbox: Toolbox) -> None:
    for name, steps in (("brush.smaller", -1), ("brush.larger", 1)):
        actions[name].triggered.connect(
            lambda _=False, steps=steps: toolbox.set_options(toolbox.options.stepped(steps))
        )
    symmetric, encircle = actions["brush.symmetric"], actions["brush.encircle"]
    symmetric.triggered.connect(lambda on: toolbox.change(symmetric=on))
    encircle.triggered.connect(lambda on: toolbox.change(encircle=on))

    def follow() -> None:
        actions[f"tool.{toolbox.chosen}"].setChecked(True)
        symmetric.setChecked(toolbox.options.symmetric)
        encircle.setChecked(toolbox.options.encircle)

    toolbox.subscribe(follow)
    follow()


def _connect_overlay(actions: Actions, canvas: MaskCanvas) -> None:
    shown, outlines = actions["overlay.show"], actions["overlay.outlines"]
    # Elsewhere Tab moves the keyboard on; on the canvas it hides the overlay.
    shown.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
    canvas.addAction(shown)
    shown.triggered.connect(lambda on: canvas.change_style(shown=on))
    outlines.triggered.connect(lambda on: canvas.change_style(outlines=on))
    for name, step in (("overlay.fainter", -_OPACITY_STEP), ("overlay.stronger", _OPACITY_STEP)):
        actions[name].triggered.connect(lambda _=False, step=step: _fade(canvas, step))

    def follow() -> None:
        shown.setChecked(canvas.style_of_overlay.shown)
        outlines.setChecked(canvas.style_of_overlay.outlines)

    canvas.style_changed.connect(follow)
    follow()


def _fade(canvas: MaskCanvas, step: float) -> None:
    opacity = canvas.style_of_overlay.opacity + step
    canvas.change_style(opacity=min(1.0, max(0.0, round(opacity, 2))))


def _connect_rules(actions: Actions, toolbox: Toolbox) -> None:
    preserve, document = actions["paint.preserve_others"], toolbox.document

    def choose(on: bool) -> None:  # noqa: FBT001 - a slot of a triggered signal
        document.rules = replace(document.rules, preserve_others=on)

    preserve.triggered.connect(choose)
    document.subscribe(lambda _: preserve.setChecked(document.rules.preserve_others))
    preserve.setChecked(document.rules.preserve_others)
