"""`e4s-studio doctor`: is everything there, and what to do about what is not."""

from __future__ import annotations

from typing import Final

import typer
from rich.console import Console
from rich.text import Text

_UNWELL_EXIT_CODE: Final = 1
_MARKS: Final = {"GOOD": ("✓", "green"), "NOTE": ("·", "yellow"), "BAD": ("✗", "bold red")}


def doctor() -> None:
    """Look at Python, Qt, PyTorch, devices, models, memory, disk and folders.

    The exit code is 1 if something is wrong, else 0.
    """
    from e4s_studio.engine.health import Verdict, examine

    console = Console(soft_wrap=True)
    unwell = False
    for finding in examine():
        mark, style = _MARKS[finding.verdict.name]
        console.print(Text.assemble((mark, style), f" {finding.subject}: {finding.found}"))
        if finding.advice:
            console.print(Text.assemble("    → ", (finding.advice, "bold")))
        unwell |= finding.verdict is Verdict.BAD
    if unwell:
        raise typer.Exit(_UNWELL_EXIT_CODE)
