"""Connects the parser's doubt with the canvas and its keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import QObject, QPointF, QSizeF

from e4s_studio.core.commands import Layer
from e4s_studio.engine.doubt import doubtful_spots
from e4s_studio.gui.jobs import Job
from e4s_studio.gui.status import SAID_FOR_MS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from e4s_studio.core.events import Change
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.gui.canvas.view import ViewTransform
    from e4s_studio.gui.controller import Controller
    from e4s_studio.gui.main_window import MainWindow

_CLOSER: Final = 2.5
"""How much nearer a spot is shown than the whole picture is."""


class DoubtHandler(QObject):
    """Shows where the parser was in doubt, and goes from one such spot to the next.

    Parameters
    ----------
    window
        Whose canvas and keys they are.
    controller
        Whose document and engine they are.
    view
        The view that shows a spot.
    """

    def __init__(self, window: MainWindow, controller: Controller, view: ViewTransform) -> None:
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._document = controller.document
        self._view = view
        self._target: Portrait | None = None
        self._doubt: NDArray[np.float32] | None = None
        self._walk: DoubtWalk | None = None
        self._step = 0
        actions = window.actions_by_name
        self._shown = actions["doubt.show"]
        self._shown.toggled.connect(self._show)
        actions["doubt.next"].triggered.connect(partial(self._go, 1))
        actions["doubt.previous"].triggered.connect(partial(self._go, -1))
        controller.changed.connect(self._take_change)
        self._enable()

    def _take_change(self, change: Change) -> None:
        if change.portraits:
            self._enable()
            if self._document.target is not self._target:
                self._step = 0
                self._show()

    def _enable(self) -> None:
        for name in ("doubt.show", "doubt.next", "doubt.previous"):
            self._window.actions_by_name[name].setEnabled(not self._document.is_empty)

    def _show(self) -> None:
        """Show or hide it; what is not known yet is asked for."""
        target = self._document.target
        if not self._shown.isChecked() or target is None:
            self._window.canvas.show_doubt(None)
        elif target is self._target:
            self._window.canvas.show_doubt(self._doubt)
        else:
            self._window.canvas.show_doubt(None)
            self._controller.jobs.run(
                Job(
                    self.tr("Looking for doubtful spots"),
                    lambda: self._controller.workspace.ready_engine().doubt(target.image),
                    partial(self._take, target),
                )
            )

    def _take(self, target: Portrait, doubt: NDArray[np.float32]) -> None:
        if target is not self._document.target:
            return
        self._target, self._doubt, self._walk = target, doubt, DoubtWalk(doubt)
        self._show()
        if self._step and self._shown.isChecked():
            self._take_step()

    def _go(self, step: int) -> None:
        """Show the next or the previous spot, as soon as the spots are known."""
        self._step = step
        self._shown.setChecked(True)
        if self._document.target is self._target:
            self._take_step()

    def _take_step(self) -> None:
        step, self._step = self._step, 0
        if self._walk is None:
            return
        spot = self._walk.step(step, self._document.pixels(Layer.PAINTED))
        if spot is None:
            self._say(self.tr("No doubtful spot is left."))
            return
        canvas = self._window.canvas
        zoom = self._view.zoom(QSizeF(canvas.size())) * (_CLOSER if self._view.is_fitted else 1)
        self._view.look_at(QPointF(spot.x, spot.y), zoom)
        canvas.mark_spot(spot.x, spot.y)
        self._say(self.tr("Doubtful spot {0} of {1}").format(spot.number, spot.total))

    def _say(self, words: str) -> None:
        self._window.status.showMessage(words, SAID_FOR_MS)


class Spot(NamedTuple):
    """A doubtful spot: its image coordinates, its number, and how many there are."""

    x: float
    y: float
    number: int
    total: int


class DoubtWalk:
    """Steps through the doubtful spots, the most doubtful first, and starts again at the end.

    Parameters
    ----------
    doubt
        (S, S) float32, 0 to 1.
    """

    def __init__(self, doubt: NDArray[np.float32]) -> None:
        self._spots = doubtful_spots(doubt)
        self._place: tuple[int, int] | None = None

    def step(self, step: int, painted: NDArray[np.uint8]) -> Spot | None:
        """Step forward or back; spots that were painted over are left out.

        Parameters
        ----------
        step
            1 or -1.
        painted
            (S, S) uint8: not 0 where the artist has painted.

        Returns
        -------
        The spot; None if none is left.
        """
        spots = [spot for spot in self._spots if not painted[spot]]
        if not spots:
            return None
        if self._place in spots:
            place = (spots.index(self._place) + step) % len(spots)
        else:
            place = 0 if step > 0 else len(spots) - 1
        self._place = spots[place]
        row, column = spots[place]
        return Spot(column + 0.5, row + 0.5, place + 1, len(spots))
