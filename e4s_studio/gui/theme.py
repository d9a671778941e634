"""The two themes (qdarkstyle's, with the editor's additions), and icons in their colours."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import qdarkstyle
from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication
from qdarkstyle.dark.palette import DarkPalette
from qdarkstyle.light.palette import LightPalette

from e4s_studio.files.resources import ICONS

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

_TEMPLATE: Final = """
QMenuBar {{ background: {bar}; border-bottom: none; padding: 1px 2px; }}
QMenuBar::item {{ padding: 4px 8px; background: transparent; }}
QToolBar {{ spacing: 2px; padding: 3px 6px; border-bottom: 1px solid {line}; background: {bar}; }}
QToolBar QToolButton {{ padding: 4px; border-radius: 4px; background: transparent; }}
QToolBar QToolButton:hover {{ background: {line}; }}
QToolBar QToolButton:disabled {{ background: transparent; }}
QToolButton#paintOver {{ padding: 3px 18px 3px 6px; }}
QPushButton#choice:checked {{ background: {accent}; }}
QToolBar QToolButton:checked {{ background: {chosen}; }}
QToolBar QLabel {{ background: transparent; }}
QToolBar::separator:horizontal {{ width: 1px; margin: 4px 5px; background: {edge}; image: none; }}
QMainWindow::separator {{ background: {bar}; padding: 0px; image: none; }}
QMainWindow::separator:horizontal, QMainWindow::separator:vertical {{
  width: 5px; height: 5px; margin: 0px; image: none; }}
QMainWindow::separator:hover {{ background: {accent}; }}
QStatusBar {{ background: {bar}; border: none; border-top: 1px solid {line}; }}
QStatusBar QLabel, QStatusBar QToolButton {{ background: transparent; padding: 1px 6px; }}
QStatusBar QProgressBar {{ min-height: 12px; max-height: 14px; }}
QWidget#titleBar {{ background: {line}; border-radius: 0px; }}
QWidget#titleBar QLabel {{ background: transparent; padding: 0px 2px; font-weight: 600; }}
QWidget#titleBar QLabel#detail {{ font-weight: 400; color: {muted}; }}
QWidget#titleBar QToolButton {{ background: transparent; padding: 1px; border-radius: 3px; }}
QWidget#titleBar QToolButton:hover {{ background: {edge}; }}
QWidget#titleBar QToolButton:checked {{ background: {accent}; }}
QLabel#heading {{ color: {muted}; padding: 0px; }}
QLabel#value {{ padding: 0px; }}
QWidget#rule, QFrame#fence {{ background: {edge}; }}
QWidget#regionRow:hover {{ background: {hover}; }}
QWidget#regionRow[chosen="true"] {{ background: {chosen}; }}
QWidget#regionRow QLabel {{ padding: 0px; background: transparent; }}
QWidget#regionRow QToolButton, QWidget#groupRow QToolButton {{
  padding: 1px; margin: 0px; border-radius: 3px; background: transparent; border: none; }}
QWidget#regionRow QToolButton:hover {{ background: {edge}; }}
QToolButton#shape {{ border: 1px solid {edge}; }}
QWidget#regionRow QToolButton#shape:checked {{ background: {accent}; color: {on_accent}; }}
QToolButton#tool {{ padding: 4px; border-radius: 4px; background: transparent; }}
QToolButton#tool:hover {{ background: {line}; }}
QToolButton#tool:checked {{ background: {accent}; }}
QFrame#hint {{ background: {bar}; border: 1px solid {edge}; border-radius: 8px; }}
QFrame#hint QLabel {{ background: transparent; }}
QFrame#hint QLabel#step {{ background: {accent}; border-radius: 11px; font-weight: 700;
  color: {on_accent}; padding: 0px;
  min-width: 22px; max-width: 22px; min-height: 22px; max-height: 22px; }}
QFrame#notice {{ background: {bar}; border: 1px solid {edge}; border-left: 3px solid #e0705a; }}
QFrame#notice QLabel {{ background: transparent; }}
QFrame#notice QPushButton {{ padding: 4px 10px; }}
QFrame#faceView QPushButton {{ padding: 4px 8px; }}
QLabel#faceTitle {{ background: {line}; padding: 4px 10px; font-weight: 600; }}
QFrame#modelRow {{ background: {hover}; border: 1px solid {line}; border-radius: 6px; }}
QFrame#modelRow QLabel {{ background: transparent; padding: 0px; }}
QPushButton#primary {{ background: {accent}; color: {on_accent}; }}
QPushButton#primary:hover {{ background: {accent_hover}; }}
QPushButton#primary:disabled {{ background: {line}; color: {muted}; }}
QPushButton:focus, QPushButton#primary:focus {{ border: 1px solid {focus}; padding: 1px; }}
QFrame#notice QPushButton:focus {{ border: 1px solid {focus}; padding: 3px 9px; }}
QFrame#faceView QPushButton:focus {{ border: 1px solid {focus}; padding: 3px 7px; }}
QToolButton#tool:focus {{ border: 1px solid {focus}; padding: 3px; }}
QToolButton#paintOver:focus {{ border: 1px solid {focus}; padding: 2px 17px 2px 5px; }}
QWidget#regionRow QToolButton:focus {{ border: 1px solid {focus}; padding: 0px; }}
QMenu::icon:checked {{ background: {accent}; border-radius: 3px; }}
QMenu QCheckBox {{ background: {line}; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QTreeView#shortcuts::item {{ min-height: 22px; }}
QListView#history::item {{ padding: 2px; }}
"""
# Each size that bars and rows use, at 100, 150 and 200 % scaling, is drawn by itself:
# scaled pictures are blurred.
_SIZES: Final = (14, 16, 20, 24, 28, 32, 40, 48)
_NAME: Final = "iconName"
_NAME_ON: Final = "iconNameChecked"


class Theme(StrEnum):
    """A colour scheme of the window."""

    DARK = "dark"
    LIGHT = "light"

    @property
    def colours(self) -> Any:
        """The theme's palette class in qdarkstyle."""
        return DarkPalette if self is Theme.DARK else LightPalette

    @property
    def ink(self) -> QColor:
        """The colour of icons and text."""
        return QColor(self.colours.COLOR_TEXT_1)

    @property
    def faint(self) -> QColor:
        """The colour of icons that are disabled."""
        return QColor(self.colours.COLOR_BACKGROUND_6)

    @property
    def focus(self) -> QColor:
        """The colour around the widget that has the focus."""
        return QColor(self.colours.COLOR_ACCENT_5 if self is Theme.DARK else "#1A72BB")

    @property
    def link(self) -> QColor:
        """The colour of links, readable on the backgrounds of windows and cards."""
        return QColor(self.colours.COLOR_ACCENT_5 if self is Theme.DARK else "#15609E")

    @property
    def surround(self) -> QColor:
        """The neutral grey around photographs, which does not bias the view of skin colours."""
        return QColor("#1d1f21" if self is Theme.DARK else "#c8c8c8")


def apply_theme(theme: Theme) -> None:
    """Give the application the style sheet and the palette of `theme`."""
    application = running_application()
    if application.styleSheet() != _sheet(theme):
        application.setPalette(_palette(theme))
        application.setStyleSheet(_sheet(theme))


def running_application() -> QApplication:
    """Return the application."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        raise TypeError("a window needs an application with windows")
    return application


@cache
def _sheet(theme: Theme) -> str:
    """Return the whole style sheet; cached, as qdarkstyle takes 0.2 s for its part."""
    sheet = qdarkstyle.load_stylesheet(qt_api="pyside6", palette=theme.colours)
    return str(sheet) + _additions(theme)


def _palette(theme: Theme) -> QPalette:
    """Return the palette for widgets that paint themselves, without the style sheet."""
    colours = theme.colours
    palette = QPalette()
    for role, colour in (
        (QPalette.ColorRole.Window, colours.COLOR_BACKGROUND_1),
        (QPalette.ColorRole.Base, colours.COLOR_BACKGROUND_1),
        (QPalette.ColorRole.Button, colours.COLOR_BACKGROUND_4),
        (QPalette.ColorRole.Mid, colours.COLOR_BACKGROUND_4),
        (QPalette.ColorRole.Text, colours.COLOR_TEXT_1),
        (QPalette.ColorRole.WindowText, colours.COLOR_TEXT_1),
        (QPalette.ColorRole.ButtonText, colours.COLOR_TEXT_1),
        (QPalette.ColorRole.PlaceholderText, colours.COLOR_TEXT_4),
        (QPalette.ColorRole.Highlight, colours.COLOR_ACCENT_4),
        (QPalette.ColorRole.HighlightedText, colours.COLOR_TEXT_1),
    ):
        palette.setColor(role, QColor(colour))
    palette.setColor(QPalette.ColorRole.Dark, theme.surround)
    palette.setColor(QPalette.ColorRole.Accent, theme.focus)
    palette.setColor(QPalette.ColorRole.Link, theme.link)
    palette.setColor(
        QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text, QColor(colours.COLOR_DISABLED)
    )
    return palette


def _additions(theme: Theme) -> str:
    colours = theme.colours
    dark = theme is Theme.DARK
    return _TEMPLATE.format(
        bar=colours.COLOR_BACKGROUND_2 if dark else "#ECEEEF",
        line=colours.COLOR_BACKGROUND_3,
        edge=colours.COLOR_BACKGROUND_5,
        hover="#212D39" if dark else "#EFF2F4",
        chosen=colours.COLOR_ACCENT_1,
        accent=colours.COLOR_ACCENT_2,
        accent_hover=colours.COLOR_ACCENT_3,
        on_accent=colours.COLOR_TEXT_1,
        focus=theme.focus.name(),
        muted=colours.COLOR_TEXT_4 if dark else colours.COLOR_TEXT_3,
    )


def name_icon(item: QAction | QAbstractButton, name: str, *, checked: str = "") -> None:
    """Give `item` the icon `name`, or `checked` while it is checked, at the next `tint`."""
    item.setProperty(_NAME, name)
    item.setProperty(_NAME_ON, checked)


def tint_icons(root: QObject, theme: Theme) -> None:
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
            for size in _SIZES:
                icon.addPixmap(_render(drawing, size), mode, state)
    return icon
