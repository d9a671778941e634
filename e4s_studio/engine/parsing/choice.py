"""Which parser parses: the one named, or the best that is installed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from e4s_studio.core.errors import CheckpointError, SettingsError
from e4s_studio.engine.parsing.bisenet import bisenet_map
from e4s_studio.engine.parsing.starter import starter_map
from e4s_studio.files.models import model_named

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from e4s_studio.engine.parsing.parsing import Parsing
    from e4s_studio.files.models import ModelFolder

    Parser = Callable[[NDArray[np.uint8]], Parsing]

_STARTER: Final = "starter"
_BISENET: Final = "bisenet"
AUTO: Final = "auto"


def parser_named(name: str, models: ModelFolder) -> Parser:
    """Return what parses an aligned crop, (S, S, 3) uint8 RGB.

    Parameters
    ----------
    name
        "starter" (no download), "bisenet", or "auto": BiSeNet where it is installed.
    models
        The installed models.

    Raises
    ------
    SettingsError
        If no parser has that name.
    CheckpointError
        If it is not installed.
    """
    if name not in {AUTO, _STARTER, _BISENET}:
        raise SettingsError(
            f"There is no parser “{name}”; choose {_STARTER}, {_BISENET} or {AUTO}."
        )
    weights = None if name == _STARTER else models.installed(model_named(_BISENET))
    if weights is None and name == _BISENET:
        raise CheckpointError(
            "BiSeNet is not installed; install it with `e4s-studio models install bisenet`, or"
            " use the starter parser."
        )
    return parser_with(weights)


def parser_with(weights: Path | None) -> Parser:
    """Return BiSeNet with its weights, or what parses without any."""
    return starter_map if weights is None else partial(bisenet_map, weights=weights)
