"""The real window over an engine without a network."""

import os
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from canvases import Artist
from fake_engine import FakeEngine, Gate, oval
from PySide6.QtCore import QEvent, QSettings
from PySide6.QtWidgets import QApplication

from e4s_studio.files.images import write_image
from e4s_studio.files.label_maps import write_label_map
from e4s_studio.gui.app import Editor, Start
from e4s_studio.gui.photographs import Photographs
from e4s_studio.gui.preferences import Places, Preferences

SIZE = 256


@dataclass(eq=False)
class Studio:
    """An editor with what a test needs to look behind it."""

    editor: Editor
    preferences: Preferences
    gate: Gate
    bot: object
    engines: list = field(default_factory=list)

    @property
    def window(self):
        return self.editor.window

    @property
    def controller(self):
        return self.editor.controller

    @property
    def document(self):
        return self.editor.controller.document

    @property
    def engine(self):
        return self.engines[-1]

    def wait_for_pair(self) -> None:
        self.bot.waitUntil(lambda: self.controller.has_pair, timeout=60_000)

    def wait_for_final(self) -> None:
        """Wait until the shown result is the final one of the newest revision."""
        self.bot.waitUntil(self.is_settled, timeout=60_000)

    def is_settled(self) -> bool:
        newest = self.controller.rendering.results.newest
        return newest is not None and newest.revision == self.document.revision and newest.final

    def wait_for_fit(self) -> None:
        self.bot.waitUntil(lambda: not self.controller.fitting.is_running, timeout=60_000)


def photograph(colour, seed: int, size: int = SIZE) -> np.ndarray:
    """Return a (size, size, 3) uint8 photograph of one colour with grain."""
    grain = np.random.default_rng(seed).normal(0, 6, (size, size, 1))
    return np.clip(np.array(colour) + grain, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory) -> Path:
    """Two photographs with their maps, and one that has no face."""
    folder = tmp_path_factory.mktemp("pictures")
    for seed, (name, colour) in enumerate({"red": (200, 80, 60), "blue": (40, 90, 180)}.items()):
        write_image(folder / f"{name}.png", photograph(colour, seed))
        write_label_map(folder / f"{name}_map.png", oval(SIZE))
    write_image(folder / "wide.png", photograph((10, 10, 10), 3)[:100])
    return folder


@pytest.fixture
def pair(pictures) -> Photographs:
    return Photographs(
        pictures / "red.png",
        pictures / "blue.png",
        pictures / "red_map.png",
        pictures / "blue_map.png",
    )


@pytest.fixture
def make_studio(qtbot, tmp_path):
    """Return a function that makes a studio; all are closed and gone at the end of the test."""
    made = []

    def make() -> Studio:
        gate, engines = Gate(), []

        def connect(choice, post):
            engines.append(FakeEngine(choice, post, gate))
            return engines[-1]

        store = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
        preferences = Preferences(store)
        places = Places.under(tmp_path / "own")
        studio = Studio(Editor(connect, preferences, places), preferences, gate, qtbot, engines)
        made.append(studio)
        return studio

    yield make
    for studio in made:
        studio.gate.render.set()
        studio.gate.fit.set()
        studio.gate.export.set()
        studio.gate.open.set()
        studio.editor.exporter.cancel()
        studio.editor.projects.leave()
        studio.window.deleteLater()
        studio.editor.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.processEvents()


@pytest.fixture
def studio(make_studio, pair) -> Studio:
    """An editor with a pair open, fitted, and its final result shown."""
    studio = make_studio()
    studio.preferences.hint_seen = True
    studio.editor.start(Start(pair))
    studio.window.resize(1366, 768)
    studio.wait_for_pair()
    studio.wait_for_final()
    studio.wait_for_fit()
    return studio


@pytest.fixture
def artist(qtbot) -> Artist:
    """An artist at a canvas of their own, without a window around it."""
    return Artist(qtbot)
