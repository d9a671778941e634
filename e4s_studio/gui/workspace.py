"""What the parts of the editor share: the document, the engine, and what runs beside the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from e4s_studio.core.document import Document
from e4s_studio.core.errors import DeviceError
from e4s_studio.gui.jobs import Jobs

if TYPE_CHECKING:
    from e4s_studio.engine.running.engine import Engine


class Workspace(QObject):
    """The document and what works on it.

    Attributes
    ----------
    document
        The document.
    jobs
        What runs beside the window.
    engine
        What computes; None before it is started.
    pair
        The number of the pair of photographs; it grows with each pair that is opened.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = Document()
        self.jobs = Jobs(self)
        self.engine: Engine | None = None
        self.pair = 0

    @property
    def has_pair(self) -> bool:
        """Whether both photographs are open."""
        return self.document.source is not None and self.document.target is not None

    def ready_engine(self) -> Engine:
        """Return the engine, for work off the GUI thread.

        Raises
        ------
        DeviceError
            If it could not be started.
        """
        if self.engine is None:
            raise DeviceError(self.tr("The network could not be started; choose another model."))
        return self.engine
