"""What a project holds: the document, the labelling of exports, and the fitted network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from e4s_studio.core.contents import DocumentContents
    from e4s_studio.files.provenance.facts import Ground


@dataclass(frozen=True)
class Labelling:
    """How a project's exports are labelled.

    Attributes
    ----------
    ground
        The ground on which the sitter's face is used; None until it is stated.
    credential
        Whether exports are signed.
    mark
        Whether exports have the visible mark.
    """

    ground: Ground | None = None
    credential: bool = True
    mark: bool = False


@dataclass(frozen=True, eq=False)
class FittedWeights:
    """A network that was fitted to the project's pair.

    Attributes
    ----------
    model
        Its name.
    safetensors
        The weights as a safetensors file: data alone, no code.
    """

    model: str
    safetensors: bytes = field(repr=False)


@dataclass(frozen=True, eq=False)
class Project:
    """A document, its labelling and its fitted network.

    Attributes
    ----------
    contents
        The document, its history included.
    labelling
        How exports are labelled.
    fitted
        The fitted network, or None.
    thumbnail
        (h, w, 3) uint8 RGB: a picture of the result; None for the target's crop.
    """

    contents: DocumentContents
    labelling: Labelling = Labelling()
    fitted: FittedWeights | None = None
    thumbnail: NDArray[np.uint8] | None = None


@dataclass(frozen=True, eq=False)
class Opened:
    """An opened project, and what of its file was damaged.

    Attributes
    ----------
    project
        The project.
    warnings
        Sentences for the artist on what is missing; empty if the file was whole.
    """

    project: Project
    warnings: tuple[str, ...] = ()
