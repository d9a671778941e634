"""The regions dock: group sliders above, one row per region below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from e4s_studio.core.regions import GROUPS, Region
from e4s_studio.gui.docks import region_row as row_module
from e4s_studio.gui.docks.region_row import RegionRow
from e4s_studio.gui.widgets.slider import Slider

if TYPE_CHECKING:
    from collections.abc import Iterable

    from e4s_studio.core.settings import EditSettings

# The inner face first, as artists work, then what surrounds it.
ORDER: Final = (
    Region.SKIN,
    Region.NOSE,
    Region.EYES,
    Region.EYEBROWS,
    Region.LIP,
    Region.MOUTH,
    Region.EARS,
    Region.BELOWFACE,
    Region.HAIR,
    Region.EYE_GLASS,
    Region.EAR_RINGS,
    Region.BACKGROUND,
)


class GroupRow(QWidget):
    """One slider that moves the amounts of several regions together."""

    def __init__(self, title: str, regions: frozenset[Region], parent: QWidget) -> None:
        super().__init__(parent)
        self.regions = regions
        self.setObjectName("groupRow")
        self.setFixedHeight(row_module.HEIGHT)
        name = QLabel(title)
        name.setObjectName("value")
        name.setFixedWidth(_before_slider(self))
        self.slider = Slider(0, 100, 100, self)
        self.slider.setAccessibleName(title)
        self.slider.setToolTip(self.tr("Texture amount of all these regions together"))
        self.value = QLabel()
        self.value.setObjectName("value")
        mixed = self.fontMetrics().horizontalAdvance(self.tr("mixed"))
        self.value.setFixedWidth(max(row_module.VALUE_WIDTH, mixed))
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 0, 4, 0)
        row.setSpacing(row_module.SPACING)
        row.addWidget(name)
        row.addWidget(self.slider, 1)
        row.addWidget(self.value)
        row.addSpacing(_after_value())
        self.slider.edited.connect(lambda percent, _gesture: self._show_text(percent))

    def show_amounts(self, amounts: list[float]) -> None:
        """Show the amount that the regions share, or their mean where they differ."""
        percents = [round(amount * 100) for amount in amounts]
        mixed = len(set(percents)) > 1
        mean = round(sum(percents) / len(percents))
        self.slider.show_value(mean, mixed=mixed)
        self._show_text(mean, mixed=mixed)

    def _show_text(self, percent: int, *, mixed: bool = False) -> None:
        self.value.setText(self.tr("mixed") if mixed else self.tr("{0} %").format(percent))


class RegionsDock(QWidget):
    """All regions.

    Signals
    -------
    amounts_edited(frozenset, float, str)
        The regions, their new amount (0 to 1), and a key that all moves of one gesture share.
    amounts_released()
        The gesture is over.
    shape_chosen(Region, ShapeSource), region_chosen(Region)
        The artist's other wishes.
    hidden_changed(Region, bool), lock_changed(Region, bool)
        An eye or a lock was clicked.
    """

    amounts_edited = Signal(object, float, str)
    amounts_released = Signal()
    shape_chosen = Signal(object, object)
    region_chosen = Signal(object)
    hidden_changed = Signal(object, bool)
    lock_changed = Signal(object, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.groups = [
            GroupRow(self.tr("Inner face"), GROUPS["inner_face"], self),
            GroupRow(self.tr("All regions"), GROUPS["all"], self),
        ]
        self.rows = {region: RegionRow(region, self) for region in ORDER}
        for group in self.groups:
            self._connect_group(group)
        for row in self.rows.values():
            self._connect_row(row)
        self._lay_out()

    def show_settings(self, settings: EditSettings) -> None:
        """Show the amounts and shapes of `settings`."""
        for region, row in self.rows.items():
            row.show_amount(settings.amount(region))
            row.show_shape(settings.shape(region))
        for group in self.groups:
            group.show_amounts([settings.amount(region) for region in group.regions])

    def show_chosen(self, region: Region) -> None:
        """Mark the region that the tools paint with."""
        for each, row in self.rows.items():
            row.show_chosen(chosen=each is region)

    def show_hidden(self, hidden: Iterable[Region]) -> None:
        """Show which overlays are hidden."""
        regions = set(hidden)
        for region, row in self.rows.items():
            row.show_eye(hidden=region in regions)

    def show_locked(self, locked: Iterable[Region]) -> None:
        """Show which regions are locked."""
        regions = set(locked)
        for region, row in self.rows.items():
            row.show_lock(locked=region in regions)

    def _connect_group(self, group: GroupRow) -> None:
        title = group.slider.accessibleName()
        group.slider.edited.connect(
            lambda percent, gesture: self.amounts_edited.emit(
                group.regions, percent / 100, f"{title} {gesture}"
            )
        )
        group.slider.released.connect(self.amounts_released)

    def _connect_row(self, row: RegionRow) -> None:
        region = row.region
        row.amount_edited.connect(
            lambda percent, gesture: self.amounts_edited.emit(
                frozenset({region}), percent / 100, f"{region.label} {gesture}"
            )
        )
        row.amount_released.connect(self.amounts_released)
        row.shape_chosen.connect(lambda shape: self.shape_chosen.emit(region, shape))
        row.eye_toggled.connect(lambda on: self.hidden_changed.emit(region, on))
        row.lock_toggled.connect(lambda on: self.lock_changed.emit(region, on))
        row.chosen.connect(lambda: self.region_chosen.emit(region))
        row.stepped.connect(lambda step: self._step(region, step))

    def _step(self, region: Region, step: int) -> None:
        neighbour = ORDER[(ORDER.index(region) + step) % len(ORDER)]
        self.rows[neighbour].slider.setFocus()
        self.region_chosen.emit(neighbour)

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 2, 0, 4)
        column.setSpacing(0)
        column.addWidget(self._header())
        for group in self.groups:
            column.addWidget(group)
        column.addSpacing(3)
        column.addWidget(_rule())
        column.addSpacing(3)
        for row in self.rows.values():
            column.addWidget(row)
        column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # nothing would show that keys go there
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumWidth(inside.minimumSizeHint().width() + 4)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def _header(self) -> QWidget:
        header = QWidget()
        row = QHBoxLayout(header)
        row.setContentsMargins(6, 0, 4, 0)
        row.setSpacing(row_module.SPACING)
        row.addSpacing(_before_slider(self) + row_module.SPACING)
        row.addWidget(_heading(self.tr("target"), Qt.AlignmentFlag.AlignLeft))
        row.addStretch(1)
        row.addWidget(_heading(self.tr("source"), Qt.AlignmentFlag.AlignRight))
        row.addSpacing(row_module.VALUE_WIDTH + row_module.SPACING)
        shape = _heading(self.tr("shape"), Qt.AlignmentFlag.AlignHCenter)
        shape.setFixedWidth(3 * row_module.SHAPE_WIDTH)
        row.addSpacing(4)
        row.addWidget(shape)
        row.addSpacing(2 * row_module.BUTTON_WIDTH + row_module.SPACING)
        return header


def _before_slider(widget: QWidget) -> int:
    """Return the width of a region row's swatch and name."""
    return row_module.SWATCH + 2 + row_module.SPACING + row_module.name_width(widget)


def _after_value() -> int:
    """Return the width of a region row's controls to the right of its value."""
    shapes = 3 * row_module.SHAPE_WIDTH + row_module.SPACING
    buttons = 2 * row_module.BUTTON_WIDTH + row_module.SPACING
    return 4 + shapes + buttons + row_module.SPACING


def _heading(text: str, alignment: Qt.AlignmentFlag) -> QLabel:
    label = QLabel(text)
    label.setObjectName("heading")
    label.setAlignment(alignment | Qt.AlignmentFlag.AlignVCenter)
    return label


def _rule() -> QWidget:
    rule = QWidget()
    rule.setObjectName("rule")
    rule.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    rule.setFixedHeight(1)
    return rule
