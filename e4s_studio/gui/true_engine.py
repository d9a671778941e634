"""Ties the true engine to what the editor asks of one.

Importing this module imports torch, which takes seconds: it is imported on the background thread,
after the window shows.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from e4s_studio.engine.drawing.devices import device_named
from e4s_studio.engine.drawing.models import load_network
from e4s_studio.engine.opening import open_portrait, recut_portrait
from e4s_studio.engine.running.engine import Engine, Listeners, spare_threads
from e4s_studio.engine.running.warm_up import warm_up
from e4s_studio.engine.sight import Sight
from e4s_studio.files.resources import BUILT_IN_MODEL
from e4s_studio.gui.collector import resting
from e4s_studio.gui.ports import (
    EngineFailed,
    FitProgress,
    ModelInUse,
    Rendered,
    Stage,
)
from e4s_studio.train.pairs import practice_pairs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from e4s_studio.core.contents import DocumentSnapshot
    from e4s_studio.core.face import Face
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.core.quad import Quad
    from e4s_studio.core.settings import EditSettings
    from e4s_studio.engine.request import RenderResult
    from e4s_studio.engine.running.fit_thread import FitState
    from e4s_studio.files.export.layers import ExportLayers
    from e4s_studio.files.project import FittedWeights
    from e4s_studio.gui.ports import EngineChoice, Post, StartMap


class TrueEngine:
    """The engine that computes with the network.

    Parameters
    ----------
    choice
        The model and the device.
    post
        Takes each message, from any thread.

    Raises
    ------
    StudioError
        If the checkpoint or the device cannot be used.
    """

    def __init__(self, choice: EngineChoice, post: Post) -> None:
        spare_threads()
        device = device_named(choice.device)
        network = load_network(choice.checkpoint, device)
        self._sight = Sight()
        listeners = Listeners(
            result=lambda result: _post_result(post, result),
            failed=lambda error: post(EngineFailed(str(error))),
            fitted=lambda state: post(_progress(state)),
        )
        self._engine = Engine(network, listeners, practice_pairs(network.config.size))
        # Beginning and ending a fit waits for its thread, which the window must not.
        self._fits = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fits")
        self._closed = False
        checkpoint = choice.checkpoint
        self.model = BUILT_IN_MODEL if checkpoint is None else checkpoint.name
        self._fits.submit(_warm_up)
        name = None if checkpoint is None else checkpoint.stem
        post(ModelInUse(name, _device_name(str(device)), self._engine.needs_fit))

    def open_portrait(
        self,
        path: Path,
        label_map: Path | None,
        quad: Quad | None = None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> Portrait:
        """Open a photograph as a portrait; see `engine.opening.open_portrait`."""
        return open_portrait(
            path, label_map, quad=quad, sight=self._sight, is_cancelled=is_cancelled
        )

    def find_faces(self, photograph: NDArray[np.uint8]) -> list[Face]:
        """Return the faces of a photograph, the surest first."""
        return self._sight.faces(photograph)

    def recut(self, portrait: Portrait, quad: Quad, *, keep_map: bool) -> Portrait:
        """Cut a portrait out of its photograph anew; see `engine.opening.recut_portrait`."""
        return recut_portrait(portrait, quad, self._sight, keep_map=keep_map)

    def doubt(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return how unsure the parser is of each pixel of a crop."""
        return self._sight.parse(crop).doubt

    def start_map(self, source: Portrait, target: Portrait, settings: EditSettings) -> StartMap:
        """Return the label map of the swap rule, and its holes."""
        return self._engine.start_map(source, target, settings)

    def picture(self, snapshot: DocumentSnapshot) -> NDArray[np.uint8]:
        """Return the final picture of a snapshot's crop."""
        return self._engine.picture(snapshot)

    def export_layers(self, snapshot: DocumentSnapshot) -> ExportLayers:
        """Return the swap in full at the target photograph's own resolution; never the preview."""
        return self._engine.export_layers(snapshot)

    def packed_fit(self, snapshot: DocumentSnapshot) -> FittedWeights:
        """Return the pair's fit as it stands, for a project to keep."""
        return self._engine.packed_fit(snapshot, self.model)

    def take_fit(self, weights: FittedWeights, snapshot: DocumentSnapshot) -> None:
        """Go on with the fit that a project kept, once any other has ended."""
        self._fits.submit(self._engine.take_fit, weights, snapshot).result()

    def submit(self, snapshot: DocumentSnapshot, pair: int, *, whole: bool = False) -> None:
        """Ask for pictures of a snapshot in place of whatever is waiting; returns at once."""
        self._engine.submit(snapshot, pair, whole=whole)

    def start_fit(self, snapshot: DocumentSnapshot, pair: int) -> None:
        """Fit the model to the snapshot's photographs, in place of any other; returns at once."""
        self._later(lambda: self._engine.start_fit(snapshot, pair))

    def cancel_fit(self) -> None:
        """Stop fitting and keep what was learnt; returns at once."""
        self._later(self._engine.cancel_fit)

    def close(self) -> None:
        """Stop all work and return once every thread is gone."""
        self._closed = True
        self._fits.shutdown(wait=True, cancel_futures=True)
        self._engine.close()

    def _later(self, work: Callable[[], None]) -> None:
        if not self._closed:
            self._fits.submit(work)


def _warm_up() -> None:
    with resting():
        warm_up()


def _post_result(post: Post, result: RenderResult) -> None:
    stage = Stage.FINAL if result.final else Stage.COARSE
    post(
        Rendered(
            result.image,
            result.revision,
            stage,
            result.seconds,
            result.pair,
            result.photograph,
            result.original,
            result.film,
        )
    )
    for note in result.notes:
        post(EngineFailed(note))


def _progress(state: FitState) -> FitProgress:
    return FitProgress(state.pair, state.fraction, state.quality, state.cancelled)


def _device_name(device: str) -> str:
    return {"cpu": "CPU", "cuda": "GPU", "mps": "GPU"}.get(device.partition(":")[0], device)
