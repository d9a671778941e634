"""The end of a training: which style codes a swap has, learnt from texture vectors alone.

Nearly all of a training step is drawing. Once encoder and generator are good, what is left to learn
of a swap is its codes, and the right ones are known: those of the vectors that the encoder sees in
the swap's truth. So the vectors of many pairs are made once, and the regions' MLPs and the light
learn from them, a hundred times as many swaps in the same time.

Errors of codes count by how much they change the picture, by the diagonal of the Gauss-Newton
matrix: the mean square of the gradients that white noise on the picture leaves at the codes.
"""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final

import torch

from e4s_studio.networks.config import REGIONS
from e4s_studio.train.batches import Batch, Collate, Shares, batches
from e4s_studio.train.lessons import Lessons, Notebook
from e4s_studio.train.plan import SMALLEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from torch import Tensor

    from e4s_studio.networks.rgi import RGI
    from e4s_studio.train.plan import TrainingPlan
    from e4s_studio.train.run import Data

AT_ONCE: Final = 4
"""Pairs that are encoded together."""
PROBES: Final = 8
"""Batches of pairs of which the picture's dependence on the codes is measured."""
BETAS: Final = (0.9, 0.99)


@dataclass(frozen=True)
class FinishPlan:
    """How the end of a training goes.

    Attributes
    ----------
    pairs
        How many are painted and encoded; 0 leaves the network as it is.
    passes, batch
        How often each of their swaps is learnt from, two a pair, and how many of them at a time.
    rate
        Adam's, which falls as that of the training does.
    first
        Number of the first pair.
    """

    pairs: int = 10_000
    passes: int = 40
    batch: int = 64
    rate: float = 2e-3
    first: int = 0

    @property
    def steps(self) -> int:
        """Of Adam."""
        return -(-self.passes * 2 * self.pairs // self.batch)


class Finish:
    """Ends a training whose pairs are known everywhere.

    What it has painted and encoded is kept, and it goes on from there.

    Parameters
    ----------
    network
        The trained network; it is left as it is.
    data
        Pairs to learn from. They say more of the light if they are not augmented.
    plan, training
        How it ends, and how it went.
    folder
        The training's; what is kept lies there.

    Raises
    ------
    CheckpointError
        If what is kept is damaged.
    """

    def __init__(
        self,
        network: RGI,
        data: Data,
        plan: FinishPlan,
        training: TrainingPlan,
        folder: Path,
    ) -> None:
        self.plan, self.training = plan, training
        self._data = data
        self._teacher = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
        plans = {"training": training.as_dict(), "finish": asdict(plan)}
        self._notebook = Notebook(folder, self._teacher, plans)

    @property
    def steps(self) -> int:
        """How often a step is reported: for each batch of pairs, and for each of Adam's."""
        return self._batches_of_pairs + self.plan.steps

    @property
    def steps_kept(self) -> int:
        """How many of the steps need not be taken any more."""
        return self._notebook.batches

    def __call__(
        self,
        on_step: Callable[[int, dict[str, float]], None] = lambda _, __: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> RGI | None:
        """Return the network as it has learnt to swap; None if it was to stop.

        It paints and encodes what is not kept yet, and keeps it; what it learns from that is not.

        Parameters
        ----------
        on_step
            Called after each step with the steps done and, once it learns, its loss.
        should_stop
            Asked after each step.
        """
        notebook = self._notebook
        for batch in self._lessons():
            notebook.add(batch)
            on_step(notebook.batches, {})
            if should_stop():
                notebook.save()
                return None
        notebook.save()
        network = copy.deepcopy(self._teacher)
        for step, loss in self._learn(network, notebook.lessons()):
            on_step(notebook.batches + step, {"codes": loss})
            if should_stop():
                return None
        return network.eval()

    @property
    def _batches_of_pairs(self) -> int:
        return -(-self.plan.pairs // AT_ONCE)

    def _batches(self, start: int, end: int, resolutions: list[int]) -> Iterator[Batch]:
        """Paint pairs no larger than the encoder sees them, with grids for some resolutions."""
        config, device = self._teacher.config, self._teacher.latent_avg.device
        size = min(config.encoder_input, config.size)
        first = -(-self.plan.first // AT_ONCE)
        shares = Shares(AT_ONCE, first + start, first + end, lambda _: size)
        for packed in batches(
            self._data.training, shares, Collate(resolutions), self._data.workers
        ):
            yield Batch(packed, device)

    @torch.no_grad()
    def _lessons(self) -> Iterator[Lessons]:
        network = self._teacher
        for batch in self._batches(self._notebook.batches, self._batches_of_pairs, []):
            pictures = torch.cat([batch.pictures, batch.truths])
            vectors = network.encode_labels(pictures, batch.labels.repeat(2, 1, 1))
            seen = vectors[..., : network.config.seen_dim].half()
            # From kind by kind to pair by pair.
            yield Lessons(
                torch.stack(seen.chunk(4), dim=1), torch.stack(batch.amounts.chunk(2), dim=1)
            )

    def weights(self) -> Tensor:
        """Return how much an error of each code changes a picture that has its region.

        Returns
        -------
        Tensor
            (12, n_latent, style_dim): the mean change of a pixel's value, squared, weighted as in
            the training's losses.
        """
        network = self._teacher
        resolution = max(network.config.size // 4, SMALLEST)
        generator = torch.Generator().manual_seed(self.training.seed)
        total, count = torch.zeros(()), torch.zeros(REGIONS)
        for batch in self._batches(0, PROBES, network.G.masked_resolutions()):
            with torch.no_grad():
                vectors = network.encode_labels(batch.truths, batch.labels)
                codes = network.style_codes(vectors)
            codes.requires_grad_()
            stages = network.G.stages(codes, batch.layout)
            rgb = next(stage.rgb for stage in stages if stage.resolution == resolution)
            weight = torch.nn.functional.adaptive_avg_pool2d(batch.weight, resolution)
            noise = torch.randn(rgb.shape, generator=generator).to(rgb.device)
            (gradient,) = torch.autograd.grad((rgb * noise * weight.sqrt()).sum(), codes)
            total = total.to(codes) + gradient.square().sum(0)
            count = count.to(codes) + _there(vectors).sum(0)
        return total / count.clamp(min=1)[:, None, None] / (3 * resolution**2)

    def _learn(self, network: RGI, lessons: Lessons) -> Iterator[tuple[int, float]]:
        plan, device = self.plan, network.latent_avg.device
        schedule = replace(self.training, steps=plan.steps)
        weights = self.weights()
        learning = [*network.encoder.light.parameters(), *network.MLPs.parameters()]
        for parameter in learning:
            parameter.requires_grad_()
        adam = torch.optim.Adam(learning, betas=BETAS)
        generator = torch.Generator().manual_seed(self.training.seed)
        for step in range(plan.steps):
            for group in adam.param_groups:
                group["lr"] = plan.rate * schedule.rate_factor(step)
            number = torch.randint(len(lessons.seen), (plan.batch,), generator=generator)
            way = torch.randint(2, (plan.batch,), generator=generator)
            own, other, truth = (
                lessons.seen[number, kind].to(device).float() for kind in (way, 1 - way, 2 + way)
            )
            with torch.no_grad():
                right = self._teacher.style_codes(self._teacher.encoder.light(truth))
            source, target = (network.encoder.light(seen) for seen in (other, own))
            mixed = network.mix(source, target, lessons.amounts[number, way].to(device))
            errors = (network.style_codes(mixed) - right).square()
            # What the map has is what is seen of it; the codes of other regions draw nothing.
            there = _there(truth)[..., None, None]
            loss = (errors * weights * there).sum((1, 2, 3)).mean()
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
            yield step + 1, loss.item()
        network.requires_grad_(requires_grad=False)


def _there(vectors: Tensor) -> Tensor:
    """Return which regions vectors (B, 12, D) were seen in: (B, 12) bool."""
    return (vectors != 0).any(dim=2)
