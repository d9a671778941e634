"""The actions on whole photographs: which face, and where the parser is in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from e4s_studio.gui.actions import Actions

translate: Final = QCoreApplication.translate

FACES: Final = ("face.source", "face.target", "face.next")
DOUBT: Final = ("doubt.show", "doubt.next", "doubt.previous")


def add_face_actions(actions: Actions) -> None:
    """Add them to the window's actions."""
    actions.add(
        "face.source",
        translate("FaceActions", "&Source face …"),
        "Ctrl+Shift+F",
        icon="faces",
        tip=translate("FaceActions", "Choose the face in the source photograph, and align it"),
    )
    actions.add(
        "face.target",
        translate("FaceActions", "&Target face …"),
        "Ctrl+F",
        icon="faces",
        tip=translate("FaceActions", "Choose the face in the target photograph, and align it"),
    )
    actions.add(
        "face.next",
        translate("FaceActions", "&Next face of the target …"),
        "Ctrl+Shift+N",
        tip=translate(
            "FaceActions", "Take the result as the target, and swap into another face of it"
        ),
    )
    actions.add(
        "doubt.show",
        translate("FaceActions", "Show the parser's &doubt"),
        "Q",
        icon="doubt",
        checkable=True,
        tip=translate(
            "FaceActions",
            "Where the regions that were found may well be others; paint takes it away",
        ),
    )
    actions.add("doubt.next", translate("FaceActions", "Ne&xt doubtful spot"), "J")
    actions.add("doubt.previous", translate("FaceActions", "&Previous doubtful spot"), "Shift+J")
