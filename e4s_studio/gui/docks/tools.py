"""The tools dock: the current tool, its options, and which regions it may cover."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLabel,
    QMenu,
    QToolButton,
    QWidget,
    QWidgetAction,
)

from e4s_studio.core.label_map import FREE
from e4s_studio.core.regions import Region
from e4s_studio.gui.docks.regions import swatch_picture
from e4s_studio.gui.names import region_name
from e4s_studio.gui.tools.tool import HARD, LARGEST_SIZE, PAINTING, SOFT, ToolKind, ToolOptions
from e4s_studio.gui.widgets.layouts import column, row
from e4s_studio.gui.widgets.slider import SliderRow, align_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QAction

    from e4s_studio.core.label_map import PaintRules
    from e4s_studio.gui.actions import Actions

_COLUMNS: Final = 5
_SIZE_STEPS: Final = 200
"""Positions of the size slider, whose steps are equal ratios."""


class ToolsDock(QWidget):
    """The tools and their options.

    Signals
    -------
    option_changed(str, object)
        The name of an attribute of `ToolOptions` and its new value.
    rules_changed(PaintRules)
        Other paint-over rules.
    overlay_changed(float)
        Opacity of the map over the target, 0 to 1.
    """

    option_changed = Signal(str, object)
    rules_changed = Signal(object)
    overlay_changed = Signal(float)

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = ToolKind.BRUSH
        self.swatch = QLabel(self)
        self.region = QLabel(self)
        self.region.setObjectName("value")
        self.size_row = self._make_size()
        change = self.option_changed.emit
        self.hardness_row = self._make_percent(self.tr("Hardness"), partial(change, "hardness"))
        self.amount_row = self._make_percent(self.tr("Amount"), partial(change, "amount"))
        self.paint_over = PaintOver(self)
        self.paint_over.changed.connect(self.rules_changed)
        self.boxes = self._make_boxes()
        self.overlay_row = self._make_percent(self.tr("Overlay"), self.overlay_changed.emit)
        self._explain()
        self._lay_out(actions)

    def show_options(self, kind: ToolKind, options: ToolOptions) -> None:
        """Show the current tool and its options."""
        self._kind = kind
        self.swatch.setPixmap(swatch_picture(options.region, self.devicePixelRatioF()))
        self.region.setText(region_name(options.region))
        self.size_row.show_value(_position(options.size))
        self.hardness_row.show_value(round(options.hardness * 100))
        self.amount_row.show_value(round(options.amount * 100))
        self.paint_over.show_region(options.region)
        for name, box in self.boxes.items():
            box.setChecked(bool(getattr(options, name)))
        self._show_relevant()

    def show_rules(self, rules: PaintRules) -> None:
        """Show locks and paint-over rules."""
        self.paint_over.show_rules(rules)

    def show_overlay(self, opacity: float) -> None:
        """Show the map's opacity, 0 to 1."""
        self.overlay_row.show_value(round(opacity * 100))

    def _show_relevant(self) -> None:
        kind = self._kind
        self.size_row.setVisible(kind in HARD | SOFT)
        self.hardness_row.setVisible(kind in SOFT)
        self.amount_row.setVisible(kind is ToolKind.AMOUNT)
        self.paint_over.setVisible(kind in PAINTING)
        relevant = {
            "symmetric": kind in HARD | SOFT | PAINTING,
            "encircle": kind in HARD,
            "pressure": kind in HARD | SOFT,
            "inside_region": kind is ToolKind.AMOUNT,
            "everywhere": kind is ToolKind.FILL,
        }
        for name, box in self.boxes.items():
            box.setVisible(relevant[name])

    def _make_size(self) -> SliderRow:
        slider = SliderRow(
            self.tr("Size"),
            (0, _SIZE_STEPS, _position(ToolOptions().size)),
            lambda position: self.tr("{0} px").format(round(_size(position))),
            self,
        )
        slider.edited.connect(
            lambda position, _gesture: self.option_changed.emit(
                "size", float(round(_size(position)))
            )
        )
        return slider

    def _make_percent(self, name: str, change: Callable[[float], object]) -> SliderRow:
        """Return a slider that calls `change` with a value from 0 to 1."""
        slider = SliderRow(name, (0, 100, 50), lambda value: self.tr("{0} %").format(value), self)
        slider.edited.connect(lambda value, _gesture: change(value / 100))
        return slider

    def _make_boxes(self) -> dict[str, QCheckBox]:
        texts = {
            "symmetric": (
                self.tr("Both sides of the face"),
                self.tr("Strokes are mirrored about the face's midline"),
            ),
            "encircle": (
                self.tr("Fill closed outlines"),
                self.tr("A stroke that ends where it began fills its inside"),
            ),
            "pressure": (
                self.tr("Pen pressure sets size"),
                self.tr("The harder the pen presses, the larger the brush"),
            ),
            "inside_region": (
                self.tr("Only inside the region"),
                self.tr("The amount changes only inside the chosen region"),
            ),
            "everywhere": (
                self.tr("Fill all of a region"),
                self.tr("All parts of the clicked region, connected or not"),
            ),
        }
        boxes = {}
        for name, (text, tip) in texts.items():
            box = QCheckBox(text, self)
            box.setToolTip(tip)
            box.clicked.connect(lambda on, option=name: self.option_changed.emit(option, on))
            boxes[name] = box
        return boxes

    def _explain(self) -> None:
        self.size_row.setToolTip(self.tr("Diameter of the brush; also [ and ], or Shift and drag"))
        self.hardness_row.setToolTip(self.tr("Edge of the brush, from soft to hard"))
        self.amount_row.setToolTip(
            self.tr("How much of the slider's amount remains where this brush paints")
        )
        self.overlay_row.setToolTip(self.tr("Opacity of the label map over the target"))

    def _lay_out(self, actions: Actions) -> None:
        align_names([self.size_row, self.hardness_row, self.amount_row, self.overlay_row])
        grid = QGridLayout()
        grid.setSpacing(2)
        for place, kind in enumerate(ToolKind):
            button = _tool_button(actions[f"tool.{kind}"], self)
            grid.addWidget(button, place // _COLUMNS, place % _COLUMNS)
        grid.setColumnStretch(_COLUMNS, 1)
        layout = column(
            grid,
            2,
            row(self.swatch, (self.region, 1), spacing=6),
            *(self.size_row, self.hardness_row, self.amount_row, self.paint_over),
            *self.boxes.values(),
            self.overlay_row,
            None,
            margins=(8, 6, 8, 8),
            spacing=5,
        )
        layout.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setLayout(layout)


def _tool_button(action: QAction, parent: QWidget) -> QToolButton:
    button = QToolButton(parent)
    button.setObjectName("tool")
    button.setDefaultAction(action)
    button.setIconSize(QSize(20, 20))
    button.setFixedSize(32, 30)
    return button


def _size(position: int) -> float:
    return float(LARGEST_SIZE ** (position / _SIZE_STEPS))


def _position(size: float) -> int:
    return round(_SIZE_STEPS * math.log(size) / math.log(LARGEST_SIZE))


class PaintOver(QWidget):
    """Paint-over rules of the chosen region.

    Signals
    -------
    changed(PaintRules)
        The artist chose other rules.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rules = FREE
        self._region = Region.SKIN
        self.menu = QMenu(self)
        self.anything = self.menu.addAction(self.tr("Anything"))
        self.background = self.menu.addAction(self.tr("Only the background"))
        self.menu.addSeparator()
        self.choices = {region: self._make_choice(region) for region in Region}
        self.button = QToolButton(self)
        self.button.setObjectName("paintOver")
        self.button.setMenu(self.menu)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setToolTip(self.tr("Which regions this one may cover"))
        self.preserve = QCheckBox(self.tr("Preserve all others"), self)
        self.preserve.setToolTip(self.tr("Paint covers only the background"))
        self.anything.triggered.connect(lambda: self._let_cover(None))
        self.background.triggered.connect(lambda: self._let_cover(frozenset({Region.BACKGROUND})))
        self.preserve.clicked.connect(self._preserve)
        layout = column(self.button, self.preserve, margins=(0, 0, 0, 0), spacing=5)
        layout.setAlignment(self.button, Qt.AlignmentFlag.AlignLeft)
        self.setLayout(layout)
        self._show()

    def show_rules(self, rules: PaintRules) -> None:
        """Show other rules."""
        self._rules = rules
        self._show()

    def show_region(self, region: Region) -> None:
        """Show what another region may cover."""
        self._region = region
        self._show()

    def _make_choice(self, region: Region) -> QCheckBox:
        """Return a box in the menu; a plain action would close the menu at each click."""
        box = QCheckBox(region_name(region), self.menu)
        box.setContentsMargins(8, 2, 8, 2)
        box.clicked.connect(self._choose)
        action = QWidgetAction(self.menu)
        action.setDefaultWidget(box)
        self.menu.addAction(action)
        return box

    def _choose(self) -> None:
        chosen = {region for region, box in self.choices.items() if box.isChecked()}
        everything = chosen == set(Region)
        self._let_cover(None if everything else frozenset(chosen))

    def _let_cover(self, covered: frozenset[Region] | None) -> None:
        self.changed.emit(self._rules.with_over(self._region, covered))

    def _preserve(self, on: bool) -> None:  # noqa: FBT001 - a slot of a clicked signal
        self.changed.emit(replace(self._rules, preserve_others=on))

    def _show(self) -> None:
        covered = self._rules.over.get(self._region, frozenset(Region))
        for region, box in self.choices.items():
            box.setChecked(region in covered)
        self.preserve.setChecked(self._rules.preserve_others)
        self.button.setEnabled(not self._rules.preserve_others)
        self.button.setText(self.tr("Paints over: {0}").format(self._summary(covered)))

    def _summary(self, covered: frozenset[Region]) -> str:
        if covered == frozenset(Region):
            return self.tr("anything")
        if len(covered) == 1:
            return region_name(next(iter(covered)))
        return self.tr("{0} regions").format(len(covered))
