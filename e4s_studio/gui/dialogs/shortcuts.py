"""The dialog in which the artist changes the keyboard shortcuts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QKeySequence, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from e4s_studio.gui.widgets.layouts import column, row

if TYPE_CHECKING:
    from e4s_studio.gui.actions import Actions


_ICON: Final = 16


class ShortcutsDialog(QDialog):
    """All actions with their keys. Nothing changes until it is accepted.

    Parameters
    ----------
    actions
        The window's actions.
    parent
        The window.
    """

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self.resize(560, 560)
        self._actions = actions
        self._keys = {name: actions[name].shortcut().toString() for name in actions}
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Search"))
        self.search.setClearButtonEnabled(True)
        self.tree = QTreeWidget(self)
        self.tree.setHeaderLabels([self.tr("Action"), self.tr("Key")])
        self.tree.setObjectName("shortcuts")
        self.tree.setIconSize(QSize(_ICON, _ICON))
        self.tree.setUniformRowHeights(True)
        self.tree.setRootIsDecorated(False)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.edit = QKeySequenceEdit(self)
        self.edit.setMaximumSequenceLength(1)
        self.edit.setClearButtonEnabled(True)
        self.warning = QLabel(self)
        self.warning.setWordWrap(True)
        self.restore = QPushButton(self.tr("Default key"), self)
        self.items = self._fill()
        self._lay_out()
        self.search.textChanged.connect(self._filter)
        self.tree.currentItemChanged.connect(self._show_current)
        self.edit.editingFinished.connect(self._take)
        self.restore.clicked.connect(self._restore)
        self.tree.setCurrentItem(next(iter(self.items.values())))

    def chosen(self) -> dict[str, str]:
        """Return every action's keys, as portable text."""
        return dict(self._keys)

    def give(self, name: str, keys: str) -> None:
        """Assign keys to an action; an action that had them loses them."""
        for other, taken in self._keys.items():
            if keys and taken == keys and other != name:
                self._set(other, "")
                self.warning.setText(
                    self.tr("“{0}” had this key and has none now.").format(self._text(other))
                )
        self._set(name, keys)

    def _fill(self) -> dict[str, QTreeWidgetItem]:
        blank = QPixmap(_ICON, _ICON)
        blank.fill(Qt.GlobalColor.transparent)
        items = {}
        for name in self._actions:
            item = QTreeWidgetItem([self._text(name), _native(self._keys[name])])
            icon = self._actions[name].icon()
            item.setIcon(0, QIcon(blank) if icon.isNull() else icon)
            self.tree.addTopLevelItem(item)
            items[name] = item
        return items

    def _lay_out(self) -> None:
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, self
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        keys = row(QLabel(self.tr("New key"), self), (self.edit, 1), self.restore)
        self.setLayout(column(self.search, (self.tree, 1), keys, self.warning, buttons))

    def _text(self, name: str) -> str:
        return self._actions[name].text().replace("&", "").removesuffix(" …")

    def _current(self) -> str:
        current = self.tree.currentItem()
        return next(name for name, item in self.items.items() if item is current)

    def _show_current(self) -> None:
        if self.tree.currentItem() is not None:
            self.edit.setKeySequence(QKeySequence.fromString(self._keys[self._current()]))

    def _take(self) -> None:
        self.warning.clear()
        self.give(self._current(), self.edit.keySequence().toString())

    def _restore(self) -> None:
        self.warning.clear()
        default = self._actions.default_shortcut(self._current())
        self.give(self._current(), QKeySequence(default).toString())
        self._show_current()

    def _set(self, name: str, keys: str) -> None:
        self._keys[name] = keys
        self.items[name].setText(1, _native(keys))

    def _filter(self, text: str) -> None:
        for item in self.items.values():
            found = text.casefold() in f"{item.text(0)} {item.text(1)}".casefold()
            item.setHidden(not found)


def _native(keys: str) -> str:
    return QKeySequence.fromString(keys).toString(QKeySequence.SequenceFormat.NativeText)
