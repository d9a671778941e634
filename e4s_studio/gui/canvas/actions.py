"""The canvas's actions: tools, brush size, overlay, symmetry."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Qt

from e4s_studio.gui.tools.options import ToolKind

if TYPE_CHECKING:
    from e4s_studio.gui.actions import Actions
    from e4s_studio.gui.canvas.canvas import MaskCanvas
    from e4s_studio.gui.tools.toolbox import Toolbox

translate: Final = QCoreApplication.translate

TOOLS: Final = tuple(f"tool.{kind}" for kind in ToolKind)
"""Names of the tools' actions, in the order of a tool bar."""

BRUSH: Final = ("brush.smaller", "brush.larger", "brush.symmetric", "brush.encircle")
OVERLAY: Final = ("overlay.show", "overlay.outlines", "overlay.fainter", "overlay.stronger")
PRESERVE: Final = "paint.preserve_others"

OPACITY_STEP: Final = 0.1


_TOOLS: Final = (
    (
        ToolKind.BRUSH,
        QT_TRANSLATE_NOOP("CanvasActions", "&Brush"),
        "B",
        QT_TRANSLATE_NOOP(
            "CanvasActions",
            "Paint the chosen region; Shift+click draws a line, Shift+drag sets the size",
        ),
    ),
    (
        ToolKind.ERASER,
        QT_TRANSLATE_NOOP("CanvasActions", "&Eraser"),
        "E",
        QT_TRANSLATE_NOOP("CanvasActions", "Put back what was there before any edit"),
    ),
    (
        ToolKind.FILL,
        QT_TRANSLATE_NOOP("CanvasActions", "&Fill"),
        "G",
        QT_TRANSLATE_NOOP("CanvasActions", "Give a whole patch to the chosen region"),
    ),
    (
        ToolKind.LASSO,
        QT_TRANSLATE_NOOP("CanvasActions", "&Lasso"),
        "L",
        QT_TRANSLATE_NOOP("CanvasActions", "Draw an outline, or click its corners, and fill it"),
    ),
    (
        ToolKind.PICK,
        QT_TRANSLATE_NOOP("CanvasActions", "&Pick region"),
        "I",
        QT_TRANSLATE_NOOP(
            "CanvasActions", "Choose the region under the pointer; hold Alt for a moment's pick"
        ),
    ),
    (
        ToolKind.PAN,
        QT_TRANSLATE_NOOP("CanvasActions", "Pa&n"),
        "N",
        QT_TRANSLATE_NOOP("CanvasActions", "Move the view; hold Space for a moment's pan"),
    ),
    (
        ToolKind.SMART,
        QT_TRANSLATE_NOOP("CanvasActions", "&Smart edges"),
        "S",
        QT_TRANSLATE_NOOP(
            "CanvasActions", "Drag a box, or stroke with Shift, and get a proposal; Enter takes it"
        ),
    ),
    (
        ToolKind.ORIGINAL,
        QT_TRANSLATE_NOOP("CanvasActions", "&Original pixels"),
        "O",
        QT_TRANSLATE_NOOP(
            "CanvasActions",
            "Let the target's own pixels win: hands, hair, microphones; Ctrl takes away",
        ),
    ),
    (
        ToolKind.AMOUNT,
        QT_TRANSLATE_NOOP("CanvasActions", "&Amount"),
        "A",
        QT_TRANSLATE_NOOP(
            "CanvasActions", "Paint the texture amount inside the chosen region; Ctrl resets"
        ),
    ),
)
"""Each tool with its name, its key and its hint."""


def add_canvas_actions(actions: Actions) -> None:
    """Add the canvas's actions to the window's."""
    _add_tools(actions)
    _add_switches(actions)


def connect_canvas_actions(actions: Actions, toolbox: Toolbox, canvas: MaskCanvas) -> None:
    """Let the actions move tools and canvas, and follow them."""
    for kind in ToolKind:
        action = actions[f"tool.{kind}"]
        action.triggered.connect(lambda _=False, kind=kind: toolbox.choose(kind))
    _connect_brush(actions, toolbox)
    _connect_overlay(actions, canvas)
    _connect_rules(actions, toolbox)


def _add_tools(actions: Actions) -> None:
    for kind, text, key, tip in _TOOLS:
        actions.add(
            f"tool.{kind}",
            translate("CanvasActions", str(text)),
            key,
            icon=f"tool-{kind}",
            tip=translate("CanvasActions", str(tip)),
            checkable=True,
        )
    actions.make_exclusive(*TOOLS)


def _add_switches(actions: Actions) -> None:
    actions.add("brush.smaller", translate("CanvasActions", "S&maller brush"), "[")
    actions.add("brush.larger", translate("CanvasActions", "La&rger brush"), "]")
    tip = translate("CanvasActions", "Paint on both sides of the face's midline")
    actions.add(
        "brush.symmetric",
        translate("CanvasActions", "S&ymmetry"),
        "Y",
        icon="symmetry",
        tip=tip,
        checkable=True,
    )
    tip = translate(
        "CanvasActions", "A brush stroke that ends where it began fills what it encloses"
    )
    actions.add(
        "brush.encircle",
        translate("CanvasActions", "Fill what a stroke en&circles"),
        tip=tip,
        checkable=True,
    )
    actions.add(
        "overlay.show",
        translate("CanvasActions", "Show the o&verlay"),
        "Tab",
        icon="overlay",
        checkable=True,
    )
    actions.add(
        "overlay.outlines",
        translate("CanvasActions", "Outlines onl&y"),
        "U",
        icon="outlines",
        checkable=True,
    )
    actions.add("overlay.fainter", translate("CanvasActions", "Fainter ov&erlay"), "Shift+[")
    actions.add("overlay.stronger", translate("CanvasActions", "Stron&ger overlay"), "Shift+]")
    tip = translate(
        "CanvasActions", "Paint on the background alone, so that no region loses a pixel"
    )
    actions.add(
        PRESERVE,
        translate("CanvasActions", "Preser&ve other regions"),
        "P",
        tip=tip,
        checkable=True,
    )


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
    for name, step in (("overlay.fainter", -OPACITY_STEP), ("overlay.stronger", OPACITY_STEP)):
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
    preserve, document = actions[PRESERVE], toolbox.document

    def choose(on: bool) -> None:  # noqa: FBT001 - a slot of a triggered signal
        document.rules = replace(document.rules, preserve_others=on)

    preserve.triggered.connect(choose)
    document.subscribe(lambda _: preserve.setChecked(document.rules.preserve_others))
    preserve.setChecked(document.rules.preserve_others)
