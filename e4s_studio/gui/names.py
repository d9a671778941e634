"""The window's names for regions, steps, settings and models, in the artist's language."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from e4s_studio.core.settings import Precision, ShapeSource

if TYPE_CHECKING:
    from pathlib import Path

    from e4s_studio.core.regions import Region
    from e4s_studio.gui.tools.tool import StepKind, ToolOptions

_LONGEST_NAME: Final = 40
"""Most characters of a file's name in a menu."""

REGION_WORDS: Final = (
    QT_TRANSLATE_NOOP("Names", "Background"),
    QT_TRANSLATE_NOOP("Names", "Lips"),
    QT_TRANSLATE_NOOP("Names", "Eyebrows"),
    QT_TRANSLATE_NOOP("Names", "Eyes"),
    QT_TRANSLATE_NOOP("Names", "Hair"),
    QT_TRANSLATE_NOOP("Names", "Nose"),
    QT_TRANSLATE_NOOP("Names", "Skin"),
    QT_TRANSLATE_NOOP("Names", "Ears"),
    QT_TRANSLATE_NOOP("Names", "Neck"),
    QT_TRANSLATE_NOOP("Names", "Mouth"),
    QT_TRANSLATE_NOOP("Names", "Glasses"),
    QT_TRANSLATE_NOOP("Names", "Earrings"),
)
"""The titles of `Region`, listed for translators: `core` has no Qt."""

STEP_WORDS: Final = (
    QT_TRANSLATE_NOOP("Names", "Paint: {region}"),
    QT_TRANSLATE_NOOP("Names", "Erase"),
    QT_TRANSLATE_NOOP("Names", "Fill: {region}"),
    QT_TRANSLATE_NOOP("Names", "Outline: {region}"),
    QT_TRANSLATE_NOOP("Names", "Smart edges: {region}"),
    QT_TRANSLATE_NOOP("Names", "Paint original pixels"),
    QT_TRANSLATE_NOOP("Names", "Hide original pixels"),
    QT_TRANSLATE_NOOP("Names", "Paint amount: {amount} %"),
    QT_TRANSLATE_NOOP("Names", "Reset painted amount"),
)
"""The values of `StepKind`, listed for translators: the tools have no Qt."""

_SHAPES: Final = {
    ShapeSource.TARGET: QT_TRANSLATE_NOOP("Names", "target"),
    ShapeSource.SOURCE: QT_TRANSLATE_NOOP("Names", "source"),
    ShapeSource.PAINTED: QT_TRANSLATE_NOOP("Names", "painted"),
}

_PRECISIONS: Final = {
    Precision.AUTO: QT_TRANSLATE_NOOP("Names", "As the device prefers"),
    Precision.FLOAT32: QT_TRANSLATE_NOOP("Names", "32 bit, exact"),
    Precision.BFLOAT16: QT_TRANSLATE_NOOP("Names", "bfloat16, faster"),
    Precision.FLOAT16: QT_TRANSLATE_NOOP("Names", "16 bit, faster"),
}

_QUALITIES: Final = (
    (22.0, QT_TRANSLATE_NOOP("Names", "rough likeness")),
    (26.0, QT_TRANSLATE_NOOP("Names", "fair likeness")),
    (30.0, QT_TRANSLATE_NOOP("Names", "close likeness")),
    (math.inf, QT_TRANSLATE_NOOP("Names", "very close likeness")),
)
"""Upper bound, in dB, and name of each quality of a fit."""


CATALOGUE_WORDS: Final = (
    QT_TRANSLATE_NOOP("Names", "The published swapping network, trained on 70,000 portraits."),
    QT_TRANSLATE_NOOP(
        "Names", "code MIT; weights trained on FFHQ, for research and not for commerce"
    ),
    QT_TRANSLATE_NOOP("Names", "Finds faces that are small, turned aside or half covered."),
    QT_TRANSLATE_NOOP("Names", "MIT; trained on WIDER FACE, for research"),
    QT_TRANSLATE_NOOP(
        "Names", "Parses faces: finer hair, glasses and earrings than the starter map."
    ),
    QT_TRANSLATE_NOOP("Names", "MIT; trained on CelebAMask-HQ, for research and not for commerce"),
)
"""The texts of the model catalogue, listed for translators: `files` has no Qt."""


def region_name(region: Region) -> str:
    """Return the title of `region` in the artist's language."""
    return QCoreApplication.translate("Names", region.title.capitalize())


def step_name(kind: StepKind, options: ToolOptions) -> str:
    """Return the name of a tool's undo step in the artist's language."""
    text = QCoreApplication.translate("Names", kind.value)
    return text.format(region=region_name(options.region), amount=round(options.amount * 100))


def shape_name(shape: ShapeSource) -> str:
    """Return the name of a shape's origin in the artist's language."""
    return QCoreApplication.translate("Names", str(_SHAPES[shape]))


def precision_name(precision: Precision) -> str:
    """Return the name of a number format in the artist's language."""
    return QCoreApplication.translate("Names", str(_PRECISIONS[precision]))


def quality_name(decibels: float) -> str:
    """Return how well a model reproduces a pair, in words, from its PSNR in dB."""
    text = next(text for end, text in _QUALITIES if decibels <= end)
    return QCoreApplication.translate("Names", str(text))


def model_name(name: str | None) -> str:
    """Return a model's name: that of its file, or None for the built-in model."""
    return name or QCoreApplication.translate("Names", "Built-in model")


def catalogue_text(text: str) -> str:
    """Return a text of the model catalogue in the artist's language."""
    return QCoreApplication.translate("Names", text)


def menu_name(file: Path) -> str:
    """Return a file's name for a menu: long names are shortened, and "&" is no shortcut."""
    name = file.name
    if len(name) > _LONGEST_NAME:
        end = _LONGEST_NAME // 2 - 1
        name = f"{name[:end]}…{name[-end:]}"
    return name.replace("&", "&&")


def device_name(device: str) -> str:
    """Return what the artist reads for a device of torch."""
    return {"cpu": "CPU", "cuda": "GPU", "mps": "GPU"}.get(device.partition(":")[0], device)
