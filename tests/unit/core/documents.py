"""Documents to test with, and random edits of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from e4s_studio.core import brush
from e4s_studio.core.brush import Dab
from e4s_studio.core.commands import Layer
from e4s_studio.core.document import Document
from e4s_studio.core.portrait import Portrait
from e4s_studio.core.regions import Region
from e4s_studio.core.settings import EditSettings, ShapeSource

AS_DICT = EditSettings.as_dict

SIDE = 96
NO_HOLE = np.zeros((SIDE, SIDE), np.bool_)
AT = Dab(48, 48, 10)


def face_labels(side: int = SIDE) -> np.ndarray:
    """Return a face of the simplest kind: skin in hair, two eyes, a nose, lips."""
    y, x = (np.indices((side, side)) + 0.5) / side
    labels = np.full((side, side), Region.BACKGROUND, np.uint8)
    labels[np.hypot(x - 0.5, y - 0.45) < 0.45] = Region.HAIR
    labels[np.hypot((x - 0.5) / 0.8, y - 0.5) < 0.36] = Region.SKIN
    for centre in (0.37, 0.63):
        labels[np.hypot(x - centre, 2 * (y - 0.42)) < 0.07] = Region.EYES
    labels[np.hypot(3 * (x - 0.5), y - 0.53) < 0.1] = Region.NOSE
    labels[np.hypot(x - 0.5, 3 * (y - 0.7)) < 0.12] = Region.LIP
    return labels


def portrait(seed: int = 0, side: int = SIDE) -> Portrait:
    rng = np.random.default_rng(seed)
    return Portrait(rng.integers(0, 256, (side, side, 3), dtype=np.uint8), face_labels(side))


def opened(side: int = SIDE) -> Document:
    """Return a document with a pair open and its map started."""
    document = Document()
    document.open(source=portrait(1, side), target=portrait(2, side))
    document.start(face_labels(side), np.zeros((side, side), np.bool_))
    return document


def labels(document: Document) -> np.ndarray:
    return document.pixels(Layer.LABELS)


def dab(document: Document, region: Region = Region.HAIR, at: Dab = AT) -> None:
    """Paint one disc, a step of its own."""
    document.begin("Paint")
    document.paint(brush.disc(at, document.box), region)
    document.commit()


def frozen(document: Document) -> tuple:
    """Return all that undo covers as values to compare."""
    state = document.state()
    return {layer: pixels.tobytes() for layer, pixels in state.planes.items()}, state.settings


def lit(*amounts: float) -> Document:
    """Return a document that followed the light by several amounts, a step each."""
    document = opened()
    for amount in amounts:
        document.change_settings(replace(document.settings, light=amount), name="Light")
    return document


def as_dict_without_film(settings: EditSettings) -> dict[str, object]:
    """Return plain settings as they were written before there was a film among them."""
    plain = AS_DICT(settings)
    del plain["film"]
    return plain


def random_dab(rng: np.random.Generator, side: int = SIDE) -> Dab:
    x, y = rng.uniform(-0.2 * side, 1.2 * side, 2)
    return Dab(x, y, rng.uniform(0.5, 0.15 * side))


def random_region(rng: np.random.Generator) -> Region:
    return Region(int(rng.integers(len(Region))))


def edit(document: Document, rng: np.random.Generator) -> None:
    """Do one random edit of any kind."""
    kinds = (_stroke, _erase, _matte, _slide, _fill, _reshape, _clear, _switch)
    kinds[rng.integers(len(kinds))](document, rng)


def _stroke(document, rng):
    document.begin("Paint")
    region, start = random_region(rng), random_dab(rng)
    for _ in range(rng.integers(1, 6)):
        end = random_dab(rng)
        document.paint(brush.line(start, end, document.box), region)
        start = end
    document.commit()


def _erase(document, rng):
    document.begin("Erase")
    document.erase(brush.line(random_dab(rng), random_dab(rng), document.box))
    document.commit()


def _matte(document, rng):
    document.begin("Matte")
    layer = (Layer.OCCLUDER, Layer.AMOUNT)[rng.integers(2)]
    within = random_region(rng) if rng.random() < 0.5 else None
    soft = brush.soft_line(random_dab(rng), random_dab(rng), document.box)
    document.cover(layer, soft, rng.random(), within=within)
    document.commit()


def _slide(document, rng):
    region = random_region(rng)
    for amount in rng.random(5):
        settings = document.settings.with_amount(region, float(amount))
        document.change_settings(settings, name="Amount", merge_key=f"amount {region}")
    document.seal()


def _fill(document, rng):
    document.begin("Fill")
    x, y = rng.uniform(0, SIDE, 2)
    document.paint(brush.flood(document.pixels(Layer.LABELS), x, y), random_region(rng))
    document.commit()


def _reshape(document, rng):
    shape = list(ShapeSource)[rng.integers(3)]
    settings = document.settings.with_shape(random_region(rng), shape)
    started = np.roll(face_labels(), int(rng.integers(-5, 6)), axis=1)
    hole = rng.random(started.shape) < 0.05
    document.restart(started, hole, settings=settings, name="Shape")


def _clear(document, rng):
    document.clear_matte((Layer.OCCLUDER, Layer.AMOUNT)[rng.integers(2)])


def _switch(document, rng):
    detail = float(rng.random())
    settings = replace(document.settings, detail=detail, film=1 - detail)
    document.change_settings(settings, name="Detail")
