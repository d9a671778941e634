#!/usr/bin/env bash
# Usage: system_libraries.sh PYTHON
# Checks that the system has the libraries which Qt and OpenCV, installed for PYTHON, link to.
# What is missing is installed if this runs as root on Debian or Ubuntu; otherwise it says how.
set -euo pipefail

[ "$(uname)" = Linux ] || exit 0

packages="libdbus-1-3 libegl1 libfontconfig1 libgl1 libglib2.0-0 libwayland-cursor0 \
libwayland-egl1 libx11-xcb1 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 \
libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-sync1 libxcb-util1 libxcb-xfixes0 \
libxcb-xkb1 libxkbcommon-x11-0 libxkbcommon0"
install="apt-get install -y --no-install-recommends --no-upgrade $packages"

site=$("$1" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
platforms="$site/PySide6/Qt/plugins/platforms"

missing() {
    { ldd "$@" 2>/dev/null || true; } | awk '/not found/ { print $1 }' | sort -u | paste -sd ' '
}
missing_always() {
    missing "$platforms"/libqoffscreen.so "$site"/PySide6/QtWidgets*.so "$site"/cv2/cv2*.so
}
missing_on_a_display() {
    missing "$platforms"/libqxcb.so "$platforms"/libqwayland*.so
}

absent="$(missing_always) $(missing_on_a_display)"
[ -n "${absent// /}" ] || exit 0

echo "This system lacks libraries that the editor needs: $absent"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing them: apt-get update && $install"
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive $install; } || true
else
    echo "On Debian or Ubuntu install them with: sudo $install"
fi

# What only a window needs must not keep the tests and the commands from running.
[ -z "$(missing_always)" ]
