"""Exchange of textures, region by region."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from e4s_studio.core.errors import SettingsError
from e4s_studio.core.regions import Region

if TYPE_CHECKING:
    from collections.abc import Mapping

    from e4s_studio.train.portraits.texture import Texture


def _between(a: Any, b: Any, amount: float) -> Any:
    """Interpolate two equal structures of frozen dataclasses, tuples and numbers."""
    if is_dataclass(a) and not isinstance(a, type):
        values = {
            f.name: _between(getattr(a, f.name), getattr(b, f.name), amount) for f in fields(a)
        }
        return replace(a, **values)
    if isinstance(a, tuple):
        return tuple(_between(x, y, amount) for x, y in zip(a, b, strict=True))
    return (1.0 - amount) * a + amount * b


def mix(texture_a: Texture, texture_b: Texture, region_amounts: Mapping[Region, float]) -> Texture:
    """Return `texture_a` with some regions' textures moved towards those of `texture_b`.

    Parameters
    ----------
    texture_a
        What amount 0 gives, and what regions that are not named keep.
    texture_b
        What amount 1 gives.
    region_amounts
        The texture amount of each region, 0 to 1 (E4S, interpolation of texture vectors).

    Raises
    ------
    SettingsError
        If an amount lies outside 0 to 1.
    """
    changed = {}
    for region, amount in region_amounts.items():
        if not 0.0 <= amount <= 1.0:
            raise SettingsError(
                f"The texture amount of {region.title} is {amount}; choose one from 0 to 1."
            )
        name = Region(region).label
        own, other = getattr(texture_a, name), getattr(texture_b, name)
        changed[name] = other if amount == 1.0 else _between(own, other, float(amount))
    return replace(texture_a, **changed)
