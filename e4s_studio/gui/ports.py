"""What the editor needs from an engine, and what an engine tells the editor.

The engine lives on threads of its own. It is given one callable, `post`, that takes a message from
any thread; nothing else of the window is known to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from e4s_studio.core.contents import DocumentSnapshot
    from e4s_studio.core.face import Face
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.core.quad import Quad
    from e4s_studio.core.settings import EditSettings, FilmTrait
    from e4s_studio.files.export.layers import ExportLayers
    from e4s_studio.files.project import FittedWeights


class Stage(StrEnum):
    """How far a shown result is from the one that would be exported."""

    COARSE = "coarse"
    FINAL = "final"


@dataclass(frozen=True, eq=False)
class Rendered:
    """A picture of the swap.

    Attributes
    ----------
    image
        (h, w, 3) uint8 RGB of the aligned crop; coarse stages may be smaller than the crop.
    revision
        The document's revision that it shows.
    stage
        Coarse, or final.
    seconds
        From the submission of the edit to this picture.
    pair
        The number of the pair of photographs that it belongs to, as `submit` got it.
    photograph, original
        (H0, W0, 3) uint8 RGB: the whole target photograph, for the screen, with the swap in it and
        without; None in coarse stages, and where nobody asked for it.
    film
        What a swap of the pair takes from the target's film; None between colour photographs.
    """

    image: NDArray[np.uint8]
    revision: int
    stage: Stage
    seconds: float
    pair: int
    photograph: NDArray[np.uint8] | None = None
    original: NDArray[np.uint8] | None = None
    film: FilmTrait | None = None


@dataclass(frozen=True)
class ModelInUse:
    """Which model computes, and where.

    Attributes
    ----------
    name
        The name of the model's file; None for the built-in one.
    device
        The device's name as the artist reads it.
    needs_fit
        Whether the model is fitted to each new pair by itself; else fitting is on demand.
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
        The pair that is fitted.
    fraction
        0 to 1; 1 once it is done.
    quality
        Reconstruction of the two photographs in decibels (PSNR); None before it is measured.
    cancelled
        Whether it ended early because it was told to.
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
class EngineFailed:
    """Work that could not be done; the sentence says what to do about it."""

    sentence: str


Message = Rendered | ModelInUse | FitProgress | EngineFailed
Post = Callable[[Message], None]


StartMap = tuple["NDArray[np.uint8]", "NDArray[np.bool_]"]
"""The swap rule's (H, W) uint8 label map, and its (H, W) bool holes."""


class Engine(Protocol):
    """What computes. Those above `submit` take their time and run off the GUI thread.

    After `close` the other methods do nothing.

    Attributes
    ----------
    model
        The network's name, as credentials and projects call it.
    """

    model: str

    def open_portrait(
        self,
        path: Path,
        label_map: Path | None,
        quad: Quad | None = None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> Portrait:
        """Return a photograph's aligned crop with its label map.

        Parameters
        ----------
        path
            The photograph.
        label_map
            A label map of the photograph; None to have it parsed.
        quad
            Where the face is; None for the surest that is found.
        is_cancelled
            Asked between the steps.

        Raises
        ------
        CancelledError
            If it was cancelled.
        FaceError
            If no face is found.
        StudioError
            If the photograph cannot be read.
        """
        ...

    def find_faces(self, photograph: NDArray[np.uint8]) -> list[Face]:
        """Return the faces of an (H, W, 3) uint8 RGB photograph, the surest first."""
        ...

    def recut(self, portrait: Portrait, quad: Quad, *, keep_map: bool) -> Portrait:
        """Cut a portrait out of its photograph anew.

        Parameters
        ----------
        portrait
            As it is.
        quad
            Where the face is, in the photograph.
        keep_map
            Whether the label map stays where it was on the face; else it is parsed anew.

        Raises
        ------
        FaceError
            If the quad lies outside the photograph.
        """
        ...

    def doubt(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return how unsure the parser is of each pixel of an (S, S, 3) crop: (S, S), 0 to 1."""
        ...

    def start_map(self, source: Portrait, target: Portrait, settings: EditSettings) -> StartMap:
        """Return the (H, W) label map of the swap rule and its (H, W) bool holes."""
        ...

    def picture(self, snapshot: DocumentSnapshot) -> NDArray[np.uint8]:
        """Return the final picture of a snapshot's crop, (N, N, 3) uint8 RGB."""
        ...

    def export_layers(self, snapshot: DocumentSnapshot) -> ExportLayers:
        """Return the swap in full at the target photograph's own resolution; never the preview."""
        ...

    def packed_fit(self, snapshot: DocumentSnapshot) -> FittedWeights:
        """Return the pair's fit as it stands, for a project to keep; takes its time."""
        ...

    def take_fit(self, weights: FittedWeights, snapshot: DocumentSnapshot) -> None:
        """Go on with the fit that a project kept for the snapshot's pair; takes its time.

        Raises
        ------
        CheckpointError
            If it is a fit of another network.
        """
        ...

    def submit(self, snapshot: DocumentSnapshot, pair: int, *, whole: bool = False) -> None:
        """Ask for pictures of `snapshot`, in place of whatever is waiting; returns at once.

        With `whole` the final one brings the whole photograph too.
        """
        ...

    def start_fit(self, snapshot: DocumentSnapshot, pair: int) -> None:
        """Fit the model to the snapshot's photographs, in place of any other; returns at once."""
        ...

    def cancel_fit(self) -> None:
        """Stop fitting and keep what was learnt; returns at once."""
        ...

    def close(self) -> None:
        """Stop all work and return once every thread is gone."""
        ...


@dataclass(frozen=True)
class EngineChoice:
    """What the artist asks to compute with.

    Attributes
    ----------
    checkpoint
        A checkpoint's file; None for the built-in model.
    device
        A device's name ("cpu", "cuda", ...); "auto" for the best there is.
    """

    checkpoint: Path | None = None
    device: str = "auto"


Connect = Callable[[EngineChoice, Post], Engine]
"""Makes an engine; runs off the GUI thread, and is where torch is first imported."""
