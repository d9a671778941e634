"""What an unfinished download leaves beside its target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

PARTIAL: Final = "part"
"""What the names of unfinished downloads end in."""


def partial_of(target: Path) -> Path | None:
    """Return what an unfinished download to `target` has received so far, if there is one."""
    found = target.parent.glob(f"{target.name}{PARTIAL}*.{PARTIAL}")
    return max(found, key=lambda path: path.stat().st_size, default=None)
