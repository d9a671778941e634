"""Roles and the values of both photographs."""

from e4s_studio.core.pair import Both, Role


def test_each_role_has_the_other():
    assert Role.SOURCE.other is Role.TARGET
    assert Role.TARGET.other is Role.SOURCE


def test_values_are_found_by_role_and_iterate_source_first():
    pair = Both("a", "b")
    assert [pair[role] for role in Role] == list(pair) == ["a", "b"]


def test_map_keeps_the_roles():
    assert Both(2, 3).map(str) == Both("2", "3")


def test_a_pair_swapped_twice_is_itself():
    pair = Both(1, 2)
    assert pair.swapped == Both(2, 1)
    assert pair.swapped.swapped == pair
