"""Model cards, which are written beside the weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch

from e4s_studio import __version__
from e4s_studio.networks.parser import SIDE

if TYPE_CHECKING:
    from pathlib import Path

    from e4s_studio.networks.parser import ParserNet
    from e4s_studio.networks.rgi import RGI
    from e4s_studio.train.parser.training import ParserPlan
    from e4s_studio.train.plan import TrainingPlan
    from e4s_studio.train.reports import Figures

PORTRAITS: Final = (
    "Portraits painted by the program itself (`e4s_studio.train.portraits`). No photograph of"
    " anybody, and no weights of others, went into it."
)


@dataclass(frozen=True)
class Card:
    """The facts of a training.

    Attributes
    ----------
    plan
        The settings.
    steps
        Steps taken.
    data
        A sentence on the training data.
    licence
        Of the weights.
    command
        The command that reproduces them.
    processes
        Number of processes.
    start
        The name of the initial weights, if any.
    figures
        The final quality, if measured.
    finish
        Number of pairs of the last phase.
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
        """Return the card of a network, Markdown.

        `sha256` is the checksum of its file, hexadecimal: with it the program detects damage.
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
        return _markdown(plan.preset, rows) + "\nUse it on pictures of people who agree to it.\n"


def parser_card(
    network: ParserNet, sha256: str, plan: ParserPlan, command: str, start: Path | None = None
) -> str:
    """Return the card of a parser, Markdown.

    `sha256` is the checksum of its file, hexadecimal: with it the program detects damage.
    """
    count = sum(weight.numel() for weight in network.parameters())
    rows = {
        "Network": f"U-Net, {SIDE}² aligned crops to 12 regions, {count:,} weights, half precision",
        "Data": f"{PORTRAITS} {plan.scenes:,} of them, changed into {plan.examples:,} examples:"
        " turned, lit, dressed, set before other backgrounds, and photographed in colour and grey",
        "SHA-256": f"`{sha256}`",
        "Licence": "as that of the weights it started from" if start else "MIT, like the program",
        "Start": start.name if start else f"random weights, seed {plan.seed}",
        "Command": f"`{command}`",
        "Training": f"{plan.steps} steps of {plan.batch} examples; the weights are an exponential"
        " average",
        "Made with": f"E4S Studio {__version__}, PyTorch {torch.__version__}",
    }
    return _markdown(f"parser-{SIDE}", rows)


def _markdown(title: str, rows: dict[str, str]) -> str:
    return f"# {title}\n\n" + "".join(f"- **{name}**: {value}\n" for name, value in rows.items())
