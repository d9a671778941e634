"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from pathlib import Path

import pytest

from e4s_studio.core.errors import OutputError
from e4s_studio.files.output import check_writable, make_folder, require_other, write_whole

LIMIT = 1000


@contextmanager
def full_disk():
    """A limit on the size of files, which the system enforces as it does a full disk.

    Not a fixture: the limit would hold for the log that the tests are written to, too.
    """
    resource = pytest.importorskip("resource", reason="file size limits are a Unix matter")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_replaces_what_was_there(tmp_path):
    path = tmp_path / "a.bin"
    write_whole(path, b"old")
    write_whole(path, b"new one")
    assert path.read_bytes() == b"new one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with full_disk(), pytest.raises(OutputError, match="could not be written"):
        write_whole(path, b"x" * (LIMIT + 1))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("act", [check_writable, lambda path: write_whole(path, b"new")])
def test_a_read_only_file_stays(tmp_path, act):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    path.chmod(0o444)
    with pytest.raises(OutputError, match="read-only"):
        act(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_read_only_disk_is_named_and_nothing_else(tmp_path, monkeypatch):
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)  # even where there is nothing to remove
    with pytest.raises(OutputError, match="could not be written: read-only file system"):
        write_whole(tmp_path / "a.bin", b"new")


def test_what_is_read_is_not_written_over(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    (tmp_path / "link.bin").symlink_to(path)
    for name in (path, tmp_path / "link.bin", tmp_path / "." / "a.bin"):
        with pytest.raises(OutputError, match="under another name"):
            require_other(name, None, path)
    require_other(tmp_path / "b.bin", path, tmp_path / "missing.bin")


def test_an_interruption_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "a.bin", b"new")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("act", [check_writable, lambda path: write_whole(path, b"new")])
def test_places_that_cannot_be_written_to(tmp_path, act):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match="does not exist"):
        act(tmp_path / "missing" / "a.bin")
    with pytest.raises(OutputError, match="does not exist"):
        act(tmp_path / "file" / "a.bin")
    with pytest.raises(OutputError, match="is a folder"):
        act(tmp_path)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not hold root back"
)
@pytest.mark.parametrize("act", [check_writable, lambda path: write_whole(path, b"new")])
def test_a_folder_without_permission(tmp_path, act):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="permission denied"):
        act(tmp_path / "a.bin")
    tmp_path.chmod(0o700)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="/proc is Linux's")
def test_a_folder_that_not_even_root_can_write_to():
    with pytest.raises(OutputError, match="cannot be written to"):
        check_writable("/proc/self/a.bin")
    with pytest.raises(OutputError, match="could not be written"):
        write_whole("/proc/self/a.bin", b"new")


def test_the_check_leaves_nothing_and_spares_what_is_there(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    check_writable(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_folders_are_made_with_those_around_them(tmp_path):
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match="cannot be made"):
        make_folder(tmp_path / "file" / "b")
