"""The settings of an edit: one frozen, validated value."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from e4s_studio.core.errors import SettingsError
from e4s_studio.core.regions import FACE, REGION_COUNT, SWAPPED_TEXTURE, Region

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class ShapeSource(StrEnum):
    """The photograph that a region's shape comes from, or the artist's paint."""

    TARGET = "target"
    SOURCE = "source"
    PAINTED = "painted"


class Precision(StrEnum):
    """The number format that the generator computes in; AUTO lets the device choose."""

    AUTO = "auto"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"


class FilmTrait(StrEnum):
    """What a swap adopts of the target's film when one photograph is black and white."""

    TONE = "tone"
    """The tone of a black-and-white target."""
    COLOURS = "colours"
    """The colours of the target's regions, for a source that is black and white."""


T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

MAX_BLEND_WIDTH: Final = 128.0
"""The widest seam in pixels of a 1024² crop."""


def _full_swap() -> tuple[float, ...]:
    return tuple(float(region in SWAPPED_TEXTURE) for region in Region)


def _swapped_shapes() -> tuple[ShapeSource, ...]:
    return tuple(ShapeSource.SOURCE if region in FACE else ShapeSource.TARGET for region in Region)


@dataclass(frozen=True)
class EditSettings:
    """All settings of an edit.

    Attributes
    ----------
    amounts
        The texture amount of each of the 12 regions, 0 (target) to 1 (source).
    shapes
        The shape source of each of the 12 regions.
    face_over_hair
        Whether the source's face covers the target's hair; otherwise the hair covers the face.
    detail
        The amount of fine detail of the photographs that is added, 0 to 1.
    blend_width
        Width of the seam between swapped and original pixels, in pixels of a 1024² crop, 0 to 128.
    light
        How far the swapped face adopts the direction of the target's light, 0 to 1.
    film
        How far the swapped face adopts the target's film traits (`FilmTrait`), 0 to 1.
    precision
        The number format of the generator.
    live_preview
        Whether the result is updated while the artist is painting or dragging.

    Raises
    ------
    SettingsError
        If a value is out of its range.
    """

    amounts: tuple[float, ...] = _full_swap()
    shapes: tuple[ShapeSource, ...] = _swapped_shapes()
    face_over_hair: bool = False
    detail: float = 1.0
    blend_width: float = 16.0
    light: float = 0.5
    film: float = 1.0
    precision: Precision = Precision.AUTO
    live_preview: bool = True

    def __post_init__(self) -> None:
        for name, values in (("amounts", self.amounts), ("shapes", self.shapes)):
            if not isinstance(values, tuple) or len(values) != REGION_COUNT:
                raise SettingsError(f"“{name}” needs {REGION_COUNT} values, one for each region.")
        for region, amount in zip(Region, self.amounts, strict=True):
            _require_number(f"the amount of {region.title}", amount, 1.0)
        _require_number("detail", self.detail, 1.0)
        _require_number("blend width", self.blend_width, MAX_BLEND_WIDTH)
        _require_number("light", self.light, 1.0)
        _require_number("film", self.film, 1.0)
        _require_kind("face over hair", self.face_over_hair, bool)
        _require_kind("live preview", self.live_preview, bool)
        _require_kind("precision", self.precision, Precision)
        for shape in self.shapes:
            _require_kind("shape", shape, ShapeSource)

    def amount(self, region: Region) -> float:
        """Return a region's texture amount, 0 to 1."""
        return self.amounts[region]

    def shape(self, region: Region) -> ShapeSource:
        """Return where a region's shape comes from."""
        return self.shapes[region]

    def with_amount(self, regions: Region | Iterable[Region], amount: float) -> Self:
        """Return the settings with the texture amount of one region, or of several.

        Raises
        ------
        SettingsError
            If the amount is not from 0 to 1.
        """
        return replace(self, amounts=_with(self.amounts, regions, amount))

    def with_shape(self, regions: Region | Iterable[Region], shape: ShapeSource) -> Self:
        """Return the settings with the shape source of one region, or of several."""
        return replace(self, shapes=_with(self.shapes, regions, shape))

    def changes(self, other: EditSettings) -> frozenset[str]:
        """Return the names of the attributes that differ in `other`."""
        return frozenset(
            item.name
            for item in fields(self)
            if getattr(self, item.name) != getattr(other, item.name)
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values, with `amounts` and `shapes` by region name."""
        plain = {item.name: getattr(self, item.name) for item in fields(self)}
        plain["amounts"] = {region.label: self.amounts[region] for region in Region}
        plain["shapes"] = {region.label: str(self.shapes[region]) for region in Region}
        plain["precision"] = str(self.precision)
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Return settings from the values of `as_dict`; missing ones have their defaults.

        Raises
        ------
        SettingsError
            If a name is unknown or a value is out of its range.
        """
        known = {item.name for item in fields(cls)}
        for name in plain:
            if name not in known:
                raise SettingsError(f"There is no setting named “{name}”.")
        values = dict(plain)
        default = cls()
        if "amounts" in plain:
            values["amounts"] = _by_region("amounts", plain["amounts"], default.amounts)
        if "shapes" in plain:
            names = _by_region("shapes", plain["shapes"], default.shapes)
            values["shapes"] = tuple(_member(ShapeSource, name) for name in names)
        if "precision" in plain:
            values["precision"] = _member(Precision, plain["precision"])
        return cls(**values)


def _with(values: tuple[T, ...], regions: Region | Iterable[Region], value: T) -> tuple[T, ...]:
    chosen = {regions} if isinstance(regions, Region) else set(regions)
    return tuple(value if region in chosen else values[region] for region in Region)


def _by_region(name: str, plain: Any, default: tuple[T, ...]) -> tuple[T, ...]:
    if not isinstance(plain, dict):
        raise SettingsError(f"“{name}” needs one value for each region name.")
    labels = [region.label for region in Region]
    for label in plain:
        if label not in labels:
            raise SettingsError(f"There is no region named “{label}”.")
    return tuple(plain.get(label, default[index]) for index, label in enumerate(labels))


def _member(kind: type[E], value: Any) -> E:
    try:
        return kind(value)
    except ValueError as error:
        choices = ", ".join(kind)
        raise SettingsError(f"“{value}” is not one of: {choices}.") from error


def _require_number(name: str, value: object, highest: float) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value <= highest:  # type: ignore[operator]
        raise SettingsError(f"Choose a number from 0 to {highest:g} for {name}, not {value!r}.")


def _require_kind(name: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise SettingsError(f"The setting “{name}” cannot be {value!r}.")
