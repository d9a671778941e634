"""Downloads from a server on this machine: whole, cut short, wrong, gone, stopped, no space."""

import resource
import threading

import numpy as np
import pytest
from model_server import serving

from e4s_studio.core.errors import CancelledError, DownloadError, OutputError
from e4s_studio.files import downloads
from e4s_studio.files.downloads import download
from e4s_studio.files.output import partial_of

CONTENT = np.random.default_rng(0).bytes(3_000_000)


@pytest.fixture
def server():
    with serving(CONTENT) as served:
        yield served


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(downloads, "RETRIES", 0)


def left_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_arrives_whole_and_its_progress_is_told(server, tmp_path):
    told = []
    target = tmp_path / "model.pth"
    download(server.url, target, progress=lambda *step: told.append(step))
    assert target.read_bytes() == CONTENT
    assert left_in(tmp_path) == ["model.pth"]
    assert [so_far for so_far, _ in told] == sorted(so_far for so_far, _ in told)
    assert told[-1] == (len(CONTENT), len(CONTENT))


def test_a_cut_connection_is_taken_up_where_it_ended(server, tmp_path):
    target = tmp_path / "model.pth"
    server.cut_after = 1_000_000
    with pytest.raises(DownloadError, match="go on where it ended"):
        download(server.url, target)
    assert not target.exists()
    received = partial_of(target).stat().st_size
    assert 0 < received <= 1_000_000

    server.cut_after = None
    server.sent = 0
    download(server.url, target)
    assert target.read_bytes() == CONTENT
    assert left_in(tmp_path) == ["model.pth"]
    assert f"bytes={received}-" in server.requests


def test_a_broken_connection_is_taken_up_again_by_itself(server, tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "RETRIES", 3)
    monkeypatch.setattr("random.uniform", lambda *_: 0.0)
    server.cut_after = 1_600_000
    download(server.url, tmp_path / "model.pth")
    assert (tmp_path / "model.pth").read_bytes() == CONTENT


def test_a_server_that_cannot_go_on_is_asked_for_the_whole_again(server, tmp_path):
    target = tmp_path / "model.pth"
    server.cut_after = 1_000_000
    with pytest.raises(DownloadError):
        download(server.url, target)
    server.cut_after, server.ranges = None, False
    download(server.url, target)
    assert target.read_bytes() == CONTENT
    assert left_in(tmp_path) == ["model.pth"]


def test_more_than_there_is_was_never_this_file(server, tmp_path):
    target = tmp_path / "model.pth"
    (tmp_path / "model.pthpart12345678.part").write_bytes(b"x" * (len(CONTENT) + 5))
    download(server.url, target)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("trouble", ["gone", "cut at once"])
def test_what_was_received_outlives_a_server_in_trouble(server, tmp_path, trouble):
    target = tmp_path / "model.pth"
    server.cut_after = 1_000_000
    with pytest.raises(DownloadError):
        download(server.url, target)
    received = partial_of(target).stat().st_size
    server.status, server.cut_after = (404, None) if trouble == "gone" else (200, 0)
    with pytest.raises(DownloadError):
        download(server.url, target)
    assert partial_of(target).stat().st_size >= received > 0


def test_a_file_that_is_gone_is_said_to_be_gone(server, tmp_path):
    server.status = 404
    with pytest.raises(DownloadError, match=r"404.*use it from disk"):
        download(server.url, tmp_path / "model.pth")
    assert not (tmp_path / "model.pth").exists()


def test_a_server_in_trouble_is_named(server, tmp_path):
    server.status = 403
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1.*403"):
        download(server.url, tmp_path / "model.pth")


def test_no_server_at_all_is_said(tmp_path):
    with serving(b"") as gone:
        url = gone.url
    with pytest.raises(DownloadError, match="cannot be reached"):
        download(url, tmp_path / "model.pth")


def test_it_can_be_stopped_and_taken_up_later(server, tmp_path):
    target, cancel = tmp_path / "model.pth", threading.Event()

    def stop(_received: int, _size: int | None) -> None:
        cancel.set()

    with pytest.raises(CancelledError, match="kept for the next attempt"):
        download(server.url, target, progress=stop, cancel=cancel)
    assert not target.exists()
    assert 0 < partial_of(target).stat().st_size < len(CONTENT)
    download(server.url, target)
    assert target.read_bytes() == CONTENT


def test_a_disk_that_takes_no_more_keeps_what_it_has(server, tmp_path):
    target = tmp_path / "model.pth"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, hard))
    try:
        with pytest.raises(OutputError, match="free some space"):
            download(server.url, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not target.exists()
    download(server.url, target)
    assert target.read_bytes() == CONTENT


def test_a_folder_that_is_not_there_is_named(server, tmp_path):
    target = tmp_path / "file" / "model.pth"
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="could not be stored"):
        download(server.url, target)
