"""Which action stands in which menu and on which bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtWidgets import QMenu, QToolBar, QToolButton

from e4s_studio.gui.actions import COMPARE, TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QAction
    from PySide6.QtWidgets import QMainWindow

    from e4s_studio.gui.actions import Actions

translate: Final = QCoreApplication.translate

LINE: Final = ""
"""Stands for a separator in a list of action names."""

EDIT: Final = (
    "edit.undo",
    "edit.redo",
    LINE,
    "edit.copy",
    "edit.paste_target",
    "edit.paste_source",
    LINE,
    "edit.save_recipe",
    "edit.use_recipe",
    LINE,
    "edit.shortcuts",
)
ZOOM: Final = ("view.fit", "view.actual", "view.zoom_in", "view.zoom_out", "view.mirror")
PANES: Final = ("view.source", "view.canvas", "view.result")
LAYOUTS: Final = ("view.paint_layout", "view.even_layout", "view.compare_layout")
OVERLAY: Final = ("overlay.show", "overlay.outlines", "overlay.fainter", "overlay.stronger")
PAINT: Final = (
    *TOOLS,
    LINE,
    "brush.smaller",
    "brush.larger",
    "brush.symmetric",
    "brush.encircle",
    "paint.preserve_others",
    LINE,
    "paint.clear_original",
    "paint.clear_amount",
)
FACES: Final = (
    "face.source",
    "face.target",
    "face.next",
    LINE,
    "doubt.show",
    "doubt.next",
    "doubt.previous",
)
HELP: Final = ("help.hint", LINE, "help.about")
REGIONS: Final = (
    "region.previous",
    "region.next",
    LINE,
    "region.less",
    "region.more",
    "region.hide",
    "region.lock",
    LINE,
    "region.reset",
    "region.none",
    "region.all",
)
MODEL: Final = (
    "model.refine",
    "model.stop",
    LINE,
    "model.checkpoint",
    "model.builtin",
    LINE,
    "model.install",
)
SNAPSHOTS: Final = ("compare.show_A", "compare.show_B", "compare.show_C")
PROJECTS: Final = ("file.open_project",)
SAVING: Final = (
    "file.save",
    "file.save_as",
    LINE,
    "file.export",
    "file.signing",
    LINE,
    "file.quit",
)
NAMED: Final = ("file.open_source", "file.open_target", "file.export", "model.refine")
"""Actions whose names stand beside their icons on the bar."""

BAR: Final = (
    *NAMED[:3],
    LINE,
    "edit.undo",
    "edit.redo",
    LINE,
    "view.fit",
    "view.actual",
    "view.mirror",
    LINE,
    *COMPARE,
    LINE,
    *SNAPSHOTS,
    LINE,
    "model.refine",
)


def fill_file_menu(menu: QMenu, actions: Actions) -> tuple[QMenu, QMenu]:
    """Fill the file menu; return the submenus for the recent pairs and the recent projects."""
    add_actions(menu, actions, ("file.open_source", "file.open_target", "file.exchange", LINE))
    recent = menu.addMenu(translate("Menus", "Open &recent"))
    add_actions(menu, actions, ("file.sample", LINE, *PROJECTS))
    projects = menu.addMenu(translate("Menus", "Recent pro&jects"))
    add_actions(menu, actions, SAVING)
    for files in (recent, projects):
        files.setToolTipsVisible(True)  # they tell the folders
    return recent, projects


def fill_view_menu(menu: QMenu, actions: Actions, docks: Iterable[QAction]) -> QMenu:
    """Fill the view menu; return the submenu for the languages."""
    add_actions(menu, actions, (*ZOOM, LINE, *PANES, "view.maximise", "view.full_screen", LINE))
    add_actions(menu.addMenu(translate("Menus", "Arrange &panes")), actions, LAYOUTS)
    menu.addMenu(translate("Menus", "&Docks")).addActions(list(docks))
    add_actions(menu.addMenu(translate("Menus", "&Theme")), actions, ("view.dark", "view.light"))
    languages = menu.addMenu(translate("Menus", "&Language"))
    add_actions(menu, actions, (LINE, *OVERLAY))
    add_actions(menu, actions, (LINE, "view.next_part", "view.reset_layout"))
    return languages


def fill_compare_menu(menu: QMenu, actions: Actions) -> None:
    """Fill the compare menu with modes and snapshots."""
    add_actions(menu, actions, (*COMPARE, "compare.original"))
    for verb in ("show", "keep", "recall"):
        names = (f"compare.{verb}_{slot}" for slot in "ABC")
        add_actions(menu, actions, (LINE, *names))


def make_bar(window: QMainWindow, actions: Actions) -> QToolBar:
    """Return the main tool bar."""
    bar = QToolBar(translate("Menus", "Main bar"), window)
    bar.setObjectName("mainBar")
    bar.setIconSize(QSize(20, 20))
    bar.setMovable(False)
    add_actions(bar, actions, BAR)
    for name in NAMED:
        button = bar.widgetForAction(actions[name])
        if isinstance(button, QToolButton):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    return bar


def add_actions(place: QMenu | QToolBar, actions: Actions, names: Iterable[str]) -> None:
    """Put the named actions, and lines between them, into a menu or a bar."""
    for name in names:
        if name == LINE:
            place.addSeparator()
        else:
            place.addAction(actions[name])
