"""Kill a session in the middle of its work, and look what is left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING

from projects import values
from session_to_kill import states

from e4s_studio.files.journal.recovery import recoverable_sessions

if TYPE_CHECKING:
    import numpy as np

SCRIPT = Path(__file__).with_name("session_to_kill.py")


def lost_after_kill(folder: Path, seed: int, edits: int, rng: np.random.Generator) -> int:
    """Kill a session at a random moment; return how many edits known to be safe were lost.

    Raises AssertionError if what is found is no state that the session ever had, or none.
    """
    command = [sys.executable, str(SCRIPT), str(folder), str(seed), str(edits)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as session:
        said = [session.stdout.readline()]
        last = int(rng.integers(1, edits))
        while len(said) < last:
            said.append(session.stdout.readline())
        killer = Timer(float(rng.random()) * 0.05, session.kill)
        killer.start()
        said += session.stdout.readlines()
        killer.join()
    safe = int([line for line in said if line.endswith(b"\n")][-1])
    (crashed,) = recoverable_sessions(folder)
    contents = crashed.recover().project.contents
    found = values(contents)
    place = max(
        number
        for number, project in enumerate(states(seed, edits))
        if len(project.contents.commands) == len(contents.commands)
        and values(project.contents) == found
    )
    crashed.discard()
    return max(0, safe - place)
