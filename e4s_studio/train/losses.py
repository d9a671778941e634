"""The training losses (2211.14068, section 4.1), and those of the discriminator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from e4s_studio.engine.fitting.fit import pyramid_loss

if TYPE_CHECKING:
    from torch import Tensor, nn

    from e4s_studio.train.plan import LossWeights


def drawn_losses(
    drawn: Tensor,
    truth: Tensor,
    weight: Tensor,
    weights: LossWeights,
    judges: dict[str, nn.Module],
) -> dict[str, Tensor]:
    """Compare drawn pictures with their truths; each loss bears its weight already.

    Parameters
    ----------
    drawn
        (B, 3, R, R), nominally −1 to 1.
    truth, weight
        (B, 3, S, S) and (B, 1, S, S) with S ≥ R; averaged down to R.
    weights
        What each loss weighs; those that weigh nothing are left out.
    judges
        Networks by the names of their weights; they judge pictures that are known everywhere.
    """
    losses = {}
    if weights.square:
        losses["square"] = weights.square * square_loss(drawn, truth, weight)
    if weights.pyramid:
        losses["pyramid"] = weights.pyramid * pyramid_loss(drawn, truth, weight)
    if judges:
        # What is not known looks right to every judge.
        small = F.adaptive_avg_pool2d(truth, drawn.shape[-1])
        seen = torch.where(F.adaptive_avg_pool2d(weight, drawn.shape[-1]) > 0, drawn, small)
        for name, judge in judges.items():
            losses[name] = getattr(weights, name) * judge(seen, small)
    return losses


def square_loss(drawn: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean squared error: of each picture by itself, then of the batch.

    Parameters
    ----------
    drawn
        (B, 3, R, R).
    truth, weight
        (B, 3, S, S) and (B, 1, S, S) with S ≥ R; averaged down to R.
    """
    size = drawn.shape[-1]
    truth, weight = (F.adaptive_avg_pool2d(x, size) for x in (truth, weight))
    errors = ((drawn - truth).square().mean(1, keepdim=True) * weight).sum((1, 2, 3))
    return (errors / (weight.sum((1, 2, 3)) + 1e-6)).mean()


def generator_loss(of_drawn: Tensor) -> Tensor:
    """Return softplus(−D(drawn)), the mean over (B, 1) logits."""
    return F.softplus(-of_drawn).mean()


def discriminator_loss(of_real: Tensor, of_drawn: Tensor) -> Tensor:
    """Return softplus(−D(real)) + softplus(D(drawn)), each the mean over (B, 1) logits."""
    return F.softplus(-of_real).mean() + F.softplus(of_drawn).mean()


def gradient_penalty(real: Tensor, of_real: Tensor) -> Tensor:
    """Return R1: half of the mean over the batch of |∇D(real)|².

    Parameters
    ----------
    real
        (B, 3, S, S), with gradients.
    of_real
        Their (B, 1) logits.
    """
    (gradient,) = torch.autograd.grad(of_real.sum(), real, create_graph=True)
    return gradient.square().sum((1, 2, 3)).mean() / 2
