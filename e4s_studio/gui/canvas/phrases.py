"""The names of the tools' undo steps in the artist's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from e4s_studio.gui.names import region_name
from e4s_studio.gui.tools.steps import Deed

if TYPE_CHECKING:
    from e4s_studio.gui.tools.options import ToolOptions

_DEEDS: Final = {
    Deed.PAINT: QT_TRANSLATE_NOOP("Steps", "Paint: {region}"),
    Deed.ERASE: QT_TRANSLATE_NOOP("Steps", "Erase"),
    Deed.FILL: QT_TRANSLATE_NOOP("Steps", "Fill: {region}"),
    Deed.OUTLINE: QT_TRANSLATE_NOOP("Steps", "Outline: {region}"),
    Deed.SMART: QT_TRANSLATE_NOOP("Steps", "Smart edges: {region}"),
    Deed.SHOW_ORIGINAL: QT_TRANSLATE_NOOP("Steps", "Paint original pixels"),
    Deed.HIDE_ORIGINAL: QT_TRANSLATE_NOOP("Steps", "Hide original pixels"),
    Deed.AMOUNT: QT_TRANSLATE_NOOP("Steps", "Paint amount: {amount} %"),
    Deed.RESET_AMOUNT: QT_TRANSLATE_NOOP("Steps", "Reset painted amount"),
}


def step_name(deed: Deed, options: ToolOptions) -> str:
    """Return the name of an undo step."""
    text = QCoreApplication.translate("Steps", str(_DEEDS[deed]))
    return text.format(region=region_name(options.region), amount=round(options.amount * 100))
