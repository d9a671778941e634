"""The history dock: the steps with names and thumbnails; a click goes to a step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFont, QIcon, QPixmap
from PySide6.QtWidgets import QListView, QWidget

from e4s_studio.core.regions import PALETTE
from e4s_studio.gui.canvas.photograph import image_of
from e4s_studio.gui.widgets.layouts import column

if TYPE_CHECKING:
    from e4s_studio.core.commands import Command, CommandStack

_THUMBNAIL: Final = 36

Index = QModelIndex | QPersistentModelIndex


class HistoryModel(QAbstractListModel):
    """The command stack as a list; row 0 is the state before the first step."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._commands: tuple[Command, ...] = ()
        self._place = 0
        self._icons: dict[int, QIcon] = {}

    def show(self, history: CommandStack) -> None:
        """Show `history`, redrawing only rows that differ."""
        commands = history.commands
        kept = _common_length(self._commands, commands)
        if kept < len(self._commands):
            self.beginRemoveRows(QModelIndex(), kept + 1, len(self._commands))
            for command in self._commands[kept:]:
                self._icons.pop(id(command), None)
            self._commands = self._commands[:kept]
            self.endRemoveRows()
        if kept < len(commands):
            self.beginInsertRows(QModelIndex(), kept + 1, len(commands))
            self._commands = commands
            self.endInsertRows()
        self._place = history.index
        self.dataChanged.emit(self.index(0), self.index(self.rowCount() - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return the number of steps, and one for the start."""
        return 0 if parent.isValid() else len(self._commands) + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the name, thumbnail, colour or font of a row."""
        row = index.row()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._commands[row - 1].name if row else self.tr("Opened")
        if role == Qt.ItemDataRole.DecorationRole and row:
            return self._icon(self._commands[row - 1])
        if role == Qt.ItemDataRole.ForegroundRole and row > self._place:
            return QBrush(QColor(128, 138, 148))
        if role == Qt.ItemDataRole.FontRole and row == self._place:
            font = QFont()
            font.setBold(True)
            return font
        return None

    def _icon(self, command: Command) -> QIcon:
        if id(command) not in self._icons:
            thumbnail = QPixmap.fromImage(image_of(PALETTE[command.thumbnail]))
            icon = QIcon(thumbnail)
            # Without it Qt tints the selected thumbnail, whose colours stand for regions.
            icon.addPixmap(thumbnail, QIcon.Mode.Selected)
            self._icons[id(command)] = icon
        return self._icons[id(command)]


class HistoryDock(QWidget):
    """The steps of the history.

    Signals
    -------
    jump_asked(int)
        The number of steps that shall be done afterwards.
    """

    jump_asked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.steps = HistoryModel(self)
        self.view = QListView(self)
        self.view.setObjectName("history")
        self.view.setModel(self.steps)
        self.view.setIconSize(QSize(_THUMBNAIL, _THUMBNAIL))
        self.view.setUniformItemSizes(True)
        self.view.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.view.setToolTip(self.tr("Click a step to go there; later steps stay until you edit"))
        self.view.clicked.connect(lambda index: self.jump_asked.emit(index.row()))
        self.view.activated.connect(lambda index: self.jump_asked.emit(index.row()))
        self.setLayout(column(self.view, margins=(0, 0, 0, 0)))

    def show_history(self, history: CommandStack) -> None:
        """Show `history` and select the present step."""
        self.steps.show(history)
        here = self.steps.index(history.index)
        self.view.setCurrentIndex(here)
        self.view.scrollTo(here)


def _common_length(old: tuple[Command, ...], new: tuple[Command, ...]) -> int:
    for place, (one, other) in enumerate(zip(old, new, strict=False)):
        if one is not other:
            return place
    return min(len(old), len(new))
