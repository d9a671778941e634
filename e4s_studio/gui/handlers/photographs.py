"""Connects whole photographs with the panes: which face, where its quad is, which one is next."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QToolButton

from e4s_studio.core.pair import Role
from e4s_studio.engine.faces.recrop import quad_of
from e4s_studio.files.export.kinds import ExportKind
from e4s_studio.files.images import read_image
from e4s_studio.gui.exporter import ExportOrder
from e4s_studio.gui.jobs import Job
from e4s_studio.gui.panes.face_view import FaceView
from e4s_studio.gui.photographs import Photographs, Wish
from e4s_studio.gui.theme import name_icon

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from e4s_studio.core.contents import DocumentSnapshot
    from e4s_studio.core.face import Face
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.core.quad import Quad
    from e4s_studio.gui.controller import Controller
    from e4s_studio.gui.exporter import Exporter
    from e4s_studio.gui.main_window import MainWindow
    from e4s_studio.gui.panes.face_view import Choice
    from e4s_studio.gui.photographs import FaceMissing, Recutting
    from e4s_studio.gui.project_session import ProjectSession

    AskFirst = Callable[[Callable[[], object]], None]

_NEAR: Final = 0.25
"""Of a quad's side: how far apart the middles of two quads around one face may be."""
_PANES: Final = {Role.SOURCE: "source", Role.TARGET: "canvas"}
"""The pane that shows each photograph."""


class Desk(NamedTuple):
    """What the handler works with besides window and controller.

    Attributes
    ----------
    session
        Says how the result is labelled that becomes a target.
    recutting, exporter
        What does the work.
    ask_first
        Goes on once the artist has decided what becomes of unsaved work.
    folder
        Where results lie that become targets; it goes with the session.
    """

    session: ProjectSession
    recutting: Recutting
    exporter: Exporter
    ask_first: AskFirst
    folder: Path


class PhotographsHandler(QObject):
    """Lets the artist choose faces, place quads, and go on to the next face of a photograph."""

    def __init__(self, window: MainWindow, controller: Controller, desk: Desk) -> None:
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._document = controller.document
        self._desk = desk
        self._stop = threading.Event()
        self.view = FaceView(window, window.area)
        self._buttons = {role: self._add_button(role) for role in _PANES}
        # What the view shows: whose face is chosen, and what to open once it is placed.
        self._role = Role.TARGET
        self._pending: Photographs | None = None
        self._shown: NDArray[np.uint8] | None = None
        self._known: dict[Role, Portrait | None] = dict.fromkeys(_PANES)
        self._placed: Path | None = None
        # The faces of the target that were swapped already, one after the other.
        self._done: list[Quad] = []
        self._connect()
        self._show_opened()

    def close(self) -> None:
        """Stop what is under way."""
        self._stop.set()

    def _connect(self) -> None:
        actions, controller = self._window.actions_by_name, self._controller
        for role in _PANES:
            actions[f"face.{role}"].triggered.connect(partial(self._choose, role))
        self.view.chosen.connect(self._take)
        self.view.left.connect(self._leave)
        self.view.covers.connect(actions["view.next_part"].setDisabled)
        actions["face.next"].triggered.connect(self._ask_next)
        controller.pair_opened.connect(self._show_opened)
        controller.recropped.connect(self._show_opened)
        controller.opening.face_missing.connect(self._offer_hand)

    def _add_button(self, role: Role) -> QToolButton:
        action = self._window.actions_by_name[f"face.{role}"]
        bar = self._window.area.title_bar(_PANES[role])
        button = QToolButton(bar)
        name_icon(button, "faces")
        button.setToolTip(action.toolTip())
        button.setAccessibleName(action.text().replace("&", ""))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.clicked.connect(action.trigger)
        bar.insert(button)
        return button

    # What is open

    def _show_opened(self) -> None:
        before = set(self._known.values())
        for role in _PANES:
            portrait = self._document.portraits[role]
            self._window.actions_by_name[f"face.{role}"].setEnabled(portrait is not None)
            self._buttons[role].setEnabled(portrait is not None)
            if portrait is not self._known[role]:
                self._meet(role, portrait, is_new=portrait not in before)
        self._window.actions_by_name["face.next"].setEnabled(self._controller.has_pair)

    def _meet(self, role: Role, portrait: Portrait | None, *, is_new: bool) -> None:
        """Count the faces of another photograph; tell of them where it is new."""
        before, self._known[role] = self._known[role], portrait
        if role is self._role and self._pending is None:
            self.view.close_view()  # it shows what is not open any more
        if portrait is None or (before and _whole(before) is _whole(portrait)):
            return
        self._count(role, 0)
        placed = portrait.path is not None and portrait.path == self._placed
        if placed:
            self._placed = None
        elif role is Role.TARGET:
            self._done.clear()
        chosen = placed or not is_new or self._desk.session.is_opening
        self._find(_whole(portrait), partial(self._take_count, role, portrait, chosen=chosen))

    def _take_count(
        self, role: Role, portrait: Portrait, faces: list[Face], *, chosen: bool
    ) -> None:
        known = self._known[role]
        if known is None or _whole(known) is not _whole(portrait):
            return
        self._count(role, len(faces))
        if len(faces) > 1 and not chosen:
            name = self.tr("The photograph") if portrait.path is None else portrait.path.name
            self._window.notice.say(
                self.tr("“{0}” shows {1} faces; the surest was taken.").format(name, len(faces)),
                self.tr("Choose …"),
                partial(self._choose, role),
            )

    def _count(self, role: Role, count: int) -> None:
        self._buttons[role].setText(str(count) if count > 1 else "")
        action = self._window.actions_by_name[f"face.{role}"]
        found = self.tr("{0} faces were found").format(count) if count > 1 else ""
        self._buttons[role].setToolTip("\n".join(filter(None, (action.toolTip(), found))))

    # Choosing

    def _choose(self, role: Role) -> None:
        portrait = self._document.portraits[role]
        if portrait is not None:
            self._role, self._pending = role, None
            self._open_view(_whole(portrait), portrait.path, quad_of(portrait))

    def _open_view(
        self, photograph: NDArray[np.uint8], path: Path | None, quad: Quad | None
    ) -> None:
        name = "" if path is None else path.name
        title = self.tr("Source face") if self._role is Role.SOURCE else self.tr("Target face")
        self._shown = photograph
        self._window.notice.hide()
        self.view.open_on(f"{title}   {name}", photograph, quad, can_keep=self._pending is None)
        self._find(photograph, partial(self._show_faces, photograph))

    def _show_faces(self, photograph: NDArray[np.uint8], faces: list[Face]) -> None:
        if not self.view.is_open or self._shown is not photograph:
            return
        self.view.show_faces(faces)
        new = [face for face in faces if not any(_is_same(face.quad, one) for one in self._done)]
        if self._pending is not None and new:
            self.view.canvas.pick(new[0])

    def _leave(self) -> None:
        self._pending = self._shown = None

    def _take(self, choice: Choice) -> None:
        role, pending, self._pending = self._role, self._pending, None
        portrait = self._document.portraits[role]
        if pending is not None:
            self._open(pending, role, choice.quad)
        elif portrait is not None and role is Role.TARGET and choice.another:
            self._desk.ask_first(partial(self._open_other, portrait, choice))
        elif portrait is not None:
            self._desk.recutting.recut(Wish(role, choice.quad, choice.keep_map))

    def _open(self, pending: Photographs, role: Role, quad: Quad) -> None:
        wanted = pending.wanted[role]
        if wanted is None:
            return
        self._placed = wanted.path
        photographs = Photographs.of(pending.wanted.having(role, replace(wanted, quad=quad)))
        # What is painted stays under another source; before a result it was asked about.
        if photographs.target is None or self._desk.session.expects(photographs.target):
            self._controller.opening.open(photographs)
        else:
            self._desk.ask_first(partial(self._controller.opening.open, photographs))

    def _open_other(self, portrait: Portrait, choice: Choice) -> None:
        """Begin with another face of the target's photograph, as with another photograph."""
        self._controller.opening.open_other_face(
            lambda engine: engine.recut(portrait, choice.quad, keep_map=False)
        )

    # By hand

    def _offer_hand(self, missing: FaceMissing) -> None:
        self._window.notice.say(
            missing.sentence, self.tr("Place it by hand …"), partial(self._place, missing)
        )

    def _place(self, missing: FaceMissing) -> None:
        self._controller.jobs.run(
            Job(
                self.tr("Opening"),
                partial(read_image, missing.path),
                partial(self._show_pending, missing.role, missing.path, missing.photographs),
            )
        )

    def _show_pending(
        self, role: Role, path: Path, photographs: Photographs, photograph: NDArray[np.uint8]
    ) -> None:
        self._role, self._pending = role, photographs
        self._open_view(photograph, path, None)

    # The next face

    def _ask_next(self) -> None:
        """Go on once nothing is lost by it."""
        go_on: Callable[[], object] = self._next  # a target made here goes along
        if self._desk.session.is_edited:
            go_on = partial(self._desk.ask_first, self._next)
        if self._controller.fitting.is_running:
            self._window.notice.say(
                self.tr("The result is still getting better; it is taken as it is now."),
                self.tr("Take it"),
                go_on,
            )
        elif self._controller.has_pair:
            go_on()

    def _next(self) -> None:
        """Have the result written as an export is, and choose the next face in it."""
        document, desk = self._document, self._desk
        target = document.target
        if target is None:
            return
        document.commit()
        self._done.append(quad_of(target))
        order = ExportOrder(
            _next_file(desk.folder, target),
            ExportKind.PICTURE,
            replace(desk.session.labelling, mark=False),
        )
        desk.session.expect(order.path)
        self._controller.jobs.run(
            Job(
                self.tr("Finishing this face"),
                partial(self._written, order, document.snapshot()),
                partial(
                    self._show_pending, Role.TARGET, order.path, Photographs(target=order.path)
                ),
                beside=True,  # it is an export: they are done one at a time
            )
        )

    def _written(self, order: ExportOrder, snapshot: DocumentSnapshot) -> NDArray[np.uint8]:
        self._desk.exporter.write(snapshot, order, self._stop)
        return read_image(order.path)

    # Both

    def _find(self, photograph: NDArray[np.uint8], done: Callable[[list[Face]], None]) -> None:
        self._controller.jobs.run(
            Job(
                self.tr("Looking for faces"),
                lambda: self._controller.workspace.ready_engine().find_faces(photograph),
                done,
            )
        )


def _whole(portrait: Portrait) -> NDArray[np.uint8]:
    return portrait.photograph


def _is_same(first: Quad, second: Quad) -> bool:
    """Tell whether two quads lie around one face."""
    apart = np.hypot(*np.subtract(first.centre, second.centre))
    return bool(apart <= _NEAR * max(first.side, second.side))


def _next_file(folder: Path, target: Portrait) -> Path:
    """Return a file of its own for a result: 16-bit, so that another face costs no quality."""
    stem = "photograph" if target.path is None else target.path.stem
    stem = stem.removesuffix(" swapped").rsplit(" swapped ", 1)[0]
    number = 1
    while (path := folder / f"{stem} swapped {number}.tif").exists():
        number += 1
    return path
