"""Icons in a single colour, the text colour of the theme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton

from e4s_studio.files.resources import ICONS

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

    from e4s_studio.gui.theme import Theme

# Each size that bars and rows use, at 100, 150 and 200 % scaling, is drawn by itself:
# scaled pictures are blurred.
SIZES: Final = (14, 16, 20, 24, 28, 32, 40, 48)
_NAME: Final = "iconName"
_NAME_ON: Final = "iconNameChecked"


def name_icon(item: QAction | QAbstractButton, name: str, *, checked: str = "") -> None:
    """Give `item` the icon `name`, or `checked` while it is checked, at the next `tint`."""
    item.setProperty(_NAME, name)
    item.setProperty(_NAME_ON, checked)


def tint(root: QObject, theme: Theme) -> None:
    """Draw the icons of all actions and buttons under `root` in the colour of `theme`."""
    drawn: dict[tuple[str, str], QIcon] = {}
    items: list[QAction | QAbstractButton] = [
        *root.findChildren(QAction),
        *root.findChildren(QAbstractButton),
    ]
    for item in items:
        name = item.property(_NAME)
        if not name:
            continue
        key = (name, item.property(_NAME_ON) or name)
        if key not in drawn:
            drawn[key] = _icon(*key, theme)
        item.setIcon(drawn[key])


def picture(name: str, size: int, colour: QColor) -> QPixmap:
    """Return icon `name` as a square of `size` device pixels, drawn in `colour`."""
    return _render(_drawing(name, colour.name()), size)


def _drawing(name: str, ink: str) -> QSvgRenderer:
    drawing = (ICONS / f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(QByteArray(drawing.replace("currentColor", ink).encode()))


def _render(drawing: QSvgRenderer, size: int) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    drawing.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap


def _icon(name: str, name_checked: str, theme: Theme) -> QIcon:
    icon = QIcon()
    for state, drawn in ((QIcon.State.Off, name), (QIcon.State.On, name_checked)):
        for mode, ink in ((QIcon.Mode.Normal, theme.ink), (QIcon.Mode.Disabled, theme.faint)):
            drawing = _drawing(drawn, ink.name())
            for size in SIZES:
                icon.addPixmap(_render(drawing, size), mode, state)
    return icon
