"""The manifest of a project file: what is in it, in a form that is checked before it is used."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from e4s_studio.core.commands import MAX_STEPS, Layer
from e4s_studio.core.regions import REGION_COUNT
from e4s_studio.files.provenance.facts import Ground

FORMAT: Final = "e4s-studio project"
VERSION: Final = 1
MANIFEST: Final = "manifest.json"
MAX_SIDE: Final = 4096
"""Largest crop that is opened, in pixels a side."""

EntryName = Annotated[
    str, Field(pattern=r"^[a-z0-9_]+(/[a-z0-9_]+)*(\.[a-z0-9]{1,11})?$", max_length=80)
]
"""Where something lies in the zip: plain names alone, so that none can lead out of it."""
Side = Annotated[int, Field(ge=1, le=MAX_SIDE)]
Size = tuple[Side, Side]
Edge = Annotated[int, Field(ge=0, le=MAX_SIDE)]
RegionNumber = Annotated[int, Field(ge=0, lt=REGION_COUNT)]
Plain = dict[str, Any]


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
    quad: tuple[tuple[float, float], ...] | None = Field(min_length=4, max_length=4)


class StateEntry(_Entry):
    """Planes, by layer, and settings."""

    planes: dict[Layer, EntryName] = Field(strict=False)
    settings: Plain


class RulesEntry(_Entry):
    """Locks and paint-over rules, by region number."""

    locked: list[RegionNumber]
    over: dict[str, list[RegionNumber]]
    preserve_others: bool


class PatchEntry(_Entry):
    """A patch: its box, and how many packed bytes of the history's data are its own."""

    box: tuple[Edge, Edge, Edge, Edge]
    length: int = Field(ge=0)


class CommandEntry(_Entry):
    """A step of the history; its data lies in the order of the patches, the thumbnail last."""

    name: str = Field(max_length=1000)
    before: int = Field(ge=0)
    after: int = Field(ge=0)
    merge_key: str | None = Field(max_length=1000)
    patches: dict[Layer, PatchEntry] = Field(strict=False)
    thumbnail: Size


class HistoryEntry(_Entry):
    """The history: settings that steps refer to by number, and the steps, oldest first."""

    settings: list[Plain] = Field(max_length=2 * MAX_STEPS)
    commands: list[CommandEntry] = Field(max_length=MAX_STEPS)


class LabellingEntry(_Entry):
    """How exports are labelled."""

    ground: Ground | None = Field(strict=False)
    credential: bool
    mark: bool


class FittedEntry(_Entry):
    """A fitted network."""

    model: str = Field(max_length=1000)
    weights: EntryName


class Manifest(_Entry):
    """What is in a project file."""

    format: Literal["e4s-studio project"] = FORMAT
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
