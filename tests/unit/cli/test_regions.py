"""The names that commands understand are listed by one of them."""

from __future__ import annotations

from typer.testing import CliRunner

from e4s_studio.cli.app import app
from e4s_studio.core.regions import GROUPS, Region, region_named


def test_every_listed_name_is_understood():
    result = CliRunner().invoke(app, ["regions"])
    assert result.exit_code == 0
    words = result.stdout.replace(",", " ").split()
    for name in [*GROUPS, *(region.label for region in Region)]:
        assert name in words
        assert region_named(name)
