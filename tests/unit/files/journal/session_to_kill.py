"""A session that edits at random until it is killed: FOLDER SEED EDITS.

It says the number of each edit as soon as it is made, and waits for no disk. A hand is not faster
than `PAUSE`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

PAUSE = 0.02, 0.06
"""The shortest and the longest time between two edits, in seconds."""

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2] / "core"), str(HERE.parents[1] / "project")]

from documents import edit  # noqa: E402 - found by the line above
from projects import random_document  # noqa: E402

from e4s_studio.files.journal import Journal  # noqa: E402
from e4s_studio.files.project import Project  # noqa: E402


def states(seed: int, edits: int):
    """Yield the project at the start, and after each edit."""
    rng = np.random.default_rng(seed)
    document = random_document(seed, 0)
    yield Project(document.contents())
    for number in range(edits):
        act = rng.integers(12)
        if act == 0:
            document.undo()
        elif act == 1:
            document.redo()
        elif act == 2 and number > 3:
            document.keep("ABC"[rng.integers(3)])
        else:
            edit(document, rng)
        yield Project(document.contents())


if __name__ == "__main__":
    folder, seed, edits = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    journal = Journal(folder)
    pauses = np.random.default_rng(seed).uniform(*PAUSE, edits + 1)
    for number, project in enumerate(states(seed, edits)):
        journal.record(project)
        if number == 0:
            # A pair is on the disk before it is shown.
            assert journal.flush()
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        time.sleep(pauses[number])
    sys.stdin.read()
