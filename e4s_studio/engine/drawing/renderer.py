"""One pair of portraits under one network: fitted, drawn, composed."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

import torch

from e4s_studio.core.pair import Both
from e4s_studio.core.regions import Region
from e4s_studio.core.settings import Precision
from e4s_studio.engine.drawing.cache import NetworkCache
from e4s_studio.engine.drawing.devices import DTYPES
from e4s_studio.engine.finishing.compose import (
    WHITE,
    Composite,
    Mattes,
    PreparedPair,
    compose,
    prepare,
)
from e4s_studio.engine.finishing.overview import Overview
from e4s_studio.engine.pictures import resize, resize_labels, to_levels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from e4s_studio.core.contents import DocumentSnapshot
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.core.settings import EditSettings
    from e4s_studio.engine.drawing.fitted import Fitted


class Renderer:
    """Draws and composes swaps of one fitted pair.

    Parameters
    ----------
    fitted
        The network and the pair's texture vectors.
    portraits
        The pair.
    """

    def __init__(self, fitted: Fitted, portraits: Both[Portrait]) -> None:
        self.fitted = fitted
        self._cache = NetworkCache(fitted.network)
        self.portraits = portraits
        # Each in its own light: its detail must not bring that of its photograph along.
        self.reconstructions = Both(
            _last(self._drawings(portraits.source.labels, fitted.vectors.source)),
            _last(self._drawings(portraits.target.labels, fitted.vectors.target)),
        )
        self._pairs: dict[int, PreparedPair] = {}

    @property
    def device(self) -> torch.device:
        """Where the network computes."""
        return self.fitted.vectors.source.device

    @cached_property
    def overview(self) -> Overview:
        """The target's whole photograph as a screen shows it."""
        return Overview.of(self.portraits.target)

    @property
    def quality(self) -> float:
        """How well the network reproduces both portraits, background aside: PSNR in dB."""
        squares, count = 0.0, 0
        for portrait, drawn in zip(self.portraits, self.reconstructions, strict=True):
            size = drawn.shape[0]
            seen = resize_labels(portrait.labels, size) != Region.BACKGROUND
            error = (drawn - resize(portrait.image.astype(drawn.dtype), size))[seen]
            squares += float((error**2).sum())
            count += error.size
        return 10 * math.log10(WHITE**2 * count / squares) if squares else math.inf

    def drawings(
        self,
        labels: NDArray[np.uint8],
        amounts: Sequence[float],
        precision: Precision = Precision.FLOAT32,
    ) -> Iterator[NDArray[np.float32]]:
        """Draw a swap coarse to fine: (R, R, 3) float32 levels for R = 4, 8, …, S.

        What an edit did not change is not drawn again.

        Parameters
        ----------
        labels
            (H, W) uint8.
        amounts
            The 12 regions' texture amounts.
        precision
            The generator's number format, not AUTO.
        """
        pair = self.fitted.vectors
        vectors = self.fitted.network.mix(pair.source, pair.target, torch.tensor(amounts))
        yield from self._drawings(labels, vectors, precision)

    def pair(self, size: int) -> PreparedPair:
        """Return the pair prepared at a size; kept for the next time."""
        if size not in self._pairs:
            self._pairs[size] = prepare(self.portraits, self.reconstructions, size)
        return self._pairs[size]

    def swap(
        self, labels: NDArray[np.uint8], settings: EditSettings, size: int | None = None
    ) -> Composite:
        """Draw and compose in full, at the target crop's own size unless told another."""
        drawn = _last(self.drawings(labels, settings.amounts))
        return compose(self.pair(size or self.portraits.target.shape[0]), drawn, labels, settings)

    def finish(
        self, drawn: NDArray[np.float32], snapshot: DocumentSnapshot, size: int
    ) -> Composite:
        """Compose a drawing of a document at a size, its mattes included."""
        mattes = Mattes(snapshot.amount, snapshot.occluder)
        return compose(self.pair(size), drawn, snapshot.labels, snapshot.settings, mattes)

    def free_memory(self) -> None:
        """Forget what can be computed again; the fit stays."""
        self._cache.clear()
        self._pairs.clear()

    def on_cpu(self) -> Renderer:
        """Return the renderer on the CPU: itself, if it is there already."""
        if self.device.type == "cpu":
            return self
        return Renderer(self.fitted.on("cpu"), self.portraits)

    def _drawings(
        self, labels: NDArray[np.uint8], vectors: Tensor, precision: Precision = Precision.FLOAT32
    ) -> Iterator[NDArray[np.float32]]:
        codes = self._cache.style_codes(vectors)
        onto = torch.from_numpy(labels.copy())[None]  # a frozen map can't be shared with torch
        for stage in self._cache.stages(codes, onto, DTYPES[precision]):
            yield to_levels(stage.rgb)


def _last(drawings: Iterator[NDArray[np.float32]]) -> NDArray[np.float32]:
    *_, last = drawings
    return last
