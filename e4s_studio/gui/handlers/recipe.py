"""Connects menus with recipes: painted edits to be done again on other photographs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog

from e4s_studio.core.errors import StudioError
from e4s_studio.files.recipe import SUFFIX, open_recipe, recipe_of, replay, save_recipe
from e4s_studio.gui.jobs import Job

if TYPE_CHECKING:
    from e4s_studio.files.recipe import Recipe
    from e4s_studio.gui.controller import Controller
    from e4s_studio.gui.main_window import MainWindow
    from e4s_studio.gui.preferences import Preferences


class RecipeHandler(QObject):
    """Saving what was painted as a recipe, and using one."""

    def __init__(
        self, window: MainWindow, controller: Controller, preferences: Preferences
    ) -> None:
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._document = controller.document
        self._preferences = preferences
        actions = window.actions_by_name
        self._actions = [actions["edit.save_recipe"], actions["edit.use_recipe"]]
        actions["edit.save_recipe"].triggered.connect(self._ask_save)
        actions["edit.use_recipe"].triggered.connect(self._ask_use)
        controller.pair_opened.connect(self._show_opened)
        self._show_opened()

    def use(self, path: Path) -> None:
        """Do a recipe's edits on what is open."""
        self._preferences.remember_folder("recipe", path.parent)
        self._controller.jobs.run(Job(self.tr("Opening"), partial(open_recipe, path), self._replay))

    def _ask_save(self) -> None:
        self._document.commit()
        if not recipe_of(self._document.state(), "").is_worth_keeping:
            self._window.notice.say(
                self.tr("There is nothing to keep yet: paint, or move a slider, first.")
            )
            return
        dialog = self._dialog(self.tr("Save edits as recipe"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX.removeprefix("."))
        dialog.selectFile(self.tr("edits{0}").format(SUFFIX))
        dialog.fileSelected.connect(lambda name: self._save(Path(name)))
        dialog.open()

    def _ask_use(self) -> None:
        dialog = self._dialog(self.tr("Use a recipe"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.use(Path(name)))
        dialog.open()

    def _dialog(self, title: str) -> QFileDialog:
        dialog = QFileDialog(self._window, title, str(self._preferences.folder("recipe")))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setNameFilters([self.tr("Recipes (*{0})").format(SUFFIX)])
        return dialog

    def _save(self, path: Path) -> None:
        self._preferences.remember_folder("recipe", path.parent)
        recipe = recipe_of(self._document.state(), path.stem)
        self._controller.jobs.run(
            Job(
                self.tr("Saving"),
                partial(save_recipe, recipe, path),
                lambda _: self._window.status.show_written(path),
            )
        )

    def _replay(self, recipe: Recipe) -> None:
        try:
            replay(recipe, self._document, name=self.tr("Recipe “{0}”").format(recipe.name))
        except StudioError as error:
            self._controller.failed.emit(str(error))
        self._controller.rendering.submit_rest()

    def _show_opened(self) -> None:
        for action in self._actions:
            action.setEnabled(not self._document.is_empty)
