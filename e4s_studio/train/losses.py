"""The training losses (2211.14068, section 4.1), and the discriminator."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from e4s_studio.engine.fitting.fit import pyramid_loss

if TYPE_CHECKING:
    from e4s_studio.train.plan import LossWeights


def drawn_losses(
    drawn: Tensor,
    truth: Tensor,
    weight: Tensor,
    weights: LossWeights,
    perceptual: dict[str, nn.Module],
) -> dict[str, Tensor]:
    """Compare generated pictures with their ground truth; return weighted losses by name.

    Parameters
    ----------
    drawn
        (B, 3, R, R), nominally −1 to 1.
    truth, weight
        (B, 3, S, S) and (B, 1, S, S) with S ≥ R; averaged down to R.
    weights
        The loss weights; losses of weight 0 are left out.
    perceptual
        Perceptual losses of whole pictures, by the names of their weights.
    """
    losses = {}
    if weights.square:
        losses["square"] = weights.square * square_loss(drawn, truth, weight)
    if weights.pyramid:
        losses["pyramid"] = weights.pyramid * pyramid_loss(drawn, truth, weight)
    if perceptual:
        # Where the truth is unknown, these losses compare the truth with itself.
        small = F.adaptive_avg_pool2d(truth, drawn.shape[-1])
        seen = torch.where(F.adaptive_avg_pool2d(weight, drawn.shape[-1]) > 0, drawn, small)
        for name, loss in perceptual.items():
            losses[name] = getattr(weights, name) * loss(seen, small)
    return losses


def square_loss(drawn: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Return the weighted mean squared error of each picture, averaged over the batch.

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


_LRELU_SLOPE: Final = 0.2
_WIDEST: Final = 128
"""Channels at 16² and below; each doubling of the resolution halves them, down to `_NARROWEST`."""
_NARROWEST: Final = 16
_LAST_RESOLUTION: Final = 4


def _width_at(resolution: int) -> int:
    return min(_WIDEST, max(_NARROWEST, _WIDEST * 16 // resolution))


class _ResidualBlock(nn.Module):
    """Two convolutions with downsampling and a 1×1 shortcut; the sum preserves the variance."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(in_channels, in_channels, 3, padding=1)
        self.second = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.shortcut = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, in, R, R) to (B, out, R/2, R/2)."""
        y = F.leaky_relu(self.first(x), _LRELU_SLOPE)
        y = F.leaky_relu(F.avg_pool2d(self.second(y), 2), _LRELU_SLOPE)
        shortcut: Tensor = self.shortcut(F.avg_pool2d(x, 2))
        return (y + shortcut) / math.sqrt(2)


class Discriminator(nn.Module):
    """Classifies pictures as real (rendered or photographed) or generated.

    Parameters
    ----------
    size
        Pixels on a side of the pictures, a power of two from 8.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        resolutions = [size >> level for level in range(size.bit_length() - 2)]
        self.start = nn.Conv2d(3, _width_at(size), 1)
        self.blocks = nn.Sequential(
            *(_ResidualBlock(_width_at(r), _width_at(r // 2)) for r in resolutions[:-1])
        )
        last = _width_at(_LAST_RESOLUTION)
        self.hidden = nn.Linear(last * _LAST_RESOLUTION**2, last)
        self.verdict = nn.Linear(last, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return (B, 1) logits of pictures (B, 3, S, S) in [−1, 1]: positive for real ones."""
        x = self.blocks(F.leaky_relu(self.start(pictures), _LRELU_SLOPE))
        x = F.leaky_relu(self.hidden(x.flatten(1)), _LRELU_SLOPE)
        return torch.as_tensor(self.verdict(x))
