"""Memory for intermediate results that is used again and again.

A large tensor that the allocator maps afresh costs more, when first written to, than most of what
is done in it.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor


class Workspace:
    """Memory that the steps and layers of one pass share, each purpose its own."""

    def __init__(self) -> None:
        self._buffers: dict[str, Tensor] = {}

    def take(self, purpose: str, shape: tuple[int, ...], like: Tensor) -> Tensor:
        """Return a tensor of any content, of the dtype and on the device of `like`.

        What was taken for the same purpose before is overwritten.
        """
        count = math.prod(shape)
        buffer = self._buffers.get(purpose)
        fits = buffer is not None and buffer.numel() >= count
        if buffer is None or not fits or (buffer.dtype, buffer.device) != (like.dtype, like.device):
            # Made in inference mode, it could not be written to outside of it.
            with torch.inference_mode(mode=False):
                buffer = torch.empty(count, dtype=like.dtype, device=like.device)
            self._buffers[purpose] = buffer
        return buffer[:count].view(shape)


class SpareWorkspace:
    """Keeps one workspace from one pass to the next. Passes of other threads make their own."""

    def __init__(self) -> None:
        self._spare: list[Workspace] = []

    def __reduce__(self) -> tuple[type[SpareWorkspace], tuple[()]]:
        """Copy and pickle as empty."""
        return SpareWorkspace, ()

    @contextmanager
    def borrowed(self) -> Iterator[Workspace]:
        """Lend the workspace, or a new one if it is lent already."""
        try:
            space = self._spare.pop()
        except IndexError:
            space = Workspace()
        try:
            yield space
        finally:
            self._spare[:] = [space]

    def clear(self) -> None:
        """Forget the workspace."""
        self._spare.clear()
