"""Loading early what torch would load in the middle of the work."""

from __future__ import annotations

import torch


def warm_up() -> None:
    """Take one optimisation step, so that later ones find everything loaded.

    With the first one torch imports its compiler: a thousand Python modules, during which the
    window would halt for tenths of a second while the artist already paints.
    """
    weight = torch.zeros(1, requires_grad=True)
    torch.autograd.backward(weight.sum())
    torch.optim.Adam([weight]).step()
