"""One training step after another, on one device or on several."""

from __future__ import annotations

import copy
import random
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from e4s_studio.core.errors import CheckpointError
from e4s_studio.networks.rgi import RGI
from e4s_studio.train.discriminator import Discriminator
from e4s_studio.train.losses import (
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

EMA_LAG: Final = 10
"""After n steps the average remembers at most about n / EMA_LAG of them."""


class Swapper(nn.Module):
    """Draws what a batch asks for: every portrait with its amounts of the other's textures.

    Parameters
    ----------
    network
        What draws.
    dtype
        The type of the generator's features.
    """

    def __init__(self, network: RGI, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.network = network
        self.dtype = dtype

    def forward(self, batch: Batch, resolution: int) -> Tensor:
        """Draw 2N pictures, (2N, 3, R, R) float32."""
        network = self.network
        own = network.encode_labels(batch.pictures, batch.labels).float()
        mixed = network.mix(own.roll(own.shape[0] // 2, 0), own, batch.amounts)
        device = batch.pictures.device.type
        # The generator has its own way with types: what must be exact stays float32 in it.
        with torch.autocast(device, enabled=False):
            codes = network.style_codes(mixed)
            stages = network.G.stages(codes, batch.layout, dtype=self.dtype)
            return next(stage.rgb for stage in stages if stage.resolution == resolution)


class Trainer:
    """A network in training, with all that its next step depends on.

    Parameters
    ----------
    fabric
        Where it computes, and in which types.
    network
        What is trained, on the CPU; made by `train.start`.
    plan
        How it goes.
    judges
        Networks that judge pictures, by the names of their weights.
    """

    def __init__(
        self,
        fabric: Fabric,
        network: RGI,
        plan: TrainingPlan,
        judges: dict[str, nn.Module] | None = None,
    ) -> None:
        self.fabric, self.plan, self.steps_taken = fabric, plan, 0
        network.train()
        _choose_trained(network, freeze_unmasked=plan.freeze_unmasked)
        self.network = network
        self.average = AveragedModel(
            copy.deepcopy(network), multi_avg_fn=_averaging(plan.ema), use_buffers=False
        ).to(fabric.device)
        self.judges = {name: fabric.to_device(judge) for name, judge in (judges or {}).items()}
        low = fabric.strategy.precision.precision == "bf16-mixed"
        swapper = Swapper(network, torch.bfloat16 if low else torch.float32)
        self._swapper, self._adam = fabric.setup(swapper, self._optimiser(network))
        self.judge = self._judge()
        if self.judge is not None:
            rates = [{"params": list(self.judge.parameters()), "rate": plan.judge_rate}]
            optimiser = torch.optim.Adam(rates, betas=(0.0, 0.99))
            self._seen_judge, self._judge_adam = fabric.setup(self.judge, optimiser)

    @property
    def is_done(self) -> bool:
        """Whether all steps of the plan are taken."""
        return self.steps_taken >= self.plan.steps

    def step(self, batch: Batch) -> dict[str, float]:
        """Take one step; return its losses before the step, with their weights, by name.

        With several processes the losses are their means.
        """
        step, plan = self.steps_taken, self.plan
        drawn = self._swapper(batch, plan.resolution(step))
        losses = drawn_losses(drawn, batch.truths, batch.weight, plan.weights, self.judges)
        judged = plan.is_adversarial(step) and self.judge is not None
        # What no photograph shows is not put before the discriminator either.
        shown = torch.where(batch.weight > 0, drawn, batch.truths) if judged else drawn
        if judged:
            losses["adversarial"] = plan.weights.adversarial * self._fooled(shown)
        self._descend(self._adam, torch.stack(list(losses.values())).sum(), step)
        if judged and step % plan.judge_every == 0:
            losses |= self._judge_step(batch.truths, shown.detach(), step)
        self.average.update_parameters(self.network)
        self.steps_taken += 1
        reduced = self.fabric.all_reduce({k: v.detach() for k, v in losses.items()})
        return {name: float(value) for name, value in dict(reduced).items()}

    def state(self) -> dict[str, Any]:
        """Return all that the next step depends on, in tensors, numbers, texts and lists."""
        own = {
            "step": self.steps_taken,
            "plan": self.plan.as_dict(),
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "adam": self._adam.state_dict(),
            "chance": _chance(),
        }
        if self.judge is not None:
            own |= {"judge": self.judge.state_dict(), "judge_adam": self._judge_adam.state_dict()}
        return own

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state of an equal plan.

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
        if self.judge is not None:
            self.judge.load_state_dict(state["judge"])
            self._judge_adam.load_state_dict(state["judge_adam"])
        self.steps_taken = state["step"]
        _set_chance(state["chance"])

    def averaged(self) -> RGI:
        """Return the averaged network, which is what is shown and exported."""
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

    def _judge(self) -> Discriminator | None:
        if self.plan.weights.adversarial == 0:
            return None
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.plan.seed + 1)
            return Discriminator(self.plan.config.size).to(self.fabric.device)

    def _fooled(self, drawn: Tensor) -> Tensor:
        judge = self.judge
        if judge is None:
            raise TypeError("there is no discriminator")
        judge.requires_grad_(requires_grad=False)
        with self.fabric.autocast():
            verdict = judge(drawn)
        judge.requires_grad_(requires_grad=True)
        return generator_loss(verdict.float())

    def _judge_step(self, real: Tensor, drawn: Tensor, step: int) -> dict[str, Tensor]:
        plan = self.plan
        of_real, of_drawn = self._seen_judge(torch.cat([real, drawn])).float().chunk(2)
        losses = {"discriminator": discriminator_loss(of_real, of_drawn)}
        total = losses["discriminator"]
        period = plan.judge_every * plan.r1_every
        if plan.weights.r1 and self.judge is not None and step % period == 0:
            real = real.detach().requires_grad_()
            # Not through the wrapper: a gradient of a gradient wants float32.
            losses["r1"] = gradient_penalty(real, self.judge(real))
            # Lazily: as often as it is left out, so much more it weighs.
            total = total + plan.weights.r1 * plan.r1_every * losses["r1"]
        self._descend(self._judge_adam, total, step)
        return losses

    def _descend(self, optimiser: Any, loss: Tensor, step: int) -> None:
        for group in optimiser.param_groups:
            group["lr"] = group["rate"] * self.plan.rate_factor(step)
        optimiser.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        optimiser.step()


def _choose_trained(network: RGI, *, freeze_unmasked: bool) -> None:
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
    """Average with a decay that starts low, so that the random start is forgotten soon."""

    @torch.no_grad()
    def average(averages: Sequence[Tensor], current: Sequence[Tensor], count: Any) -> None:
        taken = int(count)
        kept = min(decay, (1 + taken) / (EMA_LAG + taken))
        torch._foreach_lerp_(list(averages), list(current), 1 - kept)

    return average


def _chance() -> dict[str, Any]:
    """Return the states of every random generator that a library might draw from."""
    # The old generator of numpy is what libraries use.
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002
    chance: dict[str, Any] = {
        "python": random.getstate(),
        "numpy": [kind, torch.from_numpy(np.asarray(keys).astype(np.int64)), *rest],
        "torch": torch.get_rng_state(),
    }
    if torch.cuda.is_available():
        chance["cuda"] = torch.cuda.get_rng_state_all()
    return chance


def _set_chance(chance: dict[str, Any]) -> None:
    version, numbers, gauss = chance["python"]
    random.setstate((version, tuple(numbers), gauss))
    kind, keys, *rest = chance["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))  # noqa: NPY002
    torch.set_rng_state(chance["torch"])
    if "cuda" in chance and len(chance["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(chance["cuda"])
