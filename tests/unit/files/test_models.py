"""Installing models: verified, recorded, and never at the cost of the artist's own files."""

import hashlib
import shutil
import threading
import zipfile
from dataclasses import replace

import pytest
from model_server import serving

from e4s_studio.core.errors import (
    CancelledError,
    CheckpointError,
    DownloadError,
    OutputError,
    SettingsError,
)
from e4s_studio.files import downloads, models, places
from e4s_studio.files.models import CATALOGUE, Model, ModelFolder, State, model_named

CONTENT = b"weights of a network" * 50_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MODEL = Model(
    name="small",
    title="A small network",
    purpose="To test with.",
    licence="MIT",
    page="https://example.org",
    file="small.pth",
    url="",
    size=len(CONTENT),
    sha256=SHA256,
)
UNPINNED = replace(MODEL, name="other", file="other.pth", sha256=None)


def accepts(_model, file):
    if not file.read_bytes().startswith(b"weights"):
        raise CheckpointError("not the network")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(downloads, "RETRIES", 0)


@pytest.fixture
def folder(tmp_path):
    return ModelFolder(tmp_path / "models")


@pytest.fixture
def server():
    with serving(CONTENT) as served:
        yield served


@pytest.fixture
def model(server):
    return replace(MODEL, url=server.url)


@pytest.fixture
def unpinned(server):
    return replace(UNPINNED, url=server.url)


def own_files(folder):
    return sorted(path.name for path in folder.path.iterdir() if path.is_file())


def test_installing_fetches_verifies_and_records(folder, model):
    assert folder.state(model) is State.MISSING
    assert folder.installed(model) is None
    path = folder.install(model, accepts)
    assert path == folder.installed(model) == folder.path / "small.pth"
    assert path.read_bytes() == CONTENT
    assert folder.state(model) is State.INSTALLED
    assert folder.recorded_hash(model) == SHA256


def test_what_is_installed_is_not_fetched_again(folder, model, server):
    folder.install(model, accepts)
    asked = len(server.requests)
    folder.install(model, accepts)
    assert len(server.requests) == asked


def test_without_a_known_hash_the_network_is_checked_and_the_hash_recorded(folder, unpinned):
    folder.install(unpinned, accepts)
    assert folder.recorded_hash(unpinned) == SHA256


def test_what_is_no_network_is_not_installed(folder, unpinned, server):
    server.content = b"<html>quota exceeded</html>"
    with pytest.raises(DownloadError, match="was not installed"):
        folder.install(unpinned, accepts)
    assert folder.state(unpinned) is State.MISSING
    server.content = CONTENT
    folder.install(unpinned, accepts)
    assert folder.state(unpinned) is State.INSTALLED


def test_a_file_with_another_hash_is_not_installed(folder, model):
    other = replace(model, sha256="0" * 64)
    with pytest.raises(DownloadError, match="was not installed"):
        folder.install(other, accepts)
    assert folder.state(other) is State.MISSING
    assert [path for path in folder.path.rglob("*") if path.is_file()] == []


def test_leftovers_of_another_file_do_not_spoil_the_next_attempt(folder, model):
    staged = folder.path / ".downloading"
    staged.mkdir(parents=True)
    (staged / "small.pthpart12345678.part").write_bytes(b"x" * 100)
    with pytest.raises(DownloadError, match="was not installed"):
        folder.install(model, accepts)
    folder.install(model, accepts)
    assert folder.installed(model).read_bytes() == CONTENT


def test_a_broken_download_shows_as_begun_and_is_taken_up(folder, model, server):
    server.cut_after = 600_000
    with pytest.raises(DownloadError):
        folder.install(model, accepts)
    assert folder.state(model) is State.STARTED
    assert folder.received(model) > 0
    server.cut_after = None
    folder.install(model, accepts)
    assert folder.state(model) is State.INSTALLED
    assert folder.received(model) == 0


def test_stopping_installs_nothing(folder, model):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(CancelledError):
        folder.install(model, accepts, cancel=cancel)
    assert folder.installed(model) is None


def test_a_disk_without_room_is_told_before_anything_is_fetched(folder, model, server, monkeypatch):
    usage = shutil.disk_usage(folder.path.parent)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(OutputError, match="MB are free"):
        folder.install(model, accepts)
    assert server.requests == []


def test_a_file_put_there_by_hand_is_taken_once_it_is_checked(folder, model, server):
    folder.path.mkdir(parents=True)
    (folder.path / "small.pth").write_bytes(CONTENT)
    assert folder.state(model) is State.FOUND
    assert folder.installed(model) is None
    folder.install(model, accepts)
    assert folder.state(model) is State.INSTALLED
    assert server.requests == []


def test_a_file_of_the_artist_that_is_something_else_is_moved_aside(folder, model):
    folder.path.mkdir(parents=True)
    (folder.path / "small.pth").write_bytes(b"my own work")
    folder.install(model, accepts)
    assert (folder.path / "small.pth").read_bytes() == CONTENT
    assert (folder.path / "small.pth.aside-1").read_bytes() == b"my own work"


def test_a_file_changed_after_installing_is_no_longer_trusted(folder, model):
    path = folder.install(model, accepts)
    path.write_bytes(b"something else")
    assert folder.state(model) is State.FOUND
    assert folder.installed(model) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_broken_record_only_means_checking_again(folder, model, text):
    folder.install(model, accepts)
    (folder.path / "installed.json").write_text(text)
    assert folder.state(model) is State.FOUND
    folder.install(model, accepts)
    assert folder.state(model) is State.INSTALLED


def test_a_file_from_disk_is_copied_and_stays(folder, tmp_path):
    file = tmp_path / "79999_iter.pth"
    file.write_bytes(CONTENT)
    folder.use(MODEL, file, accepts)
    assert folder.installed(MODEL).read_bytes() == CONTENT
    assert file.read_bytes() == CONTENT


def test_a_wrong_file_from_disk_is_refused_and_stays(folder, tmp_path):
    file = tmp_path / "wrong.pth"
    file.write_bytes(CONTENT[:-1])
    with pytest.raises(CheckpointError, match="cut short"):
        folder.use(MODEL, file, accepts)
    assert file.exists()
    assert folder.state(MODEL) is State.MISSING
    with pytest.raises(CheckpointError, match="no file"):
        folder.use(MODEL, tmp_path / "absent.pth", accepts)


def test_using_another_file_keeps_the_one_before(folder, tmp_path):
    for number in (1, 2):
        file = tmp_path / f"{number}.pth"
        file.write_bytes(b"weights %d" % number)
        folder.use(UNPINNED, file, accepts)
    assert folder.installed(UNPINNED).read_bytes() == b"weights 2"
    assert (folder.path / "other.pth.aside-1").read_bytes() == b"weights 1"


def test_using_the_file_that_is_there_keeps_it(folder, model):
    folder.path.mkdir(parents=True)
    (folder.path / "small.pth").write_bytes(CONTENT)
    folder.use(model, folder.path / "small.pth", accepts)
    assert own_files(folder) == ["installed.json", "small.pth"]
    assert folder.state(model) is State.INSTALLED


def test_a_pack_brings_the_models_to_a_machine_without_a_network(
    folder, model, tmp_path, monkeypatch
):
    monkeypatch.setattr(models, "CATALOGUE", (model, UNPINNED))
    pack = tmp_path / "models.zip"
    with pytest.raises(CheckpointError, match="nothing to pack"):
        folder.pack(pack)
    folder.install(model, accepts)
    assert folder.pack(pack) == [model]

    elsewhere = ModelFolder(tmp_path / "elsewhere")
    assert elsewhere.unpack(pack, accepts) == [model]
    assert elsewhere.installed(model).read_bytes() == CONTENT
    assert own_files(elsewhere) == ["installed.json", "small.pth"]


def test_a_pack_with_something_else_in_it_installs_nothing_of_that(folder, tmp_path):
    pack = tmp_path / "models.zip"
    with zipfile.ZipFile(pack, "w") as archive:
        archive.writestr("../small.pth", CONTENT)
        archive.writestr("readme.txt", "hello")
    with pytest.raises(CheckpointError, match="none of the models"):
        folder.unpack(pack, accepts)
    pack.write_bytes(b"no archive")
    with pytest.raises(CheckpointError, match="not a pack"):
        folder.unpack(pack, accepts)


def test_the_catalogue_says_what_is_fetched_from_where():
    assert len({model.name for model in CATALOGUE}) == len(CATALOGUE)
    assert len({model.file for model in CATALOGUE}) == len(CATALOGUE)
    for model in CATALOGUE:
        assert model.url.startswith("https://")
        assert model.page.startswith("https://")
        assert model.licence
        assert model.sha256 is None or len(bytes.fromhex(model.sha256)) == 32
    assert model_named("BiSeNet").file == "parsing_bisenet.pth"
    with pytest.raises(SettingsError, match="choose from e4s"):
        model_named("dlib")


def test_the_folder_can_be_named_by_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("E4S_STUDIO_MODELS", str(tmp_path))
    assert ModelFolder().path == places.models_folder() == tmp_path


def test_a_pack_that_would_fill_the_disk_is_refused(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(models, "CATALOGUE", (replace(MODEL, size=1000),))
    pack = tmp_path / "models.zip"
    with zipfile.ZipFile(pack, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("small.pth", bytes(10_000_000))
    with pytest.raises(CheckpointError, match="far more"):
        folder.unpack(pack, accepts)
    assert own_files(folder) == []
