"""The names that commands understand are listed by one of them."""

from __future__ import annotations

from typer.testing import CliRunner

from e4s_studio.cli.app import app
from e4s_studio.core.regions import GROUPS, Region, region_named


def test_every_listed_name_is_understood():
    result = CliRunner().invoke(app, ["regions"])
    assert result.exit_code == 0
    words = result.stdout.replace(",", " ").split()
    for name in GROUPS:
        assert name in words
        assert region_named(name) == GROUPS[name]
    for region in Region:
        for name in (region.title, region.label):
            assert name in words
            assert region_named(name) == {region}
