"""What the tools call their undo steps."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from e4s_studio.gui.tools.options import ToolOptions


class Deed(Enum):
    """What a tool did. The value is its name in English, to be filled with region and amount."""

    PAINT = "Paint: {region}"
    ERASE = "Erase"
    FILL = "Fill: {region}"
    OUTLINE = "Outline: {region}"
    SMART = "Smart edges: {region}"
    SHOW_ORIGINAL = "Paint original pixels"
    HIDE_ORIGINAL = "Hide original pixels"
    AMOUNT = "Paint amount: {amount} %"
    RESET_AMOUNT = "Reset painted amount"


NameStep = Callable[[Deed, ToolOptions], str]
"""Names a deed, done with some options, in the artist's language."""


def english(deed: Deed, options: ToolOptions) -> str:
    """Return the name of a deed in English."""
    region = options.region.title.capitalize()
    return deed.value.format(region=region, amount=round(options.amount * 100))
