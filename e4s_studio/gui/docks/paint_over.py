"""The button that says which regions the chosen one may cover."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QMenu, QToolButton, QVBoxLayout, QWidget, QWidgetAction

from e4s_studio.core.label_map import FREE
from e4s_studio.core.regions import Region
from e4s_studio.gui.names import region_name

if TYPE_CHECKING:
    from e4s_studio.core.label_map import PaintRules


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
        self.background = self.menu.addAction(self.tr("Background alone"))
        self.menu.addSeparator()
        self.choices = {region: self._make_choice(region) for region in Region}
        self.button = QToolButton(self)
        self.button.setObjectName("paintOver")
        self.button.setMenu(self.menu)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setToolTip(self.tr("Which regions this one may cover"))
        self.preserve = QCheckBox(self.tr("Preserve all others"), self)
        self.preserve.setToolTip(self.tr("Paint lands on the background alone"))
        self.anything.triggered.connect(lambda: self._let_cover(None))
        self.background.triggered.connect(lambda: self._let_cover(frozenset({Region.BACKGROUND})))
        self.preserve.clicked.connect(self._preserve)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.preserve)
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
