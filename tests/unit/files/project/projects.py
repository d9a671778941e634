"""Projects to save: random documents, and the comparison of two of them bit for bit."""

from __future__ import annotations

import io
from pathlib import Path, PurePath

import numpy as np
import safetensors.numpy
from documents import SIDE, edit, face_labels
from PIL import Image

from e4s_studio.core.document import Document
from e4s_studio.core.portrait import Portrait
from e4s_studio.core.regions import Region
from e4s_studio.files.project import FittedWeights, Labelling, Project
from e4s_studio.files.provenance.facts import Ground

QUAD = np.array([(3.5, 2.0), (4.25, 90.0), (101.0, 88.125), (99.0, 1 / 3)])


def photographed(seed: int, name: str) -> Portrait:
    """Return a portrait with the photograph that it was cut from, and its file."""
    rng = np.random.default_rng(seed)
    photograph = rng.integers(0, 256, (130, 170, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(photograph).save(stream, "PNG")
    crop = rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    return Portrait(crop, face_labels(), Path(name), photograph, QUAD, stream.getvalue())


def random_document(seed: int, edits: int = 12) -> Document:
    rng = np.random.default_rng(seed)
    document = Document()
    document.open(source=photographed(seed + 1, "ann.png"), target=photographed(seed, "bob.png"))
    document.start(face_labels(), rng.random((SIDE, SIDE)) < 0.02)
    for number in range(edits):
        edit(document, rng)
        if number % 5 == 2:
            document.keep("ABC"[rng.integers(3)])
        if number % 7 == 3:
            document.undo()
    for _ in range(rng.integers(0, 4)):
        document.undo()
    rules = document.rules.with_lock(Region(int(rng.integers(12))), locked=True)
    document.rules = rules.with_over(Region.HAIR, frozenset({Region.SKIN, Region.EARS}))
    return document


def random_project(seed: int, edits: int = 12) -> Project:
    weights = {"G.weight": np.random.default_rng(seed).random((3, 4)).astype(np.float32)}
    return Project(
        random_document(seed, edits).contents(),
        Labelling(list(Ground)[seed % len(Ground)], credential=seed % 2 == 0, mark=seed % 3 == 0),
        FittedWeights("studio-256", safetensors.numpy.save(weights)),
    )


def values(thing: object) -> object:
    """Return all that a value holds, in a form that compares bit for bit."""
    if isinstance(thing, np.ndarray):
        return thing.dtype.str, thing.shape, thing.tobytes()
    if isinstance(thing, str | bytes | PurePath | frozenset | int | float | None):
        return thing
    if hasattr(thing, "items"):
        return {str(key): values(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [values(one) for one in thing]
    return type(thing), values(vars(thing))
