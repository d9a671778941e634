"""What outlives a session, and a store that was written by someone else."""

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from e4s_studio.gui.preferences import RECENT_PAIRS, Preferences
from e4s_studio.gui.theme import Theme


@pytest.fixture
def store(tmp_path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def preferences(store) -> Preferences:
    return Preferences(store)


def test_fresh(preferences):
    assert preferences.theme is Theme.DARK
    assert not preferences.hint_seen
    assert preferences.recent_pairs() == []
    assert preferences.shortcuts() == {}


def test_kept(preferences, store, tmp_path):
    preferences.theme = Theme.LIGHT
    preferences.hint_seen = True
    preferences.remember_folder("export", tmp_path)
    preferences.save_shortcuts({"edit.undo": "Ctrl+U"})
    store.sync()
    again = Preferences(QSettings(store.fileName(), QSettings.Format.IniFormat))
    assert again.theme is Theme.LIGHT
    assert again.hint_seen
    assert again.folder("export") == tmp_path
    assert again.shortcuts() == {"edit.undo": "Ctrl+U"}


def test_a_folder_that_is_gone_is_not_offered(preferences, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "e4s_studio.gui.preferences.QStandardPaths.writableLocation",
        lambda _: str(tmp_path / "Pictures"),
    )
    assert preferences.folder("export") == Path.home()
    (tmp_path / "Pictures").mkdir()
    preferences.remember_folder("export", tmp_path / "stick")
    assert preferences.folder("export") == tmp_path / "Pictures"
    (tmp_path / "stick").mkdir()
    assert preferences.folder("export") == tmp_path / "stick"


def test_recent_pairs_are_few_newest_first_and_exist(preferences, tmp_path):
    files = [tmp_path / f"{number}.png" for number in range(RECENT_PAIRS + 3)]
    for path in files:
        path.touch()
        preferences.remember_pair(path, files[0])
    preferences.remember_pair(files[5], files[0])
    pairs = preferences.recent_pairs()
    assert len(pairs) == RECENT_PAIRS
    assert pairs[0] == (files[5], files[0])
    assert len(set(pairs)) == len(pairs)
    files[5].unlink()
    assert (files[5], files[0]) not in preferences.recent_pairs()


@pytest.mark.parametrize("junk", ["{", "[1, 2]", '[["a"]]', '{"a": 1}', "null"])
def test_a_damaged_store_counts_as_empty(preferences, store, junk):
    for key in ("recent/sources", "recent/targets", "shortcuts/edit.undo", "theme"):
        store.setValue(key, junk)
    assert preferences.recent_pairs() == []
    assert preferences.theme is Theme.DARK
    assert all(isinstance(keys, str) for keys in preferences.shortcuts().values())
