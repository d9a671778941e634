"""What the fast executor keeps between passes: values made from weights, and buffers."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor, nn

T = TypeVar("T")

LARGE_FLOATS: Final = 8_000_000
"""From this many numbers on a transformed weight counts as large."""
KEPT_FLOATS: Final = 165_000_000
"""How many numbers of large transformed weights a network keeps in all: 660 MB."""


class Workspace:
    """Buffers for the intermediate results of one pass.

    The allocator gives large tensors back to the system. To map them again costs an encoding a
    seventh of its time, in page faults.
    """

    def __init__(self, cache: WeightCache) -> None:
        self.cache = cache
        self._buffers: dict[str, Tensor] = {}

    def take(self, purpose: str, shape: tuple[int, ...], like: Tensor) -> Tensor:
        """Return a tensor of any content, of the dtype of `like`.

        It overwrites what was taken for the same purpose before.
        """
        count = math.prod(shape)
        buffer = self._buffers.get(purpose)
        if buffer is None or buffer.numel() < count or buffer.dtype != like.dtype:
            # A tensor made in inference mode could not be written to outside of it.
            with torch.inference_mode(mode=False):
                buffer = torch.empty(count, dtype=like.dtype, device=like.device)
            self._buffers[purpose] = buffer
        return buffer[:count].view(shape)


class WeightCache:
    """Values made from the weights of one network's layers. Several threads may use it."""

    def __init__(self) -> None:
        self._made: dict[tuple[nn.Module, object], tuple[object, Any]] = {}
        self._reserved: set[nn.Module] = set()
        self._left = KEPT_FLOATS
        self._spare: list[Workspace] = []

    def __reduce__(self) -> tuple[type[WeightCache], tuple[()]]:
        """Copy and pickle as empty: a copied network has weights of its own."""
        return WeightCache, ()

    def once(self, layer: nn.Module, kind: object, make: Callable[[], T]) -> T:
        """Return `make()`, computed again only when the weight of the layer has changed."""
        state, key = _state_of(cast("Tensor", layer.weight)), (layer, kind)
        known = self._made.get(key)
        if known is None or known[0] != state:
            # A tensor made in inference mode could not take part in a later gradient.
            with torch.inference_mode(mode=False), torch.no_grad():
                known = (state, make())
            self._made[key] = known
        return cast("T", known[1])

    def room(self, layer: nn.Module, count: int) -> bool:
        """Whether a value of so many numbers, made of a layer's weight, is kept or may be.

        Room for large ones goes to the first layers that ask, and stays theirs.
        """
        if count < LARGE_FLOATS:
            return True
        if layer not in self._reserved and count <= self._left:
            self._reserved.add(layer)
            self._left -= count
        return layer in self._reserved

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        """Lend the workspace of the last pass, or a new one if another thread has it."""
        try:
            space = self._spare.pop()
        except IndexError:
            space = Workspace(self)
        try:
            yield space
        finally:
            self._spare[:] = [space]

    def clear(self) -> None:
        """Forget everything."""
        self._made.clear()
        self._spare.clear()


def _state_of(weight: Tensor) -> tuple[int, int, int]:
    """Identify a weight: torch counts in-place changes, except of inference tensors."""
    version = 0 if weight.is_inference() else weight._version  # noqa: SLF001
    return id(weight), weight.data_ptr(), version
