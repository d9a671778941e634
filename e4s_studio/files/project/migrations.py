"""Older project files, brought to the present form before they are checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from e4s_studio.core.errors import ProjectError
from e4s_studio.files.project.manifest import FORMAT, VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Plain = dict[str, Any]
    Migration = Callable[[Plain], Plain]

MIGRATIONS: Final[dict[int, Migration]] = {}
"""For each version that was ever released but the present one: the step to the next version."""


def migrated(
    read: Any,
    name: str,
    *,
    version: int = VERSION,
    migrations: Mapping[int, Migration] | None = None,
) -> Plain:
    """Return a manifest, as JSON has it, in the form of `version`.

    Parameters
    ----------
    read
        What was read.
    name
        What errors call the file.
    version, migrations
        The form to reach, and the steps to it; the present ones by default.

    Raises
    ------
    ProjectError
        If it is no manifest of a project, or a newer one.
    """
    steps = MIGRATIONS if migrations is None else migrations
    if not isinstance(read, dict) or read.get("format") != FORMAT:
        raise ProjectError(f"“{name}” is no project of E4S Studio.")
    plain: Plain = read
    found = plain.get("version")
    if not isinstance(found, int) or isinstance(found, bool):
        raise ProjectError(f"“{name}” does not say which version it is of; it is damaged.")
    if found > version:
        raise ProjectError(
            f"“{name}” was saved by a newer E4S Studio ({plain.get('program')}); update to open it."
        )
    while found < version:
        if found not in steps:
            raise ProjectError(f"“{name}” has the version {found}, which never was; it is damaged.")
        plain = steps[found](plain)
        found += 1
    return plain | {"version": version}
