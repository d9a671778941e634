"""Opening a photograph: find the face, cut it out, know its regions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from e4s_studio.core.errors import FaceError, LabelMapError
from e4s_studio.engine.faces import find_faces
from e4s_studio.engine.parse import parser_named
from e4s_studio.engine.pictures import resize_labels
from e4s_studio.engine.portraits import CROP_SIZE, cut, labels_in, portrait_in
from e4s_studio.engine.quad import Quad
from e4s_studio.files.images import read_image
from e4s_studio.files.label_maps import LabelOrder, read_label_map
from e4s_studio.files.model_folder import ModelFolder
from e4s_studio.files.models import model_named

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from e4s_studio.core.portrait import Portrait
    from e4s_studio.engine.face import Face

ALIGNED_WITHIN: Final = 0.12
"""A square photograph is a crop already when the quad of its face lies this close to its edges,
in sides (finders place the landmarks of a face with about this error)."""
SAME_ASPECT: Final = 0.02


def open_portrait(
    path: Path,
    label_map: Path | None = None,
    *,
    order: LabelOrder = "auto",
    face: int = 0,
    quad: Quad | None = None,
) -> Portrait:
    """Open a photograph as a portrait, with the models that are installed.

    Parameters
    ----------
    path
        The photograph.
    label_map
        Its label map, of the whole photograph or of the aligned crop; None to have it parsed.
    order
        The label map's order.
    face
        Which face, 0 for the surest; only where `quad` is not given.
    quad
        Where the face is, when the artist has said so.

    Raises
    ------
    ImageError
        If the photograph cannot be read.
    FaceError
        If no face is found, or not as many as asked for.
    LabelMapError
        If the label map is none, or does not fit the photograph.
    """
    models = ModelFolder()
    photograph = read_image(path)
    labels = None if label_map is None else read_label_map(label_map, order=order)
    if quad is None:
        faces = find_faces(photograph, models.installed(model_named("retinaface")))
        quad = locate(photograph, faces, face=face, name=path.name, has_map=labels is not None)
    if labels is None:
        labels = parser_named("auto", models)(cut(photograph, quad, CROP_SIZE)).labels
    else:
        labels = _crop_labels(labels, photograph, quad)
    # Projects keep the photograph as its own file, and exports its profile and EXIF.
    return replace(portrait_in(photograph, quad, labels, path=path), file=path.read_bytes())


def locate(
    photograph: NDArray[np.uint8],
    faces: list[Face],
    *,
    face: int = 0,
    name: str = "The photograph",
    has_map: bool,
) -> Quad:
    """Return the alignment quad of a photograph's face.

    A square photograph whose face fills it as a crop's does is a crop already; so is one that
    comes with a label map and shows no other face.

    Parameters
    ----------
    photograph
        (H, W, 3) uint8 RGB.
    faces
        What was found in it, the surest first.
    face
        Which face, 0 for the surest.
    name
        What messages call the photograph.
    has_map
        Whether a label map comes with it.

    Raises
    ------
    FaceError
        If there is no such face.
    """
    height, width = photograph.shape[:2]
    whole = Quad.whole(width, height)
    if width == height and face == 0 and (has_map or not faces or _is_near(faces[0].quad, whole)):
        if not faces and not has_map:
            raise FaceError(_no_face(name))
        return whole
    if not faces:
        raise FaceError(_no_face(name))
    if face >= len(faces):
        raise FaceError(f"“{name}” shows {len(faces)} face(s); choose one from 1 to {len(faces)}.")
    return faces[face].quad


def _no_face(name: str) -> str:
    return (
        f"No face was found in “{name}”. Choose a photograph that shows the face from the front, "
        "or place the alignment quad by hand."
    )


def _is_near(quad: Quad, whole: Quad) -> bool:
    return bool(np.abs(quad.points - whole.points).max() <= ALIGNED_WITHIN * whole.side)


def _crop_labels(
    labels: NDArray[np.uint8], photograph: NDArray[np.uint8], quad: Quad
) -> NDArray[np.uint8]:
    height, width = photograph.shape[:2]
    map_aspect = labels.shape[1] / labels.shape[0]
    if abs(map_aspect / (width / height) - 1) <= SAME_ASPECT:
        rows = np.arange(height) * labels.shape[0] // height
        columns = np.arange(width) * labels.shape[1] // width
        return labels_in(labels[rows[:, None], columns[None]], quad)
    if abs(map_aspect - 1) <= SAME_ASPECT:
        return resize_labels(labels, CROP_SIZE)
    raise LabelMapError(
        f"The label map ({labels.shape[1]} x {labels.shape[0]}) fits neither the photograph "
        f"({width} x {height}) nor its square crop; give one of the same proportions."
    )
