"""Connects files that are dropped anywhere on the window with what opens them."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from e4s_studio.core.errors import StudioError
from e4s_studio.files.recipe import SUFFIX as RECIPE_SUFFIX
from e4s_studio.gui.dropping import told_apart, what_to_open
from e4s_studio.gui.jobs import Job
from e4s_studio.gui.photographs import Photographs
from e4s_studio.gui.status import SAID_FOR_MS
from e4s_studio.gui.widgets.drops import Drops

if TYPE_CHECKING:
    from pathlib import Path

    from e4s_studio.gui.controller import Controller
    from e4s_studio.gui.dropping import Dropped
    from e4s_studio.gui.handlers.files import FilesHandler
    from e4s_studio.gui.handlers.project import ProjectHandler
    from e4s_studio.gui.handlers.recipe import RecipeHandler
    from e4s_studio.gui.main_window import MainWindow


class DropsHandler(QObject):
    """A photograph goes where it falls, two are source and target; projects and recipes open."""

    def __init__(
        self,
        window: MainWindow,
        controller: Controller,
        projects: ProjectHandler,
        files: FilesHandler,
        recipes: RecipeHandler,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._projects = projects
        self._files = files
        self._recipes = recipes
        self._pair: Photographs | None = None
        controller.pair_opened.connect(self._say_roles)
        window.source.dropped.connect(partial(self.take, "source"))
        window.canvas_drops.dropped.connect(partial(self.take, "target"))
        window.result.dropped.connect(partial(self.take, "target"))
        # Beside the panes: what no child of the window takes.
        Drops(window).dropped.connect(partial(self.take, "target"))
        files.files_chosen.connect(self.take)

    def take(self, role: str, paths: list[Path]) -> None:
        """Open files; a single photograph becomes the `role`, "source" or "target"."""
        if [path.suffix.lower() for path in paths] == [RECIPE_SUFFIX]:
            self._recipes.use(paths[0])
            return
        stop = threading.Event()
        work, then = partial(told_apart, paths), partial(self._open, role, stop)
        self._controller.jobs.run(
            Job(self.tr("Opening"), work, then, self._controller.failed.emit, stop=stop)
        )

    def _open(self, role: str, stop: threading.Event, dropped: Dropped) -> None:
        if stop.is_set():
            return
        document = self._controller.document
        portrait = document.source if role == "source" else document.target
        try:
            opened = what_to_open(dropped, role, None if portrait is None else portrait.path)
        except StudioError as error:
            self._window.notice.say(str(error))
            return
        if isinstance(opened, Photographs):
            self._pair = opened
            self._files.open(opened)
        else:
            self._projects.open(opened)

    def _say_roles(self) -> None:
        """Say which of two photographs became what, and how to turn them about."""
        document, (pair, self._pair) = self._controller.document, (self._pair, None)
        if pair is None or document.source is None or document.target is None:
            return
        source, target = document.source.path, document.target.path
        if (
            source is not None
            and target is not None
            and (pair.source, pair.target) == (source, target)
        ):
            keys = self._window.actions_by_name["file.exchange"].shortcut().toString()
            said = self.tr("{0} is the source, {1} the target; {2} exchanges them")
            text = said.format(source.name, target.name, keys)
            self._window.status.showMessage(text, SAID_FOR_MS)
