from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.lotteries.groups import Group, chance, groups_of, promote_days, quota, shares, waiting_places

TWO = groups_of({"groups": quota(300, 1000)}, 1000)


def test_a_sale_without_groups_has_one_for_everybody() -> None:
    assert groups_of(None, 10) == groups_of({"draw": "drand"}, 10) == [Group("", "どなたでも", "Everybody", 10)]


def test_a_quota_leaves_the_rest_to_the_others() -> None:
    assert [(group.code, group.units) for group in TWO] == [("town", 300), ("others", 700)]


def test_shares_are_the_quotas_while_there_are_applicants() -> None:
    assert shares(TWO, {"town": 600, "others": 12_840}) == {"town": 300, "others": 700}


def test_what_a_group_has_no_applicants_for_goes_to_the_others() -> None:
    assert shares(TWO, {"town": 120, "others": 5_000}) == {"town": 120, "others": 880}
    assert shares(TWO, {"town": 5_000, "others": 0}) == {"town": 1000, "others": 0}


def test_nobody_applied_and_the_quotas_stay() -> None:
    assert shares(TWO, {}) == {"town": 300, "others": 700}


counts = st.dictionaries(st.sampled_from("abc"), st.integers(0, 50))


@given(st.lists(st.integers(0, 30), min_size=1, max_size=3), counts)
def test_all_units_are_shared_and_none_is_idle_while_somebody_could_win_it(
    quotas: list[int], applied: dict[str, int]
) -> None:
    groups = [Group("abc"[n], "", "", units) for n, units in enumerate(quotas)]
    given_out = shares(groups, applied)
    assert sum(given_out.values()) == sum(quotas)
    won = sum(min(given_out[group.code], applied.get(group.code, 0)) for group in groups)
    assert won == min(sum(quotas), sum(applied.get(group.code, 0) for group in groups))
    assert all(given_out[group.code] >= min(group.units, applied.get(group.code, 0)) for group in groups)


def test_the_chance_is_units_by_applicants_and_never_above_one() -> None:
    found = [chance(300, {1: 600}), chance(700, {1: 12_840}), chance(5, {1: 3}), chance(5, {})]
    assert found == pytest.approx([0.5, 700 / 12_840, 1.0, 1.0])


def test_one_lot_wins_less_often_beside_those_who_hold_several() -> None:
    """Near what a draw of this lottery, made many times, gave to a lot: 7.5 percent, and not the 20 of 20 units for 100
    entries."""
    lots, dice = {1: 50, 5: 50}, Random(28)
    each = [held for held, entries in lots.items() for _ in range(entries)]
    won = 0
    for _ in range(1_000):
        least = [min(dice.random() for _ in range(held)) for held in each]
        won += sum(ticket <= sorted(least)[19] for ticket in least[:50])
    assert chance(20, lots) == pytest.approx(won / 50_000, abs=0.005)


def test_the_rest_of_the_rules_has_its_defaults() -> None:
    assert (waiting_places(None), promote_days(None)) == (None, 30)
    assert (waiting_places({"waiting": 5}), promote_days({"promote_days": 7})) == (5, 7)
