"""What the end of a training learns from, kept beside its state until it has learnt."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import safetensors.torch
import torch

from e4s_studio.train.state_file import read_state, write_state

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from e4s_studio.networks.rgi import RGI

KEPT_TOGETHER: Final = 64
"""Batches of pairs that go into a file: half a minute's work of two cores, about 8 MB."""
NAME: Final = "lessons-{:06d}.pt"


@dataclass(frozen=True)
class Lessons:
    """What is seen in N pairs and in their truths.

    Attributes
    ----------
    seen
        (N, 4, 12, seen_dim) float16: of source, target, and of what must be drawn on either's map.
    amounts
        (N, 2, 12) float32, as a pair has them.
    """

    seen: Tensor
    amounts: Tensor

    @classmethod
    def joined(cls, parts: list[Lessons]) -> Lessons:
        """Join lessons, the first first."""
        return cls(
            torch.cat([part.seen for part in parts]), torch.cat([part.amounts for part in parts])
        )


class Notebook:
    """Lessons of one network, batch by batch: those that lie in a folder, and what is added.

    What lies there of another network or plan is not taken.

    Parameters
    ----------
    folder
        The training's.
    network
        The network that sees.
    plan
        What else the lessons depend on, in numbers, texts, tuples and dictionaries.

    Raises
    ------
    CheckpointError
        If a file is damaged.

    Attributes
    ----------
    batches
        How many there are.
    """

    def __init__(self, folder: Path, network: RGI, plan: dict[str, Any]) -> None:
        self.batches = 0
        self._folder = folder
        self._of = {"plan": plan, "network": _digest(network)}
        self._parts: list[Lessons] = []
        self._new: list[Lessons] = []
        self._read()
        if not self.batches:
            forget_lessons(folder)

    def add(self, batch: Lessons) -> None:
        """Add the lessons of the next batch."""
        self._new.append(batch)
        self.batches += 1
        if len(self._new) == KEPT_TOGETHER:
            self.save()

    def save(self) -> None:
        """Write what is not written yet.

        Raises
        ------
        OutputError
            If the place cannot be written to, or the disk is full.
        """
        if self._new:
            part = Lessons.joined(self._new)
            count = len(self._new)
            path = self._folder / NAME.format(self.batches - count)
            write_state(
                path, {"step": count, **self._of, "seen": part.seen, "amounts": part.amounts}
            )
            self._parts.append(part)
            self._new = []

    def lessons(self) -> Lessons:
        """Return them all, in order; N ≥ 1."""
        return Lessons.joined([*self._parts, *self._new])

    def _read(self) -> None:
        while (path := self._folder / NAME.format(self.batches)).is_file():
            state = read_state(path)
            if any(state[key] != value for key, value in self._of.items()):
                return
            self._parts.append(Lessons(state["seen"], state["amounts"]))
            self.batches += state["step"]


def forget_lessons(folder: Path) -> None:
    """Remove the files of a training's lessons."""
    for path in folder.glob("lessons-*.pt"):
        path.unlink()


def _digest(network: RGI) -> str:
    weights = {name: value.cpu().contiguous() for name, value in network.state_dict().items()}
    return hashlib.sha256(safetensors.torch.save(weights)).hexdigest()
