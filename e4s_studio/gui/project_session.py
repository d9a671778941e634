"""The project that the window works on: its file, whether it is saved, how it is labelled."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, Signal

from e4s_studio.core.errors import StudioError
from e4s_studio.files.project import Labelling, Project, hold, open_project, save_project
from e4s_studio.gui.fitting import FitState
from e4s_studio.gui.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from filelock import FileLock
    from numpy.typing import NDArray

    from e4s_studio.core.events import Change
    from e4s_studio.files.project import FittedWeights, Opened
    from e4s_studio.gui.controller import Controller

_LOG = logging.getLogger(__name__)


class _Held(NamedTuple):
    lock: FileLock
    opened: Opened


class _Written(NamedTuple):
    lock: FileLock
    fitted: FittedWeights | None


class ProjectSession(QObject):
    """Saves and opens projects off the GUI thread, and knows what is not saved yet.

    Signals
    -------
    moved()
        The file's name, or whether it holds everything, is another now.
    saved(Path)
        The project is on the disk.
    not_saved()
        It could not be saved; the controller has said why.
    opened(Opened)
        A project was opened.
    labelled()
        How exports are labelled is another now.

    Parameters
    ----------
    controller
        Whose document it is.
    locks
        The folder of the locks on project files.
    """

    moved = Signal()
    saved = Signal(object)
    not_saved = Signal()
    opened = Signal(object)
    labelled = Signal()

    def __init__(self, controller: Controller, locks: Path) -> None:
        super().__init__(controller)
        self._controller = controller
        self._document = controller.document
        self._locks = locks
        self._path: Path | None = None
        self._lock: FileLock | None = None
        self._labelling = Labelling()
        self._fitted: FittedWeights | None = None
        # What the history does not tell of: kept snapshots, rules, the source, the labelling.
        self._touched = False
        self._saving = self._restoring = self._was_modified = False
        self._next: Path | None = None
        self._made: set[Path] = set()
        self._made_here = False
        self._source, self._target = self._document.source, self._document.target
        controller.changed.connect(self._take_change)
        controller.pair_opened.connect(self._take_pair)
        controller.fitting.moved.connect(self._forget_fit)

    @property
    def path(self) -> Path | None:
        """The project's file; None before it is saved for the first time."""
        return self._path

    @property
    def name(self) -> str:
        """The file's name, else those of the photographs; empty where nothing is open."""
        if self._path is not None:
            return self._path.name
        opened = (self._document.source, self._document.target)
        portraits = [one for one in opened if one is not None]
        names = [one.path.stem for one in portraits if one.path is not None]
        return " → ".join(names) or (self.tr("Untitled") if portraits else "")

    @property
    def stem(self) -> str:
        """The name as a file may have it, without a suffix."""
        if self._path is not None:
            return self._path.stem
        return self.name.replace(" → ", self.tr(" on "))

    @property
    def is_modified(self) -> bool:
        """Whether there is work that its file does not hold."""
        return self._made_here or self.is_edited

    @property
    def is_edited(self) -> bool:
        """Whether there is work beside the target, which may have been made here."""
        document = self._document
        if document.source is None and document.target is None:
            return False
        return self._touched or document.in_stroke or not document.history.is_saved

    @property
    def is_saving(self) -> bool:
        """Whether it is being written."""
        return self._saving

    @property
    def is_opening(self) -> bool:
        """Whether a project is just being put in place of what was open."""
        return self._restoring

    @property
    def labelling(self) -> Labelling:
        """How exports are labelled."""
        return self._labelling

    @labelling.setter
    def labelling(self, labelling: Labelling) -> None:
        if labelling != self._labelling:
            self._labelling = labelling
            self._touched = True
            self._tell()
            self.labelled.emit()

    def expect(self, made: Path) -> None:
        """Take a target that is made here for work, once it is opened: no file keeps it."""
        self._made.add(made)

    def expects(self, path: Path | None) -> bool:
        """Tell whether a target is one that is made here."""
        return path in self._made

    def project(self) -> Project:
        """Return all that there is to save, as it is now; nothing is copied."""
        contents = self._document.contents()
        return Project(contents, self._labelling, self._fitted, self._picture())

    def save(self, path: Path) -> None:
        """Save the project under a name; edits made meanwhile are not in the file."""
        path = path.resolve()
        if self._saving:
            self._next = path
            return
        project = self.project()
        self._document.history.mark_saved()
        self._touched, self._saving, self._made_here = False, True, False
        held = self._lock if path == self._path else None
        self._controller.jobs.run(
            Job(
                self.tr("Saving"),
                partial(_save, project, path, self._locks, held, self._packer()),
                partial(self._take_saved, path, project),
                self._take_failure,
            )
        )
        self._tell()

    def open(self, path: Path) -> None:
        """Open a project; what is open stays if it cannot be opened."""
        path = path.resolve()
        held = self._lock if path == self._path else None
        self._controller.jobs.run(
            Job(
                self.tr("Opening"),
                partial(_open, path, self._locks, held, self._controller.opening.prepare),
                partial(self._take_opened, path),
                stop=self._controller.opening.announce(),
                dropped=self._let_go,
            )
        )

    def take_recovered(self, opened: Opened, path: Path | None) -> bool:
        """Go on with a session that ended in a crash; False if its parts do not fit together.

        Parameters
        ----------
        opened
            The session's project.
        path
            The file that it worked on, if there was one.
        """
        if not self._restore(opened):
            return False
        lock = None
        # Another window may hold the file by now: then this is a project without a name.
        with suppress(StudioError):
            lock = None if path is None else self._own_or_new_lock(path)
        self._adopt(None if lock is None else path, lock, opened.project)
        self._touched = True
        self._tell()
        return True

    def close(self) -> None:
        """Let other windows have the file."""
        self._take_lock(None)

    def _packer(self) -> Callable[[], FittedWeights] | None:
        """Return what packs the pair's fit in the background; None where there is none to pack."""
        if self._fitted is not None or not self._is_fitted or not self._controller.has_pair:
            return None
        snapshot = self._document.snapshot()
        return lambda: self._controller.workspace.ready_engine().packed_fit(snapshot)

    def _own_or_new_lock(self, path: Path) -> FileLock:
        if self._lock is not None and path == self._path:
            return self._lock
        return hold(path, self._locks)

    def _take_saved(self, path: Path, project: Project, written: _Written) -> None:
        self._saving = False
        self._path = path
        self._take_lock(written.lock)
        contents, document = project.contents, self._document
        if contents.source is document.source and contents.target is document.target:
            self._fitted = self._fitted or (written.fitted if self._is_fitted else None)
        self._tell()
        self.saved.emit(path)
        again, self._next = self._next, None
        if again is not None:
            self.save(again)

    def _take_failure(self, sentence: str) -> None:
        self._saving, self._next = False, None
        self._touched = True
        self._tell()
        self._controller.failed.emit(sentence)
        self.not_saved.emit()

    def _let_go(self, held: _Held) -> None:
        if held.lock is not self._lock:
            held.lock.release()

    def _take_opened(self, path: Path, held: _Held) -> None:
        if not self._restore(held.opened):
            self._let_go(held)
            return
        if held.opened.warnings:
            # Saved over, the damaged file would be gone for whoever can mend it.
            self._let_go(held)
            self._adopt(None, None, held.opened.project)
            self._touched = True
        else:
            self._adopt(path, held.lock, held.opened.project)
        self._tell()
        self.opened.emit(held.opened)

    def _restore(self, opened: Opened) -> bool:
        self._restoring = True
        try:
            self._controller.restore(opened.project)
        except StudioError as error:
            self._controller.failed.emit(str(error))
            return False
        finally:
            self._restoring = False
        return True

    def _adopt(self, path: Path | None, lock: FileLock | None, project: Project) -> None:
        self._path, self._labelling, self._fitted = path, project.labelling, project.fitted
        self._take_lock(lock)
        self._source, self._target = self._document.source, self._document.target
        self._touched = self._made_here = False

    def _take_lock(self, lock: FileLock | None) -> None:
        if self._lock is not None and self._lock is not lock:
            self._lock.release()
        self._lock = lock

    def _take_change(self, change: Change) -> None:
        if self._controller.is_opening:
            return  # a pair is judged as a whole, by what there was before it
        if change.portraits:
            self._take_crops()
            return
        rules = change.rules and self._path is not None
        if (change.snapshots or rules) and not self._restoring:
            self._touched = True
        if self.is_modified != self._was_modified:
            self._tell()

    @property
    def _is_fitted(self) -> bool:
        """Whether a fit is at its end; others are not kept: they would count as finished."""
        return self._controller.fitting.state is FitState.OVER

    def _forget_fit(self) -> None:
        self._fitted = None

    def _take_pair(self) -> None:
        """Begin a project with a new target; go on with this one if the source alone is new."""
        if self._restoring:
            return
        document = self._document
        if document.target is not self._target:
            self._adopt(None, None, Project(document.contents()))
            self._made_here = document.target is not None and self.expects(document.target.path)
        elif document.source is not self._source:
            self._labelling = replace(self._labelling, ground=None)
            self._fitted = None
            self._touched = self._path is not None or self._was_modified
        self._source, self._target = document.source, document.target
        self._tell()

    def _take_crops(self) -> None:
        """Go on with the same project, without what was fitted to the crops of before."""
        self._source, self._target = self._document.source, self._document.target
        self._fitted = None
        self._tell()

    def _tell(self) -> None:
        self._was_modified = self.is_modified
        self.moved.emit()

    def _picture(self) -> NDArray[np.uint8] | None:
        newest = self._controller.rendering.results.newest
        final = newest is not None and newest.final
        return newest.image if newest is not None and final else None


def _save(
    project: Project,
    path: Path,
    locks: Path,
    held: FileLock | None,
    pack: Callable[[], FittedWeights] | None,
) -> _Written:
    lock = hold(path, locks) if held is None else held
    try:
        fitted = project.fitted if pack is None else _packed(pack)
        save_project(replace(project, fitted=fitted), path)
    except BaseException:
        if held is None:
            lock.release()
        raise
    return _Written(lock, fitted)


def _packed(pack: Callable[[], FittedWeights]) -> FittedWeights | None:
    try:
        return pack()
    except Exception:  # noqa: BLE001 - the edits are saved whatever becomes of a fit
        _LOG.exception("the fit was not packed")
        return None


def _open(
    path: Path, locks: Path, held: FileLock | None, prepare: Callable[[Project], object]
) -> _Held:
    lock = hold(path, locks) if held is None else held
    try:
        opened = open_project(path)
        prepare(opened.project)
        return _Held(lock, opened)
    except BaseException:
        if held is None:
            lock.release()
        raise
