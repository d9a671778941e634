"""What becomes of files that are dropped or pasted together: projects, photographs, label maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QCoreApplication

from e4s_studio.core.errors import StudioError
from e4s_studio.files.label_maps import read_label_map
from e4s_studio.files.project import SUFFIX
from e4s_studio.files.resources import sample_map
from e4s_studio.gui.photographs import Photographs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

translate: Final = QCoreApplication.translate

LOSSY: Final = frozenset({".jpg", ".jpeg", ".heic", ".heif", ".avif"})
"""Files of these kinds hold no label maps: their pixels are not what was written."""


@dataclass(frozen=True)
class Dropped:
    """Files, told apart by what is in them.

    Attributes
    ----------
    projects, label_maps, photographs
        Each in the order in which they came.
    """

    projects: tuple[Path, ...] = ()
    label_maps: tuple[Path, ...] = ()
    photographs: tuple[Path, ...] = ()


def told_apart(paths: Iterable[Path]) -> Dropped:
    """Tell files apart; reads pictures, so it is not for the GUI thread."""
    projects, label_maps, photographs = [], [], []
    for path in paths:
        if path.suffix.lower() == SUFFIX:
            projects.append(path)
        elif _is_label_map(path):
            label_maps.append(path)
        else:
            photographs.append(path)
    return Dropped(tuple(projects), tuple(label_maps), tuple(photographs))


def what_to_open(dropped: Dropped, role: str, shown: Path | None) -> Path | Photographs:
    """Return the project or the photographs to open.

    Parameters
    ----------
    dropped
        The files.
    role
        What a single photograph becomes: "source" or "target".
    shown
        The file of the photograph that has this role now; a map alone is for that one.

    Raises
    ------
    StudioError
        If they make no sense together; the sentence says what would.
    """
    if dropped.projects:
        return _project(dropped)
    photographs, maps = dropped.photographs, dropped.label_maps
    if not photographs:
        return _with_map_alone(maps, role, shown)
    if len(photographs) > 2:
        raise StudioError(
            translate("Dropping", "Drop one photograph, or two at once: the source and the target.")
        )
    roles = (role,) if len(photographs) == 1 else ("source", "target")
    files: dict[str, Any] = {}
    for path, each, label_map in zip(photographs, roles, _own_maps(photographs, maps), strict=True):
        files |= {each: path, f"{each}_map": label_map or sample_map(path)}
    return Photographs(**files)


def _project(dropped: Dropped) -> Path:
    if len(dropped.projects) > 1 or dropped.label_maps or dropped.photographs:
        raise StudioError(
            translate("Dropping", "Drop a project by itself: it brings its photographs along.")
        )
    return dropped.projects[0]


def _with_map_alone(maps: tuple[Path, ...], role: str, shown: Path | None) -> Photographs:
    if len(maps) != 1:
        raise StudioError(
            translate("Dropping", "Drop each label map together with its photograph.")
        )
    if shown is None or not shown.is_file():
        raise StudioError(
            translate(
                "Dropping", "“{0}” is a label map; drop it together with its photograph."
            ).format(maps[0].name)
        )
    if role == "source":
        return Photographs(source=shown, source_map=maps[0])
    return Photographs(target=shown, target_map=maps[0])


def _own_maps(photographs: tuple[Path, ...], maps: tuple[Path, ...]) -> list[Path | None]:
    """Give each photograph its map: the one that has its name, else in the order they came."""
    named = [[one for one in maps if one.stem.startswith(path.stem)] for path in photographs]
    if sum(len(own) for own in named) == len(maps) and all(len(own) <= 1 for own in named):
        return [own[0] if own else None for own in named]
    if len(maps) == len(photographs):
        return list(maps)
    raise StudioError(
        translate(
            "Dropping", "It is not clear which photograph a label map belongs to; name it after it."
        )
    )


def _is_label_map(path: Path) -> bool:
    if path.suffix.lower() in LOSSY:
        return False
    try:
        read_label_map(path)
    except StudioError:
        return False
    return True
