"""The window: it lays out menus, panes, docks and the status bar, and does nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMainWindow, QScrollArea, QTabWidget, QWidget

from e4s_studio.gui import icons, menus
from e4s_studio.gui.actions import Actions
from e4s_studio.gui.canvas.canvas import MaskCanvas
from e4s_studio.gui.docks.blend import BlendDock
from e4s_studio.gui.docks.history import HistoryDock
from e4s_studio.gui.docks.model import ModelDock
from e4s_studio.gui.docks.regions import RegionsDock
from e4s_studio.gui.docks.tools import ToolsDock
from e4s_studio.gui.panes.area import Arrangement, PaneArea
from e4s_studio.gui.panes.image_pane import ImagePane
from e4s_studio.gui.panes.result_pane import ResultPane
from e4s_studio.gui.status import StatusBar
from e4s_studio.gui.widgets.drops import Drops
from e4s_studio.gui.widgets.hint import Hint
from e4s_studio.gui.widgets.notice import Notice
from e4s_studio.gui.widgets.title_bar import TitledDock

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent
    from PySide6.QtWidgets import QMenu

    from e4s_studio.gui.canvas.view import ViewTransform
    from e4s_studio.gui.theme import Theme
    from e4s_studio.gui.tools.toolbox import Toolbox

LEFT_WIDTH: Final = 214
FIRST_SIZE: Final = (1500, 920)


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
        The window is about to go; all work is to be stopped.
    """

    closing = Signal()

    def __init__(self, toolbox: Toolbox, view: ViewTransform) -> None:
        super().__init__()
        self.actions_by_name = actions = Actions(self)
        self.setWindowTitle(self.tr("E4S Studio"))
        self.resize(*FIRST_SIZE)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
        )
        self.source = ImagePane(
            view,
            self.tr("Source: the face to take\n\nDrop a photograph here, or click to open one"),
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
        self.recent, self.recent_projects = self._make_menus()
        self.addToolBar(menus.make_bar(self, actions))

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
        self.resizeDocks([docks["tools"]], [LEFT_WIDTH], Qt.Orientation.Horizontal)
        self.resizeDocks([docks["tools"], docks["history"]], [400, 400], Qt.Orientation.Vertical)
        room = self.regions.sizeHint().width()
        self.resizeDocks([docks["regions"]], [room], Qt.Orientation.Horizontal)
        self.resizeDocks([docks["regions"], docks["blend"]], [560, 280], Qt.Orientation.Vertical)
        self.area.arrange(Arrangement.PAINT)

    def tint(self, theme: Theme) -> None:
        """Draw all icons in the ink of `theme`."""
        icons.tint(self, theme)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Say that the window goes, and go."""
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

    def _make_menus(self) -> tuple[QMenu, QMenu]:
        bar, actions = self.menuBar(), self.actions_by_name
        recents = menus.fill_file_menu(bar.addMenu(self.tr("&File")), actions)
        menus.add_actions(bar.addMenu(self.tr("&Edit")), actions, menus.EDIT)
        toggles = [dock.toggleViewAction() for dock in self.dock_widgets.values()]
        self.languages = menus.fill_view_menu(bar.addMenu(self.tr("&View")), actions, toggles)
        menus.fill_compare_menu(bar.addMenu(self.tr("&Compare")), actions)
        menus.add_actions(bar.addMenu(self.tr("F&aces")), actions, menus.FACES)
        menus.add_actions(bar.addMenu(self.tr("&Tools")), actions, menus.PAINT)
        menus.add_actions(bar.addMenu(self.tr("&Regions")), actions, menus.REGIONS)
        menus.add_actions(bar.addMenu(self.tr("&Model")), actions, menus.MODEL)
        menus.add_actions(bar.addMenu(self.tr("&Help")), actions, menus.HELP)
        return recents


def _scrolling(content: QWidget) -> QScrollArea:
    """Return a frame in which a dock's content scrolls where the screen is too low for it."""
    area = QScrollArea()
    area.setWidget(content)
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # nothing would show that the keyboard is there
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setMinimumWidth(content.minimumSizeHint().width())
    return area
