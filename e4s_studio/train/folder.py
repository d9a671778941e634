"""Pairs from a folder of aligned photographs and their label maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.core.errors import ImageError
from e4s_studio.core.regions import REGION_COUNT
from e4s_studio.engine.pictures import resize_labels
from e4s_studio.files.images import read_image
from e4s_studio.files.label_maps import read_label_map
from e4s_studio.train.pairs import Pair, Stream, View, augmented, possible_amounts, random_amounts

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"})
MAP_ENDINGS: Final = ("_map.png", "_mask.png")
VALIDATION_SHARE: Final = 20
"""One picture in so many is kept for validation, as long as two are left on both sides."""


class FolderPairs:
    """Pairs of photographs, drawn by lot.

    No photograph shows a swap. What is known of one are the pixels where the target keeps its
    texture, and those where source and target have the same label at the same place.

    Parameters
    ----------
    folder
        NAME.jpg (or another format) beside NAME_map.png or NAME_mask.png, aligned crops.
    size, seed, stream, augment
        As of `PortraitPairs`.

    Raises
    ------
    ImageError
        If the folder holds no picture with a map.
    """

    def __init__(
        self,
        folder: Path,
        size: int,
        seed: int = 0,
        stream: Stream = Stream.TRAINING,
        augment: float = 0.0,
    ) -> None:
        self.size, self.seed, self.stream, self.augment = size, seed, stream, augment
        self.files = _of_stream(pictures_with_maps(folder), stream)

    def __getitem__(self, number: int) -> Pair:
        """Draw the pair of a number from 0.

        Raises
        ------
        ImageError, LabelMapError
            If a file cannot be read.
        """
        return self.pair(number, self.size)

    def pair(self, number: int, size: int) -> Pair:
        """Draw the same pair with `size` pixels on a side; raises what `[]` raises."""
        rng = np.random.default_rng((int(self.stream), self.seed, number))
        source, target = (self._view(int(i), size) for i in rng.integers(len(self.files), size=2))
        amounts = np.zeros((2, REGION_COUNT), np.float32)
        amounts[1] = possible_amounts(random_amounts(rng), source.labels)
        truth = known_mix(source, target, amounts[1])
        return augmented(rng, (source, target), (source, truth), amounts, self.augment)

    def _view(self, index: int, size: int) -> View:
        picture, labels = self.files[index]
        image = read_image(picture)
        smooth = cv2.INTER_AREA if size <= image.shape[0] else cv2.INTER_CUBIC
        resized = cv2.resize(image, (size, size), interpolation=smooth)
        return View(np.asarray(resized, np.uint8), resize_labels(read_label_map(labels), size))


def known_mix(source: View, target: View, amounts: NDArray[np.float32]) -> View:
    """Return what two photographs show of a mix of their textures on the target's label map."""
    alpha = amounts[target.labels]
    same = source.labels == target.labels
    mixed = target.image + alpha[..., None] * (source.image.astype(np.float32) - target.image)
    return View(
        np.where(same[..., None], np.rint(mixed), target.image).astype(np.uint8),
        target.labels,
        same | (alpha == 0),
    )


def pictures_with_maps(folder: Path) -> list[tuple[Path, Path]]:
    """List the pictures of a folder that have a label map beside them, with the maps, by name.

    Raises
    ------
    ImageError
        If there are none.
    """
    found = []
    for picture in sorted(folder.glob("*")) if folder.is_dir() else []:
        if picture.suffix.lower() in SUFFIXES and not picture.name.endswith(MAP_ENDINGS):
            maps = [picture.with_name(picture.stem + ending) for ending in MAP_ENDINGS]
            found += [(picture, labels) for labels in maps if labels.is_file()][:1]
    if not found:
        raise ImageError(
            f"“{folder}” holds no pictures with label maps; put NAME_map.png beside each NAME.jpg."
        )
    return found


def _of_stream(files: list[tuple[Path, Path]], stream: Stream) -> list[tuple[Path, Path]]:
    kept_apart = files[::VALIDATION_SHARE]
    if len(kept_apart) < 2:
        return files
    return kept_apart if stream is Stream.VALIDATION else [f for f in files if f not in kept_apart]
