"""The dialog of models: listed, fetched, stopped, taken from disk, packed; every failure said."""

import hashlib
import zipfile
from dataclasses import dataclass

import pytest
from model_server import Served, serving
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from e4s_studio.files import downloads, models
from e4s_studio.files.models import Model, ModelFolder, State
from e4s_studio.gui.dialogs.models import ModelsDialog

CONTENT = b"weights" * 300_000


def model_served(server, name="small", **changes) -> Model:
    facts = {
        "title": f"A {name} network",
        "purpose": "To test with.",
        "licence": "MIT",
        "page": "https://example.org",
        "file": f"{name}.pth",
        "url": server.url,
        "size": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
    }
    return Model(name=name, **(facts | changes))


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(downloads, "RETRIES", 0)
    with serving(CONTENT) as served:
        monkeypatch.setattr(models, "CATALOGUE", (model_served(served),))
        yield served


@dataclass
class Shop:
    """The dialog, the server behind it, and the folder that it fills."""

    studio: object
    server: Served
    folder: ModelFolder
    bot: object

    def open(self) -> None:
        self.studio.window.actions_by_name["model.install"].trigger()

    @property
    def dialog(self) -> ModelsDialog:
        return self.studio.window.findChild(ModelsDialog)

    @property
    def row(self):
        return self.dialog.rows[models.CATALOGUE[0].name]

    @property
    def state(self) -> State:
        return self.folder.state(models.CATALOGUE[0])

    def click(self, button) -> None:
        self.bot.mouseClick(button, Qt.MouseButton.LeftButton)

    def wait_for(self, words: str) -> None:
        def said() -> None:
            assert words in self.dialog.said.text()

        self.bot.waitUntil(said, timeout=60_000)

    def choose(self, path) -> None:
        """Answer the file dialog that is open."""
        asked = self.dialog.findChildren(QFileDialog)[-1]
        asked.fileSelected.emit(str(path))
        asked.close()


@pytest.fixture
def shop(server, studio, tmp_path, qtbot) -> Shop:
    """The open dialog."""
    shop = Shop(studio, server, ModelFolder(tmp_path / "own" / "models"), qtbot)
    shop.open()
    return shop


def test_the_list_says_all_before_anything_is_fetched(shop):
    words = " ".join(label.text() for label in shop.row.findChildren(type(shop.dialog.said)))
    for fact in ("A small network", "2 MB", "To test with.", "MIT", "https://example.org"):
        assert fact in words
    assert shop.row.state.text() == "not installed"
    assert shop.row.stop.isHidden()
    assert not shop.dialog.isModal()
    assert shop.server.requests == []
    assert not shop.folder.path.exists()


def test_a_stray_key_fetches_nothing(shop):
    asked = []
    shop.dialog.install_asked.connect(asked.append)
    shop.dialog.activateWindow()
    shop.bot.waitUntil(shop.dialog.isActiveWindow)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space):
        shop.bot.keyClick(shop.dialog.windowHandle(), key)
    assert asked == []
    assert shop.server.requests == []


def test_a_download_is_installed_and_said(shop):
    seen = []
    shop.dialog.install_asked.connect(lambda model: seen.append(model.name))
    shop.click(shop.row.install)
    assert shop.row.stop.isVisible()
    assert shop.row.install.isHidden()
    shop.wait_for("A small network is installed")
    assert seen == ["small"]
    assert shop.row.state.text() == "✓ installed"
    assert shop.row.progress.isHidden()
    assert shop.row.install.isHidden()
    assert shop.folder.installed(models.CATALOGUE[0]).read_bytes() == CONTENT


def test_progress_is_shown(shop):
    shop.row.show_progress(len(CONTENT) // 2, len(CONTENT))
    assert shop.row.progress.value() == pytest.approx(shop.row.progress.maximum() / 2, abs=1)
    assert shop.row.state.text() == "1 MB of 2 MB"
    shop.row.show_progress(len(CONTENT), len(CONTENT))
    assert shop.row.state.text() == "checking …"


def test_a_cut_download_is_said_and_goes_on(shop):
    shop.server.cut_after = len(CONTENT) // 2
    shop.click(shop.row.install)
    shop.wait_for("broke off")
    assert shop.row.install.text() == "Go on"
    assert "of 2 MB received" in shop.row.state.text()
    shop.server.cut_after = None
    shop.click(shop.row.install)
    shop.wait_for("is installed")
    assert shop.server.requests[-1].startswith("bytes=")
    assert shop.state is State.INSTALLED


@pytest.mark.parametrize(
    ("fault", "words"),
    [({"status": 404}, "no longer has this file"), ({"content": b"other"}, "was not installed")],
)
def test_failures_are_sentences(shop, fault, words):
    for name, value in fault.items():
        setattr(shop.server, name, value)
    shop.click(shop.row.install)
    shop.wait_for(words)
    assert shop.dialog.said.isVisible()
    assert shop.row.install.isVisible()
    assert shop.folder.installed(models.CATALOGUE[0]) is None


def test_a_download_can_be_stopped(shop, monkeypatch):
    original = ModelFolder.install

    def stopped_first(self, model, check, *, progress, cancel):
        # The artist is quicker than any network of this machine.
        assert cancel.wait(10)
        return original(self, model, check, progress=progress, cancel=cancel)

    monkeypatch.setattr(ModelFolder, "install", stopped_first)
    shop.click(shop.row.install)
    shop.click(shop.row.stop)
    shop.wait_for("Stopped")
    assert shop.row.install.isVisible()
    assert shop.folder.installed(models.CATALOGUE[0]) is None


def test_a_file_from_disk_is_checked_and_taken(shop, tmp_path):
    wrong = tmp_path / "wrong.pth"
    wrong.write_bytes(b"something else")
    shop.click(shop.row.use_file)
    shop.choose(wrong)
    shop.wait_for("is not A small network")
    assert wrong.read_bytes() == b"something else"
    right = tmp_path / "right.pth"
    right.write_bytes(CONTENT)
    shop.click(shop.row.use_file)
    shop.choose(right)
    shop.wait_for("is installed")
    assert right.is_file()
    assert shop.state is State.INSTALLED
    assert shop.server.requests == []


def test_a_pack_goes_to_another_machine(shop, tmp_path):
    pack = tmp_path / "models.zip"
    shop.click(shop.dialog.pack)
    shop.choose(pack)
    shop.wait_for("nothing to pack")
    shop.click(shop.row.install)
    shop.wait_for("is installed")
    shop.click(shop.dialog.pack)
    shop.choose(pack)
    shop.wait_for("holds A small network")
    with zipfile.ZipFile(pack) as archive:
        assert archive.read("small.pth") == CONTENT
    shop.folder.path_of(models.CATALOGUE[0]).unlink()
    shop.click(shop.dialog.unpack)
    shop.choose(pack)
    shop.wait_for("Installed: A small network")
    assert shop.row.state.text() == "✓ installed"
    pack.write_bytes(b"no pack")
    shop.click(shop.dialog.unpack)
    shop.choose(pack)
    shop.wait_for("is not a pack of models")


def test_closed_it_goes_on_and_tells_in_the_window(shop):
    shop.click(shop.row.install)
    shop.click(shop.dialog.close_button)
    notice = shop.studio.window.notice
    shop.bot.waitUntil(lambda: "is installed" in notice.sentence.text(), timeout=60_000)
    shop.studio.window.actions_by_name["model.install"].trigger()
    assert shop.dialog.isVisible()
    assert shop.row.state.text() == "✓ installed"


def test_an_installed_network_can_compute(server, studio, monkeypatch, tmp_path, qtbot):
    monkeypatch.setattr(models, "CATALOGUE", (model_served(server, "e4s"),))
    shop = Shop(studio, server, ModelFolder(tmp_path / "own" / "models"), qtbot)
    shop.open()
    file = tmp_path / "weights.pth"
    file.write_bytes(CONTENT)
    assert shop.row.compute.isHidden()
    shop.click(shop.row.use_file)
    shop.choose(file)
    shop.wait_for("is installed")
    shop.click(shop.row.compute)
    qtbot.waitUntil(lambda: studio.controller.choice.checkpoint is not None, timeout=60_000)
    assert studio.controller.choice.checkpoint == shop.folder.path / "e4s.pth"
    studio.wait_for_final()


def test_closing_the_window_stops_a_download(shop, monkeypatch):
    begun = []

    def endless(self, model, check, *, progress, cancel):
        begun.append(model)
        assert cancel.wait(30)

    monkeypatch.setattr(ModelFolder, "install", endless)
    shop.click(shop.row.install)
    shop.bot.waitUntil(lambda: bool(begun), timeout=60_000)
    shop.studio.editor.projects.leave()
    assert not shop.studio.window.isVisible()
