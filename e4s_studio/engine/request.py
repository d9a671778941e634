"""What the engine is asked, and what it answers: frozen values that cross threads.

Importing this module does not import torch: the window knows these types before the engine starts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from e4s_studio.core.contents import DocumentSnapshot
    from e4s_studio.core.settings import FilmTrait, Precision


@dataclass(frozen=True, eq=False)
class RenderRequest:
    """A picture that is wanted.

    Attributes
    ----------
    snapshot
        The document at the moment of asking: crops, label maps, mattes and settings.
    pair
        The number of the pair of photographs; it grows with each pair that is opened.
    whole
        Whether the whole photograph with the swap in it is wanted too.
    on_cpu
        Whether to keep away from the GPU, since it has run out of memory for this picture.
    submitted
        When it was asked for, in seconds of `time.perf_counter`.
    """

    snapshot: DocumentSnapshot
    pair: int = 0
    whole: bool = False
    on_cpu: bool = False
    submitted: float = field(default_factory=time.perf_counter)

    @property
    def revision(self) -> int:
        """The document's revision."""
        return self.snapshot.revision

    @property
    def order(self) -> tuple[int, int]:
        """Pair and revision: what is newer is greater."""
        return self.pair, self.revision


@dataclass(frozen=True, eq=False)
class RenderResult:
    """A picture of the swap: one of several, coarse to fine.

    Attributes
    ----------
    image
        (R, R, 3) uint8 RGB, contiguous: the aligned crop. Coarse pictures are smaller than it.
    revision, pair
        Those of the request that it answers.
    final
        Whether no finer picture of this request will come.
    device
        The name of the device that drew it.
    precision
        The number format that the generator computed in.
    seconds
        From the submission of the request to this picture.
    photograph, original
        (H0, W0, 3) uint8 RGB: the whole target photograph, for the screen, with the swap in it and
        without; None in coarse pictures, and where nobody asked for it.
    film
        What a swap of the pair takes from the target's film; None between colour photographs.
    notes
        Sentences for the artist on what went otherwise than asked.
    """

    image: NDArray[np.uint8]
    revision: int
    pair: int
    final: bool
    device: str
    precision: Precision
    seconds: float = 0.0
    photograph: NDArray[np.uint8] | None = None
    original: NDArray[np.uint8] | None = None
    film: FilmTrait | None = None
    notes: tuple[str, ...] = ()

    @property
    def resolution(self) -> int:
        """R: the crop's width in this picture."""
        return int(self.image.shape[1])


@dataclass(frozen=True)
class EngineChoice:
    """What the artist wants to compute with.

    Attributes
    ----------
    checkpoint
        The file of a checkpoint; None for the built-in model.
    device
        The name of a device ("cpu", "cuda", ...); "auto" for the best one available.
    """

    checkpoint: Path | None = None
    device: str = "auto"


@dataclass(frozen=True)
class ModelInUse:
    """Which model computes, and where.

    Attributes
    ----------
    name
        The name of the model's file without its suffix; None for the built-in model.
    device
        The device as torch names it.
    needs_fit
        Whether the model is fitted to each new pair without being asked.
    """

    name: str | None
    device: str
    needs_fit: bool


@dataclass(frozen=True)
class FitProgress:
    """A fit under way, or at its end.

    Attributes
    ----------
    pair
        The pair's number.
    fraction
        0 to 1; 1 once it is done.
    quality
        How well the network reproduces the two photographs, in dB (PSNR); None before it was
        measured.
    cancelled
        Whether it ended early; what was fitted until then is kept.
    """

    pair: int
    fraction: float
    quality: float | None = None
    cancelled: bool = False

    @property
    def is_over(self) -> bool:
        """Whether no further progress will come."""
        return self.cancelled or self.fraction >= 1


@dataclass(frozen=True)
class Failure:
    """Something that could not be done; the sentence says what to do about it."""

    sentence: str


@dataclass(frozen=True)
class Notice:
    """Something that was done otherwise than asked; nothing failed."""

    sentence: str


Message = RenderResult | ModelInUse | FitProgress | Failure | Notice
Post = Callable[[Message], None]
"""Takes a message of the engine; called on the engine's threads."""

StartMap = tuple["NDArray[np.uint8]", "NDArray[np.bool_]"]
"""The swap rule's (H, W) uint8 label map, and its (H, W) bool holes."""
