"""Results of the network, found again by the content that they were computed from.

A result found here equals a fresh one bit for bit: its key holds everything that it depends on,
the state of the weights included.
"""

from __future__ import annotations

import threading
from hashlib import blake2b
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import torch
from cachetools import LRUCache

from e4s_studio.networks.layout import Layout, resize_labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    from torch import Tensor

    from e4s_studio.networks.generator import Stage
    from e4s_studio.networks.layout import Grid
    from e4s_studio.networks.rgi import RGI

    T = TypeVar("T")

_CAPACITY: Final = 256 << 20
"""Bytes that a network's results may take."""
_LARGEST_SHARE: Final = 8
"""A result that takes more than one part of so many is not kept: it would replace all others."""


class NetworkCache:
    """An RGI network that computes nothing twice, as long as there is room. Without gradients.

    Parameters
    ----------
    network
        The network; when its weights change, what was computed with the old ones is not found.
    capacity
        Bytes that all results together may take.
    """

    def __init__(self, network: RGI, capacity: int = _CAPACITY) -> None:
        self.network = network
        self._results: LRUCache[bytes, tuple[Any, int]] = LRUCache(capacity, itemgetter(1))
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Forget everything, and what the network keeps from one picture to the next."""
        with self._lock:
            self._results.clear()
        self.network.encoder.free_memory()
        self.network.G.free_memory()

    def encode(self, image: Tensor, labels: Tensor) -> Tensor:
        """Return texture vectors (B, 12, vector_dim) of (B, 3, H, W) and labels (B, h, w)."""
        key = self._key("vectors", image, labels)
        return self._once(key, lambda: self.network.encode_labels(image, labels), _tensor_bytes)

    def style_codes(self, vectors: Tensor) -> Tensor:
        """Return style codes (B, 12, n_latent, style_dim) of vectors (B, 12, vector_dim)."""
        key = self._key("codes", vectors)
        return self._once(key, lambda: self.network.style_codes(vectors), _tensor_bytes)

    def layout(self, labels: Tensor) -> Layout:
        """Return the layout of labels (B, h, w); of a resolution it keeps what it planned."""
        labels = labels.to("cpu", torch.uint8)  # asked for at once, not between two stages
        planned = self.network.layout(labels)

        def grid(resolution: int) -> Grid:
            key = _digest("grid", _seen_at(labels, resolution))
            return self._once(key, lambda: planned.grid(resolution), _grid_bytes)

        return Layout(grid)

    def stages(
        self, codes: Tensor, labels: Tensor, dtype: torch.dtype = torch.float32
    ) -> Iterator[Stage]:
        """Draw coarse to fine, going on from the finest stage that the edit did not change.

        Coarser stages come too as far as they are still here. Past the resolutions that look at the
        label map nothing goes on: of those the finished picture is used again, and no other.

        Parameters
        ----------
        codes
            (B, 12, n_latent, style_dim).
        labels
            (B, h, w) of 0 to 11.
        dtype
            The type of the features.
        """
        labels = labels.to("cpu", torch.uint8)
        keys = self._stage_keys(codes.cpu(), labels, dtype)
        start, whole = None, keys[self.network.config.size]
        for key in keys.values():
            known = self._known(key)
            if known is not None and (known.features is not None or key == whole):
                start = known
                yield known
        if start is not None and start.resolution == self.network.config.size:
            return
        layout = self.layout(labels)
        # A plain loop would hold inference mode across yields, and leak it to the caller.
        stages = self.network.G.stages(codes, layout, dtype=dtype, start=start)
        while (stage := _next_of(stages)) is not None:
            self._keep(keys[stage.resolution], stage, _stage_bytes(stage))
            yield stage

    def _stage_keys(self, codes: Tensor, labels: Tensor, dtype: torch.dtype) -> dict[int, bytes]:
        """Chain, resolution by resolution, what a stage depends on: latents and label maps."""
        generator = self.network.G
        masked = generator.masked_resolutions()
        key = self._key("stage", str(dtype))
        keys: dict[int, bytes] = {}
        for log_resolution in range(2, self.network.config.log_size + 1):
            resolution = 2**log_resolution
            latents = codes[:, :, max(0, 2 * log_resolution - 4) : 2 * log_resolution - 2]
            key = _digest(key, latents)
            if resolution in masked:
                key = _digest(key, _seen_at(labels, resolution))
            keys[resolution] = key
        return keys

    def _key(self, *content: Tensor | str) -> bytes:
        return _digest(_weights_state(self.network), *content)

    def _once(self, key: bytes, make: Callable[[], T], size: Callable[[T], int]) -> T:
        known = self._known(key)
        if known is not None:
            return known  # type: ignore[no-any-return]
        with torch.inference_mode():
            made = make()
        self._keep(key, made, size(made))
        return made

    def _known(self, key: bytes) -> Any:
        with self._lock:
            value, _ = self._results.get(key, (None, 0))
        return value

    def _keep(self, key: bytes, value: object, size: int) -> None:
        if size * _LARGEST_SHARE <= self._results.maxsize:
            with self._lock:
                self._results[key] = value, size


def _next_of(stages: Iterator[Stage]) -> Stage | None:
    with torch.inference_mode():
        return next(stages, None)


def _weights_state(network: RGI) -> bytes:
    """Identify the weights: torch counts the changes of each."""
    states = [
        (value.data_ptr(), 0 if value.is_inference() else value._version)  # noqa: SLF001
        for value in (*network.parameters(), *network.buffers())
    ]
    return repr(states).encode()


def _digest(*content: bytes | str | Tensor) -> bytes:
    digest = blake2b(digest_size=16)
    for part in content:
        if isinstance(part, torch.Tensor):
            digest.update(f"{part.dtype}{tuple(part.shape)}".encode())
            digest.update(part.detach().cpu().contiguous().numpy().tobytes())
        else:
            digest.update(part if isinstance(part, bytes) else part.encode())
    return digest.digest()


def _seen_at(labels: Tensor, resolution: int) -> Tensor:
    return resize_labels(labels, resolution).to(torch.uint8)


def _tensor_bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _grid_bytes(grid: Grid) -> int:
    sizes: list[int] = []

    def weighed(tensor: Tensor) -> Tensor:
        sizes.append(_tensor_bytes(tensor))
        return tensor

    grid.map(weighed)
    return sum(sizes)


def _stage_bytes(stage: Stage) -> int:
    features = 0 if stage.features is None else _tensor_bytes(stage.features)
    return features + _tensor_bytes(stage.rgb)
