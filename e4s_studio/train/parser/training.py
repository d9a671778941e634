"""Trains the parser on a pool of examples."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
import torch.nn.functional as F

from e4s_studio.core.regions import REGION_COUNT
from e4s_studio.networks.parser import ParserNet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from e4s_studio.train.parser.examples import Pool

_WARM_UP: Final = 0.05
"""Share of the steps in which the learning rate rises."""
_MOST_WEIGHT: Final = 4.0
"""Of the pixels of the rarest region, relative to the most frequent one."""


@dataclass(frozen=True)
class ParserPlan:
    """The settings of the parser's training.

    Attributes
    ----------
    scenes, examples
        Number of rendered portraits, and of examples made of them.
    steps, batch
        Optimiser steps, and examples in each.
    rate, decay
        AdamW's highest learning rate, and weight decay.
    average
        Decay per step of the moving average of the weights.
    seed
        Random seed of weights and order.
    """

    scenes: int = 1000
    examples: int = 6000
    steps: int = 1500
    batch: int = 16
    rate: float = 3e-3
    decay: float = 1e-2
    average: float = 0.995
    seed: int = 0

    def rate_at(self, share: float) -> float:
        """Return the learning rate when a share of the steps, 0 to 1, is done."""
        rising = min(share / _WARM_UP, 1.0)
        falling = 0.5 + 0.5 * math.cos(math.pi * share)
        return self.rate * rising * falling


def train_parser(
    pool: Pool,
    plan: ParserPlan,
    on_step: Callable[[int, float], None] = lambda _, __: None,
    start: ParserNet | None = None,
) -> ParserNet:
    """Train a parser and return its averaged weights.

    Parameters
    ----------
    pool
        The examples.
    plan
        The settings.
    on_step
        Called after each step with the number of steps and the loss.
    start
        Initial weights; None for random ones.
    """
    torch.manual_seed(plan.seed)
    network = deepcopy(start) if start is not None else ParserNet()
    network = network.requires_grad_().train().to(memory_format=torch.channels_last)
    averaged = deepcopy(network)
    optimiser = torch.optim.AdamW(network.parameters(), plan.rate, weight_decay=plan.decay)
    weight = _weights(pool)
    for step, (pictures, labels) in enumerate(islice(_batches(pool, plan), plan.steps)):
        for group in optimiser.param_groups:
            group["lr"] = plan.rate_at(step / plan.steps)
        loss = F.cross_entropy(network(pictures), labels, weight)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        _average(averaged, network, min(plan.average, (step + 1) / (step + 10)))
        on_step(step + 1, loss.item())
    return averaged.eval()


def _batches(pool: Pool, plan: ParserPlan) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield endless (B, 3, S, S) pictures and (B, S, S) labels, half of the batches mirrored."""
    rng = np.random.default_rng(plan.seed)
    while True:
        order = rng.permutation(len(pool.labels))
        for start in range(0, len(order) - plan.batch + 1, plan.batch):
            chosen = np.sort(order[start : start + plan.batch])
            pictures = torch.from_numpy(pool.pictures[chosen]).permute(0, 3, 1, 2).float() / 255
            labels = torch.from_numpy(pool.labels[chosen]).long()
            if rng.random() < 0.5:
                pictures, labels = pictures.flip(-1), labels.flip(-1)
            yield pictures.contiguous(memory_format=torch.channels_last), labels


def _weights(pool: Pool) -> Tensor:
    """Return the class weight of each region, (12,): higher for rare ones."""
    counts = np.bincount(pool.labels.ravel(), minlength=REGION_COUNT)
    weight = ((counts.max() / np.maximum(counts, 1)) ** 0.35).clip(None, _MOST_WEIGHT)
    return torch.from_numpy(weight.astype(np.float32))


@torch.no_grad()
def _average(averaged: ParserNet, network: ParserNet, kept: float) -> None:
    for mean, value in zip(averaged.parameters(), network.parameters(), strict=True):
        mean.lerp_(value, 1 - kept)
