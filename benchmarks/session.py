"""What keeping a session safe costs in the window, and how it takes photographs of 24 megapixels.

    python benchmarks/session.py [--rounds N] [--no-export]

Opens the real window without a screen, with the true engine, over two photographs of 24 megapixels
made from the sample pair, and paints with real mouse events: in turns with the journal and without
it. Then it saves and exports.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import cv2
import numpy as np
from editor import Heartbeat, paint, pump_until
from PySide6.QtCore import QSettings
from rich.console import Console
from rich.table import Table

from e4s_studio.core.regions import Region
from e4s_studio.files.export.kinds import ExportKind
from e4s_studio.files.images import read_image, write_image
from e4s_studio.files.project import Labelling, open_project
from e4s_studio.files.provenance.facts import Ground
from e4s_studio.files.resources import sample_pair
from e4s_studio.gui.app import Editor, Start, connect_engine, make_application
from e4s_studio.gui.exporter import ExportOrder
from e4s_studio.gui.photographs import Photographs
from e4s_studio.gui.preferences import Places, Preferences

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = (6000, 4000)
FACE = 3000
"""How large the face's crop is in it, in pixels a side."""
SCREEN = (1500, 920)
BUDGETS = {"journal write in the window's thread, slowest": 5.0, "saving": 3000.0}


@dataclass
class Feel:
    """How the window felt: moves to the painted overlay, and the gaps of the heartbeat, in ms."""

    painted: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)


def photographs(folder: Path) -> Photographs:
    """Write two photographs of 24 megapixels with a face in each, and fine grain."""
    made = []
    for number, sample in enumerate(sample_pair()):
        face = cv2.resize(read_image(sample), (FACE, FACE), interpolation=cv2.INTER_CUBIC)
        place = (SIZE[0] - FACE) // 2, (SIZE[1] - FACE) // 2
        picture = cv2.copyMakeBorder(
            face, place[1], place[1], place[0], place[0], cv2.BORDER_REFLECT
        )
        edge = cv2.GaussianBlur(picture, (0, 0), 60)
        edge[place[1] : -place[1], place[0] : -place[0]] = face
        grain = np.random.default_rng(number).normal(0, 3, (*edge.shape[:2], 1))
        made.append(folder / f"{sample.stem}.jpg")
        write_image(made[-1], np.clip(edge + grain, 0, 255).astype(np.uint8))
    return Photographs(*made)


def open_editor(folder: Path) -> tuple[Editor, dict[str, float]]:
    """Return an editor with the pair open, and what the opening took, in ms."""
    preferences = Preferences(QSettings(str(folder / "own.ini"), QSettings.Format.IniFormat))
    preferences.hint_seen = True
    editor = Editor(connect_engine, preferences, Places.under(folder / "own"))
    begun, times = time.perf_counter(), {}
    editor.controller.pair_opened.connect(
        lambda: times.setdefault("opening", (time.perf_counter() - begun) * 1e3)
    )
    prepare = editor.controller.opening.prepare
    editor.controller.opening.prepare = lambda project: _timed(
        times, "journal before the pair is shown", lambda: prepare(project)
    )
    editor.start(Start(photographs(folder)))
    editor.window.resize(*SCREEN)
    pump_until(lambda: editor.controller.rendering.results.newest is not None, 300)
    editor.controller.fitting.cancel()
    pump_until(lambda: not editor.controller.fitting.is_running, 60)
    return editor, times


def _timed(times: dict[str, float], name: str, work: Callable[[], object]) -> None:
    begun = time.perf_counter()
    work()
    times[name] = (time.perf_counter() - begun) * 1e3


def paint_in_turns(editor: Editor, rounds: int) -> tuple[Feel, Feel]:
    """Paint in turns with and without the journal."""
    feels = Feel(), Feel()
    changed, keep = editor.controller.changed, editor.keeper._take_change  # noqa: SLF001 - off for once
    for turn in range(2 * rounds):
        # The turns of a round change places, so that neither always comes first.
        without = turn % 4 in {1, 2}
        if without:
            changed.disconnect(keep)
        heartbeat = Heartbeat()
        timer = heartbeat.start()
        feels[without].painted += paint(editor, 1)
        timer.stop()
        feels[without].gaps += heartbeat.gaps
        if without:
            changed.connect(keep)
            editor.keeper.record()
    return feels


def journal_writes(editor: Editor, edits: int) -> list[float]:
    """Return what handing an edit to the journal takes in the window's thread, in ms."""
    times = []
    for number in range(edits):
        paint(editor, 1)
        editor.editing.set_amounts([Region.SKIN], (1 + number) / (2 + edits))
        begun = time.perf_counter()
        editor.keeper.record()
        times.append((time.perf_counter() - begun) * 1e3)
    assert editor.keeper.journal.flush()
    return times


def save(editor: Editor, path: Path) -> dict[str, float]:
    """Save, and return what it took and how long the window waited, in ms."""
    saved: list[object] = []
    editor.session.saved.connect(saved.append)
    heartbeat = Heartbeat()
    timer, begun = heartbeat.start(), time.perf_counter()
    editor.session.save(path)
    pump_until(lambda: bool(saved), 60)
    times = {"saving": (time.perf_counter() - begun) * 1e3}
    timer.stop()
    kept = open_project(path).project.contents
    assert kept.target.photograph.shape[:2] == SIZE[::-1]
    return times | {"longest gap while saving": max(heartbeat.gaps)}


def export(editor: Editor, path: Path) -> dict[str, float]:
    """Export the picture in full, and return what it took, in ms."""
    written: list[object] = []
    editor.exporter.written.connect(written.append)
    editor.exporter.failed.connect(written.append)
    heartbeat = Heartbeat()
    timer, begun = heartbeat.start(), time.perf_counter()
    editor.exporter.start(ExportOrder(path, ExportKind.PICTURE, Labelling(Ground.SYNTHETIC)))
    pump_until(lambda: bool(written), 300)
    timer.stop()
    assert isinstance(written[0], list), written[0]
    assert read_image(path).shape[:2] == SIZE[::-1]
    name = f"export as {path.suffix[1:].upper()}"
    return {
        name: (time.perf_counter() - begun) * 1e3,
        f"longest gap, {name}": max(heartbeat.gaps),
    }


def report(rows: dict[str, float], feels: tuple[Feel, Feel]) -> None:
    table = Table(title=f"Two photographs of 24 megapixels, {os.cpu_count()} cores")
    for heading in ("what", "with", "without", "ratio", "budget"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for name, share in (("median", 50), ("99 %", 99)):
        for what in ("painted", "gaps"):
            on, off = (np.percentile(getattr(feel, what), share) for feel in feels)
            title = "move to overlay" if what == "painted" else "heartbeat gap"
            table.add_row(
                f"{title}, {name}", f"{on:.2f} ms", f"{off:.2f} ms", f"{on / max(off, 0.01):.2f}"
            )
    for name, value in rows.items():
        budget = BUDGETS.get(name)
        met = "" if budget is None else f"{budget:g} ms: {'met' if value <= budget else 'MISSED'}"
        table.add_row(name, f"{value:.1f} ms", "", "", met)
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--no-export", action="store_true")
    arguments = parser.parse_args()
    rounds = arguments.rounds
    make_application()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        editor, rows = open_editor(folder)
        feels = paint_in_turns(editor, rounds)
        writes = journal_writes(editor, 5)
        rows["journal write in the window's thread, median"] = float(np.median(writes))
        rows["journal write in the window's thread, slowest"] = max(writes)
        rows |= save(editor, folder / "a.e4s")
        for suffix in () if arguments.no_export else (".jpg", ".tif"):
            rows |= export(editor, folder / f"a{suffix}")
        editor.projects.leave()
    report(rows, feels)


if __name__ == "__main__":
    main()
