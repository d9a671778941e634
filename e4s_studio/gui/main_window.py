"""The window: it lays out menus, panes, docks and the status bar, and does nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QMainWindow,
    QMenu,
    QScrollArea,
    QTabWidget,
    QToolBar,
    QToolButton,
    QWidget,
)

from e4s_studio.gui.actions import COMPARE, TOOLS, Actions
from e4s_studio.gui.canvas.canvas import MaskCanvas
from e4s_studio.gui.docks.blend import BlendDock
from e4s_studio.gui.docks.history import HistoryDock
from e4s_studio.gui.docks.model import ModelDock
from e4s_studio.gui.docks.regions import RegionsDock
from e4s_studio.gui.docks.tools import ToolsDock
from e4s_studio.gui.panes.area import Arrangement, PaneArea, TitledDock
from e4s_studio.gui.panes.picture_panes import ImagePane, ResultPane
from e4s_studio.gui.status import StatusBar
from e4s_studio.gui.theme import Theme, tint_icons
from e4s_studio.gui.widgets.cards import Hint, Notice
from e4s_studio.gui.widgets.pane_filters import Drops

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QAction, QCloseEvent

    from e4s_studio.gui.canvas.view import ViewTransform
    from e4s_studio.gui.tools.toolbox import Toolbox

_LEFT_WIDTH: Final = 214
_FIRST_SIZE: Final = (1500, 920)

# In menus and bars each line of names is a group; separators stand between the groups.
_MENUS: Final = {
    "file": """
        file.open_source file.open_target file.exchange
        menu.recent file.sample
        file.open_project menu.projects file.save file.save_as
        file.export file.signing
        file.quit
    """,
    "edit": """
        edit.undo edit.redo
        edit.copy edit.paste_target edit.paste_source
        edit.save_recipe edit.use_recipe
        edit.shortcuts
    """,
    "view": """
        view.fit view.actual view.zoom_in view.zoom_out view.mirror
        view.source view.canvas view.result view.maximise view.full_screen
        menu.layouts menu.docks menu.theme menu.languages
        overlay.show overlay.outlines overlay.fainter overlay.stronger
        view.next_part view.reset_layout
    """,
    "compare": f"""
        {" ".join(COMPARE)} compare.original
        compare.show_A compare.show_B compare.show_C
        compare.keep_A compare.keep_B compare.keep_C
        compare.recall_A compare.recall_B compare.recall_C
    """,
    "faces": """
        face.source face.target face.next
        doubt.show doubt.next doubt.previous
    """,
    "tools": f"""
        {" ".join(TOOLS)}
        brush.smaller brush.larger brush.symmetric brush.encircle paint.preserve_others
        paint.clear_original paint.clear_amount
    """,
    "regions": """
        region.previous region.next
        region.less region.more region.hide region.lock
        region.reset region.none region.all
    """,
    "model": """
        model.refine model.stop
        model.checkpoint model.builtin
        model.install
    """,
    "help": """
        help.hint
        help.about
    """,
    "layouts": "view.paint_layout view.even_layout view.compare_layout",
    "theme": "view.dark view.light",
    # Filled by the window and its handlers.
    "recent": "",
    "projects": "",
    "docks": "",
    "languages": "",
}
_BAR: Final = f"""
    file.open_source file.open_target file.export
    edit.undo edit.redo
    view.fit view.actual view.mirror
    {" ".join(COMPARE)}
    compare.show_A compare.show_B compare.show_C
    model.refine
"""
_NAMED: Final = ("file.open_source", "file.open_target", "file.export", "model.refine")
"""Actions whose names stand beside their icons on the bar."""


class MainWindow(QMainWindow):
    """The editor's window.

    Parameters
    ----------
    toolbox
        The tools of the canvas.
    view
        The view that the panes share.

    Signals
    -------
    closing()
        The window is about to close; all work must stop.
    """

    closing = Signal()

    def __init__(self, toolbox: Toolbox, view: ViewTransform) -> None:
        super().__init__()
        self.actions_by_name = actions = Actions(self)
        self.setWindowTitle(self.tr("E4S Studio"))
        self.resize(*_FIRST_SIZE)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
        )
        self.source = ImagePane(
            view,
            self.tr("Source: the face to use\n\nDrop a photograph here, or click to open one"),
        )
        self.canvas = MaskCanvas(toolbox, view)
        self.canvas_drops = Drops(self.canvas)
        self.result = ResultPane(view, self.tr("The swap appears here"))
        self.regions = RegionsDock()
        self.tools = ToolsDock(actions)
        self.blend = BlendDock()
        self.history = HistoryDock()
        self.model = ModelDock()
        self.area = self._make_area()
        self.hint = Hint(self.area)
        self.notice = Notice(self.area)
        self.status = StatusBar(self)
        self.setStatusBar(self.status)
        self.dock_widgets = self._make_docks()
        menus = self._make_menus()
        self.recent, self.recent_projects = menus["recent"], menus["projects"]
        self.languages = menus["languages"]
        self.addToolBar(self._make_bar())

    def arrange_first(self) -> None:
        """Lay everything out as at the very first start."""
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        docks = self.dock_widgets
        for dock in docks.values():
            dock.setFloating(False)
            self.addDockWidget(left if dock in (docks["tools"], docks["history"]) else right, dock)
            dock.show()
        self.splitDockWidget(docks["tools"], docks["history"], Qt.Orientation.Vertical)
        self.splitDockWidget(docks["regions"], docks["blend"], Qt.Orientation.Vertical)
        self.tabifyDockWidget(docks["blend"], docks["model"])
        docks["blend"].raise_()
        self.resizeDocks([docks["tools"]], [_LEFT_WIDTH], Qt.Orientation.Horizontal)
        self.resizeDocks([docks["tools"], docks["history"]], [400, 400], Qt.Orientation.Vertical)
        room = self.regions.sizeHint().width()
        self.resizeDocks([docks["regions"]], [room], Qt.Orientation.Horizontal)
        self.resizeDocks([docks["regions"], docks["blend"]], [560, 280], Qt.Orientation.Vertical)
        self.area.arrange(Arrangement.PAINT)

    def tint(self, theme: Theme) -> None:
        """Draw all icons in the text colour of `theme`."""
        tint_icons(self, theme)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Announce that the window closes, and close."""
        self.closing.emit()
        super().closeEvent(event)

    def _make_area(self) -> PaneArea:
        area = PaneArea(self)
        area.add_pane("source", self.tr("Source"), self.source)
        area.add_pane("canvas", self.tr("Target and map"), self.canvas)
        area.add_pane("result", self.tr("Result"), self.result)
        self.setCentralWidget(area)
        return area

    def _make_docks(self) -> dict[str, TitledDock]:
        contents: dict[str, tuple[str, QWidget]] = {
            "tools": (self.tr("Tools"), _scrolling(self.tools)),
            "history": (self.tr("History"), self.history),
            "regions": (self.tr("Regions"), self.regions),
            "blend": (self.tr("Blend"), _scrolling(self.blend)),
            "model": (self.tr("Model"), _scrolling(self.model)),
        }
        return {
            name: TitledDock(self, title, f"{name}Dock", content)
            for name, (title, content) in contents.items()
        }

    def _make_menus(self) -> dict[str, QMenu]:
        tops = {
            "file": self.tr("&File"),
            "edit": self.tr("&Edit"),
            "view": self.tr("&View"),
            "compare": self.tr("&Compare"),
            "faces": self.tr("F&aces"),
            "tools": self.tr("&Tools"),
            "regions": self.tr("&Regions"),
            "model": self.tr("&Model"),
            "help": self.tr("&Help"),
        }
        inner = {
            "recent": self.tr("Open &recent"),
            "projects": self.tr("Recent pro&jects"),
            "layouts": self.tr("Arrange &panes"),
            "docks": self.tr("&Docks"),
            "theme": self.tr("&Theme"),
            "languages": self.tr("&Language"),
        }
        menus = {name: QMenu(title, self) for name, title in (tops | inner).items()}
        submenus = {f"menu.{name}": menus[name].menuAction() for name in inner}
        for name, menu in menus.items():
            self._fill(menu, _MENUS[name], submenus)
        for name in tops:
            self.menuBar().addMenu(menus[name])
        for dock in self.dock_widgets.values():
            menus["docks"].addAction(dock.toggleViewAction())
        for name in ("recent", "projects"):
            menus[name].setToolTipsVisible(True)  # they show the folders
        return menus

    def _fill(self, place: QMenu | QToolBar, names: str, submenus: Mapping[str, QAction]) -> None:
        for number, group in enumerate(names.strip().splitlines()):
            if number:
                place.addSeparator()
            for name in group.split():
                place.addAction(submenus.get(name) or self.actions_by_name[name])

    def _make_bar(self) -> QToolBar:
        bar = QToolBar(self.tr("Main bar"), self)
        bar.setObjectName("mainBar")
        bar.setIconSize(QSize(20, 20))
        bar.setMovable(False)
        self._fill(bar, _BAR, {})
        for name in _NAMED:
            button = bar.widgetForAction(self.actions_by_name[name])
            if isinstance(button, QToolButton):
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        return bar


def _scrolling(content: QWidget) -> QScrollArea:
    """Return a frame in which a dock's content scrolls where the screen is too low for it."""
    area = QScrollArea()
    area.setWidget(content)
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it would not show that it has the focus
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setMinimumWidth(content.minimumSizeHint().width())
    return area
