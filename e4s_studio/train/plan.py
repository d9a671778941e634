"""The settings of a training: steps, learning rates, loss weights (2211.14068, section 4.1)."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final

from e4s_studio.core.errors import SettingsError
from e4s_studio.networks.config import PRESETS

if TYPE_CHECKING:
    from e4s_studio.networks.config import RGIConfig

_WARM_UP_STEPS: Final = 20
SMALLEST: Final = 16
"""The lowest resolution in pixels: the pyramid loss halves it four times."""
AUGMENT: Final = 0.3
"""The default probability of each augmentation."""


@dataclass(frozen=True)
class LossWeights:
    """The weight of each loss; 0 leaves it out.

    Attributes
    ----------
    square
        Mean squared error (the papers' 1.0).
    pyramid
        L1 of colours and gradients over four scales (`engine.fit.pyramid_loss`).
    lpips, identity, parsing
        Perceptual losses, where the files of their networks are given.
    adversarial
        The generator's adversarial loss, softplus(−D(fake)).
    r1
        Gradient penalty on real pictures, λ/2·|∇D|².
    """

    square: float = 1.0
    pyramid: float = 0.0
    lpips: float = 0.8
    identity: float = 0.1
    parsing: float = 0.1
    adversarial: float = 0.01
    r1: float = 0.0


@dataclass(frozen=True)
class TrainingPlan:
    """The settings of a training. Equal plans, data and machines give equal weights.

    Attributes
    ----------
    preset
        The network, a name of `networks.config.PRESETS`.
    steps
        Optimiser steps.
    batch
        Pairs of portraits per step and process; the network generates two pictures for each.
    rate, encoder_rate, judge_rate
        Adam's learning rates: generator and MLPs, encoder, discriminator.
    betas
        Adam's.
    hold
        Share of the steps at the full learning rate, before it falls along a cosine.
    last_rate
        The last learning rate, relative to the full one.
    quarter, half
        Shares of the steps at the beginning that are trained at a quarter, and then at half, of
        the resolution, which is faster.
    adversarial_from
        Share of the steps before the adversarial loss begins; it is used at full size only.
    judge_every, r1_every
        Steps between two discriminator steps, and discriminator steps between two penalties.
    ema
        Decay per step of the exponential moving average of the weights.
    freeze_unmasked
        Freeze the layers that the published training does not train: the mapping network, and
        the layers that use the latent average only.
    augment
        Probability of each augmentation.
    weights
        The loss weights.
    seed
        Random seed of weights and data.
    """

    preset: str = "studio-256"
    steps: int = 6000
    batch: int = 4
    rate: float = 4e-3
    encoder_rate: float = 1e-3
    judge_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.99)
    hold: float = 0.4
    last_rate: float = 0.02
    quarter: float = 0.3
    half: float = 0.35
    adversarial_from: float = 0.6
    judge_every: int = 2
    r1_every: int = 16
    ema: float = 0.999
    freeze_unmasked: bool = False
    augment: float = AUGMENT
    weights: LossWeights = field(default_factory=lambda: LossWeights(pyramid=1.0, r1=1.0))
    seed: int = 0

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise SettingsError(
                f"There is no preset “{self.preset}”; choose {' or '.join(PRESETS)}."
            )
        for name in ("steps", "batch", "judge_every", "r1_every"):
            if getattr(self, name) < 1:
                raise SettingsError(f"Training takes {name} of 1 or more.")

    @property
    def config(self) -> RGIConfig:
        """The preset's network."""
        return PRESETS[self.preset]

    def resolution(self, step: int) -> int:
        """Return the resolution that a step generates, in pixels."""
        if step < self.quarter * self.steps:
            return max(self.config.size // 4, SMALLEST)
        if step < (self.quarter + self.half) * self.steps:
            return max(self.config.size // 2, SMALLEST)
        return self.config.size

    def picture_size(self, step: int) -> int:
        """Return the size of a step's pictures, the larger of generator's and encoder's."""
        seen = min(self.config.encoder_input, self.config.size)
        return max(self.resolution(step), seen)

    def is_adversarial(self, step: int) -> bool:
        """Whether a step has an adversarial loss."""
        late = step >= self.adversarial_from * self.steps
        whole = self.resolution(step) == self.config.size
        return self.weights.adversarial > 0 and late and whole

    def rate_factor(self, step: int) -> float:
        """Return the factor of the learning rates: warm-up, constant, cosine decay."""
        warm = min(1.0, (step + 1) / _WARM_UP_STEPS)
        falling = max(0.0, (step / self.steps - self.hold) / (1 - self.hold))
        cosine = (1 + math.cos(math.pi * falling)) / 2
        return warm * (self.last_rate + (1 - self.last_rate) * cosine)

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as numbers, strings, tuples and dictionaries."""
        return asdict(self)

    def differences(self, other: dict[str, Any]) -> list[str]:
        """Name the settings in which another plan, as a dictionary, differs."""
        own = self.as_dict()
        return [f.name for f in fields(self) if own[f.name] != other.get(f.name)]


PLANS: Final[dict[str, TrainingPlan]] = {
    "studio-256": TrainingPlan(),
    # The published settings, except that the learning rate, which drops to a tenth at half of the
    # steps there, falls along a cosine here, between the same values.
    "e4s-1024": TrainingPlan(
        preset="e4s-1024",
        steps=200_000,
        batch=2,
        rate=1e-4,
        encoder_rate=1e-4,
        judge_rate=1e-4,
        betas=(0.9, 0.999),
        hold=0.5,
        last_rate=0.1,
        quarter=0.0,
        half=0.0,
        adversarial_from=0.0,
        judge_every=15,
        ema=0.5 ** (32 / 100_000),
        freeze_unmasked=True,
        augment=0.0,
        weights=LossWeights(),
    ),
}
"""The default plan of each preset."""
