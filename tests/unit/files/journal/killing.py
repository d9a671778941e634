"""Kill a session in the middle of its work, and look what is left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import Timer

from projects import values
from session_to_kill import states

from e4s_studio.files.journal import recoverable_sessions

SCRIPT = Path(__file__).with_name("session_to_kill.py")


def lost_after_kill(folder: Path, seed: int, edits: int, delay: float) -> tuple[int, int]:
    """Kill a session some seconds after its pair was opened; return how many edits it had made,
    and how many of them are lost.

    Raises AssertionError if what is found is no state that the session ever had, or none.
    """
    command = [sys.executable, str(SCRIPT), str(folder), str(seed), str(edits)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as session:
        assert session.stdout.readline() == b"0\n"
        killer = Timer(delay, session.kill)
        killer.start()
        said = [b"0\n", *session.stdout.readlines()]
        killer.join()
    made = int([line for line in said if line.endswith(b"\n")][-1])
    (crashed,) = recoverable_sessions(folder)
    opened = crashed.recover()
    assert opened.warnings == ()
    contents = opened.project.contents
    found = values(contents)
    place = max(
        number
        for number, project in enumerate(states(seed, edits))
        if len(project.contents.commands) == len(contents.commands)
        and values(project.contents) == found
    )
    crashed.discard()
    return made, max(0, made - place)
