"""The view over all panes in which a face of a whole photograph is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDockWidget,
    QFrame,
    QLabel,
    QPushButton,
)

from e4s_studio.gui.panes.face_canvas import FaceCanvas
from e4s_studio.gui.widgets.layouts import ElidedLabel, column, row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PySide6.QtGui import QHideEvent
    from PySide6.QtWidgets import QMainWindow, QWidget

    from e4s_studio.core.face import Face
    from e4s_studio.core.quad import Quad

_BUTTON: Final = 92


@dataclass(frozen=True)
class Choice:
    """What the artist chose.

    Attributes
    ----------
    quad
        Where the face is in the photograph.
    keep_map
        Whether the label map moves with the face; otherwise the face is parsed again.
    another
        Whether it is a different face than before.
    """

    quad: Quad
    keep_map: bool
    another: bool


class FaceView(QFrame):
    """Photograph, faces and frame, with the buttons to choose a face.

    Parameters
    ----------
    window
        The window; the view covers its docks.
    panes
        The panes in the window's middle, which it covers as well.

    Attributes
    ----------
    knows_faces
        Whether the search for faces is finished.

    Signals
    -------
    chosen(Choice)
        The artist chose this face and quad.
    left()
        The view was closed without a choice.
    covers(bool)
        Whether the view covers the window, whose other parts must not get the focus then.
    """

    chosen = Signal(object)
    left = Signal()
    covers = Signal(bool)

    def __init__(self, window: QMainWindow, panes: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._panes = panes
        self._before: Face | None = None
        self._keyboard: QWidget | None = None
        self._can_keep = self.knows_faces = False
        self.setObjectName("faceView")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.canvas = FaceCanvas(self)
        self.title = ElidedLabel(self)
        self.title.setObjectName("faceTitle")
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.keep = QCheckBox(self.tr("&Keep the map"), self)
        self.keep.setToolTip(
            self.tr(
                "The map moves with the face. Off: the regions are found again. Your paint stays in"
                " both cases."
            )
        )
        self.reset = QPushButton(self.tr("Re&set"), self)
        self.reset.setToolTip(self.tr("Put the frame back (Home)"))
        self.cancel = QPushButton(self.tr("Cancel"), self)
        self.cancel.setToolTip(self.tr("Leave everything as it is (Esc)"))
        self.take = QPushButton(self.tr("&Use this face"), self)
        self.take.setObjectName("primary")
        self.take.setToolTip(self.tr("Cut the face out like this (Enter)"))
        self._lay_out()
        self.canvas.moved.connect(self._follow)
        self.canvas.accepted.connect(self._choose)
        self.canvas.left.connect(self.close_view)
        self.reset.clicked.connect(self.canvas.reset)
        self.cancel.clicked.connect(self.close_view)
        self.take.clicked.connect(self._choose)
        for button in (self.reset, self.cancel, self.take):
            button.setMinimumWidth(_BUTTON)
        # The photograph keeps the focus; each button has a key of its own.
        for control in (self.keep, self.reset, self.cancel, self.take):
            control.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for watched in (window, panes):
            watched.installEventFilter(self)
        self.hide()

    @property
    def is_open(self) -> bool:
        """Whether a face is being chosen."""
        return not self.isHidden()

    def open_on(
        self, title: str, pixels: NDArray[np.uint8], quad: Quad | None, *, can_keep: bool
    ) -> None:
        """Show an (H, W, 3) uint8 RGB photograph.

        Parameters
        ----------
        title
            Which photograph it is.
        pixels
            The photograph.
        quad
            Where the face is now; None if it is unknown.
        can_keep
            Whether there is a label map to keep.
        """
        self.title.setText(title)
        self._can_keep, self.knows_faces, self._before = can_keep, False, None
        self.keep.setChecked(can_keep)
        self._follow()
        self._place()
        if not self.is_open:
            self._keyboard = self._window.focusWidget()
            self.covers.emit(True)
        self.show()
        self.raise_()
        self._column.activate()  # the photograph is fitted into the canvas's final size
        self.canvas.show_photograph(pixels, quad)
        self.canvas.setFocus()

    def show_faces(self, faces: list[Face]) -> None:
        """Show what was found in the photograph."""
        self.knows_faces = True
        self.canvas.show_faces(faces)
        self._before = self.canvas.picked
        self._follow()

    def close_view(self) -> None:
        """Close the view without a choice."""
        if self.is_open:
            self._go()
            self.left.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Free the photograph's memory, unless the system hides the window."""
        if not event.spontaneous():
            self.canvas.forget_photograph()
        super().hideEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep covering the panes and docks when their sizes change."""
        if event.type() in {QEvent.Type.Resize, QEvent.Type.Move} and self.is_open:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        room = self._panes.geometry()
        for dock in self._window.findChildren(
            QDockWidget, options=Qt.FindChildOption.FindDirectChildrenOnly
        ):
            # Docks behind the tab of another one lie outside the window.
            if not dock.isFloating() and self._window.rect().contains(dock.geometry()):
                room = room.united(dock.geometry())
        self.setGeometry(room)

    @property
    def _is_another(self) -> bool:
        picked = self.canvas.picked
        return self._can_keep and picked is not None and picked is not self._before

    def _choose(self) -> None:
        keeps = self.keep.isChecked() and self.keep.isEnabled()
        choice = Choice(self.canvas.quad, keeps, self._is_another)
        self._go()
        self.chosen.emit(choice)

    def _go(self) -> None:
        """Hide, and return the focus to where it was."""
        self.hide()
        self.covers.emit(False)
        keyboard, self._keyboard = self._keyboard, None
        if keyboard is not None and keyboard.isVisible():
            keyboard.setFocus(Qt.FocusReason.PopupFocusReason)

    def _follow(self) -> None:
        self.keep.setVisible(self._can_keep)
        self.keep.setEnabled(not self._is_another)
        self.words.setText(self._sentence())

    def _sentence(self) -> str:
        count = len(self.canvas.faces)
        if not self.knows_faces:
            return self.tr("Looking for faces …")
        if count == 0:
            return self.tr(
                "No face was found. Drag the frame so that the rings lie on the eyes and the line"
                " on the mouth; its corners scale it, the knob turns it."
            )
        if count == 1:
            return self.tr("One face was found. Drag the frame, its corners or its knob to align.")
        return self.tr(
            "{0} faces were found. Click the one you mean; drag the frame, its corners or its knob"
            " to align."
        ).format(count)

    def _lay_out(self) -> None:
        buttons = (self.keep, self.reset, self.cancel, self.take)
        bar = row((self.words, 1), *buttons, margins=(10, 6, 10, 6), spacing=8)
        self._column = column(self.title, (self.canvas, 1), bar, margins=(0, 0, 0, 0), spacing=0)
        self.setLayout(self._column)
