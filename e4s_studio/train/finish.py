"""The last phase of a training: swaps are trained on style codes, without generating pictures.

Most of the time of a training step goes into generating pictures. Once encoder and generator are
good, the style codes of swaps are what is left to train, and the correct ones are known: the codes
of the texture vectors that the encoder finds in the swap's ground truth. So the vectors of many
pairs are computed once, and the regions' MLPs and the lighting module are trained on them, on a
hundred times as many swaps in the same time.

Errors of codes are weighted by their effect on the picture, the diagonal of the Gauss-Newton
matrix: the mean square of the codes' gradients under white noise on the picture.
"""

from __future__ import annotations

import copy
import hashlib
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import safetensors.torch
import torch

from e4s_studio.networks.config import REGIONS
from e4s_studio.train.batches import Batch, Collate, PairSampler, batches
from e4s_studio.train.plan import SMALLEST
from e4s_studio.train.run import read_state, write_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from torch import Tensor

    from e4s_studio.networks.rgi import RGI
    from e4s_studio.train.plan import TrainingPlan
    from e4s_studio.train.run import Data

KEPT_TOGETHER: Final = 64
"""Batches of pairs in a file: half a minute on two cores, about 8 MB."""
_NAME: Final = "lessons-{:06d}.pt"


@dataclass(frozen=True)
class SwapExamples:
    """The texture vectors of N pairs and of their ground truths.

    Attributes
    ----------
    seen
        (N, 4, 12, seen_dim) float16: source, target, and the ground truth on the map of each.
    amounts
        (N, 2, 12) float32, as in `Pair`.
    """

    seen: Tensor
    amounts: Tensor

    @classmethod
    def joined(cls, parts: list[SwapExamples]) -> SwapExamples:
        """Concatenate examples in order."""
        return cls(
            torch.cat([part.seen for part in parts]), torch.cat([part.amounts for part in parts])
        )


class ExampleStore:
    """The examples of one network in a folder, to which batches are added.

    Examples of another network or plan in the folder are ignored.

    Parameters
    ----------
    folder
        The training's.
    network
        The network whose encoder computed them.
    plan
        The settings that they depend on, in numbers, strings, tuples and dictionaries.

    Raises
    ------
    CheckpointError
        If a file is damaged.

    Attributes
    ----------
    batches
        The number of batches.
    """

    def __init__(self, folder: Path, network: RGI, plan: dict[str, Any]) -> None:
        self.batches = 0
        self._folder = folder
        self._of = {"plan": plan, "network": _digest(network)}
        self._parts: list[SwapExamples] = []
        self._new: list[SwapExamples] = []
        self._read()
        if not self.batches:
            remove_examples(folder)

    def add(self, batch: SwapExamples) -> None:
        """Add the next batch."""
        self._new.append(batch)
        self.batches += 1
        if len(self._new) == KEPT_TOGETHER:
            self.save()

    def save(self) -> None:
        """Write all batches that are not in a file yet.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        if self._new:
            part = SwapExamples.joined(self._new)
            count = len(self._new)
            path = self._folder / _NAME.format(self.batches - count)
            write_state(
                path, {"step": count, **self._of, "seen": part.seen, "amounts": part.amounts}
            )
            self._parts.append(part)
            self._new = []

    def examples(self) -> SwapExamples:
        """Return all examples in order; N ≥ 1."""
        return SwapExamples.joined([*self._parts, *self._new])

    def _read(self) -> None:
        while (path := self._folder / _NAME.format(self.batches)).is_file():
            state = read_state(path)
            if any(state[key] != value for key, value in self._of.items()):
                return
            self._parts.append(SwapExamples(state["seen"], state["amounts"]))
            self.batches += state["step"]


def remove_examples(folder: Path) -> None:
    """Remove the example files of a training."""
    for path in folder.glob("lessons-*.pt"):
        path.unlink()


def _digest(network: RGI) -> str:
    weights = {name: value.cpu().contiguous() for name, value in network.state_dict().items()}
    return hashlib.sha256(safetensors.torch.save(weights)).hexdigest()


AT_ONCE: Final = 4
"""Pairs in a batch."""
PROBES: Final = 8
"""Batches of pairs for measuring the effect of codes on the picture."""
_BETAS: Final = (0.9, 0.99)


@dataclass(frozen=True)
class FinishPlan:
    """The settings of the last phase.

    Attributes
    ----------
    pairs
        Number of pairs that are rendered and encoded; 0 skips the phase.
    passes, batch
        Passes over all swaps, two of each pair, and swaps in a batch.
    rate
        Adam's learning rate, with the schedule of the training.
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
        """Optimiser steps."""
        return -(-self.passes * 2 * self.pairs // self.batch)


class Finish:
    """Runs the last phase of a training whose ground truths are complete.

    Encoded examples are kept in the folder; after an interruption it resumes with them.

    Parameters
    ----------
    network
        The trained network; it is not changed.
    data
        The pairs. Without augmentation they carry more information on the lighting.
    plan, training
        The settings of this phase and of the training.
    folder
        The training's.

    Raises
    ------
    CheckpointError
        If a file of examples is damaged.
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
        self._store = ExampleStore(folder, self._teacher, plans)

    @property
    def steps(self) -> int:
        """The number of steps: one for each batch of pairs, and one for each of the optimiser."""
        return self._batches_of_pairs + self.plan.steps

    @property
    def steps_kept(self) -> int:
        """The number of steps that were done in earlier runs."""
        return self._store.batches

    def __call__(
        self,
        on_step: Callable[[int, dict[str, float]], None] = lambda _, __: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> RGI | None:
        """Return the network after this phase; None if stopped.

        Encoded examples are saved, the optimisation is not: it starts again.

        Parameters
        ----------
        on_step
            Called after each step with the number of steps and, of optimiser steps, the loss.
        should_stop
            Called after each step.
        """
        store = self._store
        for batch in self._encoded():
            store.add(batch)
            on_step(store.batches, {})
            if should_stop():
                store.save()
                return None
        store.save()
        network = copy.deepcopy(self._teacher)
        for step, loss in self._optimise(network, store.examples()):
            on_step(store.batches + step, {"codes": loss})
            if should_stop():
                return None
        return network.eval()

    @property
    def _batches_of_pairs(self) -> int:
        return -(-self.plan.pairs // AT_ONCE)

    def _batches(self, start: int, end: int, resolutions: list[int]) -> Iterator[Batch]:
        """Yield batches at the encoder's input size, with grids for some resolutions."""
        config, device = self._teacher.config, self._teacher.latent_avg.device
        size = min(config.encoder_input, config.size)
        first = -(-self.plan.first // AT_ONCE)
        sampler = PairSampler(AT_ONCE, first + start, first + end, lambda _: size)
        collate, workers = Collate(resolutions), self._data.workers
        for packed in batches(self._data.training, sampler, collate, workers):
            yield Batch(packed, device)

    @torch.no_grad()
    def _encoded(self) -> Iterator[SwapExamples]:
        network = self._teacher
        for batch in self._batches(self._store.batches, self._batches_of_pairs, []):
            pictures = torch.cat([batch.pictures, batch.truths])
            vectors = network.encode_labels(pictures, batch.labels.repeat(2, 1, 1))
            seen = vectors[..., : network.config.seen_dim].half()
            # Ordered by kind; now by pair.
            yield SwapExamples(
                torch.stack(seen.chunk(4), dim=1), torch.stack(batch.amounts.chunk(2), dim=1)
            )

    def weights(self) -> Tensor:
        """Return the effect of each code on pictures that contain its region.

        Returns
        -------
        Tensor
            (12, n_latent, style_dim): the mean squared change of a pixel's value, weighted as in
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
            count = count.to(codes) + _present(vectors).sum(0)
        return total / count.clamp(min=1)[:, None, None] / (3 * resolution**2)

    def _optimise(self, network: RGI, examples: SwapExamples) -> Iterator[tuple[int, float]]:
        plan, device = self.plan, network.latent_avg.device
        schedule = replace(self.training, steps=plan.steps)
        weights = self.weights()
        trained = [*network.encoder.light.parameters(), *network.MLPs.parameters()]
        for parameter in trained:
            parameter.requires_grad_()
        adam = torch.optim.Adam(trained, betas=_BETAS)
        generator = torch.Generator().manual_seed(self.training.seed)
        for step in range(plan.steps):
            for group in adam.param_groups:
                group["lr"] = plan.rate * schedule.rate_factor(step)
            number = torch.randint(len(examples.seen), (plan.batch,), generator=generator)
            way = torch.randint(2, (plan.batch,), generator=generator)
            own, other, truth = (
                examples.seen[number, kind].to(device).float() for kind in (way, 1 - way, 2 + way)
            )
            with torch.no_grad():
                right = self._teacher.style_codes(self._teacher.encoder.light(truth))
            source, target = (network.encoder.light(seen) for seen in (other, own))
            mixed = network.mix(source, target, examples.amounts[number, way].to(device))
            errors = (network.style_codes(mixed) - right).square()
            # The codes of regions that the label map lacks have no effect.
            present = _present(truth)[..., None, None]
            loss = (errors * weights * present).sum((1, 2, 3)).mean()
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
            yield step + 1, loss.item()
        network.requires_grad_(requires_grad=False)


def _present(vectors: Tensor) -> Tensor:
    """Return which regions have texture vectors (B, 12, D): (B, 12) bool."""
    return (vectors != 0).any(dim=2)
