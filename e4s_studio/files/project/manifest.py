"""The manifest of a project file: entries that are checked before they are used, and versions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from e4s_studio.core.commands import MAX_STEPS, Layer
from e4s_studio.core.errors import ProjectError
from e4s_studio.core.geometry import Box
from e4s_studio.core.label_map import PaintRules
from e4s_studio.core.plane import Patch
from e4s_studio.core.quad import Quad
from e4s_studio.core.regions import REGION_COUNT, Region
from e4s_studio.files.project.project import Labelling
from e4s_studio.files.provenance.facts import Ground

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.files.project.archive import Blocks

_FORMAT: Final = "e4s-studio project"
VERSION: Final = 1
MANIFEST: Final = "manifest.json"
_MAX_SIDE: Final = 4096
"""Largest crop that is opened, in pixels a side."""

EntryName = Annotated[
    str, Field(pattern=r"^[a-z0-9_]+(/[a-z0-9_]+)*(\.[a-z0-9]{1,11})?$", max_length=80)
]
"""The name of an entry in the zip: plain, so that it cannot point outside of it."""
Side = Annotated[int, Field(ge=1, le=_MAX_SIDE)]
Size = tuple[Side, Side]
Plain = dict[str, Any]
"""A JSON object."""
QuadEntry = Annotated[tuple[tuple[float, float], ...], Field(min_length=4, max_length=4)] | None
"""The corners of a portrait's quad."""
_Edge = Annotated[int, Field(ge=0, le=_MAX_SIDE)]
_RegionNumber = Annotated[int, Field(ge=0, lt=REGION_COUNT)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PortraitEntry(_Entry):
    """A portrait: its crop, and the photograph as its own file or as a PNG."""

    name: str | None = Field(max_length=1024)
    size: Size
    image: EntryName
    labels: EntryName
    file: EntryName | None
    photograph: EntryName | None
    has_photograph: bool
    quad: QuadEntry


class StateEntry(_Entry):
    """Planes, by layer, and settings."""

    planes: dict[Layer, EntryName] = Field(strict=False)
    settings: Plain


class RulesEntry(_Entry):
    """Locks and paint-over rules, by region number."""

    locked: list[_RegionNumber]
    over: dict[str, list[_RegionNumber]]
    preserve_others: bool

    @classmethod
    def of(cls, rules: PaintRules) -> Self:
        """Return the entry of rules."""
        return cls(
            locked=sorted(int(region) for region in rules.locked),
            over={
                region.label: sorted(int(one) for one in covered)
                for region, covered in rules.over.items()
            },
            preserve_others=rules.preserve_others,
        )

    def rules(self) -> PaintRules:
        """Return the rules."""
        over: dict[Any, frozenset[Region]] = {
            region: frozenset(map(Region, self.over[region.label]))
            for region in Region
            if region.label in self.over
        }
        locked = frozenset(map(Region, self.locked))
        return PaintRules(locked, MappingProxyType(over), self.preserve_others)


class PatchEntry(_Entry):
    """A patch: its box, and the number of its packed bytes in the data that goes with it."""

    box: tuple[_Edge, _Edge, _Edge, _Edge]
    length: int = Field(ge=0)

    @classmethod
    def of(cls, patch: Patch) -> Self:
        """Return the entry of a patch."""
        return cls(box=patch.box, length=len(patch.packed))

    def patch(self, blocks: Blocks) -> Patch:
        """Return the patch; its packed bytes are the next of `blocks`."""
        return Patch(Box(*self.box), blocks.take(self.length))


class CommandEntry(_Entry):
    """A step of the history; its data has the patches in order, then the thumbnail."""

    name: str = Field(max_length=1000)
    before: int = Field(ge=0)
    after: int = Field(ge=0)
    merge_key: str | None = Field(max_length=1000)
    patches: dict[Layer, PatchEntry] = Field(strict=False)
    thumbnail: Size


class HistoryEntry(_Entry):
    """The history: the settings, which steps refer to by index, and the steps, oldest first."""

    settings: list[Plain] = Field(max_length=2 * MAX_STEPS)
    commands: list[CommandEntry] = Field(max_length=MAX_STEPS)


class LabellingEntry(_Entry):
    """How exports are labelled."""

    ground: Ground | None = Field(strict=False)
    credential: bool
    mark: bool

    @classmethod
    def of(cls, labelling: Labelling) -> Self:
        """Return the entry of a labelling."""
        return cls(**vars(labelling))

    def labelling(self) -> Labelling:
        """Return the labelling."""
        return Labelling(self.ground, self.credential, self.mark)


class FittedEntry(_Entry):
    """A fitted network."""

    model: str = Field(max_length=1000)
    weights: EntryName


class Manifest(_Entry):
    """What is in a project file."""

    format: Literal["e4s-studio project"] = _FORMAT
    version: Literal[1] = VERSION
    program: str = Field(max_length=100)
    source: PortraitEntry | None
    target: PortraitEntry | None
    state: StateEntry | None
    rules: RulesEntry
    kept: dict[Literal["A", "B", "C"], StateEntry]
    history: EntryName | None
    history_data: EntryName | None
    index: int = Field(ge=0, le=MAX_STEPS)
    labelling: LabellingEntry
    fitted: FittedEntry | None
    thumbnail: EntryName | None


_Migration = Callable[[Plain], Plain]

MIGRATIONS: Final[Mapping[int, _Migration]] = {}
"""For each older version that was released: the step that makes it the next version."""


def manifest_of(text: bytes, name: str) -> Manifest:
    """Return the manifest that a file holds, brought to the present version and checked.

    Parameters
    ----------
    text
        JSON.
    name
        The file's name, for errors.

    Raises
    ------
    ProjectError
        If it is no manifest of a project, a damaged one, or one of a newer version.
    """
    try:
        plain = migrated(json.loads(text), name)
        return Manifest.model_validate_json(json.dumps(plain))
    except (ValidationError, ValueError, RecursionError) as error:
        raise ProjectError(
            f"The list of contents of “{name}” is damaged; open a copy of it."
        ) from error


def migrated(
    read: Any,
    name: str,
    *,
    version: int = VERSION,
    migrations: Mapping[int, _Migration] = MIGRATIONS,
) -> Plain:
    """Return a manifest in the form of `version`.

    Parameters
    ----------
    read
        The manifest, as JSON has it.
    name
        The file's name, for errors.
    version, migrations
        The version to reach, and the steps to it.

    Raises
    ------
    ProjectError
        If it is no manifest of a project, or one of a newer version.
    """
    if not isinstance(read, dict) or read.get("format") != _FORMAT:
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
        if found not in migrations:
            raise ProjectError(f"“{name}” has the version {found}, which never was; it is damaged.")
        plain = migrations[found](plain)
        found += 1
    return plain | {"version": version}


def quad_entry(quad: NDArray[np.float64]) -> QuadEntry:
    """Return the entry of a portrait's quad."""
    return tuple((float(x), float(y)) for x, y in quad)


def quad_of(entry: QuadEntry, photograph: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the (4, 2) quad of an entry; without one, the photograph's border."""
    if entry is None:
        height, width = photograph.shape[:2]
        return Quad.whole(width, height).points
    return np.array(entry, np.float64)
