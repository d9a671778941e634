"""Recipes: painted edits in the coordinates of the crop, to be repeated on other photographs.

All crops are aligned by eyes and mouth, so a pixel is on about the same part of every face.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from e4s_studio.core.brush import SoftStencil, Stencil
from e4s_studio.core.commands import Layer
from e4s_studio.core.contents import DocumentContents
from e4s_studio.core.document import Document
from e4s_studio.core.errors import ProjectError, SettingsError
from e4s_studio.core.layers import FULL, EditState
from e4s_studio.core.regions import REGION_COUNT, Region
from e4s_studio.core.settings import EditSettings
from e4s_studio.files.output import write_whole
from e4s_studio.files.project.archive import (
    Archive,
    DamagedEntryError,
    file_bytes,
    pixels_of,
    png_of,
)
from e4s_studio.files.project.manifest import Size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.core.geometry import Box

SUFFIX: Final = ".e4srecipe"
_CONTENTS: Final = "recipe.json"
_PAINT: Final = "paint.png"
_AMOUNT: Final = "amount.png"
_UNPAINTED: Final = 255
# `shapes` and `face_over_hair` belong to the pair, as the started map does.
_CARRIED: Final = ("amounts", "detail", "blend_width", "light", "film")


@dataclass(frozen=True, eq=False)
class Recipe:
    """Painted edits, without a photograph.

    Attributes
    ----------
    name
        The artist's name for it.
    paint
        (H, W) uint8: the region of each painted pixel, 255 where nothing was painted.
    amount
        (H, W) uint8: the soft factor on the texture amount, 255 leaves it as it is.
    settings
        The settings; amounts, detail, blend width, light and film are repeated.
    """

    name: str
    paint: NDArray[np.uint8]
    amount: NDArray[np.uint8]
    settings: EditSettings

    @property
    def is_worth_keeping(self) -> bool:
        """Whether it would change a pair that was just opened."""
        painted = (self.paint != _UNPAINTED).any() or self.amount.min() < FULL
        fresh = EditSettings()
        return bool(painted) or any(
            getattr(self.settings, key) != getattr(fresh, key) for key in _CARRIED
        )


class _Contents(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    format: Literal["e4s-studio recipe"] = "e4s-studio recipe"
    version: Literal[1] = 1
    name: str = Field(max_length=200)
    size: Size
    settings: dict[str, Any]


def recipe_of(state: EditState, name: str) -> Recipe:
    """Return what was painted and set, without the photographs and without the occluder."""
    painted = state.planes[Layer.PAINTED] != 0
    paint = np.where(painted, state.planes[Layer.LABELS], _UNPAINTED).astype(np.uint8)
    return Recipe(name, paint, state.planes[Layer.AMOUNT], state.settings)


def replay(recipe: Recipe, document: Document, *, name: str | None = None) -> None:
    """Repeat a recipe's edits on a document, as one undo step.

    Locks and paint-over rules hold as for the artist's own brush. A map of another size is
    resized.

    Parameters
    ----------
    recipe, document
        The edits, and the document to repeat them on.
    name
        The step's name; by default the recipe's.

    Raises
    ------
    LabelMapError
        If no target is open.
    """
    document.commit()
    trial = Document()
    trial.restore(DocumentContents(None, document.target, document.state(), document.rules))
    trial.begin(recipe.name)
    paint, amount = (_fitted(plane, document.box) for plane in (recipe.paint, recipe.amount))
    for region in Region:
        mask = paint == region
        if mask.any():
            trial.paint(Stencil(document.box, mask), region)
    if amount.min() < FULL:
        cover = np.asarray(1 - amount / FULL, np.float32)
        trial.cover(Layer.AMOUNT, SoftStencil(document.box, cover), 0.0)
    trial.commit()
    carried = {key: getattr(recipe.settings, key) for key in _CARRIED}
    settings = replace(document.settings, **carried)
    state = EditState(trial.state().planes, settings)
    document.take(state, name=f"Recipe {recipe.name}" if name is None else name)


def save_recipe(recipe: Recipe, path: Path | str) -> None:
    """Save a recipe, whole or not at all.

    Raises
    ------
    OutputError
        If the place cannot be written to.
    """
    height, width = recipe.paint.shape
    contents = _Contents(name=recipe.name, size=(height, width), settings=recipe.settings.as_dict())
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(_CONTENTS, contents.model_dump_json(indent=1))
        archive.writestr(_PAINT, png_of(recipe.paint))
        archive.writestr(_AMOUNT, png_of(recipe.amount))
    write_whole(path, stream.getvalue())


def open_recipe(path: Path | str) -> Recipe:
    """Open a recipe.

    Raises
    ------
    ProjectError
        If there is no such file, or it is no whole recipe.
    """
    data = file_bytes(Path(path), "recipe")
    try:
        return _read(Archive(data))
    except (DamagedEntryError, ValidationError, SettingsError, ValueError, RecursionError) as error:
        raise ProjectError(
            f"“{path}” is no recipe of E4S Studio, or is damaged; open a copy of it."
        ) from error


def _read(archive: Archive) -> Recipe:
    contents = _Contents.model_validate(json.loads(archive.read(_CONTENTS)))
    paint, amount = (pixels_of(archive.read(name), contents.size) for name in (_PAINT, _AMOUNT))
    if (paint[paint != _UNPAINTED] >= REGION_COUNT).any():
        raise DamagedEntryError(_PAINT)
    return Recipe(contents.name, paint, amount, EditSettings.from_dict(contents.settings))


def _fitted(plane: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    if plane.shape == box.shape:
        return plane
    size = (box.width, box.height)
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)
