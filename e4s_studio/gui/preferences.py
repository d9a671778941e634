"""What the editor keeps between sessions, and where: preferences and the program's folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

from e4s_studio.files.places import keys_folder, locks_folder, models_folder, sessions_folder
from e4s_studio.gui.theme import Theme

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMainWindow

RECENT_PAIRS: Final = 10
_RECENT_PROJECTS: Final = 10
# To be increased when docks are renamed or moved, so that older layouts are not restored.
_LAYOUT_VERSION: Final = 1

Pair = tuple[Path, Path]


class Preferences:
    """The artist's settings, in the platform's own store.

    Parameters
    ----------
    store
        Where they are stored.
    """

    def __init__(self, store: QSettings) -> None:
        self._store = store

    @property
    def theme(self) -> Theme:
        """The window's colours, dark until the artist chooses."""
        kept = self._store.value("theme")
        return Theme(kept) if kept in set(Theme) else Theme.DARK

    @theme.setter
    def theme(self, theme: Theme) -> None:
        self._store.setValue("theme", theme.value)

    @property
    def language(self) -> str:
        """The window's language, as "de" or "pt_BR"; empty for the system's."""
        return str(self._store.value("language", ""))

    @language.setter
    def language(self, language: str) -> None:
        self._store.setValue("language", language)

    @property
    def hint_seen(self) -> bool:
        """Whether the first-start hint was closed."""
        return bool(self._store.value("hint_seen", defaultValue=False, type=bool))

    @hint_seen.setter
    def hint_seen(self, seen: bool) -> None:
        self._store.setValue("hint_seen", seen)

    def folder(self, purpose: str) -> Path:
        """Return the folder last used for `purpose` ("source", "target", "export").

        If it no longer exists: the pictures' folder, else the home folder.
        """
        pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        kept = Path(str(self._store.value(f"folders/{purpose}", pictures)))
        return next((one for one in (kept, Path(pictures)) if one.is_dir()), Path.home())

    def remember_folder(self, purpose: str, folder: Path) -> None:
        """Let the next dialog for `purpose` open in `folder`."""
        self._store.setValue(f"folders/{purpose}", str(folder))

    def recent_pairs(self) -> list[Pair]:
        """Return the (source, target) pairs opened last that still exist, newest first."""
        sources, targets = self._paths("recent/sources"), self._paths("recent/targets")
        pairs = zip(sources, targets, strict=False)
        return [pair for pair in pairs if all(path.is_file() for path in pair)]

    def remember_pair(self, source: Path, target: Path) -> None:
        """Put a pair first among the recent pairs."""
        pair = (source.resolve(), target.resolve())
        pairs = [pair, *(known for known in self.recent_pairs() if known != pair)]
        kept = pairs[:RECENT_PAIRS]
        self._store.setValue("recent/sources", [str(source) for source, _ in kept])
        self._store.setValue("recent/targets", [str(target) for _, target in kept])

    def clear_recent_pairs(self) -> None:
        """Forget the recent pairs."""
        self._store.remove("recent")

    def recent_projects(self) -> list[Path]:
        """Return the projects opened or saved last that still exist, newest first."""
        return [path for path in self._paths("projects") if path.is_file()]

    def remember_project(self, path: Path) -> None:
        """Put a project first among the recent projects."""
        path = path.resolve()
        known = [path, *(one for one in self.recent_projects() if one != path)]
        self._store.setValue("projects", [str(one) for one in known[:_RECENT_PROJECTS]])

    def clear_recent_projects(self) -> None:
        """Forget the recent projects."""
        self._store.remove("projects")

    @property
    def certificate(self) -> tuple[Path | None, Path | None]:
        """The artist's certificate and its private key; None and None without one."""
        kept = [self._store.value(f"signing/{name}") for name in ("certificate", "key")]
        certificate, key = (Path(str(one)) if one else None for one in kept)
        return certificate, key

    @certificate.setter
    def certificate(self, files: tuple[Path | None, Path | None]) -> None:
        for name, path in zip(("certificate", "key"), files, strict=True):
            self._store.setValue(f"signing/{name}", "" if path is None else str(path))

    def shortcuts(self) -> dict[str, str]:
        """Return the shortcuts that the artist changed: {action name: portable key text}."""
        self._store.beginGroup("shortcuts")
        changed = {name: str(self._store.value(name)) for name in self._store.childKeys()}
        self._store.endGroup()
        return changed

    def save_shortcuts(self, shortcuts: dict[str, str]) -> None:
        """Store the shortcuts that differ from the defaults."""
        self._store.remove("shortcuts")
        for name, keys in shortcuts.items():
            self._store.setValue(f"shortcuts/{name}", keys)

    def save_layout(self, name: str, window: QMainWindow) -> None:
        """Store the layout of the docks and bars of `window`, and its geometry."""
        self._store.setValue(f"layout/{name}/state", window.saveState(_LAYOUT_VERSION))
        self._store.setValue(f"layout/{name}/geometry", window.saveGeometry())

    def restore_layout(self, name: str, window: QMainWindow) -> bool:
        """Restore the layout and geometry of `window`; False if none was stored."""
        state = self._store.value(f"layout/{name}/state")
        geometry = self._store.value(f"layout/{name}/geometry")
        if not isinstance(state, QByteArray) or not isinstance(geometry, QByteArray):
            return False
        window.restoreGeometry(geometry)
        return window.restoreState(state, _LAYOUT_VERSION)

    def _paths(self, key: str) -> list[Path]:
        kept = self._store.value(key, [])
        # The store returns a list of one string as the string itself.
        texts = kept if isinstance(kept, list) else [kept]
        return [Path(str(text)) for text in texts]


@dataclass(frozen=True)
class Places:
    """The program's own folders; they need not exist yet.

    Attributes
    ----------
    keys
        The keys that exports are signed with.
    locks
        The locks on open projects.
    sessions
        The journals.
    models
        The installed networks.
    """

    keys: Path
    locks: Path
    sessions: Path
    models: Path

    @classmethod
    def own(cls) -> Self:
        """Return the platform's usual folders."""
        return cls(keys_folder(), locks_folder(), sessions_folder(), models_folder())

    @classmethod
    def under(cls, folder: Path) -> Self:
        """Return folders inside one folder, for a separate set of data."""
        return cls(folder / "keys", folder / "locks", folder / "sessions", folder / "models")
