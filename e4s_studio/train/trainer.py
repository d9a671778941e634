"""The initial network of a training, and its training steps."""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from e4s_studio.core.errors import CheckpointError
from e4s_studio.networks.rgi import RGI
from e4s_studio.train.losses import (
    Discriminator,
    discriminator_loss,
    drawn_losses,
    generator_loss,
    gradient_penalty,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lightning_fabric import Fabric

    from e4s_studio.train.batches import Batch
    from e4s_studio.train.plan import TrainingPlan

_EMA_LAG: Final = 10
"""After n steps the average covers at most about the last n / EMA_LAG of them."""


def initial_network(plan: TrainingPlan) -> RGI:
    """Return the plan's network with random weights from its seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        return RGI(plan.config)


def continue_from(network: RGI, plan: TrainingPlan) -> RGI:
    """Return the plan's network with the weights of a trained one.

    If the trained network has no lighting descriptions in its texture vectors, their weights start
    at zero: the network generates what it did before.

    Raises
    ------
    CheckpointError
        If the network does not fit the plan's.
    """
    if network.config == plan.config:
        return network
    if network.config != replace(plan.config, light=0):
        raise CheckpointError(
            f"These weights are of another network than the preset {plan.preset}."
        )
    grown = initial_network(plan)
    kept = network.state_dict()
    scale = (plan.config.vector_dim / network.config.vector_dim) ** 0.5
    for name, weight in grown.state_dict().items():
        if name.endswith("mlp.0.weight") and name in kept:
            # An equalised layer divides by the square root of its number of inputs.
            weight.zero_()[:, : network.config.vector_dim] = kept[name] * scale
        elif name in kept:
            weight.copy_(kept[name])
    return grown


class Swapper(nn.Module):
    """Generates the swaps of a batch: each portrait with textures of both, by its amounts.

    Parameters
    ----------
    network
        The network.
    dtype
        Of the generator's features.
    """

    def __init__(self, network: RGI, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.network = network
        self.dtype = dtype

    def forward(self, batch: Batch, resolution: int) -> Tensor:
        """Generate 2N pictures, (2N, 3, R, R) float32."""
        network = self.network
        own = network.encode_labels(batch.pictures, batch.labels).float()
        mixed = network.mix(own.roll(own.shape[0] // 2, 0), own, batch.amounts)
        device = batch.pictures.device.type
        # The generator handles mixed precision itself.
        with torch.autocast(device, enabled=False):
            codes = network.style_codes(mixed)
            stages = network.G.stages(codes, batch.layout, dtype=self.dtype)
            return next(stage.rgb for stage in stages if stage.resolution == resolution)


class Trainer:
    """A network in training, with the complete state that its next step depends on.

    Parameters
    ----------
    fabric
        Device, processes and precision.
    network
        The network to train, on the CPU (`initial_network` or `continue_from`).
    plan
        The settings.
    perceptual
        Perceptual losses by the names of their weights.
    """

    def __init__(
        self,
        fabric: Fabric,
        network: RGI,
        plan: TrainingPlan,
        perceptual: dict[str, nn.Module] | None = None,
    ) -> None:
        self.fabric, self.plan, self.steps_taken = fabric, plan, 0
        network.train()
        _set_trainable(network, freeze_unmasked=plan.freeze_unmasked)
        self.network = network
        self.average = AveragedModel(
            copy.deepcopy(network), multi_avg_fn=_averaging(plan.ema), use_buffers=False
        ).to(fabric.device)
        self.perceptual = {name: fabric.to_device(x) for name, x in (perceptual or {}).items()}
        low = fabric.strategy.precision.precision == "bf16-mixed"
        swapper = Swapper(network, torch.bfloat16 if low else torch.float32)
        self._swapper, self._adam = fabric.setup(swapper, self._optimiser(network))
        self.discriminator = self._new_discriminator()
        if self.discriminator is not None:
            group = {"params": list(self.discriminator.parameters()), "rate": plan.judge_rate}
            adam = torch.optim.Adam([group], betas=(0.0, 0.99))
            self._wrapped, self._discriminator_adam = fabric.setup(self.discriminator, adam)

    @property
    def is_done(self) -> bool:
        """Whether all steps of the plan are taken."""
        return self.steps_taken >= self.plan.steps

    def step(self, batch: Batch) -> dict[str, float]:
        """Take one step; return its weighted losses by name, averaged over the processes."""
        step, plan = self.steps_taken, self.plan
        drawn = self._swapper(batch, plan.resolution(step))
        losses = drawn_losses(drawn, batch.truths, batch.weight, plan.weights, self.perceptual)
        adversarial = plan.is_adversarial(step)
        # Where the truth is unknown, the discriminator sees the truth's pixels.
        shown = torch.where(batch.weight > 0, drawn, batch.truths) if adversarial else drawn
        if adversarial:
            losses["adversarial"] = plan.weights.adversarial * self._adversarial_loss(shown)
        self._optimise(self._adam, torch.stack(list(losses.values())).sum(), step)
        if adversarial and step % plan.judge_every == 0:
            losses |= self._discriminator_step(batch.truths, shown.detach(), step)
        self.average.update_parameters(self.network)
        self.steps_taken += 1
        reduced = self.fabric.all_reduce({k: v.detach() for k, v in losses.items()})
        return {name: float(value) for name, value in dict(reduced).items()}

    def state(self) -> dict[str, Any]:
        """Return the complete state, in tensors, numbers, strings and lists."""
        own = {
            "step": self.steps_taken,
            "plan": self.plan.as_dict(),
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "adam": self._adam.state_dict(),
            "chance": _random_states(),
        }
        if self.discriminator is not None:
            own["judge"] = self.discriminator.state_dict()
            own["judge_adam"] = self._discriminator_adam.state_dict()
        return own

    def load(self, state: dict[str, Any]) -> None:
        """Restore a state of an equal plan.

        Raises
        ------
        CheckpointError
            If the state is of another plan or network.
        """
        others = self.plan.differences(state["plan"])
        if others:
            raise CheckpointError(
                f"The training that lies there differs in {', '.join(others)}; give the same "
                "settings to go on with it, or another folder for a new one."
            )
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self._adam.load_state_dict(state["adam"])
        if self.discriminator is not None:
            self.discriminator.load_state_dict(state["judge"])
            self._discriminator_adam.load_state_dict(state["judge_adam"])
        self.steps_taken = state["step"]
        _restore_random_states(state["chance"])

    def averaged(self) -> RGI:
        """Return the averaged network, which is shown and exported."""
        network = self.average.module
        if not isinstance(network, RGI):
            raise TypeError("the average is not of an RGI network")
        return network.eval()

    def _optimiser(self, network: RGI) -> torch.optim.Adam:
        plan = self.plan
        drawing = [*network.MLPs.parameters(), *network.G.parameters()]
        groups = [
            {"params": [p for p in drawing if p.requires_grad], "rate": plan.rate},
            {"params": list(network.encoder.parameters()), "rate": plan.encoder_rate},
        ]
        return torch.optim.Adam(groups, betas=plan.betas)

    def _new_discriminator(self) -> Discriminator | None:
        if self.plan.weights.adversarial == 0:
            return None
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.plan.seed + 1)
            return Discriminator(self.plan.config.size).to(self.fabric.device)

    def _adversarial_loss(self, drawn: Tensor) -> Tensor:
        discriminator = self.discriminator
        if discriminator is None:
            raise TypeError("there is no discriminator")
        discriminator.requires_grad_(requires_grad=False)
        with self.fabric.autocast():
            logits = discriminator(drawn)
        discriminator.requires_grad_(requires_grad=True)
        return generator_loss(logits.float())

    def _discriminator_step(self, real: Tensor, drawn: Tensor, step: int) -> dict[str, Tensor]:
        plan = self.plan
        of_real, of_drawn = self._wrapped(torch.cat([real, drawn])).float().chunk(2)
        losses = {"discriminator": discriminator_loss(of_real, of_drawn)}
        total = losses["discriminator"]
        period = plan.judge_every * plan.r1_every
        if plan.weights.r1 and self.discriminator is not None and step % period == 0:
            real = real.detach().requires_grad_()
            # Not through the wrapper: second derivatives need float32.
            losses["r1"] = gradient_penalty(real, self.discriminator(real))
            # Lazy regularisation: its weight grows with the interval.
            total = total + plan.weights.r1 * plan.r1_every * losses["r1"]
        self._optimise(self._discriminator_adam, total, step)
        return losses

    def _optimise(self, optimiser: Any, loss: Tensor, step: int) -> None:
        for group in optimiser.param_groups:
            group["lr"] = group["rate"] * self.plan.rate_factor(step)
        optimiser.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        optimiser.step()


def _set_trainable(network: RGI, *, freeze_unmasked: bool) -> None:
    network.requires_grad_(requires_grad=True)
    network.G.style.requires_grad_(requires_grad=False)
    if not freeze_unmasked:
        return
    for j in range(network.config.log_size - 2):
        if not network.config.conv_is_masked(j + 3):
            network.G.convs[2 * j].requires_grad_(requires_grad=False)
            network.G.convs[2 * j + 1].requires_grad_(requires_grad=False)
        if not network.config.rgb_is_masked(j + 3):
            network.G.to_rgbs[j].requires_grad_(requires_grad=False)


def _averaging(decay: float) -> Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]:
    """Return an average whose decay starts low, so that it soon forgets the initial weights."""

    @torch.no_grad()
    def average(averages: Sequence[Tensor], current: Sequence[Tensor], count: Any) -> None:
        taken = int(count)
        kept = min(decay, (1 + taken) / (_EMA_LAG + taken))
        torch._foreach_lerp_(list(averages), list(current), 1 - kept)

    return average


def _random_states() -> dict[str, Any]:
    """Return the states of the global random generators."""
    # Libraries use NumPy's legacy generator.
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002
    states: dict[str, Any] = {
        "python": random.getstate(),
        "numpy": [kind, torch.from_numpy(np.asarray(keys).astype(np.int64)), *rest],
        "torch": torch.get_rng_state(),
    }
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state_all()
    return states


def _restore_random_states(states: dict[str, Any]) -> None:
    version, numbers, gauss = states["python"]
    random.setstate((version, tuple(numbers), gauss))
    kind, keys, *rest = states["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))  # noqa: NPY002
    torch.set_rng_state(states["torch"])
    if "cuda" in states and len(states["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(states["cuda"])
