"""Every action of the window, by name: text, shortcut, icon, hint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from e4s_studio.gui.theme import name_icon
from e4s_studio.gui.tools.tool import ToolKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TOOLS: Final = tuple(f"tool.{kind}" for kind in ToolKind)
"""Names of the tools' actions, in the order of a tool bar."""

COMPARE: Final = ("compare.result", "compare.wipe", "compare.side", "compare.heat", "compare.whole")
"""Names of the actions that choose how the result is shown."""


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
        self._add_faces()
        self._add_tools()
        self._add_painting()
        self._add_regions()
        self._add_model()
        self._add_help()
        for names in (("view.dark", "view.light"), COMPARE, TOOLS):
            self._make_exclusive(*names)
        self._shorten_for_bars()

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._actions)

    def default_shortcut(self, name: str) -> str:
        """Return the shortcut that the editor itself gives an action, as portable text."""
        return self._defaults[name]

    def changed_shortcuts(self) -> dict[str, str]:
        """Return the shortcuts that differ from the editor's own."""
        now = {name: action.shortcut().toString() for name, action in self._actions.items()}
        own = {name: QKeySequence(text).toString() for name, text in self._defaults.items()}
        return {name: text for name, text in now.items() if text != own[name]}

    def use_shortcuts(self, changed: Mapping[str, str]) -> None:
        """Give the actions the artist's shortcuts, and all others their default."""
        for name, action in self._actions.items():
            text = changed.get(name, self._defaults[name])
            action.setShortcut(QKeySequence.fromString(text))
            _show_tip(action)

    def _add(
        self, name: str, text: str, shortcut: str = "", icon: str = "", *, checkable: bool = False
    ) -> None:
        """Add one action under `name`; the shortcut is portable text."""
        action = QAction(text, self)
        action.setObjectName(name)
        action.setShortcut(QKeySequence.fromString(shortcut))
        action.setCheckable(checkable)
        if icon:
            name_icon(action, icon)
        self._actions[name] = action
        self._defaults[name] = shortcut
        _show_tip(action)

    def _explain(self, tips: Mapping[str, str]) -> None:
        """Say more about some actions, by name."""
        for name, tip in tips.items():
            self._actions[name].setProperty("tip", tip)
            _show_tip(self._actions[name])

    def _make_exclusive(self, *names: str) -> None:
        """Let only one of the actions be checked at a time; the first one starts so."""
        group = QActionGroup(self)
        for name in names:
            group.addAction(self._actions[name])
        self._actions[names[0]].setChecked(True)

    def _add_file(self) -> None:
        add, tr = self._add, self.tr
        add("file.open_source", tr("Open s&ource …"), "Ctrl+Shift+O", "source")
        add("file.open_target", tr("Open &target …"), "Ctrl+O", "target")
        add("file.exchange", tr("E&xchange source and target"), "Ctrl+Shift+X", "swap")
        add("file.sample", tr("Open the sa&mple pair"))
        add("file.forget", tr("&Clear this list"))
        add("file.open_project", tr("Open &project …"), "Ctrl+Alt+O")
        add("file.forget_projects", tr("C&lear the list of projects"))
        add("file.save", tr("&Save project"), "Ctrl+S")
        add("file.save_as", tr("Save project &as …"), "Ctrl+Shift+S")
        add("file.export", tr("&Export result …"), "Ctrl+E", "save")
        add("file.signing", tr("Si&gn exports …"))
        add("file.quit", tr("&Quit"), "Ctrl+Q")
        self._explain(
            {
                "file.open_source": tr("The photograph whose face is used"),
                "file.open_target": tr("The photograph that the face goes into"),
                "file.open_project": tr("Photographs, map, sliders and history as they were saved"),
                "file.save": tr("Keep photographs, map, sliders and history in one file"),
                "file.export": tr("Write the swap at the target photograph's own resolution"),
                "file.signing": tr("With this computer's key, or with your own certificate"),
            }
        )

    def _add_edit(self) -> None:
        add, tr = self._add, self.tr
        add("edit.undo", tr("&Undo"), "Ctrl+Z", "undo")
        add("edit.redo", tr("&Redo"), "Ctrl+Shift+Z", "redo")
        add("edit.copy", tr("&Copy result"), "Ctrl+C", "copy")
        add("edit.paste_source", tr("Paste as s&ource"), "Ctrl+Shift+V", "paste")
        add("edit.paste_target", tr("Paste as &target"), "Ctrl+V", "paste")
        add("edit.save_recipe", tr("Sa&ve edits as recipe …"))
        add("edit.use_recipe", tr("Use a rec&ipe …"))
        add("edit.shortcuts", tr("&Keyboard shortcuts …"), "Ctrl+K", "keyboard")
        self._explain(
            {
                "edit.copy": tr("Put the picture that the result pane shows on the clipboard"),
                "edit.save_recipe": tr("Keep paint and settings, to apply them to other pairs"),
                "edit.use_recipe": tr("Apply a recipe's edits to these photographs, as one step"),
            }
        )

    def _add_view(self) -> None:
        add, tr = self._add, self.tr
        add("view.fit", tr("&Fit"), "0", "zoom-fit")
        add("view.actual", tr("&Actual size"), "1", "zoom-actual")
        add("view.zoom_in", tr("Zoom &in"), "+", "zoom-in")
        add("view.zoom_out", tr("Zoom &out"), "-", "zoom-out")
        add("view.mirror", tr("&Mirror"), "M", "mirror", checkable=True)
        add("view.source", tr("&Source pane"), "F2", checkable=True)
        add("view.canvas", tr("&Canvas pane"), "F3", checkable=True)
        add("view.result", tr("&Result pane"), "F4", checkable=True)
        add("view.paint_layout", tr("&Paint: a large canvas"), "Ctrl+1")
        add("view.even_layout", tr("&Even: three in a row"), "Ctrl+2")
        add("view.compare_layout", tr("&Compare: a large result"), "Ctrl+3")
        add("view.maximise", tr("Ma&ximise pane"), "F", "maximise")
        add("view.full_screen", tr("F&ull screen"), "F11", "full-screen", checkable=True)
        add("view.next_part", tr("&Next part of the window"), "F6")
        add("view.dark", tr("&Dark"), checkable=True)
        add("view.light", tr("&Light"), checkable=True)
        add("view.reset_layout", tr("Reset t&he layout"))
        self._explain(
            {
                "view.fit": tr("Show the whole crop in every pane, or the whole photograph"),
                "view.actual": tr("One pixel of the picture is one pixel of the screen"),
                "view.mirror": tr("Mirror what is shown; the photographs stay as they are"),
                "view.maximise": tr("Give the pane under the cursor the whole window, and back"),
                "view.next_part": tr("Move the keyboard focus to the next pane or dock"),
            }
        )

    def _add_compare(self) -> None:
        add, tr = self._add, self.tr
        add("compare.result", tr("&Result alone"), "R", "result", checkable=True)
        add("compare.wipe", tr("&Wipe"), "W", "wipe", checkable=True)
        add("compare.side", tr("&Side by side"), "D", "side-by-side", checkable=True)
        add("compare.heat", tr("&Heat map"), "H", "heat", checkable=True)
        add("compare.whole", tr("Whole &photograph"), "Shift+W", "photograph", checkable=True)
        add("compare.original", tr("Show the &original"), "\\")
        self._explain(
            {
                "compare.wipe": tr("Original left of the divider, result right; drag the divider"),
                "compare.side": tr("Original and result next to each other"),
                "compare.heat": tr("What the last edit changed, anywhere in the picture"),
                "compare.whole": tr("The swap in the whole target photograph"),
                "compare.original": tr("Hold the key to see the target photograph"),
            }
        )
        keep, show = tr("Keep picture, map and sliders as snapshot {0}"), tr("Show {0}")
        flip = tr("Switch between snapshot {0}, once it is kept, and the result")
        recall = tr("Use map and sliders of snapshot {0} again")
        for slot, key in (("A", "F5"), ("B", "F7"), ("C", "F8")):
            add(f"compare.keep_{slot}", tr("Keep as {0}").format(slot), f"Ctrl+{key}", "snapshot")
            add(f"compare.show_{slot}", show.format(slot), key, checkable=True)
            add(f"compare.recall_{slot}", tr("Go back to {0}").format(slot), f"Shift+{key}")
            for verb, tip in (("keep", keep), ("show", flip), ("recall", recall)):
                self._explain({f"compare.{verb}_{slot}": tip.format(slot)})

    def _add_faces(self) -> None:
        add, tr = self._add, self.tr
        add("face.source", tr("&Source face …"), "Ctrl+Shift+F", "faces")
        add("face.target", tr("&Target face …"), "Ctrl+F", "faces")
        add("face.next", tr("&Next face of the target …"), "Ctrl+Shift+N")
        add("doubt.show", tr("Show the parser's &doubt"), "Q", "doubt", checkable=True)
        add("doubt.next", tr("Ne&xt doubtful spot"), "J")
        add("doubt.previous", tr("&Previous doubtful spot"), "Shift+J")
        self._explain(
            {
                "face.source": tr("Choose the face in the source photograph, and align it"),
                "face.target": tr("Choose the face in the target photograph, and align it"),
                "face.next": tr("Use the result as the target, and swap into another face of it"),
                "doubt.show": tr("Where the parser may have found the wrong region; paint clears"),
            }
        )

    def _add_tools(self) -> None:
        tr = self.tr
        texts = {
            ToolKind.BRUSH: (tr("&Brush"), "B"),
            ToolKind.ERASER: (tr("&Eraser"), "E"),
            ToolKind.FILL: (tr("&Fill"), "G"),
            ToolKind.LASSO: (tr("&Lasso"), "L"),
            ToolKind.PICK: (tr("&Pick region"), "I"),
            ToolKind.PAN: (tr("Pa&n"), "N"),
            ToolKind.SMART: (tr("&Smart edges"), "S"),
            ToolKind.ORIGINAL: (tr("&Original pixels"), "O"),
            ToolKind.AMOUNT: (tr("&Amount"), "A"),
        }
        for kind, (text, key) in texts.items():
            self._add(f"tool.{kind}", text, key, f"tool-{kind}", checkable=True)
        self._explain(
            {
                "tool.brush": tr("Paint; Shift+click draws a line, Shift+drag sets the size"),
                "tool.eraser": tr("Put back what was there before any edit"),
                "tool.fill": tr("Give a whole patch to the chosen region"),
                "tool.lasso": tr("Draw an outline, or click its corners, and fill it"),
                "tool.pick": tr("Choose the region under the pointer; hold Alt to pick once"),
                "tool.pan": tr("Move the view; hold Space to pan for a moment"),
                "tool.smart": tr("Drag a box, or stroke with Shift; Enter accepts the proposal"),
                "tool.original": tr("Keep the target's pixels: hands, microphones; Ctrl erases"),
                "tool.amount": tr("Paint the texture amount inside the region; Ctrl resets"),
            }
        )

    def _add_painting(self) -> None:
        add, tr = self._add, self.tr
        add("brush.smaller", tr("S&maller brush"), "[")
        add("brush.larger", tr("La&rger brush"), "]")
        add("brush.symmetric", tr("S&ymmetry"), "Y", "symmetry", checkable=True)
        add("brush.encircle", tr("Fill what a stroke en&circles"), checkable=True)
        add("overlay.show", tr("Show the o&verlay"), "Tab", "overlay", checkable=True)
        add("overlay.outlines", tr("Outlines onl&y"), "U", "outlines", checkable=True)
        add("overlay.fainter", tr("Fainter ov&erlay"), "Shift+[")
        add("overlay.stronger", tr("Stron&ger overlay"), "Shift+]")
        add("paint.preserve_others", tr("Preser&ve other regions"), "P", checkable=True)
        add("paint.clear_original", tr("Clear the original's pixels"))
        add("paint.clear_amount", tr("Clear the painted amount"))
        self._explain(
            {
                "brush.symmetric": tr("Paint on both sides of the face's midline"),
                "brush.encircle": tr("A brush stroke that ends where it began fills its inside"),
                "paint.preserve_others": tr(
                    "Paint only on the background; no region loses a pixel"
                ),
                "paint.clear_original": tr("Remove all that the original-pixels brush painted"),
                "paint.clear_amount": tr("Remove all that the amount brush painted"),
            }
        )

    def _add_regions(self) -> None:
        add, tr = self._add, self.tr
        add("region.next", tr("&Next region"), ".")
        add("region.previous", tr("&Previous region"), ",")
        add("region.more", tr("&More source texture"), "Ctrl+Right")
        add("region.less", tr("&Less source texture"), "Ctrl+Left")
        add("region.hide", tr("&Hide or show its overlay"), "Shift+H", "eye")
        add("region.lock", tr("Loc&k or unlock it"), "Shift+L", "lock")
        add("region.reset", tr("&Reset all texture amounts"), "Ctrl+Backspace", "reset")
        add("region.none", tr("All textures from the &target"))
        add("region.all", tr("All textures from the &source"))
        self._explain({"region.reset": tr("A full swap: face, ears and neck from the source")})

    def _add_model(self) -> None:
        add, tr = self._add, self.tr
        add("model.refine", tr("&Refine"), "Ctrl+R", "refine")
        add("model.stop", tr("&Stop fitting"), "Ctrl+.", "cancel")
        add("model.checkpoint", tr("Load &checkpoint …"))
        add("model.builtin", tr("Use the &built-in model"))
        add("model.install", tr("&Install models …"))
        self._explain(
            {
                "model.refine": tr("Fit the model further to these two photographs"),
                "model.install": tr("Further networks, what each is for, and how to install it"),
            }
        )

    def _add_help(self) -> None:
        self._add("help.hint", self.tr("&First steps"), "F1", "help")
        self._add("help.about", self.tr("&About"))

    def _shorten_for_bars(self) -> None:
        for name, text in (
            ("file.open_source", self.tr("Source")),
            ("file.open_target", self.tr("Target")),
            ("file.export", self.tr("Export")),
            *((f"compare.show_{slot}", slot) for slot in "ABC"),
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
