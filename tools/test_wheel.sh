#!/usr/bin/env bash
# Usage: test_wheel.sh PYTHON
# Builds the wheel, installs it into a new environment outside the checkout, and runs the program
# there. Dependencies come from PYTHON's environment, so nothing is downloaded.
set -euo pipefail

python="$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

"$python" -m pip wheel -q --no-deps --no-build-isolation -w "$work" .
"$python" -m venv --without-pip "$work/env"
"$python" -m pip --python "$work/env/bin/python" install -q --no-deps "$work"/*.whl
# A folder that a .pth file names is searched last, and its own .pth files are not read: one of
# them leads to the checkout.
paths='import sysconfig; print(*{sysconfig.get_path(name) for name in ("purelib", "platlib")}, sep="\n")'
site=$("$work/env/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
"$python" -c "$paths" >"$site/dependencies.pth"

# From another folder, with a home of its own.
mkdir "$work/home" "$work/elsewhere"
cd "$work/elsewhere"
unset PYTHONPATH XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME E4S_STUDIO_MODELS
export HOME="$work/home" QT_QPA_PLATFORM=offscreen PATH="$work/env/bin:$PATH"

try() {
    echo "wheel: $*"
    "$@"
}

try python - <<'CHECK'
import sys
from importlib.metadata import files
from pathlib import Path

import e4s_studio

assert Path(e4s_studio.__file__).is_relative_to(sys.prefix), e4s_studio.__file__
packed = {file.name for file in files("e4s-studio")}
missing = {"LICENSE", "studio-256.md", "parser-96.md", "e4s-studio.svg"} - packed
assert not missing, missing
CHECK
try e4s-studio --version
try e4s-studio doctor
try e4s-studio demo -o demo.png --fit-steps 20
try e4s-studio edit --check
if [ "$(uname)" = Linux ]; then
    try e4s-studio install-desktop
    try e4s-studio install-desktop --remove
fi
echo "The wheel works outside the checkout."
