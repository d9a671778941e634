"""The regions dock: group sliders above, one row per region below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from e4s_studio.core.regions import GROUPS, SWAPPED_TEXTURE, Region
from e4s_studio.core.settings import ShapeSource
from e4s_studio.gui.names import region_name
from e4s_studio.gui.theme import name_icon
from e4s_studio.gui.widgets.slider import Slider

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QKeyEvent, QMouseEvent

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
_SWATCH: Final = 16
_VALUE_WIDTH: Final = 40
_SHAPE_WIDTH: Final = 20
_BUTTON_WIDTH: Final = 20
_SPACING: Final = 3
_HEIGHT: Final = 26


class AmountRow(QWidget):
    """A row of the dock: a slider for a texture amount, with its value in percent.

    Parameters
    ----------
    title
        What the slider sets, for screen readers.
    home
        The value, in percent, that a double click returns to.
    parent
        The dock.
    """

    def __init__(self, title: str, home: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedHeight(_HEIGHT)
        self.slider = Slider(0, 100, home, self)
        self.slider.setAccessibleName(title)
        self.value = _label("value", "", Qt.AlignmentFlag.AlignRight)
        self.value.setFixedWidth(_VALUE_WIDTH)
        self.row = _row(self)
        self.slider.edited.connect(lambda percent, _gesture: self.show_percent(percent))

    def show_percent(self, percent: int) -> None:
        """Show a value beside the slider."""
        self.value.setText(self.tr("{0} %").format(percent))


class RegionRow(AmountRow):
    """The controls of one region: colour, name, texture amount, shape, eye and lock.

    Signals
    -------
    shape_chosen(ShapeSource), chosen()
        The artist wants this shape; the artist wants to paint with the region.
    stepped(int)
        The artist wants the row above (-1) or below (1).
    """

    shape_chosen = Signal(object)
    chosen = Signal()
    stepped = Signal(int)

    def __init__(self, region: Region, parent: QWidget) -> None:
        self.region = region
        self._name = name = region_name(region)
        home = 100 * (region in SWAPPED_TEXTURE)
        super().__init__(self.tr("{0} texture").format(name), home, parent)
        self.setObjectName("regionRow")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.slider.setToolTip(
            self.tr(
                "Texture amount: left is the target's, right the source's.\n"
                "Double-click resets, the wheel moves by 5."
            )
        )
        self.shapes = self._make_shapes()
        self.eye = self._make_toggle("eye", "eye-off")
        self.lock = self._make_toggle("unlock", "lock")
        self.eye.setToolTip(self.tr("Hide this region's overlay on the canvas"))
        self.lock.setToolTip(self.tr("Lock: no tool changes this region"))
        self.eye.setAccessibleName(self.tr("Hide {0}").format(name))
        self.lock.setAccessibleName(self.tr("Lock {0}").format(name))
        self._lay_out()

    def show_amount(self, amount: float) -> None:
        """Show a texture amount, 0 to 1."""
        percent = round(amount * 100)
        self.slider.show_value(percent)
        self.show_percent(percent)

    def show_shape(self, shape: ShapeSource) -> None:
        """Show where the region's shape comes from."""
        self.shapes[shape].setChecked(True)

    def show_chosen(self, *, chosen: bool) -> None:
        """Show whether the tools paint with this region."""
        if bool(self.property("chosen")) != chosen:
            self.setProperty("chosen", chosen)
            self.style().unpolish(self)
            self.style().polish(self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the region."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to the row above or below; Enter chooses the region."""
        key = Qt.Key(event.key())
        if key in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
            self.stepped.emit(1 if key == Qt.Key.Key_Down else -1)
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.chosen.emit()
        else:
            super().keyPressEvent(event)

    def _make_shapes(self) -> dict[ShapeSource, QToolButton]:
        texts = {
            ShapeSource.TARGET: (self.tr("T"), self.tr("Shape as in the target")),
            ShapeSource.SOURCE: (self.tr("S"), self.tr("Shape as in the source")),
            ShapeSource.PAINTED: (self.tr("P"), self.tr("Shape as painted by hand")),
        }
        group = QButtonGroup(self)
        buttons = {}
        for shape, (text, tip) in texts.items():
            button = QToolButton(self)
            button.setObjectName("shape")
            button.setCheckable(True)
            button.setText(text)
            button.setToolTip(tip)
            button.setAccessibleName(f"{self._name}: {tip}")
            button.setFixedSize(_SHAPE_WIDTH, 20)
            button.clicked.connect(lambda _on, chosen=shape: self.shape_chosen.emit(chosen))
            group.addButton(button)
            buttons[shape] = button
        return buttons

    def _make_toggle(self, name: str, checked: str) -> QToolButton:
        button = QToolButton(self)
        button.setCheckable(True)
        button.setIconSize(QSize(16, 16))
        button.setFixedSize(_BUTTON_WIDTH, 22)
        name_icon(button, name, checked=checked)
        return button

    def _lay_out(self) -> None:
        swatch = QLabel(self)
        swatch.setFixedWidth(_SWATCH + 2)
        swatch.setPixmap(swatch_picture(self.region, self.devicePixelRatioF()))
        name = _label("value", self._name, Qt.AlignmentFlag.AlignLeft)
        name.setFixedWidth(_name_width(self))
        name.setToolTip(self.tr("Click to paint with this region"))
        self.row.addWidget(swatch)
        self.row.addWidget(name)
        self.row.addWidget(self.slider, 1)
        self.row.addWidget(self.value)
        self.row.addSpacing(4)
        shapes = QHBoxLayout()
        shapes.setSpacing(0)
        for button in self.shapes.values():
            shapes.addWidget(button)
        self.row.addLayout(shapes)
        self.row.addWidget(self.eye)
        self.row.addWidget(self.lock)


class GroupRow(AmountRow):
    """One slider that sets the amounts of several regions together."""

    def __init__(self, title: str, regions: frozenset[Region], parent: QWidget) -> None:
        super().__init__(title, 100, parent)
        self.regions = regions
        self.setObjectName("groupRow")
        self.slider.setToolTip(self.tr("Texture amount of all these regions together"))
        mixed = self.fontMetrics().horizontalAdvance(self.tr("mixed"))
        self.value.setFixedWidth(max(_VALUE_WIDTH, mixed))
        name = _label("value", title, Qt.AlignmentFlag.AlignLeft)
        name.setFixedWidth(_before_slider(self))
        self.row.addWidget(name)
        self.row.addWidget(self.slider, 1)
        self.row.addWidget(self.value)
        # As wide as a region row's shapes, eye and lock.
        self.row.addSpacing(4 + 3 * _SHAPE_WIDTH + 2 * _BUTTON_WIDTH + 3 * _SPACING)

    def show_amounts(self, amounts: list[float]) -> None:
        """Show the amount that the regions share, or their mean if they differ."""
        percents = [round(amount * 100) for amount in amounts]
        mean = round(sum(percents) / len(percents))
        mixed = len(set(percents)) > 1
        self.slider.show_value(mean, mixed=mixed)
        self.show_percent(mean)
        if mixed:
            self.value.setText(self.tr("mixed"))


class RegionsDock(QWidget):
    """All regions.

    Signals
    -------
    amounts_edited(frozenset, float, str)
        The regions, their new amount (0 to 1), and a key that all moves of one gesture share.
    amounts_released()
        The gesture is over.
    shape_chosen(Region, ShapeSource), region_chosen(Region)
        The artist chose a shape, or the region to paint with.
    hidden_changed(Region, bool), lock_changed(Region, bool)
        The artist clicked an eye or a lock.
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
            self._connect_slider(group.slider, group.regions)
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
        _check({row.eye: region in set(hidden) for region, row in self.rows.items()})

    def show_locked(self, locked: Iterable[Region]) -> None:
        """Show which regions are locked."""
        _check({row.lock: region in set(locked) for region, row in self.rows.items()})

    def _connect_slider(self, slider: Slider, regions: frozenset[Region]) -> None:
        name = slider.accessibleName()
        slider.edited.connect(
            lambda percent, gesture: self.amounts_edited.emit(
                regions, percent / 100, f"{name} {gesture}"
            )
        )
        slider.released.connect(self.amounts_released)

    def _connect_row(self, row: RegionRow) -> None:
        region = row.region
        self._connect_slider(row.slider, frozenset({region}))
        row.shape_chosen.connect(lambda shape: self.shape_chosen.emit(region, shape))
        row.eye.toggled.connect(lambda on: self.hidden_changed.emit(region, on))
        row.lock.toggled.connect(lambda on: self.lock_changed.emit(region, on))
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
        rule = QWidget()
        rule.setObjectName("rule")
        rule.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        rule.setFixedHeight(1)
        column.addSpacing(3)
        column.addWidget(rule)
        column.addSpacing(3)
        for row in self.rows.values():
            column.addWidget(row)
        column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it would not show that it has the focus
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumWidth(inside.minimumSizeHint().width() + 4)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def _header(self) -> QWidget:
        header = QWidget()
        row = _row(header)
        row.addSpacing(_before_slider(self) + _SPACING)
        row.addWidget(_label("heading", self.tr("target"), Qt.AlignmentFlag.AlignLeft))
        row.addStretch(1)
        row.addWidget(_label("heading", self.tr("source"), Qt.AlignmentFlag.AlignRight))
        row.addSpacing(_VALUE_WIDTH + _SPACING)
        shape = _label("heading", self.tr("shape"), Qt.AlignmentFlag.AlignHCenter)
        shape.setFixedWidth(3 * _SHAPE_WIDTH)
        row.addSpacing(4)
        row.addWidget(shape)
        row.addSpacing(2 * _BUTTON_WIDTH + _SPACING)
        return header


def swatch_picture(region: Region, scaling: float) -> QPixmap:
    """Return the region's palette colour as a rounded square, crisp at `scaling`."""
    side = round(_SWATCH * scaling)
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(*region.colour))
    painter.setPen(QColor(128, 128, 128))
    inset = 0.5 + side / 16
    painter.drawRoundedRect(
        pixmap.rect().toRectF().adjusted(inset, inset, -inset, -inset), side / 6, side / 6
    )
    painter.end()
    pixmap.setDevicePixelRatio(scaling)
    return pixmap


def _row(widget: QWidget) -> QHBoxLayout:
    row = QHBoxLayout(widget)
    row.setContentsMargins(6, 0, 4, 0)
    row.setSpacing(_SPACING)
    return row


def _name_width(widget: QWidget) -> int:
    """Return the width that the longest region name needs in the font of `widget`."""
    metrics = widget.fontMetrics()
    return max(metrics.horizontalAdvance(region_name(region)) for region in Region) + 4


def _before_slider(widget: QWidget) -> int:
    """Return the width of a region row's swatch and name."""
    return _SWATCH + 2 + _SPACING + _name_width(widget)


def _label(style: str, text: str, alignment: Qt.AlignmentFlag) -> QLabel:
    label = QLabel(text)
    label.setObjectName(style)
    label.setAlignment(alignment | Qt.AlignmentFlag.AlignVCenter)
    return label


def _check(buttons: dict[QToolButton, bool]) -> None:
    """Check or uncheck buttons without their signals."""
    for button, checked in buttons.items():
        button.blockSignals(True)
        button.setChecked(checked)
        button.blockSignals(False)
