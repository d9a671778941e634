"""What a project holds, the document and what goes with it."""

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
    """How a project's exports are labelled, as the artist decided.

    Attributes
    ----------
    ground
        On what ground the sitter's face is used; None until it was stated.
    credential
        Whether exports are signed.
    mark
        Whether exports say in a corner that they were edited.
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
        The weights in safetensors form: data alone, nothing that could be run.
    """

    model: str
    safetensors: bytes = field(repr=False)


@dataclass(frozen=True, eq=False)
class Project:
    """A document and what goes with it.

    Attributes
    ----------
    contents
        The document, its history included.
    labelling
        How exports are labelled.
    fitted
        The fitted network, or None.
    thumbnail
        (h, w, 3) uint8 RGB: what the project looks like; None has the target's crop shown.
    """

    contents: DocumentContents
    labelling: Labelling = Labelling()
    fitted: FittedWeights | None = None
    thumbnail: NDArray[np.uint8] | None = None


@dataclass(frozen=True, eq=False)
class Opened:
    """A project that was opened, and what of it could not be.

    Attributes
    ----------
    project
        The project.
    warnings
        Sentences for the artist on what is missing; empty if everything is there.
    """

    project: Project
    warnings: tuple[str, ...] = ()
