"""A photograph in the editor: the aligned crop and its label map."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from e4s_studio.core.errors import FaceError, ImageError, LabelMapError
from e4s_studio.core.label_map import checked_labels
from e4s_studio.core.plane import read_only
from e4s_studio.core.quad import Quad

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Portrait:
    """An aligned crop with its label map, and the photograph that it is cut from.

    All arrays become read-only.

    Attributes
    ----------
    image
        (H, W, 3) uint8 RGB: the aligned crop.
    labels
        (H, W) uint8: the crop's regions.
    path
        The photograph's file, if it has one.
    photograph
        (H0, W0, 3) uint8 RGB: the whole photograph; the crop itself if no other is given.
    quad
        (4, 2) float: the crop's corners top left, bottom left, bottom right, top right, as (x, y)
        in the photograph's image coordinates; the photograph's border if no others are given.
    file
        The contents of the photograph's file, if kept.

    Raises
    ------
    ImageError
        If a picture is not (H, W, 3) uint8.
    LabelMapError
        If the label map is invalid, or does not fit the crop.
    FaceError
        If the quad is not four finite points.
    """

    image: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    path: Path | None = None
    photograph: NDArray[np.uint8] = None  # type: ignore[assignment] # filled in below
    quad: NDArray[np.float64] = None  # type: ignore[assignment] # filled in below
    file: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        checked_labels(self.labels)
        for picture in (self.image, self.photograph):
            if picture is not None and not _is_rgb(picture):
                raise ImageError(
                    f"A photograph must be an 8-bit RGB picture, not {picture.dtype} "
                    f"of shape {picture.shape}."
                )
        if self.labels.shape != self.image.shape[:2]:
            raise LabelMapError(
                f"The label map ({self.labels.shape[1]} x {self.labels.shape[0]}) does not fit "
                f"its photograph ({self.image.shape[1]} x {self.image.shape[0]})."
            )
        if self.quad is not None and (
            self.quad.shape != (4, 2) or not np.isfinite(self.quad).all()
        ):
            raise FaceError("The alignment quad needs four corners; mark the face again.")
        self._set("image", self.image)
        self._set("labels", self.labels)
        self._set("photograph", self.image if self.photograph is None else self.photograph)
        height, width = self.photograph.shape[:2]
        self._set("quad", Quad.whole(width, height).points if self.quad is None else self.quad)

    def _set(self, name: str, pixels: NDArray[np.generic]) -> None:
        object.__setattr__(self, name, read_only(pixels))

    @property
    def is_crop(self) -> bool:
        """Whether the crop is the photograph itself."""
        return self.photograph is self.image

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the crop."""
        return self.labels.shape[0], self.labels.shape[1]


def _is_rgb(picture: NDArray[np.generic]) -> bool:
    return (
        picture.dtype == np.uint8
        and picture.ndim == 3
        and picture.shape[2] == 3
        and (picture.size > 0)
    )
