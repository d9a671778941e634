"""Finding faces and parsing with whatever is installed, without doing the same work twice."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import numpy as np
from cachetools import LRUCache

from e4s_studio.engine.faces.find import find_faces
from e4s_studio.engine.parsing import parser_with
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
