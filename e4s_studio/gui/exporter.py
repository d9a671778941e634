"""Exports off the GUI thread, with progress and a way to stop, and who signs them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from e4s_studio.files.export.kinds import ExportKind, require_suffix
from e4s_studio.files.output import check_writable
from e4s_studio.gui.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtCore import SignalInstance

    from e4s_studio.core.contents import DocumentSnapshot
    from e4s_studio.files.project import Labelling
    from e4s_studio.files.provenance.identity import Identity
    from e4s_studio.gui.controller import Controller


@dataclass(frozen=True)
class Signer:
    """The artist's own certificate, or this computer's key where no certificate is named.

    Attributes
    ----------
    certificate, key
        Files in PEM form.
    password
        The key's password, if it has one.
    """

    certificate: Path | None = None
    key: Path | None = None
    password: str | None = field(default=None, repr=False)

    def identity(self, keys: Path) -> Identity:
        """Read the files; this computer's own key lies in the folder `keys`, or is made there.

        Raises
        ------
        CredentialError
            If they cannot be used.
        OutputError
            If this computer's key cannot be made.
        """
        # Certificates are read by libraries that load slowly.
        from e4s_studio.files.provenance.identity import chosen_identity  # noqa: PLC0415

        return chosen_identity(keys, self.certificate, self.key, self.password)

    def tried_identity(self, keys: Path) -> Identity:
        """Return the identity once something was signed with it.

        Raises
        ------
        CredentialError, OutputError
            As `identity` does, and if it is not meant for signing.
        """
        from e4s_studio.files.provenance.credential import require_signer  # noqa: PLC0415

        identity = self.identity(keys)
        require_signer(identity)
        return identity


@dataclass(frozen=True)
class ExportOrder:
    """What the artist wants exported.

    Attributes
    ----------
    path
        Where to; the suffix decides the format.
    kind
        What of it.
    labelling
        How it is labelled.
    signer
        With whose key it is signed.
    """

    path: Path
    kind: ExportKind
    labelling: Labelling
    signer: Signer = field(default_factory=Signer)


class Exporter(QObject):
    """Draws the document in full and writes it, one export at a time.

    Signals
    -------
    drawing(bool)
        Whether one is being drawn: one picture is drawn at a time, and others wait for it.
    progressed(float)
        0 to 1, once the picture is drawn.
    written(list)
        The files that were written.
    failed(str)
        Why nothing was written.
    outdated()
        Another pair is open now.

    Parameters
    ----------
    controller
        Whose document and engine they are.
    keys
        The folder of this computer's own key.
    """

    drawing = Signal(bool)
    progressed = Signal(float)
    written = Signal(object)
    failed = Signal(str)
    outdated = Signal()
    _reached = Signal(float)

    def __init__(self, controller: Controller, keys: Path) -> None:
        super().__init__(controller)
        self._controller = controller
        self._keys = keys
        self._stop = threading.Event()
        self._under_way = False
        controller.pair_opened.connect(self.outdated)
        # The background thread emits the one, the GUI's the other.
        self._reached.connect(self.progressed, Qt.ConnectionType.QueuedConnection)
        self.progressed.connect(lambda _: self.drawing.emit(False))

    @property
    def can_export(self) -> bool:
        """Whether there is anything to export."""
        return self._controller.has_pair

    @property
    def is_under_way(self) -> bool:
        """Whether an export is under way; one that was stopped has still to end."""
        return self._under_way

    @property
    def is_writing(self) -> bool:
        """Whether an export is under way that nobody has stopped."""
        return self._under_way and not self._stop.is_set()

    def start(self, order: ExportOrder) -> None:
        """Export the document as it is now."""
        self._controller.document.commit()
        snapshot = self._controller.document.snapshot()
        self._stop = stop = threading.Event()
        self._under_way = True
        self.drawing.emit(True)
        self._controller.jobs.run(
            Job(
                self.tr("Exporting"),
                partial(self.write, snapshot, order, stop, self._reached.emit),
                partial(self._end, self.written),
                partial(self._end, self.failed),
                beside=True,
            )
        )

    def cancel(self) -> None:
        """Stop the export under way; nothing is written then."""
        self._stop.set()

    def _end(self, signal: SignalInstance, value: object) -> None:
        self._under_way = False
        self.drawing.emit(False)
        signal.emit(value)

    def write(
        self,
        snapshot: DocumentSnapshot,
        order: ExportOrder,
        stop: threading.Event,
        reach: Callable[[float], None] = lambda _: None,
    ) -> list[Path]:
        """Draw a document in full and write it, off the GUI thread; return the files."""
        require_suffix(order.path, order.kind)
        check_writable(order.path)
        # Writers of formats and signatures: only once something is exported.
        from e4s_studio.files.export.exporting import ExportJob, export  # noqa: PLC0415

        labelling = order.labelling
        identity = order.signer.identity(self._keys) if labelling.credential else None
        engine = self._controller.workspace.ready_engine()
        job = ExportJob.of(
            snapshot,
            engine.export_layers(snapshot),
            order.path,
            kind=order.kind,
            labelling=labelling,
            model=engine.model,
            identity=identity,
        )
        return export(job, reach, stop.is_set)
