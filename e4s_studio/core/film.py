"""What a swap between a black-and-white and a colour photograph takes from the target."""

from __future__ import annotations

from enum import StrEnum


class FilmTrait(StrEnum):
    """What of the target's film a swap follows."""

    TONE = "tone"
    """The target is black and white, toned or not: the swap gets its tone."""
    COLOURS = "colours"
    """The source alone is black and white: the swap gets the colours of the target's regions."""
