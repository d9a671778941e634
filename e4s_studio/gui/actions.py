"""Every action of the window, by name: text, shortcut, icon, hint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from e4s_studio.gui.canvas.actions import add_canvas_actions
from e4s_studio.gui.face_actions import add_face_actions
from e4s_studio.gui.icons import name_icon

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Actions(QObject):
    """The window's actions. Menus, bars and the shortcuts dialog take them from here."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._actions: dict[str, QAction] = {}
        self._defaults: dict[str, str] = {}
        self._add_file()
        self._add_edit()
        self._add_view()
        self._add_compare()
        add_face_actions(self)
        self._add_painting()
        self._add_regions()
        self._add_model()
        self._add_help()
        self._shorten_for_bars()

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._actions)

    def add(  # noqa: PLR0913 - all but the first three by name
        self,
        name: str,
        text: str,
        shortcut: str = "",
        *,
        icon: str = "",
        tip: str = "",
        checkable: bool = False,
    ) -> QAction:
        """Add one action under `name`, with its own shortcut as portable text."""
        action = QAction(text, self)
        action.setObjectName(name)
        action.setShortcut(QKeySequence.fromString(shortcut))
        action.setCheckable(checkable)
        if icon:
            name_icon(action, icon)
        self._actions[name] = action
        self._defaults[name] = shortcut
        action.setProperty("tip", tip)
        _show_tip(action)
        return action

    def default_shortcut(self, name: str) -> str:
        """Return the shortcut that the editor itself gives an action, as portable text."""
        return self._defaults[name]

    def changed_shortcuts(self) -> dict[str, str]:
        """Return the shortcuts that differ from the editor's own."""
        now = {name: action.shortcut().toString() for name, action in self._actions.items()}
        own = {name: QKeySequence(text).toString() for name, text in self._defaults.items()}
        return {name: text for name, text in now.items() if text != own[name]}

    def use_shortcuts(self, changed: Mapping[str, str]) -> None:
        """Give the actions the artist's shortcuts, and the others their own."""
        for name, action in self._actions.items():
            text = changed.get(name, self._defaults[name])
            action.setShortcut(QKeySequence.fromString(text))
            _show_tip(action)

    def make_exclusive(self, *names: str) -> None:
        """Let only one of the actions be checked at a time; the first one starts so."""
        group = QActionGroup(self)
        for name in names:
            group.addAction(self._actions[name])
        self._actions[names[0]].setChecked(True)

    def _add_file(self) -> None:
        self.add(
            "file.open_source",
            self.tr("Open s&ource …"),
            "Ctrl+Shift+O",
            icon="source",
            tip=self.tr("The photograph whose face is taken"),
        )
        self.add(
            "file.open_target",
            self.tr("Open &target …"),
            "Ctrl+O",
            icon="target",
            tip=self.tr("The photograph that the face goes into"),
        )
        self.add(
            "file.exchange", self.tr("E&xchange source and target"), "Ctrl+Shift+X", icon="swap"
        )
        self.add("file.sample", self.tr("Open the sa&mple pair"))
        self.add("file.forget", self.tr("&Clear this list"))
        self.add(
            "file.open_project",
            self.tr("Open &project …"),
            "Ctrl+Alt+O",
            tip=self.tr("Photographs, map, sliders and history as they were saved"),
        )
        self.add("file.forget_projects", self.tr("C&lear the list of projects"))
        self.add(
            "file.save",
            self.tr("&Save project"),
            "Ctrl+S",
            tip=self.tr("Keep photographs, map, sliders and history in one file"),
        )
        self.add("file.save_as", self.tr("Save project &as …"), "Ctrl+Shift+S")
        self.add(
            "file.export",
            self.tr("&Export result …"),
            "Ctrl+E",
            icon="save",
            tip=self.tr("Write the swap at the target photograph's own resolution"),
        )
        self.add(
            "file.signing",
            self.tr("Si&gn exports …"),
            tip=self.tr("With this computer's key, or with your own certificate"),
        )
        self.add("file.quit", self.tr("&Quit"), "Ctrl+Q")

    def _add_edit(self) -> None:
        self.add("edit.undo", self.tr("&Undo"), "Ctrl+Z", icon="undo")
        self.add("edit.redo", self.tr("&Redo"), "Ctrl+Shift+Z", icon="redo")
        self.add(
            "edit.copy",
            self.tr("&Copy result"),
            "Ctrl+C",
            icon="copy",
            tip=self.tr("Put the picture that the result pane shows on the clipboard"),
        )
        self.add("edit.paste_source", self.tr("Paste as s&ource"), "Ctrl+Shift+V", icon="paste")
        self.add("edit.paste_target", self.tr("Paste as &target"), "Ctrl+V", icon="paste")
        self.add(
            "edit.save_recipe",
            self.tr("Sa&ve edits as recipe …"),
            tip=self.tr("Keep what was painted and set, to do it again on other photographs"),
        )
        self.add(
            "edit.use_recipe",
            self.tr("Use a rec&ipe …"),
            tip=self.tr("Do the edits of a recipe on these photographs, as one step"),
        )
        self.add("edit.shortcuts", self.tr("&Keyboard shortcuts …"), "Ctrl+K", icon="keyboard")

    def _add_view(self) -> None:
        self.add(
            "view.fit",
            self.tr("&Fit"),
            "0",
            icon="zoom-fit",
            tip=self.tr("Show the whole crop in every pane, or the whole photograph"),
        )
        self.add(
            "view.actual",
            self.tr("&Actual size"),
            "1",
            icon="zoom-actual",
            tip=self.tr("One pixel of the picture is one pixel of the screen"),
        )
        self.add("view.zoom_in", self.tr("Zoom &in"), "+", icon="zoom-in")
        self.add("view.zoom_out", self.tr("Zoom &out"), "-", icon="zoom-out")
        self.add(
            "view.mirror",
            self.tr("&Mirror"),
            "M",
            icon="mirror",
            checkable=True,
            tip=self.tr("Mirror what is shown; the photographs stay as they are"),
        )
        self.add("view.source", self.tr("&Source pane"), "F2", checkable=True)
        self.add("view.canvas", self.tr("&Canvas pane"), "F3", checkable=True)
        self.add("view.result", self.tr("&Result pane"), "F4", checkable=True)
        self.add("view.paint_layout", self.tr("&Paint: a large canvas"), "Ctrl+1")
        self.add("view.even_layout", self.tr("&Even: three in a row"), "Ctrl+2")
        self.add("view.compare_layout", self.tr("&Compare: a large result"), "Ctrl+3")
        self.add(
            "view.maximise",
            self.tr("Ma&ximise pane"),
            "F",
            icon="maximise",
            tip=self.tr("Give the pane under the cursor the whole window, and back"),
        )
        self.add(
            "view.full_screen", self.tr("F&ull screen"), "F11", icon="full-screen", checkable=True
        )
        self.add(
            "view.next_part",
            self.tr("&Next part of the window"),
            "F6",
            tip=self.tr("Move the keyboard to the next pane or dock"),
        )
        self.add("view.dark", self.tr("&Dark"), checkable=True)
        self.add("view.light", self.tr("&Light"), checkable=True)
        self.add("view.reset_layout", self.tr("Reset t&he layout"))
        self.make_exclusive("view.dark", "view.light")

    def _add_compare(self) -> None:
        self.add("compare.result", self.tr("&Result alone"), "R", icon="result", checkable=True)
        self.add(
            "compare.wipe",
            self.tr("&Wipe"),
            "W",
            icon="wipe",
            checkable=True,
            tip=self.tr("Original left of the divider, result right of it; drag the divider"),
        )
        self.add(
            "compare.side",
            self.tr("&Side by side"),
            "D",
            icon="side-by-side",
            checkable=True,
            tip=self.tr("Original and result next to each other"),
        )
        self.add(
            "compare.heat",
            self.tr("&Heat map"),
            "H",
            icon="heat",
            checkable=True,
            tip=self.tr("What the last edit changed, anywhere in the picture"),
        )
        self.add(
            "compare.whole",
            self.tr("Whole &photograph"),
            "Shift+W",
            icon="photograph",
            checkable=True,
            tip=self.tr("The swap in the whole target photograph"),
        )
        modes = ("result", "wipe", "side", "heat", "whole")
        self.make_exclusive(*(f"compare.{mode}" for mode in modes))
        self.add(
            "compare.original",
            self.tr("Show the &original"),
            "\\",
            tip=self.tr("Hold the key to see the target photograph"),
        )
        for slot, key in (("A", "F5"), ("B", "F7"), ("C", "F8")):
            self.add(
                f"compare.keep_{slot}",
                self.tr("Keep as {0}").format(slot),
                f"Ctrl+{key}",
                icon="snapshot",
                tip=self.tr("Keep picture, map and sliders as snapshot {0}").format(slot),
            )
            self.add(
                f"compare.show_{slot}",
                self.tr("Show {0}").format(slot),
                key,
                checkable=True,
                tip=self.tr("Flip between snapshot {0} and the result, once it is kept").format(
                    slot
                ),
            )
            self.add(
                f"compare.recall_{slot}",
                self.tr("Go back to {0}").format(slot),
                f"Shift+{key}",
                tip=self.tr("Take map and sliders of snapshot {0} again").format(slot),
            )

    def _add_painting(self) -> None:
        add_canvas_actions(self)
        self.add(
            "paint.clear_original",
            self.tr("Clear the original's pixels"),
            tip=self.tr("Drop all that the original-pixels brush painted"),
        )
        self.add(
            "paint.clear_amount",
            self.tr("Clear the painted amount"),
            tip=self.tr("Drop all that the amount brush painted"),
        )

    def _add_regions(self) -> None:
        self.add("region.next", self.tr("&Next region"), ".")
        self.add("region.previous", self.tr("&Previous region"), ",")
        self.add("region.more", self.tr("&More source texture"), "Ctrl+Right")
        self.add("region.less", self.tr("&Less source texture"), "Ctrl+Left")
        self.add("region.hide", self.tr("&Hide or show its overlay"), "Shift+H", icon="eye")
        self.add("region.lock", self.tr("Loc&k or unlock it"), "Shift+L", icon="lock")
        self.add(
            "region.reset",
            self.tr("&Reset all texture amounts"),
            "Ctrl+Backspace",
            icon="reset",
            tip=self.tr("A full swap: face, ears and neck from the source"),
        )
        self.add("region.none", self.tr("All textures from the &target"))
        self.add("region.all", self.tr("All textures from the &source"))

    def _add_model(self) -> None:
        self.add(
            "model.refine",
            self.tr("&Refine"),
            "Ctrl+R",
            icon="refine",
            tip=self.tr("Fit the model further to these two photographs"),
        )
        self.add("model.stop", self.tr("&Stop fitting"), "Ctrl+.", icon="cancel")
        self.add("model.checkpoint", self.tr("Load &checkpoint …"))
        self.add("model.builtin", self.tr("Use the &built-in model"))
        self.add(
            "model.install",
            self.tr("&Install models …"),
            tip=self.tr("Networks that are not part of this program, and what they are good for"),
        )

    def _add_help(self) -> None:
        self.add("help.hint", self.tr("&First steps"), "F1", icon="help")
        self.add("help.about", self.tr("&About"))

    def _shorten_for_bars(self) -> None:
        for name, text in (
            ("file.open_source", self.tr("Source")),
            ("file.open_target", self.tr("Target")),
            ("file.export", self.tr("Export")),
            ("compare.show_A", self.tr("A")),
            ("compare.show_B", self.tr("B")),
            ("compare.show_C", self.tr("C")),
        ):
            self._actions[name].setIconText(text)


def _show_tip(action: QAction) -> None:
    """Write text, hint and shortcut into the tool tip."""
    text = action.text().replace("&", "").removesuffix(" …")
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    head = f"{text} ({keys})" if keys else text
    tip = action.property("tip")
    action.setToolTip(f"{head}\n{tip}" if tip else head)
    action.setStatusTip(tip or text)
