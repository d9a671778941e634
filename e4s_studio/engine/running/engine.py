"""The engine: pairs opened, pictures drawn and models fitted, on two threads of its own.

The worker's thread draws; the fitter's thread fits, and pauses wherever it is while something is
drawn: an edit never waits for a fit.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from e4s_studio.engine.drawing.devices import chosen, device_named
from e4s_studio.engine.drawing.export_layers import finished_layers
from e4s_studio.engine.drawing.fitted import encode_pair
from e4s_studio.engine.drawing.models import load_network
from e4s_studio.engine.drawing.renderer import Renderer
from e4s_studio.engine.finishing.compose import CANONICAL_SIZE
from e4s_studio.engine.fitting.fit import BUILT_IN_SIZE, Fitter, plan_for
from e4s_studio.engine.fitting.fitted_file import pack_fitted, unpack_fitted
from e4s_studio.engine.opening import Sight, open_portrait, recut_portrait
from e4s_studio.engine.pictures import to_image
from e4s_studio.engine.request import Failure, ModelInUse, Notice, RenderRequest, RenderResult
from e4s_studio.engine.running.fit_thread import FitThread, Turns
from e4s_studio.engine.running.sharing import spare_threads, warm_up
from e4s_studio.engine.running.worker import Worker
from e4s_studio.engine.swap import start_map
from e4s_studio.files.resources import BUILT_IN_MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from e4s_studio.core.contents import DocumentSnapshot
    from e4s_studio.core.errors import StudioError
    from e4s_studio.core.face import Face
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.core.quad import Quad
    from e4s_studio.core.settings import EditSettings
    from e4s_studio.engine.drawing.fitted import Fitted
    from e4s_studio.engine.fitting.practice import Lessons
    from e4s_studio.engine.request import EngineChoice, Post
    from e4s_studio.engine.running.worker import ShouldStop
    from e4s_studio.files.export.layers import ExportLayers
    from e4s_studio.files.project import FittedWeights
    from e4s_studio.networks.rgi import RGI

_COARSE: Final = {64: 256, 256: 512}
"""The generator's resolutions that are shown before it is done, and the size of those pictures."""


class Engine:
    """Opens portraits, draws swaps of the pair that it was last asked about, and fits to it.

    Methods that take their time say so: the window calls them beside its own thread. After `close`
    no method does anything.

    Parameters
    ----------
    network
        Where every pair starts.
    post
        Takes each message, from any of the engine's threads.
    model
        The network's name, as credentials and projects call it.
    practice
        What fits train on beside the pair (see `engine.fitting.practice`).
    """

    def __init__(
        self,
        network: RGI,
        post: Post,
        model: str = BUILT_IN_MODEL,
        practice: Lessons | None = None,
    ) -> None:
        self.model = model
        self._network = network
        self._practice = practice
        self._post = post
        self._sight = Sight()
        self._turns = Turns()
        self._state = threading.Lock()
        self._renderer: Renderer | None = None
        self._last: RenderRequest | None = None
        self._worker = Worker(
            self._render, self._show, lambda error, _: self._failed(error), self._free_memory
        )
        self._fitting: FitThread | None = None
        # Beginning and ending a fit waits for its thread, which the window must not.
        self._fits = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fits")
        self._is_closed = False

    @classmethod
    def started(
        cls, choice: EngineChoice, post: Post, practice: Callable[[int], Lessons]
    ) -> Engine:
        """Load the chosen network, say which it is, and prepare for the first fit.

        Parameters
        ----------
        choice
            The model and the device.
        post
            Takes each message.
        practice
            Returns what fits train on, for a crop size in pixels.

        Raises
        ------
        StudioError
            If the checkpoint or the device cannot be used.
        """
        spare_threads()
        device, checkpoint = device_named(choice.device), choice.checkpoint
        network = load_network(checkpoint, device)
        model = BUILT_IN_MODEL if checkpoint is None else checkpoint.name
        engine = cls(network, post, model, practice(network.config.size))
        engine._later(warm_up)
        name = None if checkpoint is None else checkpoint.stem
        post(ModelInUse(name, str(device), engine.needs_fit))
        return engine

    @property
    def needs_fit(self) -> bool:
        """Whether the model is fitted to each pair by itself."""
        return self._network.config.size <= BUILT_IN_SIZE

    def open_portrait(
        self,
        path: Path,
        label_map: Path | None,
        quad: Quad | None = None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> Portrait:
        """Open a photograph as a portrait; takes its time. See `engine.opening.open_portrait`."""
        return open_portrait(
            path, label_map, quad=quad, sight=self._sight, is_cancelled=is_cancelled
        )

    def find_faces(self, photograph: NDArray[np.uint8]) -> list[Face]:
        """Return the faces of an (H, W, 3) uint8 RGB photograph, the surest first; takes time."""
        return self._sight.faces(photograph)

    def recut(self, portrait: Portrait, quad: Quad, *, keep_map: bool) -> Portrait:
        """Cut a portrait out anew; takes its time. See `engine.opening.recut_portrait`."""
        return recut_portrait(portrait, quad, self._sight, keep_map=keep_map)

    def doubt(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return how unsure the parser is of each pixel of an (S, S, 3) crop: (S, S), 0 to 1."""
        return self._sight.parse(crop).doubt

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
        """Fit the model to the snapshot's photographs, in place of any other; returns at once."""
        self._later(lambda: self._begin_fit(snapshot, pair))

    def _begin_fit(self, snapshot: DocumentSnapshot, pair: int) -> None:
        self._end_fit(keep=False)
        portraits = snapshot.portraits

        def publish(fitted: Fitted) -> float:
            renderer = Renderer(fitted, portraits)
            self._replace_renderer(renderer)
            return renderer.quality

        self._fitting = FitThread(
            lambda: Fitter(self._network, portraits, plan_for(self._network), self._practice),
            pair,
            self._turns,
            publish,
            self._post,
            self._failed,
        )

    def cancel_fit(self) -> None:
        """Stop fitting and keep what was fitted so far; returns at once."""
        self._later(lambda: self._end_fit(keep=True))

    def picture(self, snapshot: DocumentSnapshot) -> NDArray[np.uint8]:
        """Return the final picture of a document's crop, (N, N, 3) uint8 RGB, and tell nobody."""
        with self._turns.drawing():
            renderer = self._renderer_of(snapshot)
            *_, drawn = renderer.drawings(snapshot.labels, snapshot.settings.amounts)
            return to_image(renderer.finish(drawn, snapshot, CANONICAL_SIZE).result)

    def export_layers(self, snapshot: DocumentSnapshot) -> ExportLayers:
        """Return what an export is made from, at the target photograph's own resolution.

        In float32, with the finest picture; never the preview.
        """
        with self._turns.drawing():
            return finished_layers(self._renderer_of(snapshot), snapshot)

    def packed_fit(self, snapshot: DocumentSnapshot) -> FittedWeights:
        """Return the pair's fit as it stands, as projects keep it; takes its time.

        Of a pair that was drawn before it waits for no drawing: an export may take minutes.
        """
        renderer = self._known_renderer(snapshot)
        if renderer is None:
            with self._turns.drawing():
                renderer = self._renderer_of(snapshot)
        return pack_fitted(renderer.fitted, self._network, self.model)

    def take_fit(self, weights: FittedWeights, snapshot: DocumentSnapshot) -> None:
        """Go on with the fit that a project kept, once any other has ended; takes its time.

        Raises
        ------
        CheckpointError
            If it is a fit of another network; the pair then starts as a new one does.
        """
        self._fits.submit(self._replace_fit, weights, snapshot).result()

    def _replace_fit(self, weights: FittedWeights, snapshot: DocumentSnapshot) -> None:
        with self._turns.drawing():
            fitted = unpack_fitted(weights, self._network)
            renderer = Renderer(fitted, snapshot.portraits)
        self._replace_renderer(renderer)

    def close(self) -> None:
        """Stop all work and return once every thread is gone."""
        self._is_closed = True
        self._fits.shutdown(wait=True, cancel_futures=True)
        self._end_fit(keep=False)
        self._worker.close()

    def _later(self, work: Callable[[], None]) -> None:
        if not self._is_closed:
            self._fits.submit(work)

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
        renderer = self._renderer_of(snapshot)
        if request.on_cpu:
            renderer = renderer.on_cpu()
        device = renderer.device
        precision = chosen(settings.precision, device)
        full = renderer.fitted.network.config.size
        for drawn in renderer.drawings(snapshot.labels, settings.amounts, precision):
            if should_stop():
                return
            resolution = drawn.shape[0]
            size = CANONICAL_SIZE if resolution == full else _COARSE.get(resolution)
            if size is None:
                continue
            composite = renderer.finish(drawn, snapshot, size)
            result = RenderResult(
                image=to_image(composite.result),
                revision=request.revision,
                pair=request.pair,
                final=resolution == full,
                device=str(device),
                precision=precision,
                film=renderer.pair(size).film.trait,
            )
            if request.whole and result.final:
                overview = renderer.overview
                photograph = overview.with_swap(composite)
                result = replace(result, photograph=photograph, original=overview.original)
            yield result

    def _renderer_of(self, snapshot: DocumentSnapshot) -> Renderer:
        """Return the pair's renderer; a pair that was never seen starts from the encoder."""
        renderer = self._known_renderer(snapshot)
        if renderer is None:
            portraits = snapshot.portraits
            renderer = Renderer(encode_pair(self._network, portraits), portraits)
            with self._state:
                self._renderer = renderer
        return renderer

    def _known_renderer(self, snapshot: DocumentSnapshot) -> Renderer | None:
        with self._state:
            renderer = self._renderer
        known = renderer is not None and renderer.portraits == snapshot.portraits
        return renderer if known else None

    def _replace_renderer(self, renderer: Renderer) -> None:
        """Take a better fit, and draw the newest edit again with it."""
        with self._state:
            self._renderer = renderer
            last = self._last
        if last is not None and last.snapshot.portraits == renderer.portraits:
            self._worker.submit(RenderRequest(last.snapshot, last.pair, last.whole))

    def _show(self, result: RenderResult) -> None:
        self._post(result)
        for note in result.notes:
            self._post(Notice(note))

    def _failed(self, error: StudioError) -> None:
        self._post(Failure(str(error)))

    def _free_memory(self) -> None:
        with self._state:
            renderer = self._renderer
        if renderer is not None:
            renderer.free_memory()
