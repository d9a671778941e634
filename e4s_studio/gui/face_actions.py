"""The actions on whole photographs: which face, and where the parser is in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from e4s_studio.gui.actions import Actions

FACES: Final = ("face.source", "face.target", "face.next")
DOUBT: Final = ("doubt.show", "doubt.next", "doubt.previous")


def add_face_actions(actions: Actions) -> None:
    """Add them to the window's actions."""
    actions.add(
        "face.source",
        _tr("&Source face …"),
        "Ctrl+Shift+F",
        icon="faces",
        tip=_tr("Choose the face in the source photograph, and align it"),
    )
    actions.add(
        "face.target",
        _tr("&Target face …"),
        "Ctrl+F",
        icon="faces",
        tip=_tr("Choose the face in the target photograph, and align it"),
    )
    actions.add(
        "face.next",
        _tr("&Next face of the target …"),
        "Ctrl+Shift+N",
        tip=_tr("Take the result as the target, and swap into another face of it"),
    )
    actions.add(
        "doubt.show",
        _tr("Show the parser's &doubt"),
        "Q",
        icon="doubt",
        checkable=True,
        tip=_tr("Where the regions that were found may well be others; paint takes it away"),
    )
    actions.add("doubt.next", _tr("Ne&xt doubtful spot"), "J")
    actions.add("doubt.previous", _tr("&Previous doubtful spot"), "Shift+J")


def _tr(text: str) -> str:
    return QCoreApplication.translate("FaceActions", text)
