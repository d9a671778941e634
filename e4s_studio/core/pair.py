"""The two photographs of a swap, and what belongs to each of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
R = TypeVar("R")


class Role(StrEnum):
    """What a photograph is in a swap: its face is taken, or it receives the face."""

    SOURCE = "source"
    TARGET = "target"

    @property
    def other(self) -> Role:
        """The role of the other photograph."""
        return Role.TARGET if self is Role.SOURCE else Role.SOURCE


@dataclass(frozen=True)
class Both(Generic[T]):
    """One value for the source and one for the target. It iterates in this order.

    Attributes
    ----------
    source, target
        The values.
    """

    source: T
    target: T

    def __getitem__(self, role: Role) -> T:
        return self.source if role is Role.SOURCE else self.target

    def __iter__(self) -> Iterator[T]:
        yield self.source
        yield self.target

    def map(self, function: Callable[[T], R]) -> Both[R]:
        """Return what a function makes of each value."""
        return Both(function(self.source), function(self.target))

    def having(self, role: Role, value: T) -> Both[T]:
        """Return the values with another one for a role."""
        return Both(value, self.target) if role is Role.SOURCE else Both(self.source, value)

    @property
    def swapped(self) -> Both[T]:
        """The same values with the roles exchanged: a swap in the other direction."""
        return Both(self.target, self.source)
