"""Fitting the network to a pair of portraits (the papers' optimisation stage, taken further).

The published stage optimises the texture vectors alone (2211.14068, section 3.4); the sequel
tunes the generator too (2310.15081, after PTI). With the built-in model both happen at once, from
whatever weights there are.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import torch
import torch.nn.functional as F

from e4s_studio.core.errors import SettingsError
from e4s_studio.core.pair import Both, Role
from e4s_studio.engine.drawing.fitted import Fitted, encode_pair
from e4s_studio.engine.fitting.examples import Examples
from e4s_studio.engine.fitting.first_swaps import FIRST_SWAPS, FirstSwaps
from e4s_studio.engine.fitting.muon import Muon
from e4s_studio.engine.fitting.practice import LESSONS, Practice
from e4s_studio.networks.layers import ModulatedConv, StyledConv
from e4s_studio.networks.texture import mix_vectors

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Parameter

    from e4s_studio.core.portrait import Portrait
    from e4s_studio.engine.fitting.examples import Example
    from e4s_studio.engine.fitting.practice import Lessons
    from e4s_studio.networks.rgi import RGI

_PYRAMID_LEVELS: Final = 4
_TURNS: Final = (Role.TARGET, Role.SOURCE)
"""In which order the portraits take turns at the start."""


class Tune(StrEnum):
    """What a fit may change."""

    VECTORS = "vectors"
    GENERATOR = "generator"
    ALL = "all"


@dataclass(frozen=True)
class Phase:
    """What a part of a fit learns from.

    Attributes
    ----------
    until
        Share of the steps at which it ends.
    practice
        Share of its steps on portraits whose swaps are known, where there are lessons.
    mixed
        Of the other steps, the share on mixed codes.
    plain
        Of the rest, the share on portraits that are not warped.
    swaps
        Before all of these: share of its steps on the pair's own swaps as they were before the fit.
    """

    until: float
    practice: float
    mixed: float
    plain: float
    swaps: float = 0.0


@dataclass(frozen=True)
class FitPlan:
    """How a fit goes.

    Attributes
    ----------
    steps
        Steps of the optimisers.
    tune
        VECTORS: the texture vectors alone, as published. GENERATOR: the vectors and the generator,
        but for its modulations. ALL: those too, and the MLPs.
    rate, vector_rate
        Adam's learning rates of the weights and of the texture vectors. 0 leaves them as they are.
    kernel_rate
        Muon's learning rate of the generator's kernels; None leaves them to Adam too.
    phases
        What it learns from, one after the other, until 1.
    quarter, half
        Shares of the steps, at the start, that stop at a quarter of the size, and then at half of
        it: they cost a third and a half of a whole one.
    seed
        The same seed, portraits and weights give the same fit.
    """

    steps: int
    tune: Tune
    rate: float = 1.5e-2
    vector_rate: float = 1e-2
    kernel_rate: float | None = None
    phases: tuple[Phase, ...] = (
        Phase(2 / 3, practice=0.1, mixed=0.25, plain=0.4),
        Phase(1, practice=0.1, mixed=0.25, plain=0.7),
    )
    quarter: float = 0.12
    half: float = 0.4
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 0:
            raise SettingsError(f"Fitting takes 0 steps or more, not {self.steps}.")


BUILT_IN_PLAN: Final = FitPlan(
    steps=480,
    tune=Tune.GENERATOR,
    rate=3e-3,
    vector_rate=0.0,
    kernel_rate=4e-2,
    phases=(
        Phase(1 / 16, practice=0.1, mixed=0, plain=0.9),
        Phase(1 / 3, practice=0.1, mixed=0, plain=0.9, swaps=0.2),
        Phase(2 / 3, practice=0.1, mixed=0, plain=0.65, swaps=0.2),
        Phase(1, practice=0.1, mixed=0, plain=0.85, swaps=0.2),
    ),
    quarter=0.0,
    half=0.0,
)
"""Likeness, without forgetting: weights that ship know how to swap.

The pair's own swaps keep its colours, once it is roughly learnt, and practice a painted map's
meaning. Mixes of the two photographs would unteach it: they show textures in their own lights
alone, and on the other's map only where it is alike. Vectors, too, say what training taught:
fitted, they add nothing to likeness and take it from swaps."""
UNTRAINED_PLAN: Final = FitPlan(steps=680, tune=Tune.ALL, kernel_rate=6e-2)
"""For the built-in model without its weights: the fit teaches it all."""
PUBLISHED_PLAN: Final = FitPlan(
    steps=200,
    tune=Tune.VECTORS,
    rate=1e-3,
    phases=(Phase(1, practice=0, mixed=0, plain=1),),
    quarter=0.0,
    half=0.0,
)
BUILT_IN_SIZE: Final = 256
_WARM_UP_STEPS: Final = 10
_FULL_RATE_SHARE: Final = 0.5
_LOSS_MEMORY: Final = 0.1
_LAST_RATE: Final = 0.05
_AVERAGED_STEPS: Final = 20
_AVERAGED_SHARE: Final = 1 / 6
"""What a fit has learnt is averaged over about this share of its steps so far, but over no more
steps than that: single steps follow their example more than is good for the others, and what was
learnt long ago is not as good as what is learnt now."""


class Fitter:
    """Fits step by step; usable at any step, and never touches the network it was given.

    Parameters
    ----------
    network
        Where to start.
    portraits
        The pair.
    plan
        How it goes.
    lessons
        Portraits to practise on, so that the network goes on to obey a painted map; without them
        it learns from the pair alone.
    """

    def __init__(
        self,
        network: RGI,
        portraits: Both[Portrait],
        plan: FitPlan,
        lessons: Lessons | None = None,
    ) -> None:
        start = encode_pair(network, portraits)
        self.plan = plan
        self.steps_taken = 0
        self._network = copy.deepcopy(network)
        self._device = network.latent_avg.device
        size = network.config.size
        self._plain_losses, self._owed = dict.fromkeys(_TURNS, 1.0), dict.fromkeys(_TURNS, 0.0)
        self._examples = Examples(portraits, size, self._network.layout, plan.seed)
        self._practice = None if lessons is None else Practice(lessons, self._network)
        self._first_swaps = FirstSwaps(start, portraits)
        vectors = torch.cat([*start.vectors])
        # The light is what training knows of lights. Left to learn, it would tell the two portraits
        # apart, and the target's light then bring along its beard. Without training it is noise.
        seen = network.config.seen_dim
        self._light = vectors[..., seen:] * (not _is_untrained(network))
        self._seen = vectors[..., :seen].clone().requires_grad_(True)
        self._network.requires_grad_(False)
        # Where weights stay as they are, and they may be large, one network is enough.
        tuned = plan.tune is not Tune.VECTORS
        self._average = copy.deepcopy(self._network) if tuned else self._network
        self._average_seen = self._seen.detach().clone()
        self._optimisers = self._make_optimisers()

    @property
    def is_done(self) -> bool:
        """Whether all steps of the plan are taken."""
        return self.steps_taken >= self.plan.steps

    def step(self) -> float:
        """Take one step and return its loss (before the step)."""
        example = self._next_example()
        codes = self._network.style_codes(self._mixed(example))
        for optimiser in self._optimisers:
            for group in optimiser.param_groups:
                group["lr"] = group["rate"] * self._rate_factor()
            optimiser.zero_grad(set_to_none=True)
        drawn = self._draw(codes, example)
        loss = pyramid_loss(drawn, example.truth.to(self._device), example.weight.to(self._device))
        loss.backward()  # type: ignore[no-untyped-call]
        for optimiser in self._optimisers:
            optimiser.step()
        self.steps_taken += 1
        self._remember()
        value = loss.item()
        self._note(example, value)
        return value

    def fitted(self) -> Fitted:
        """Return the fit as it stands, apart from what further steps change."""
        network = copy.deepcopy(self._average).eval()
        return Fitted(network, self._vectors(self._average_seen), self.steps_taken)

    def _mixed(self, example: Example) -> Tensor:
        """Mix the vectors of an example: (1, 12, vector_dim).

        A photograph shows every region in its own light, so it is drawn there. What a swap looks
        like in the target's is known of painted portraits, and of the pair before its fit.
        """
        pair = example.vectors or self._vectors(self._seen)
        if example.vectors is None and example.onto is None:
            return mix_vectors(pair.source, pair.target, example.amounts, light=0)
        if example.onto is Role.SOURCE:
            pair = pair.swapped
        return self._network.mix(pair.source, pair.target, example.amounts)

    def _vectors(self, seen: Tensor) -> Both[Tensor]:
        """Return the pair's texture vectors, (1, 12, vector_dim), with the lights in them."""
        vectors = torch.cat([seen, self._light], 2)
        return Both(vectors[:1], vectors[1:])

    def _make_optimisers(self) -> list[torch.optim.Optimizer]:
        """Let learn what the plan tunes: Muon the kernels, if it is to, and Adam the rest."""
        plan, network = self.plan, self._network
        groups: list[dict[str, Any]] = [{"params": [self._seen], "rate": plan.vector_rate}]
        optimisers: list[torch.optim.Optimizer] = []
        if plan.tune is not Tune.VECTORS:
            weights = {id(weight): weight for weight in _tuned_weights(network, plan.tune)}
            for weight in weights.values():
                weight.requires_grad_(True)
            if plan.kernel_rate is not None:
                layers = (part for part in network.G.modules() if isinstance(part, StyledConv))
                kernels = [weights.pop(id(layer.conv.weight)) for layer in layers]
                optimisers.append(Muon([{"params": kernels, "rate": plan.kernel_rate}]))
            groups.append({"params": list(weights.values()), "rate": plan.rate})
        return [torch.optim.Adam(groups, betas=(0.9, 0.99), fused=True), *optimisers]

    @torch.no_grad()
    def _remember(self) -> None:
        """Bring the averages up to date."""
        own = [(self._average_seen, self._seen)]
        if self.plan.tune is not Tune.VECTORS:
            own += zip(self._average.parameters(), self._network.parameters(), strict=True)
        averages, current = ([pair[i] for pair in own if pair[1].requires_grad] for i in range(2))
        share = max(1 / _AVERAGED_STEPS, 1 / (1 + _AVERAGED_SHARE * self.steps_taken))
        torch._foreach_lerp_(averages, current, share)

    def _next_example(self) -> Example:
        examples, plan = self._examples, self.plan
        done = self.steps_taken / plan.steps
        *earlier, last = plan.phases
        phase = next((phase for phase in earlier if done < phase.until), last)
        if phase.swaps and examples.chance() < phase.swaps:
            return self._first_swaps[int(FIRST_SWAPS * examples.chance())]
        if self._practice is not None and examples.chance() < phase.practice:
            return self._practice[int(LESSONS * examples.chance())]
        if examples.chance() < phase.mixed:
            return examples.mixed()
        if examples.chance() < phase.plain:
            return examples.plain(self._whose_turn())
        return examples.warped()

    def _whose_turn(self) -> Role:
        """Take turns between the portraits: the one drawn worse has more of them.

        Left to chance, a portrait may wait for a dozen steps, and is half forgotten meanwhile.
        """
        squares = {role: loss**2 for role, loss in self._plain_losses.items()}
        for role, square in squares.items():
            self._owed[role] += square / sum(squares.values())
        turn = max(_TURNS, key=self._owed.__getitem__)
        self._owed[turn] -= 1
        return turn

    def _note(self, example: Example, loss: float) -> None:
        """Remember how well a portrait is drawn, if the example was one as it is."""
        for role, known in self._plain_losses.items():
            if example is self._examples.plain(role):
                self._plain_losses[role] = known + _LOSS_MEMORY * (loss - known)

    def _draw(self, codes: Tensor, example: Example) -> Tensor:
        network = self._network
        size = network.config.size
        done = self.steps_taken / self.plan.steps
        if done < self.plan.quarter:
            wanted = size // 4
        elif done < self.plan.quarter + self.plan.half:
            wanted = size // 2
        else:
            wanted = size
        stages = network.G.stages(codes, example.layout)
        return next(stage.rgb for stage in stages if stage.resolution == wanted)

    def _rate_factor(self) -> float:
        """Warm up, hold, then fall to a twentieth along a cosine."""
        warm = min(1.0, (self.steps_taken + 1) / _WARM_UP_STEPS)
        done = self.steps_taken / max(self.plan.steps, 1)
        falling = max(0.0, (done - _FULL_RATE_SHARE) / (1 - _FULL_RATE_SHARE))
        cosine = (1 + math.cos(math.pi * falling)) / 2
        return warm * (_LAST_RATE + (1 - _LAST_RATE) * cosine)


def plan_for(
    network: RGI, *, steps: int | None = None, seed: int = 0, tune_generator: bool = False
) -> FitPlan:
    """Return the plan that suits a network.

    Parameters
    ----------
    network
        The built-in model is tuned as a whole; larger ones, as published, by their vectors alone.
    steps
        In place of the plan's own number.
    seed
        Of the examples' order.
    tune_generator
        Tune a larger network's generator too, gently, as the sequel does.
    """
    built_in = UNTRAINED_PLAN if _is_untrained(network) else BUILT_IN_PLAN
    plan = built_in if network.config.size <= BUILT_IN_SIZE else PUBLISHED_PLAN
    if tune_generator and plan.tune is Tune.VECTORS:
        plan = replace(plan, tune=Tune.ALL)
    return replace(plan, seed=seed, steps=plan.steps if steps is None else steps)


def _is_untrained(network: RGI) -> bool:
    """Return whether the weights are as they were drawn: noise has no part until the first step."""
    return not bool(network.G.conv1.noise.weight.any())


def _tuned_weights(network: RGI, tune: Tune) -> list[Parameter]:
    """Return the weights that a fit changes that does not leave them all.

    What a texture and a light mean is known from the training: the MLPs say it, and the
    modulations do. Two photographs, each in a light of its own, would teach them that the target's
    light is the look of the target's skin, and a swap would then come out in between.
    """
    generator = list(network.G.parameters())
    if tune is Tune.ALL:
        return [*network.MLPs.parameters(), *generator]
    layers = (part for part in network.G.modules() if isinstance(part, ModulatedConv))
    kept = {id(weight) for layer in layers for weight in layer.modulation.parameters()}
    return [weight for weight in generator if id(weight) not in kept]


def pyramid_loss(drawn: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Weighted L1 of colours and of their gradients, summed over four halvings.

    Each picture is averaged by itself, then the batch: as if it came in parts.

    Parameters
    ----------
    drawn
        (B, 3, R, R).
    truth, weight
        (B, 3, S, S) and (B, 1, S, S) with S ≥ R; averaged down to R.
    """
    while truth.shape[-1] > drawn.shape[-1]:
        truth, weight = F.avg_pool2d(truth, 2), F.avg_pool2d(weight, 2)
    total = drawn.new_zeros(())
    for _ in range(_PYRAMID_LEVELS):
        error = drawn - truth
        across = (error[..., 1:] - error[..., :-1]).abs() * weight[..., 1:]
        down = (error[..., 1:, :] - error[..., :-1, :]).abs() * weight[..., 1:, :]
        colour = error.abs() * weight
        sums = [part.sum((1, 2, 3)) for part in (colour, across, down)]
        total = total + (sum(sums) / (3 * weight.sum((1, 2, 3)) + 1e-6)).mean()
        drawn, truth, weight = (F.avg_pool2d(x, 2) for x in (drawn, truth, weight))
    return total
