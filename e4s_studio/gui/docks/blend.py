"""The blend dock: what stays on top, detail, light, film, seam, preview and precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QComboBox, QLabel, QPushButton, QWidget

from e4s_studio.core.settings import MAX_BLEND_WIDTH, EditSettings, Precision
from e4s_studio.gui.names import precision_name
from e4s_studio.gui.theme import name_icon
from e4s_studio.gui.widgets.layouts import column, row
from e4s_studio.gui.widgets.slider import SliderRow, align_names

if TYPE_CHECKING:
    from collections.abc import Callable


class BlendDock(QWidget):
    """The settings that belong to no region.

    Signals
    -------
    edited(str, object, str)
        The name of an attribute of `EditSettings`, its new value, and a key that all moves of one
        gesture share.
    released()
        The gesture is over.
    """

    edited = Signal(str, object, str)
    released = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.on_top = self._make_order()
        self.detail_row = self._make_percent("detail", self.tr("Detail"))
        self.light_row = self._make_percent("light", self.tr("Follow light"))
        self.film_row = self._make_percent("film", self.tr("Follow film"))
        self.width_row = self._make_row(
            "blend_width",
            self.tr("Blend width"),
            (0, round(MAX_BLEND_WIDTH), round(EditSettings().blend_width)),
            lambda value: self.tr("{0} px").format(value),
            1,
        )
        self.live = QCheckBox(self.tr("Live preview"), self)
        self.live.clicked.connect(lambda on: self.edited.emit("live_preview", on, ""))
        self.precision = self._make_precision()
        self._explain()
        rows = [self.detail_row, self.light_row, self.film_row, self.width_row]
        align_names(rows)
        order = row(*((button, 1) for button in self.on_top.values()), spacing=4)
        precision = row(QLabel(self.tr("Precision"), self), (self.precision, 1))
        layout = column(order, *rows, self.live, precision, None, margins=(8, 6, 8, 8), spacing=5)
        layout.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setLayout(layout)

    def show_settings(self, settings: EditSettings) -> None:
        """Show `settings`."""
        self.on_top[settings.face_over_hair].setChecked(True)
        self.detail_row.show_value(round(settings.detail * 100))
        self.light_row.show_value(round(settings.light * 100))
        self.film_row.show_value(round(settings.film * 100))
        self.width_row.show_value(round(settings.blend_width))
        self.live.setChecked(settings.live_preview)
        self.precision.setCurrentIndex(self.precision.findData(settings.precision))

    def show_film(self, *, followed: bool) -> None:
        """Explain what following the film does; without an effect it cannot be set."""
        self.film_row.setEnabled(followed)
        self.film_row.setToolTip(
            self.tr(
                "How far the new face takes on the tone of a black-and-white target, or a colour"
                " target's colours if the source is black and white"
            )
            if followed
            else self.tr("Both photographs are in colour: there is no film to follow")
        )

    def _make_order(self) -> dict[bool, QPushButton]:
        group = QButtonGroup(self)
        buttons = {}
        for face_over_hair, text, icon in (
            (False, self.tr("Hair over face"), "hair"),
            (True, self.tr("Face over hair"), "face"),
        ):
            button = QPushButton(text, self)
            button.setObjectName("choice")
            button.setCheckable(True)
            button.setIconSize(QSize(16, 16))
            name_icon(button, icon)
            button.clicked.connect(
                lambda _on, value=face_over_hair: self.edited.emit("face_over_hair", value, "")
            )
            group.addButton(button)
            buttons[face_over_hair] = button
        return buttons

    def _make_percent(self, attribute: str, name: str) -> SliderRow:
        home = round(getattr(EditSettings(), attribute) * 100)
        return self._make_row(
            attribute, name, (0, 100, home), lambda value: self.tr("{0} %").format(value), 100
        )

    def _make_row(
        self,
        attribute: str,
        name: str,
        limits: tuple[int, int, int],
        text: Callable[[int], str],
        steps: int,
    ) -> SliderRow:
        """Return the slider of an attribute that has `steps` positions for each unit."""
        slider = SliderRow(name, limits, text, self)
        slider.edited.connect(
            lambda value, gesture: self.edited.emit(
                attribute, value / steps, f"{attribute} {gesture}"
            )
        )
        slider.released.connect(self.released)
        return slider

    def _make_precision(self) -> QComboBox:
        box = QComboBox(self)
        for precision in Precision:
            box.addItem(precision_name(precision), precision)
        box.activated.connect(
            lambda index: self.edited.emit("precision", Precision(box.itemData(index)), "")
        )
        return box

    def _explain(self) -> None:
        self.on_top[False].setToolTip(self.tr("The target's fringe stays over the new face"))
        self.on_top[True].setToolTip(self.tr("The new face covers the target's fringe"))
        self.detail_row.setToolTip(
            self.tr("How much of the photographs' own fine detail is put back: pores, lashes")
        )
        self.light_row.setToolTip(
            self.tr("How far the new face is lit from the side that the target is lit from")
        )
        self.show_film(followed=True)
        self.width_row.setToolTip(self.tr("Width of the seam between the new face and the target"))
        self.live.setToolTip(
            self.tr("The result follows while you paint or drag; else it waits for the release")
        )
        self.precision.setToolTip(self.tr("The number format that the generator computes in"))
