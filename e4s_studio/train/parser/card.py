"""The model card of the parser's weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from e4s_studio import __version__
from e4s_studio.networks.parser import SIDE
from e4s_studio.train.card import PORTRAITS

if TYPE_CHECKING:
    from pathlib import Path

    from e4s_studio.networks.parser import ParserNet
    from e4s_studio.train.parser.training import ParserPlan


def parser_card(
    network: ParserNet, sha256: str, plan: ParserPlan, command: str, start: Path | None = None
) -> str:
    """Write the card of a parser, Markdown: what it is, of what, and how it is made again.

    `sha256` is that of its file, in hexadecimal digits: the program finds damage with it.
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
    lines = [f"# parser-{SIDE}", ""]
    lines += [f"- **{name}**: {value}" for name, value in rows.items()]
    return "\n".join([*lines, ""])
