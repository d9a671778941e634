"""Fitting with a progress bar in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from e4s_studio.engine.fit import Fitter, encode_pair

if TYPE_CHECKING:
    from e4s_studio.core.portrait import Portrait
    from e4s_studio.engine.fit import FitPlan, Fitted
    from e4s_studio.networks.rgi import RGI

LOGGED_STEPS: Final = 50


def fit_with_progress(network: RGI, source: Portrait, target: Portrait, plan: FitPlan) -> Fitted:
    """Fit a network to a pair of portraits, showing how far it is on stderr."""
    if plan.steps == 0:
        return encode_pair(network, source, target)
    fitter = Fitter(network, source, target, plan)
    columns = (
        TextColumn("Fitting"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("steps"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("fit", total=plan.steps)
        while not fitter.is_done:
            fitter.step()
            progress.update(task, completed=fitter.steps_taken)
            # A log has no bar to move: it gets a line now and then.
            if not console.is_terminal and fitter.steps_taken % LOGGED_STEPS == 0:
                console.print(f"Fitting: step {fitter.steps_taken} of {plan.steps}")
    return fitter.fitted()
