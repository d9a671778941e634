"""Opening a photograph: find the face, cut it out, parse it, and do none of this twice."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import numpy as np
from cachetools import LRUCache

from e4s_studio.core.errors import CancelledError, FaceError, ImageError, LabelMapError
from e4s_studio.core.portrait import Portrait
from e4s_studio.core.quad import Quad
from e4s_studio.engine.faces.align import recrop_labels
from e4s_studio.engine.faces.find import find_faces
from e4s_studio.engine.faces.portraits import CROP_SIZE, cut, labels_in
from e4s_studio.engine.faces.recrop import quad_of
from e4s_studio.engine.parsing import parser_with
from e4s_studio.engine.pictures import resize_labels
from e4s_studio.files.images import read_image
from e4s_studio.files.label_maps import LabelOrder, read_label_map
from e4s_studio.files.models import ModelFolder, model_named

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from e4s_studio.core.face import Face
    from e4s_studio.engine.parsing.parsing import Parsing

    Picture = NDArray[np.uint8]

Answer = TypeVar("Answer")
REMEMBERED: Final = 8
"""Answers of finding faces and of parsing that are kept."""
_ALIGNED_WITHIN: Final = 0.12
"""A square photograph is a crop already when the quad of its face lies this close to its edges,
in sides (finders place the landmarks of a face with about this error)."""
_SAME_ASPECT: Final = 0.02
_SMALLEST: Final = 16
"""Pixels that a photograph has each way at least: in fewer nobody can tell a face."""


class Sight:
    """What sees faces in photographs and regions in crops, with the models that are installed.

    Its last answers are remembered, so that what opening a photograph found costs nothing when the
    artist asks for it later. It may be used from any thread.

    Parameters
    ----------
    models
        The installed models; looked at anew each time.
    """

    def __init__(self, models: ModelFolder | None = None) -> None:
        self._models = models or ModelFolder()
        self._faces: _Memory[list[Face]] = _Memory(_faces)
        self._parsings: _Memory[Parsing] = _Memory(_parsing)

    def faces(self, photograph: Picture) -> list[Face]:
        """Return the faces of an (H, W, 3) uint8 RGB photograph, the surest first."""
        return list(self._faces.of(photograph, self._models.installed(model_named("retinaface"))))

    def parse(self, crop: Picture) -> Parsing:
        """Return labels and doubt of an (S, S, 3) uint8 RGB aligned crop."""
        return self._parsings.of(crop, self._models.installed(model_named("bisenet")))


class _Memory(Generic[Answer]):
    """Answers to pictures, the last few of them, known by the pictures' contents."""

    def __init__(self, work: Callable[[Picture, Path | None], Answer]) -> None:
        self._work = work
        self._answers: LRUCache[tuple[bytes, Path | None], Answer] = LRUCache(REMEMBERED)
        self._turn = threading.Lock()

    def of(self, picture: Picture, weights: Path | None) -> Answer:
        with self._turn:
            key = (_digest(picture), weights)
            if key not in self._answers:
                self._answers[key] = self._work(picture, weights)
            return self._answers[key]


def _faces(photograph: Picture, weights: Path | None) -> list[Face]:
    return find_faces(photograph, weights)


def _parsing(crop: Picture, weights: Path | None) -> Parsing:
    return parser_with(weights)(crop)


def _digest(picture: Picture) -> bytes:
    digest = hashlib.blake2b(str(picture.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(picture).data)
    return digest.digest()


def open_portrait(  # noqa: PLR0913 - all but the file by name
    path: Path,
    label_map: Path | None = None,
    *,
    order: LabelOrder = "auto",
    face: int = 0,
    quad: Quad | None = None,
    sight: Sight | None = None,
    is_cancelled: Callable[[], bool] = lambda: False,
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
    sight
        What finds and parses; one that remembers what it has seen.
    is_cancelled
        Asked between the steps, of which none takes more than a few seconds.

    Raises
    ------
    CancelledError
        If it was cancelled.
    ImageError
        If the photograph cannot be read.
    FaceError
        If no face is found, or not as many as asked for.
    LabelMapError
        If the label map is none, or does not fit the photograph.
    """
    sight = sight or Sight()
    photograph = read_image(path)
    photograph.setflags(write=False)  # so that the portrait need not copy it
    labels = None if label_map is None else read_label_map(label_map, order=order)
    _go_on(is_cancelled)
    if quad is None:
        faces = sight.faces(photograph)
        quad = _locate(photograph, faces, face=face, name=path.name, has_map=labels is not None)
    _go_on(is_cancelled)
    crop = cut(photograph, quad, CROP_SIZE)
    _go_on(is_cancelled)
    return Portrait(
        image=crop,
        labels=(
            sight.parse(crop).labels if labels is None else _crop_labels(labels, photograph, quad)
        ),
        path=path,
        photograph=photograph,
        quad=quad.points,
        # Projects keep the photograph as its own file, and exports its profile and EXIF.
        file=path.read_bytes(),
    )


def _go_on(is_cancelled: Callable[[], bool]) -> None:
    if is_cancelled():
        raise CancelledError("Stopped. Nothing was opened.")


def recut_portrait(portrait: Portrait, quad: Quad, sight: Sight, *, keep_map: bool) -> Portrait:
    """Cut a portrait out of its photograph anew, at its own size.

    Parameters
    ----------
    portrait
        As it is.
    quad
        Where the face is, in the photograph.
    sight
        What parses the new crop.
    keep_map
        Whether the label map stays where it was on the face; what the old crop did not show is
        parsed all the same.

    Raises
    ------
    FaceError
        If the quad lies outside the photograph.
    """
    photograph = portrait.photograph
    size = portrait.shape[0]
    crop = cut(photograph, quad, size)
    labels = sight.parse(crop).labels
    if keep_map:
        labels = recrop_labels(portrait.labels, quad_of(portrait), quad, labels)
    return replace(portrait, image=crop, labels=labels, photograph=photograph, quad=quad.points)


def _locate(
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
    ImageError
        If the photograph is too small to show any.
    """
    height, width = photograph.shape[:2]
    if min(width, height) < _SMALLEST:
        raise ImageError(
            f"“{name}” is {width} × {height} pixels, too few to show a face; choose a larger one."
        )
    whole = Quad.whole(width, height)
    if width == height and face == 0 and (has_map or not faces or _is_near(faces[0].quad, whole)):
        if not faces and not has_map:
            raise FaceError(_no_face(name))
        return whole
    if not faces:
        raise FaceError(_no_face(name))
    if face >= len(faces):
        raise FaceError(missing_face(name, face + 1, len(faces)))
    return faces[face].quad


def missing_face(name: str, face: int, count: int) -> str:
    """Return what is said of a face, numbered from 1, where there are only `count`."""
    if count == 1:
        return f"“{name}” shows one face, so there is no face {face}; choose face 1."
    return (
        f"“{name}” shows {count} faces, so there is no face {face}; choose one from 1 to {count}."
    )


def _no_face(name: str) -> str:
    return (
        f"No face was found in “{name}”. Choose a photograph that shows the face from the front, "
        "or place the alignment quad by hand."
    )


def _is_near(quad: Quad, whole: Quad) -> bool:
    return bool(np.abs(quad.points - whole.points).max() <= _ALIGNED_WITHIN * whole.side)


def _crop_labels(
    labels: NDArray[np.uint8], photograph: NDArray[np.uint8], quad: Quad
) -> NDArray[np.uint8]:
    height, width = photograph.shape[:2]
    map_aspect = labels.shape[1] / labels.shape[0]
    if abs(map_aspect / (width / height) - 1) <= _SAME_ASPECT:
        return labels_in(resize_labels(labels, width, height), quad)
    if abs(map_aspect - 1) <= _SAME_ASPECT:
        return resize_labels(labels, CROP_SIZE)
    raise LabelMapError(
        f"The label map ({labels.shape[1]} x {labels.shape[0]}) fits neither the photograph "
        f"({width} x {height}) nor its square crop; give one of the same proportions."
    )
