"""Do projects lose nothing, resist harm, and keep out of the way? Prints what was counted.

    python benchmarks/projects.py [--quick]

Takes about a quarter of an hour; --quick does a tenth of everything.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import tempfile
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

TESTS = Path(__file__).resolve().parents[1] / "tests" / "unit"
sys.path[:0] = [str(TESTS / part) for part in ("core", "files/project", "files/journal")]

from documents import face_labels, opened  # noqa: E402 - found by the line above
from hostile import KINDS  # noqa: E402
from killing import lost_after_kill  # noqa: E402
from projects import QUAD, random_project, values  # noqa: E402
from session_to_kill import PAUSE  # noqa: E402

from e4s_studio.core.document import Document  # noqa: E402
from e4s_studio.core.errors import ProjectError, StudioError  # noqa: E402
from e4s_studio.core.portrait import Portrait  # noqa: E402
from e4s_studio.files.journal import Journal  # noqa: E402
from e4s_studio.files.project import (  # noqa: E402  # noqa: E402
    Project,
    open_project,
    opened_bytes,
    project_bytes,
    save_project,
)

if TYPE_CHECKING:
    from e4s_studio.core.contents import DocumentContents

CROP = 1024
EARLY = 0.3
"""Seconds after a pair was opened in which half of the kills come."""
MEGAPIXELS_24 = (4000, 6000)


def round_trips(count: int) -> None:
    exact = 0
    for seed in range(count):
        project = random_project(seed, 30)
        found = opened_bytes(project_bytes(project), "a")
        same = values(found.project.contents) == values(project.contents)
        exact += same and not found.warnings and found.project.labelling == project.labelling
    print(f"round trips        {exact} of {count} bit for bit, history included")


def hostile_files(count: int) -> None:
    whole = project_bytes(random_project(1, 30))
    kinds = [*KINDS[:-1] * 6, KINDS[-1]]
    refused, left, slowest = 0, 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in" / "a.e4s"
        path.parent.mkdir()
        for seed in range(count):
            path.write_bytes(kinds[seed % len(kinds)](whole, np.random.default_rng(seed)))
            begun = time.perf_counter()
            try:
                contents = open_project(path).project.contents
            except ProjectError:
                refused += 1
            else:
                left += 1
                _walk(contents)
            slowest = max(slowest, time.perf_counter() - begun)
        outside = [one for one in Path(folder).rglob("*") if one not in {path, path.parent}]
    peak = _peak_memory()
    print(
        f"hostile files      {count}: {refused} refused, {left} opened in part, none crashed;"
        f" slowest {slowest:.2f} s, written elsewhere: {len(outside)}, peak memory {peak}"
    )


def _walk(contents: DocumentContents) -> None:
    document = Document()
    document.restore(contents)
    with contextlib.suppress(StudioError):
        for place in (0, len(contents.commands), contents.index):
            document.jump(place)


def _peak_memory() -> str:
    with contextlib.suppress(ImportError):
        import resource  # noqa: PLC0415 - not there on Windows

        return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MB"
    return "unknown"


def kills(count: int, edits: int) -> None:
    rng = np.random.default_rng(0)
    # Half of them right after the pair was opened, the others anywhere.
    delays = [
        rng.uniform(0, EARLY if seed % 2 else edits * sum(PAUSE) / 2) for seed in range(count)
    ]
    made, lost = [], []
    for seed, delay in enumerate(delays):
        with tempfile.TemporaryDirectory() as folder:
            one = lost_after_kill(Path(folder), seed, edits, delay)
        made.append(one[0])
        lost.append(one[1])
    print(
        f"kills              {count} in sessions of {edits} edits, {len(delays[1::2])} of them in"
        f" the first {EARLY * 1e3:.0f} ms: {sum(made)} edits were made, {sum(lost)} lost, at most"
        f" {max(lost)} in a session"
    )


def journal_times(edits: int) -> None:
    rng = np.random.default_rng(0)
    document = opened(CROP)
    calls, work, landed = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder))
        for _ in range(edits):
            edit_large(document, rng)
            begun, worked = time.perf_counter(), time.thread_time()
            journal.record(Project(document.contents()))
            calls.append(time.perf_counter() - begun)
            work.append(time.thread_time() - worked)
            journal.flush()
            landed.append(time.perf_counter() - begun)
        journal.close()
    calls_ms, work_ms, landed_ms = (np.array(one) * 1e3 for one in (calls, work, landed))
    print(
        f"journal, {CROP}²     in the caller: median {np.median(calls_ms):.3f} ms, slowest"
        f" {calls_ms.max():.2f} ms (of processor time {work_ms.max():.2f} ms); on the disk after:"
        f" median {np.median(landed_ms):.0f} ms, slowest {landed_ms.max():.0f} ms"
    )


def edit_large(document: Document, rng: np.random.Generator) -> None:
    """Paint with a large brush across the whole map."""
    from e4s_studio.core import brush  # noqa: PLC0415
    from e4s_studio.core.brush import Dab  # noqa: PLC0415

    document.begin("Paint")
    ends = [Dab(*rng.uniform(0, CROP, 2), rng.uniform(20, 90)) for _ in range(4)]
    for start, end in pairwise(ends):
        document.paint(brush.line(start, end, document.box), int(rng.integers(12)))
    document.commit()


def saving_times() -> None:
    rng = np.random.default_rng(0)
    document = opened(CROP)
    portraits = [_large_portrait(rng) for _ in range(2)]
    document.open(source=portraits[0], target=portraits[1])
    for _ in range(60):
        edit_large(document, rng)
    kept = Project(document.contents())
    lost = replace(
        kept,
        contents=replace(
            kept.contents,
            source=replace(portraits[0], file=None),
            target=replace(portraits[1], file=None),
        ),
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, project in (("their own files", kept), ("pixels alone", lost)):
            path = Path(folder) / "a.e4s"
            begun = time.perf_counter()
            save_project(project, path)
            saved = time.perf_counter() - begun
            open_project(path)
            opening = time.perf_counter() - begun - saved
            print(
                f"24 megapixels ×2   with {name}: saved in {saved:.2f} s"
                f" ({path.stat().st_size >> 20} MB), opened in {opening:.2f} s"
            )


def _large_portrait(rng: np.random.Generator) -> Portrait:
    coarse = rng.integers(0, 256, (200, 300, 3), dtype=np.uint8)
    smooth = cv2.resize(coarse, MEGAPIXELS_24[::-1], interpolation=cv2.INTER_CUBIC)
    noise = rng.integers(0, 6, smooth.shape, dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(cv2.add(smooth, noise)).save(stream, "JPEG", quality=92)
    photograph = np.array(Image.open(io.BytesIO(stream.getvalue())))
    crop = np.ascontiguousarray(photograph[:CROP, :CROP])
    path = Path("photograph.jpg")
    return Portrait(crop, face_labels(CROP), path, photograph, QUAD, stream.getvalue())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    share = 10 if parser.parse_args().quick else 1
    round_trips(100 // share)
    hostile_files(500 // share)
    journal_times(100 // share)
    saving_times()
    kills(50 // share, 300 // share)


if __name__ == "__main__":
    main()
