"""What becomes of files that are dropped on the window or pasted: who opens them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, QObject

from e4s_studio.core.errors import StudioError
from e4s_studio.core.pair import Both, Role
from e4s_studio.files.label_maps import read_label_map
from e4s_studio.files.project import SUFFIX
from e4s_studio.files.recipe import SUFFIX as RECIPE_SUFFIX
from e4s_studio.files.resources import sample_map
from e4s_studio.gui.jobs import Job
from e4s_studio.gui.photographs import Photographs, Wanted
from e4s_studio.gui.status import SAID_FOR_MS
from e4s_studio.gui.widgets.pane_filters import Drops

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from e4s_studio.gui.controller import Controller
    from e4s_studio.gui.handlers.files import FilesHandler
    from e4s_studio.gui.handlers.project import ProjectHandler
    from e4s_studio.gui.handlers.recipe import RecipeHandler
    from e4s_studio.gui.main_window import MainWindow


translate: Final = QCoreApplication.translate
_LOSSY: Final = frozenset({".jpg", ".jpeg", ".heic", ".heif", ".avif"})
"""Lossy formats cannot hold label maps."""


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
        window.source.dropped.connect(partial(self.take, Role.SOURCE))
        window.canvas_drops.dropped.connect(partial(self.take, Role.TARGET))
        window.result.dropped.connect(partial(self.take, Role.TARGET))
        # Beside the panes: what no child of the window takes.
        Drops(window).dropped.connect(partial(self.take, Role.TARGET))
        files.files_chosen.connect(self.take)

    def take(self, role: Role, paths: list[Path]) -> None:
        """Open files; a single photograph takes the role."""
        if [path.suffix.lower() for path in paths] == [RECIPE_SUFFIX]:
            self._recipes.use(paths[0])
            return
        work, then = partial(sorted_files, paths), partial(self._open, role)
        self._controller.jobs.run(Job(self.tr("Opening"), work, then, stop=threading.Event()))

    def _open(self, role: Role, dropped: Dropped) -> None:
        portrait = self._controller.document.portraits[role]
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


@dataclass(frozen=True)
class Dropped:
    """Files, sorted by what they contain.

    Attributes
    ----------
    projects, label_maps, photographs
        Each in the order in which they came.
    """

    projects: tuple[Path, ...] = ()
    label_maps: tuple[Path, ...] = ()
    photographs: tuple[Path, ...] = ()


def sorted_files(paths: Iterable[Path]) -> Dropped:
    """Sort files by what they contain; reads pictures, so not for the GUI thread."""
    projects, label_maps, photographs = [], [], []
    for path in paths:
        if path.suffix.lower() == SUFFIX:
            projects.append(path)
        elif _is_label_map(path):
            label_maps.append(path)
        else:
            photographs.append(path)
    return Dropped(tuple(projects), tuple(label_maps), tuple(photographs))


def what_to_open(dropped: Dropped, role: Role, shown: Path | None) -> Path | Photographs:
    """Return the project or the photographs to open.

    Parameters
    ----------
    dropped
        The files.
    role
        What a single photograph becomes.
    shown
        The file of the photograph that has this role now; a map alone is for that one.

    Raises
    ------
    StudioError
        If they do not belong together; the sentence says what would.
    """
    if dropped.projects:
        return _project(dropped)
    photographs, maps = dropped.photographs, dropped.label_maps
    if not photographs:
        return _with_map_alone(maps, role, shown)
    if len(photographs) > 2:
        raise StudioError(
            translate("Dropping", "Drop one photograph, or two at once: the source and the target.")
        )
    wanted = [
        Wanted(path, label_map or sample_map(path))
        for path, label_map in zip(photographs, _own_maps(photographs, maps), strict=True)
    ]
    if len(wanted) == 1:
        return Photographs.alone(role, wanted[0])
    return Photographs.of(Both(*wanted))


def _project(dropped: Dropped) -> Path:
    if len(dropped.projects) > 1 or dropped.label_maps or dropped.photographs:
        raise StudioError(
            translate("Dropping", "Drop a project by itself: it brings its photographs along.")
        )
    return dropped.projects[0]


def _with_map_alone(maps: tuple[Path, ...], role: Role, shown: Path | None) -> Photographs:
    if len(maps) != 1:
        raise StudioError(
            translate("Dropping", "Drop each label map together with its photograph.")
        )
    if shown is None or not shown.is_file():
        raise StudioError(
            translate(
                "Dropping", "“{0}” is a label map; drop it together with its photograph."
            ).format(maps[0].name)
        )
    return Photographs.alone(role, Wanted(shown, maps[0]))


def _own_maps(photographs: tuple[Path, ...], maps: tuple[Path, ...]) -> list[Path | None]:
    """Return each photograph's map: by name, else in order."""
    named = [[one for one in maps if one.stem.startswith(path.stem)] for path in photographs]
    if sum(len(own) for own in named) == len(maps) and all(len(own) <= 1 for own in named):
        return [own[0] if own else None for own in named]
    if len(maps) == len(photographs):
        return list(maps)
    raise StudioError(
        translate(
            "Dropping", "It is not clear which photograph a label map belongs to; name it after it."
        )
    )


def _is_label_map(path: Path) -> bool:
    if path.suffix.lower() in _LOSSY:
        return False
    try:
        read_label_map(path)
    except StudioError:
        return False
    return True
