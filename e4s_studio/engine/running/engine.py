"""The engine: pairs opened, pictures drawn and models fitted, on two threads of its own.

The worker's thread draws; the fitter's thread fits, and pauses wherever it is while something is
drawn: an edit never waits for a fit.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import torch

from e4s_studio.engine.drawing.export_layers import finished_layers
from e4s_studio.engine.drawing.fitted import encode_pair
from e4s_studio.engine.drawing.precision import chosen
from e4s_studio.engine.drawing.session import Session
from e4s_studio.engine.faces.portraits import native_size
from e4s_studio.engine.finishing.compose import CANONICAL_SIZE
from e4s_studio.engine.finishing.paste import into_photograph
from e4s_studio.engine.fitting.fit import BUILT_IN_SIZE, Fitter, plan_for
from e4s_studio.engine.fitting.fitted_file import pack_fitted, unpack_fitted
from e4s_studio.engine.pictures import to_image
from e4s_studio.engine.request import RenderRequest, RenderResult
from e4s_studio.engine.running.fit_thread import FitThread, Turns
from e4s_studio.engine.running.worker import Worker
from e4s_studio.engine.shapes import start_map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from e4s_studio.core.contents import DocumentSnapshot
    from e4s_studio.core.errors import StudioError
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.core.settings import EditSettings
    from e4s_studio.engine.drawing.fitted import Fitted
    from e4s_studio.engine.fitting.practice import Lessons
    from e4s_studio.engine.running.fit_thread import FitState
    from e4s_studio.engine.running.worker import ShouldStop
    from e4s_studio.files.export.layers import ExportLayers
    from e4s_studio.files.project import FittedWeights
    from e4s_studio.networks.rgi import RGI

COARSE: Final = {64: 256, 256: 512}
"""The generator's resolutions that are shown before it is done, and the size of those pictures."""


@dataclass(frozen=True)
class Listeners:
    """Whom the engine tells. All are called on its threads.

    Attributes
    ----------
    result
        Gets each picture.
    failed
        Gets an error that the artist can read.
    fitted
        Gets how far a fit has come.
    """

    result: Callable[[RenderResult], None]
    failed: Callable[[StudioError], None]
    fitted: Callable[[FitState], None]


class Engine:
    """Draws swaps of the pair that it was last asked about.

    Parameters
    ----------
    network
        Where every pair starts.
    listeners
        Whom to tell.
    lessons
        What fits practise on beside the pair (see `engine.fitting.practice`).
    """

    def __init__(self, network: RGI, listeners: Listeners, lessons: Lessons | None = None) -> None:
        self._network = network
        self._lessons = lessons
        self._listeners = listeners
        self._turns = Turns()
        self._state = threading.Lock()
        self._session: Session | None = None
        self._last: RenderRequest | None = None
        self._worker = Worker(self._render, listeners.result, self._failed, self._free_memory)
        self._fitting: FitThread | None = None

    @property
    def needs_fit(self) -> bool:
        """Whether the model is fitted to each pair by itself."""
        return self._network.config.size <= BUILT_IN_SIZE

    def start_map(
        self, source: Portrait, target: Portrait, settings: EditSettings
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Return the (H, W) label map of the swap rule and its (H, W) bool holes."""
        return start_map(source.labels, target.labels, settings)

    def submit(self, snapshot: DocumentSnapshot, pair: int, *, whole: bool = False) -> None:
        """Ask for pictures of `snapshot`, in place of whatever is waiting; returns at once.

        With `whole` the final one brings the whole photograph too.
        """
        request = RenderRequest(snapshot, pair, whole)
        with self._state:
            self._last = request
        self._worker.submit(request)

    def start_fit(self, snapshot: DocumentSnapshot, pair: int) -> None:
        """Fit the model to the snapshot's photographs, from its weights; returns at once."""
        self._end_fit(keep=False)
        portraits = snapshot.portraits

        def publish(fitted: Fitted) -> float:
            session = Session(fitted, portraits)
            self._replace_session(session)
            return session.quality

        self._fitting = FitThread(
            lambda: Fitter(self._network, portraits, plan_for(self._network), self._lessons),
            pair,
            self._turns,
            publish,
            self._listeners.fitted,
            self._listeners.failed,
        )

    def cancel_fit(self) -> None:
        """Stop fitting and keep what was learnt; returns once that is in use."""
        self._end_fit(keep=True)

    def picture(self, snapshot: DocumentSnapshot) -> NDArray[np.uint8]:
        """Return the final picture of a document's crop, (N, N, 3) uint8 RGB, and tell nobody."""
        with self._turns.drawing():
            session = self._session_of(snapshot)
            *_, drawn = session.drawings(snapshot.labels, snapshot.settings.amounts)
            return to_image(session.finish(drawn, snapshot, CANONICAL_SIZE).result)

    def finished(self, snapshot: DocumentSnapshot) -> NDArray[np.uint8]:
        """Return the swap in the whole target photograph, at its own resolution.

        In float32, with the finest picture; never the preview.
        """
        with self._turns.drawing():
            session = self._session_of(snapshot)
            labels, settings = snapshot.labels, snapshot.settings
            *_, drawn = session.drawings(labels, settings.amounts)
            composite = session.finish(drawn, snapshot, native_size(session.portraits.target))
            return into_photograph(session.portraits.target, composite)

    def export_layers(self, snapshot: DocumentSnapshot) -> ExportLayers:
        """Return what an export is made from; as fine as `finished`, which is one of the layers."""
        with self._turns.drawing():
            return finished_layers(self._session_of(snapshot), snapshot)

    def packed_fit(self, snapshot: DocumentSnapshot, model: str) -> FittedWeights:
        """Return the pair's fit as it stands, as projects keep it; `model` names the network.

        Of a pair that was drawn before it waits for no drawing: an export may take minutes.
        """
        session = self._known_session(snapshot)
        if session is None:
            with self._turns.drawing():
                session = self._session_of(snapshot)
        return pack_fitted(session.fitted, self._network, model)

    def take_fit(self, weights: FittedWeights, snapshot: DocumentSnapshot) -> None:
        """Go on with the fit that a project kept for the snapshot's pair.

        Raises
        ------
        CheckpointError
            If it is a fit of another network; the pair then starts as a new one does.
        """
        with self._turns.drawing():
            fitted = unpack_fitted(weights, self._network)
            session = Session(fitted, snapshot.portraits)
        self._replace_session(session)

    def close(self) -> None:
        """Stop all work and return once every thread is gone."""
        self._end_fit(keep=False)
        self._worker.close()

    def _end_fit(self, *, keep: bool) -> None:
        if self._fitting is not None:
            self._fitting.close(keep=keep)
            self._fitting = None

    def _render(self, request: RenderRequest, should_stop: ShouldStop) -> Iterator[RenderResult]:
        with self._turns.drawing():
            yield from self._draw(request, should_stop)

    def _draw(self, request: RenderRequest, should_stop: ShouldStop) -> Iterator[RenderResult]:
        snapshot = request.snapshot
        settings = snapshot.settings
        session = self._session_of(snapshot)
        if request.on_cpu:
            session = session.on_cpu()
        device = session.device
        precision = chosen(settings.precision, device)
        full = session.fitted.network.config.size
        for drawn in session.drawings(snapshot.labels, settings.amounts, precision):
            if should_stop():
                return
            resolution = drawn.shape[0]
            size = CANONICAL_SIZE if resolution == full else COARSE.get(resolution)
            if size is None:
                continue
            composite = session.finish(drawn, snapshot, size)
            result = RenderResult(
                image=to_image(composite.result),
                revision=request.revision,
                pair=request.pair,
                final=resolution == full,
                device=str(device),
                precision=precision,
                film=session.pair(size).film.trait,
            )
            if request.whole and result.final:
                overview = session.overview
                photograph = overview.with_swap(composite)
                result = replace(result, photograph=photograph, original=overview.original)
            yield result

    def _session_of(self, snapshot: DocumentSnapshot) -> Session:
        """Return the pair's session; a pair that was never seen starts from the encoder."""
        session = self._known_session(snapshot)
        if session is None:
            portraits = snapshot.portraits
            session = Session(encode_pair(self._network, portraits), portraits)
            with self._state:
                self._session = session
        return session

    def _known_session(self, snapshot: DocumentSnapshot) -> Session | None:
        with self._state:
            session = self._session
        known = session is not None and session.portraits == snapshot.portraits
        return session if known else None

    def _replace_session(self, session: Session) -> None:
        """Take a better fit, and draw the newest edit again with it."""
        with self._state:
            self._session = session
            last = self._last
        if last is not None and last.snapshot.portraits == session.portraits:
            self._worker.submit(RenderRequest(last.snapshot, last.pair, last.whole))

    def _failed(self, error: StudioError, request: RenderRequest) -> None:
        del request
        self._listeners.failed(error)

    def _free_memory(self) -> None:
        with self._state:
            session = self._session
        if session is not None:
            session.free_memory()


def spare_threads() -> None:
    """Leave the artist's window a share of the processor: torch takes all of it otherwise."""
    torch.set_num_threads(max(1, torch.get_num_threads() - 1))
