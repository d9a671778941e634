"""Fitting with a progress bar in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from e4s_studio.cli.progress import StepProgress
from e4s_studio.engine.drawing.fitted import encode_pair
from e4s_studio.engine.fitting.fit import Fitter
from e4s_studio.train.pairs import practice_pairs

if TYPE_CHECKING:
    from e4s_studio.core.pair import Both
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.engine.drawing.fitted import Fitted
    from e4s_studio.engine.fitting.fit import FitPlan
    from e4s_studio.networks.rgi import RGI


def fit_with_progress(network: RGI, portraits: Both[Portrait], plan: FitPlan) -> Fitted:
    """Fit a network to a pair of portraits, showing how far it is on stderr."""
    if plan.steps == 0:
        return encode_pair(network, portraits)
    fitter = Fitter(network, portraits, plan, practice_pairs(network.config.size))
    with StepProgress("Fitting", plan.steps) as progress:
        while not fitter.is_done:
            fitter.step()
            progress.step(fitter.steps_taken)
    return fitter.fitted()
