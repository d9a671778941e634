import json
from dataclasses import replace

import pytest

from e4s_studio.core.errors import SettingsError
from e4s_studio.core.regions import FACE, GROUPS, SWAPPED_TEXTURE, Region
from e4s_studio.core.settings import EditSettings, Precision, ShapeSource


def test_the_start_is_a_full_swap_of_the_inner_face():
    settings = EditSettings()
    for region in Region:
        assert settings.amount(region) == (region in SWAPPED_TEXTURE)
        source = ShapeSource.SOURCE if region in FACE else ShapeSource.TARGET
        assert settings.shape(region) is source


def test_one_amount_changes_alone():
    settings = EditSettings().with_amount(Region.NOSE, 0.25)
    assert settings.amount(Region.NOSE) == 0.25
    assert settings.with_amount(Region.NOSE, 1.0) == EditSettings()


def test_a_group_changes_together():
    settings = EditSettings().with_amount(GROUPS["inner_face"], 0.5)
    assert {region for region in Region if settings.amount(region) == 0.5} == set(FACE)


def test_changes_are_named():
    before = EditSettings()
    after = replace(before.with_shape(Region.HAIR, ShapeSource.PAINTED), detail=0.5)
    assert before.changes(after) == {"shapes", "detail"}
    assert before.changes(before) == frozenset()


def test_json_and_back():
    settings = replace(
        EditSettings().with_amount(Region.LIP, 0.3).with_shape(Region.HAIR, ShapeSource.PAINTED),
        face_over_hair=True,
        precision=Precision.BFLOAT16,
        blend_width=40,
    )
    assert EditSettings.from_dict(json.loads(json.dumps(settings.as_dict()))) == settings


def test_what_is_missing_keeps_its_default():
    settings = EditSettings.from_dict({"amounts": {"hair": 0.5}, "detail": 0})
    assert settings == replace(EditSettings().with_amount(Region.HAIR, 0.5), detail=0)


def test_settings_from_before_there_was_a_film_follow_it_in_full():
    older = replace(EditSettings(), light=0.25).as_dict()
    del older["film"]
    assert EditSettings.from_dict(older) == replace(EditSettings(), light=0.25, film=1.0)


@pytest.mark.parametrize(
    "change",
    [
        {"detail": 1.01},
        {"detail": float("nan")},
        {"detail": "much"},
        {"detail": True},
        {"light": -0.1},
        {"film": 1.5},
        {"film": False},
        {"blend_width": 129},
        {"face_over_hair": 1},
        {"live_preview": "yes"},
        {"precision": "float8"},
        {"amounts": (0.5,) * 11},
        {"amounts": [0.5] * 12},
        {"amounts": (2.0,) + (0.5,) * 11},
        {"shapes": ("target",) * 12},
    ],
)
def test_what_is_out_of_range_is_refused(change):
    with pytest.raises(SettingsError):
        EditSettings(**change)


@pytest.mark.parametrize(
    "plain",
    [
        {"detial": 1},
        {"amounts": {"beard": 1}},
        {"amounts": [1] * 12},
        {"amounts": {"hair": "all"}},
        {"shapes": {"hair": "drawn"}},
        {"precision": "float8"},
        {"precision": None},
    ],
)
def test_plain_values_from_outside_are_checked(plain):
    with pytest.raises(SettingsError):
        EditSettings.from_dict(plain)
