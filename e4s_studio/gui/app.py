"""The composition root: makes the window and what is behind it, and connects the two."""

from __future__ import annotations

import logging
import os
import signal
import sys
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, QObject, QSettings, Qt, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from e4s_studio.core.errors import RenderError
from e4s_studio.engine.request import EngineChoice
from e4s_studio.engine.running.sharing import no_collections
from e4s_studio.files.models import ModelFolder
from e4s_studio.files.resources import ICONS
from e4s_studio.gui.canvas.view import ViewTransform
from e4s_studio.gui.controller import Controller
from e4s_studio.gui.editing import Editing
from e4s_studio.gui.exporter import Exporter
from e4s_studio.gui.handlers.compare import CompareHandler
from e4s_studio.gui.handlers.doubt import DoubtHandler
from e4s_studio.gui.handlers.drops import DropsHandler
from e4s_studio.gui.handlers.editing import EditingHandler
from e4s_studio.gui.handlers.engine import EngineHandler
from e4s_studio.gui.handlers.export import ExportHandler
from e4s_studio.gui.handlers.files import FilesHandler
from e4s_studio.gui.handlers.models import ModelsHandler
from e4s_studio.gui.handlers.photographs import Desk, PhotographsHandler
from e4s_studio.gui.handlers.project import ProjectHandler
from e4s_studio.gui.handlers.recipe import RecipeHandler
from e4s_studio.gui.handlers.recovery import RecoveryHandler
from e4s_studio.gui.handlers.signing import SigningHandler
from e4s_studio.gui.handlers.tools import ToolsHandler
from e4s_studio.gui.handlers.view import ViewHandler
from e4s_studio.gui.jobs import ThreadRunner, unforeseen
from e4s_studio.gui.journal_keeper import JournalKeeper
from e4s_studio.gui.language import LanguageHandler, speak
from e4s_studio.gui.main_window import MainWindow
from e4s_studio.gui.names import step_name
from e4s_studio.gui.photographs import Photographs, Recutting
from e4s_studio.gui.preferences import Places, Preferences
from e4s_studio.gui.project_session import ProjectSession
from e4s_studio.gui.tools.toolbox import Toolbox

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from e4s_studio.engine.request import Post
    from e4s_studio.engine.running.engine import Engine
    from e4s_studio.gui.controller import Connect

_APPLICATION = "E4S Studio"
_CHECK_MS: Final = 120_000
"""How long a check waits for the first result."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Start:
    """What the editor opens with.

    Attributes
    ----------
    photographs
        The pair to open; the sample pair where none is given.
    choice
        The model and the device.
    project
        The project to open in place of photographs.
    check
        Whether the window closes by itself, once a result is shown.
    """

    photographs: Photographs = field(default_factory=Photographs)
    choice: EngineChoice = field(default_factory=EngineChoice)
    project: Path | None = None
    check: bool = False


class Editor(QObject):
    """The editor: window, controller and what connects them.

    Parameters
    ----------
    connect
        Makes the engine, off the GUI thread.
    preferences
        What outlives the session.
    places
        The program's own folders.
    """

    def __init__(self, connect: Connect, preferences: Preferences, places: Places) -> None:
        super().__init__()
        self.controller = Controller(connect, self)
        self.session = ProjectSession(self.controller, places.locks)
        self.keeper = JournalKeeper(self.controller, self.session, places.sessions)
        self._runner = ThreadRunner(self)
        self.toolbox = Toolbox(self.controller.document, run=self._runner, name_step=step_name)
        self.view = ViewTransform(self)
        self.window = MainWindow(self.toolbox, self.view)
        self.editing = Editing(self.controller)
        self._connect(preferences, places)
        self._runner.failed.connect(self.window.notice.say)
        self.window.closing.connect(self._close)

    def start(self, start: Start) -> None:
        """Show the window, then start the engine and open the photographs."""
        self._looks.restore()
        self.window.show()
        # Only once the window stands: the engine's libraries take seconds to load.
        QTimer.singleShot(0, self, lambda: self._begin(start))

    def _connect(self, preferences: Preferences, places: Places) -> None:
        window, controller = self.window, self.controller
        self._looks = ViewHandler(window, self.view, preferences)
        self.projects = ProjectHandler(window, self.session, preferences)
        self._files = FilesHandler(window, controller, preferences, self.projects)
        recipes = RecipeHandler(window, controller, preferences)
        DropsHandler(window, controller, self.projects, self._files, recipes)
        self._recovery = RecoveryHandler(
            window, controller, self.session, self.keeper, places.sessions
        )
        self.exporter = Exporter(controller, places.keys)
        self.signing = SigningHandler(window, preferences, places.keys)
        ExportHandler(window, self.session, self.exporter, preferences, self.signing)
        self._photographs = PhotographsHandler(
            window,
            controller,
            Desk(
                self.session,
                Recutting(controller.workspace),
                self.exporter,
                self.projects.ask_first,
                self._files.folder,
            ),
        )
        DoubtHandler(window, controller, self.view)
        self._models = ModelsHandler(window, controller, preferences, ModelFolder(places.models))
        EngineHandler(window, controller, preferences)
        EditingHandler(window, controller, self.editing, self.toolbox)
        ToolsHandler(window, controller, self.toolbox)
        LanguageHandler(window, preferences)
        CompareHandler(window, controller, self.editing)

    def _begin(self, start: Start) -> None:
        self.controller.use_engine(start.choice)
        self._recovery.offer(lambda: self._open(start))

    def _open(self, start: Start) -> None:
        photographs = start.photographs
        if start.project is not None:
            self.session.open(start.project)
        elif photographs.source is None and photographs.target is None:
            self._files.open_sample()
        else:
            self.controller.opening.open(photographs)

    def _close(self) -> None:
        self._looks.remember()
        self.window.hide()
        self._runner.close()
        self._recovery.close()
        self.signing.close()
        self.exporter.cancel()
        self._photographs.close()
        self._models.close()
        self.controller.close()
        self.keeper.close()
        self.session.close()
        self._files.close()


def run(start: Start) -> int:
    """Open the editor with the true engine and return once its window is closed.

    Parameters
    ----------
    start
        What to open with.

    Returns
    -------
    int
        The process's exit code.

    Raises
    ------
    RenderError
        If a check fails.
    """
    application = make_application()
    preferences = Preferences(QSettings())
    speak(application, preferences.language)
    editor = Editor(connect_engine, preferences, Places.own())
    # Ctrl+C in the terminal closes the window as its cross does: nothing is cut off.
    signal.signal(signal.SIGINT, lambda _number, _frame: editor.window.close())
    sys.excepthook = partial(_report, editor)
    failures = close_once_drawn(editor) if start.check else []
    editor.start(start)
    code = application.exec()
    if failures:
        raise RenderError(failures[0])
    return code


def close_once_drawn(editor: Editor) -> list[str]:
    """Let the window close once a result is shown, or once something fails.

    Returns
    -------
    list of str
        It gets the sentence that says what failed.
    """
    failures: list[str] = []
    controller, close = editor.controller, editor.window.close
    controller.failed.connect(failures.append)
    for end in (controller.failed, controller.rendering.shown):
        end.connect(close, Qt.ConnectionType.QueuedConnection)
    late = "No result was drawn within two minutes; try again, or run e4s-studio doctor."
    QTimer.singleShot(_CHECK_MS, editor, lambda: controller.failed.emit(late))
    return failures


def _report(
    editor: Editor,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
) -> None:
    """Say what went wrong in a slot, which Qt would write to the terminal alone."""
    _LOG.error("unexpected failure", exc_info=(kind, error, trace))
    editor.window.notice.say(unforeseen(error))


def connect_engine(choice: EngineChoice, post: Post) -> Engine:
    """Make the engine; runs off the GUI thread, since importing torch takes seconds."""
    with no_collections():
        from e4s_studio.engine.running.engine import Engine  # noqa: PLC0415 - it brings torch along
        from e4s_studio.train.pairs import practice_pairs  # noqa: PLC0415 - likewise

    return Engine.started(choice, post, practice_pairs)


def make_application() -> QApplication:
    """Return the application under whose name preferences are kept."""
    # OpenCV's package points Qt at plugins of its own, which are another version's.
    os.environ.pop("QT_QPA_PLATFORM_PLUGIN_PATH", None)
    QCoreApplication.setOrganizationName(_APPLICATION)
    QCoreApplication.setApplicationName(_APPLICATION)
    application = QApplication(sys.argv[:1])
    # The engine's threads share Python's lock with the window: it must not wait its usual 5 ms.
    sys.setswitchinterval(0.001)
    application.setWindowIcon(QIcon(str(ICONS / "e4s-studio.svg")))
    return application
