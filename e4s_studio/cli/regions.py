"""`e4s-studio regions`: the names that other commands understand."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from e4s_studio.core.regions import GROUPS, Region


def regions() -> None:
    """List the regions of a label map, their colours, and the names of groups of them."""
    console = Console()
    console.print(_region_table())
    console.print(_group_table())


def _region_table() -> Table:
    table = Table("label", "name", "in files", "colour", box=None)
    for region in Region:
        r, g, b = region.colour
        swatch = Text("   ", style=f"on rgb({r},{g},{b})")
        colour = Text.assemble(swatch, f" {r}, {g}, {b}")
        table.add_row(str(int(region)), region.title, region.label, colour)
    return table


def _group_table() -> Table:
    table = Table("group", "stands for", box=None)
    for name, members in GROUPS.items():
        table.add_row(name, ", ".join(region.title for region in sorted(members)))
    return table
