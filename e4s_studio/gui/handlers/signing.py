"""Asks who signs exports, and remembers it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from e4s_studio.gui.dialogs.signing import SigningDialog
from e4s_studio.gui.exporter import Signer
from e4s_studio.gui.jobs import Job, Jobs

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QWidget

    from e4s_studio.gui.main_window import MainWindow
    from e4s_studio.gui.preferences import Preferences


class SigningHandler(QObject):
    """Asks who signs, and tries it before it is believed.

    The files' places are remembered; a password is, until the editor closes.

    Signals
    -------
    changed(Signer)
        Another signer was chosen.

    Parameters
    ----------
    window
        Where the dialog shows.
    preferences
        What remembers the files' places.
    keys
        The folder of this computer's own key.
    """

    changed = Signal(object)

    def __init__(self, window: MainWindow, preferences: Preferences, keys: Path) -> None:
        super().__init__(window)
        self._preferences = preferences
        self._signer = Signer(*preferences.certificate)
        self._keys = keys
        self._jobs = Jobs(self)
        window.actions_by_name["file.signing"].triggered.connect(lambda: self.ask(window))

    @property
    def signer(self) -> Signer:
        """Who signs."""
        return self._signer

    def ask(self, parent: QWidget) -> None:
        """Ask who signs, over a window or a dialog."""
        dialog = SigningDialog(self._signer, parent)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(partial(self._try, dialog))
        dialog.open()

    def close(self) -> None:
        """Stop trying."""
        self._jobs.close()

    def _try(self, dialog: SigningDialog, signer: Signer) -> None:
        if signer.certificate is None:
            self._take(dialog, signer)
            return
        work, done = (
            partial(signer.tried_identity, self._keys),
            lambda _: self._take(dialog, signer),
        )
        self._jobs.run(Job("", work, done, dialog.say))

    def _take(self, dialog: SigningDialog, signer: Signer) -> None:
        self._signer = signer
        self._preferences.certificate = (signer.certificate, signer.key)
        self.changed.emit(signer)
        dialog.accept()
