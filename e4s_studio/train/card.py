"""The model card that is written beside weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from e4s_studio import __version__

if TYPE_CHECKING:
    from e4s_studio.networks.rgi import RGI
    from e4s_studio.train.plan import TrainingPlan
    from e4s_studio.train.reports import Figures

PORTRAITS: str = (
    "Portraits painted by the program itself (`e4s_studio.train.portraits`). No photograph of"
    " anybody, and no weights of others, went into it."
)


@dataclass(frozen=True)
class Card:
    """What is said of weights.

    Attributes
    ----------
    plan
        How they were trained.
    steps
        Steps taken.
    data
        A sentence on what they were trained on.
    licence
        Of the weights.
    command
        What makes them again.
    processes
        How many trained together.
    start
        The name of the weights that they started from, if any.
    figures
        At the end, if measured.
    finish
        From how many pairs it learnt the codes of swaps at the end.
    """

    plan: TrainingPlan
    steps: int
    data: str
    licence: str
    command: str
    processes: int
    start: str | None
    figures: Figures | None
    finish: int = 0

    def text(self, network: RGI, sha256: str) -> str:
        """Write the card of a network, Markdown.

        Parameters
        ----------
        network
            The trained network.
        sha256
            Of its file, in hexadecimal digits: the program finds damage with it.
        """
        count = sum(weight.numel() for weight in network.parameters())
        plan = self.plan
        measured = "not measured"
        if self.figures is not None:
            measured = (
                f"reconstruction {self.figures.reconstruction:.2f} dB, swaps against their truth"
                f" {self.figures.swap:.2f} dB (mean PSNR of the whole picture,"
                f" {self.figures.pairs} validation pairs that were never trained on)"
            )
        rows = {
            "Network": f"RGI, preset {plan.preset}, {network.config.size}², {count:,} weights",
            "Data": self.data,
            "SHA-256": f"`{sha256}`",
            "Licence": self.licence,
            "Start": self.start or f"random weights, seed {plan.seed}",
            "Command": f"`{self.command}`",
            "Seed": str(plan.seed),
            "Training": (
                f"{self.steps} of {plan.steps} steps of {plan.batch * self.processes} pairs;"
                " the weights are an exponential average"
                + (f"; then the codes of swaps from {self.finish} pairs" if self.finish else "")
            ),
            "Measured": measured,
            "Made with": f"E4S Studio {__version__}, PyTorch {torch.__version__}",
        }
        lines = [f"# {plan.preset}", ""]
        lines += [f"- **{name}**: {value}" for name, value in rows.items()]
        lines += ["", "Use it on pictures of people who agree to it.", ""]
        return "\n".join(lines)
