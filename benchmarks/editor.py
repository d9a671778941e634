"""How the editor feels while it computes: paint, heartbeat, results, start, memory.

    python benchmarks/editor.py [--preset studio-256|e4s-1024] [--strokes N]

Opens the real window without a screen over the sample pair, with the true engine fitting (and
rendering) beside it, and paints with real mouse events. Random weights of the preset are used
where no trained ones are installed: they cost the same.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QSettings, QSizeF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from rich.console import Console
from rich.table import Table

from e4s_studio.core.regions import Region
from e4s_studio.engine.request import EngineChoice, RenderResult
from e4s_studio.gui.app import Editor, Start, connect_engine, make_application
from e4s_studio.gui.preferences import Places, Preferences
from e4s_studio.networks.config import PRESETS
from e4s_studio.networks.rgi import RGI
from e4s_studio.networks.weights import save_weights

if TYPE_CHECKING:
    from collections.abc import Callable

BRUSH = 100.0
SCREEN = (1500, 920)
HEARTBEAT_MS = 4
MOVES_PER_STROKE = 60
GOLDEN = 0.618
STAGES = ("coarse", "final")
"""Multiples of it spread evenly between whole numbers, and none comes twice."""
BUDGETS = {
    "start to a usable window": 2.0,
    "paint, median": 8.0,
    "paint, 99 %": 33.0,
    "heartbeat gap, 99 %": 16.0,
    "heartbeat gap, longest": 100.0,
}


@dataclass
class Heartbeat:
    """How late a timer of the GUI thread comes, in milliseconds."""

    gaps: list[float] = field(default_factory=list)
    last: float = 0.0

    def start(self) -> QTimer:
        """Beat from now on."""
        self.last = time.perf_counter()
        timer = QTimer()
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(self.beat)
        timer.start(HEARTBEAT_MS)
        return timer

    def beat(self) -> None:
        """Note the time since the last beat beyond the timer's own interval."""
        now = time.perf_counter()
        self.gaps.append(max(0.0, (now - self.last) * 1000 - HEARTBEAT_MS))
        self.last = now


def pump_until(done: Callable[[], bool], seconds: float) -> None:
    """Let the window work until `done`, at most for `seconds`."""
    end = time.perf_counter() + seconds
    while not done():
        if time.perf_counter() > end:
            raise TimeoutError
        QApplication.processEvents()
        time.sleep(0.001)


def pump_for(seconds: float) -> None:
    """Let the window work for a while."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        QApplication.processEvents()
        time.sleep(0.001)


def open_editor(folder: Path, choice: EngineChoice) -> Editor:
    """Return an editor with the sample pair open and a first result shown."""
    store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    preferences = Preferences(store)
    preferences.hint_seen = True
    editor = Editor(connect_engine, preferences, Places.under(folder))
    editor.start(Start(choice=choice))
    editor.window.resize(*SCREEN)
    pump_until(lambda: editor.controller.rendering.results.newest is not None, 300)
    return editor


def paint(editor: Editor, strokes: int) -> list[float]:
    """Paint strokes across the face; return each move's time to the painted overlay, in ms."""
    editor.toolbox.change(region=Region.HAIR, size=BRUSH)
    canvas, view = editor.window.canvas, editor.view
    dice = np.random.default_rng(3)
    times = []

    def place(x: float, y: float) -> QPoint:
        return view.transform(QSizeF(canvas.size())).map(QPointF(x, y)).toPoint()

    for _ in range(strokes):
        start, end = dice.uniform(200, 820, (2, 2))
        points = np.linspace(start, end, MOVES_PER_STROKE)
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=place(*points[0]))
        for x, y in points[1:]:
            begin = time.perf_counter()
            QTest.mouseMove(canvas, place(x, y))
            QApplication.processEvents()
            times.append((time.perf_counter() - begin) * 1000)
            pump_for(0.008)  # a mouse of 125 Hz
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=place(*points[-1]))
        editor.editing.undo()
    return times


def edit_times(editor: Editor, edits: range) -> dict[str, list[float]]:
    """Return the seconds from slider edits to their coarse and final results, one at a time.

    No two edits of different numbers are the same: a cache would answer the second.
    """
    shown: list[RenderResult] = []
    editor.controller.rendering.shown.connect(shown.append)
    times: dict[str, list[float]] = {stage: [] for stage in STAGES}
    for number in edits:
        editor.editing.set_amounts([Region.SKIN], 0.1 + 0.8 * (GOLDEN * number % 1))
        editor.editing.end_gesture()
        begin, revision = time.perf_counter(), editor.controller.document.revision
        for stage in STAGES:
            pump_until(lambda stage=stage, r=revision: _is_shown(shown, r, stage), 120)
            times[stage].append(time.perf_counter() - begin)
    editor.controller.rendering.shown.disconnect(shown.append)
    return times


def _is_shown(shown: list[RenderResult], revision: int, stage: str) -> bool:
    return any(r.revision == revision and (r.final or stage == "coarse") for r in shown)


def start_seconds() -> float:
    """Return the seconds from the start of a process to a window that answers, modules warm."""
    code = (
        "import time, sys; begin = time.perf_counter()\n"
        "from e4s_studio.gui.app import *\n"
        "from pathlib import Path\n"
        "from PySide6.QtCore import QSettings\n"
        "app = make_application()\n"
        "prefs = Preferences(QSettings(sys.argv[1], QSettings.Format.IniFormat))\n"
        "editor = Editor(connect_engine, prefs, Places.under(Path(sys.argv[1]).parent))\n"
        "editor.start(Start())\n"
        "assert 'torch' not in sys.modules\n"
        "app.processEvents()\n"
        "print(time.perf_counter() - begin, flush=True)\n"
        "import os; os._exit(0)\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", code, str(Path(folder) / "settings.ini")]
        runs = [subprocess.run(command, capture_output=True, check=True, text=True) for _ in "123"]
    return min(float(run.stdout.split()[-1]) for run in runs)


def checkpoint_of(preset: str, folder: Path) -> Path | None:
    """Return a checkpoint with random weights of a published preset; None for the built-in."""
    if preset == "studio-256":
        return None
    path = folder / f"{preset}.safetensors"
    save_weights(RGI(PRESETS[preset]), PRESETS[preset], path)
    return path


def percentile(values: list[float], share: float) -> float:
    return float(np.percentile(values, share))


def report(preset: str, rows: dict[str, tuple[float, str]]) -> None:
    table = Table(title=f"The editor over {preset}, {os.cpu_count()} cores")
    for heading in ("what", "measured", "budget", ""):
        table.add_column(heading, justify="left" if heading in {"what", ""} else "right")
    for name, (value, unit) in rows.items():
        budget = BUDGETS.get(name)
        met = "" if budget is None else "met" if value <= budget else "MISSED"
        table.add_row(name, f"{value:.1f} {unit}", f"{budget} {unit}" if budget else "", met)
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", choices=("studio-256", "e4s-1024"), default="studio-256")
    parser.add_argument("--strokes", type=int, default=10)
    parser.add_argument("--edits", type=int, default=5)
    arguments = parser.parse_args()
    rows = {"start to a usable window": (start_seconds(), "s")}
    make_application()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        editor = open_editor(folder, EngineChoice(checkpoint_of(arguments.preset, folder)))
        if not editor.controller.fitting.is_running:
            editor.controller.fitting.start()
        pump_until(lambda: editor.controller.fitting.is_running, 60)
        heartbeat = Heartbeat()
        timer = heartbeat.start()
        painted = paint(editor, arguments.strokes)
        assert editor.controller.fitting.is_running, "the fit ended before the painting did"
        timer.stop()
        beside = edit_times(editor, range(1, arguments.edits + 1))
        editor.controller.fitting.cancel()
        pump_until(lambda: not editor.controller.fitting.is_running, 60)
        alone = edit_times(editor, range(arguments.edits + 1, 2 * arguments.edits + 1))
        editor.projects.leave()
    rows |= {
        "paint, median": (percentile(painted, 50), "ms"),
        "paint, 99 %": (percentile(painted, 99), "ms"),
        "heartbeat gap, 99 %": (percentile(heartbeat.gaps, 99), "ms"),
        "heartbeat gap, longest": (max(heartbeat.gaps), "ms"),
    }
    for when, times in (("beside a fit", beside), ("alone", alone)):
        for stage in STAGES:
            rows[f"edit to {stage}, {when}, median"] = (1000 * percentile(times[stage], 50), "ms")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report(arguments.preset, rows | {"peak memory": (peak, "MiB")})


if __name__ == "__main__":
    main()
