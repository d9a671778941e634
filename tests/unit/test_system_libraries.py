"""The check for system libraries names the package line, and installs only as root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "system_libraries.sh"
BASH = shutil.which("bash")

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not BASH, reason="system packages are a matter of Linux"
)


@pytest.fixture
def check(tmp_path):
    """Return a function that runs the script on a system that lacks one library."""

    def run(*, user: int, lacking: str = "", used_by: str = ""):
        stubs = {
            "ldd": f'case "$*" in *{used_by}*) echo "{lacking}"; esac',
            "id": f"echo {user}",
            "apt-get": f'echo "$@" >> "{tmp_path}/installed"',
        }
        for name, body in stubs.items():
            (tmp_path / name).write_text(f"#!{BASH}\n{body}\n")
            (tmp_path / name).chmod(0o755)
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            [BASH, SCRIPT, sys.executable],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "PATH": path},
        )

    return run


XCB = "libxcb-cursor.so.0 => not found"
GLIB = "libglib-2.0.so.0 => not found"


def test_a_complete_system_is_left_alone(check, tmp_path):
    result = check(user=0, lacking="libc.so.6 => libc.so.6")
    assert (result.returncode, result.stdout) == (0, "")
    assert not (tmp_path / "installed").exists()


@pytest.mark.parametrize(("lacking", "used_by", "code"), [(XCB, "libqxcb", 0), (GLIB, "cv2", 1)])
def test_others_than_root_are_told_the_line(check, tmp_path, lacking, used_by, code):
    result = check(user=1000, lacking=lacking, used_by=used_by)
    assert lacking.split()[0] in result.stdout
    assert "sudo apt-get install -y --no-install-recommends --no-upgrade libdbus" in result.stdout
    assert "libxcb-cursor0" in result.stdout
    assert result.returncode == code
    assert not (tmp_path / "installed").exists()


def test_root_installs_them(check, tmp_path):
    result = check(user=0, lacking=XCB, used_by="libqxcb")
    assert result.returncode == 0
    update, install = (tmp_path / "installed").read_text().splitlines()
    assert update.endswith("update")
    assert "libxcb-cursor0" in install
    assert f"apt-get {install}" in result.stdout
