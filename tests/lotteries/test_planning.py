from __future__ import annotations

import random
from statistics import mean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.lotteries.planning import case, plan


@pytest.mark.parametrize(("unpaid", "rounds", "promoted"), [(0.05, 3, 53), (0.1, 4, 111), (0.2, 5, 250), (0.4, 8, 667)])
def test_a_thousand_units_are_placed_after_so_many_deadlines(unpaid: float, rounds: int, promoted: int) -> None:
    found = case(1_000, 13_440, 1_000, unpaid)
    assert (found.rounds, round(found.promoted), round(found.first_unpaid)) == (rounds, promoted, round(1_000 * unpaid))
    assert found.certainty > 0.999_999


def test_the_closed_form_is_what_happens() -> None:
    """Four hundred lotteries, played out person by person."""
    chance, rounds, asked = random.Random(2023), [], []
    for _ in range(400):
        left, turns, count = 200, 0, 0
        while left:
            count, turns = count + left, turns + 1
            left = sum(chance.random() < 0.3 for _ in range(left))
        rounds.append(turns)
        asked.append(count - 200)
    found = case(200, 10_000, 1_000, 0.3)
    assert found.rounds == median(rounds)
    assert found.promoted == pytest.approx(mean(asked), rel=0.03)


def test_money_is_what_is_sold_without_the_fee() -> None:
    found = case(1_000, 13_440, 1_000, 0.1)
    assert (found.gross_yen, found.fee_yen, found.fund_yen) == (1_000_000, 36_000, 964_000)


def test_where_fewer_apply_than_there_are_units_the_rest_stays() -> None:
    found = case(300, 210, 3_000, 0.1)
    assert (found.sold, found.promoted, found.rounds, found.certainty) == (189, 0, None, 0)
    assert found.placed == [189]
    assert plan(300, 210).odds == 1


def test_a_waiting_list_that_is_too_short_for_certain() -> None:
    short = case(100, 111, 1_000, 0.1)
    assert 0.3 < short.certainty < 0.7
    assert short.sold == pytest.approx(99.9)


def test_nobody_applies_or_nobody_pays() -> None:
    assert case(10, 0, 1_000, 0.1).placed == []
    nobody = case(10, 50, 1_000, 1.0)
    assert (nobody.gross_yen, nobody.rounds, nobody.promoted, nobody.certainty) == (0, None, 40, 0)
    assert case(10, 10, 1_000, 0.0).certainty == 1
    everybody = case(10, 50, 1_000, 0.0)
    assert (everybody.placed, everybody.rounds, everybody.certainty) == ([10], 1, 1)


def test_odds_and_the_rush_of_the_first_sale() -> None:
    found = plan(1_000, 13_440)
    assert (round(100 * found.odds, 2), found.per_unit) == (7.44, 13.44)
    assert (round(found.busiest_minute), round(found.busiest_second)) == (1_180, 54)
    assert found.odds_most == pytest.approx(found.odds)
    assert found.odds < plan(1_000, 13_440, 3).odds_most < 3 * found.odds


@given(st.integers(1, 999_999), st.integers(0, 1_000_000), st.floats(0, 1))
def test_whatever_is_supposed_the_answer_is_possible(units: int, applicants: int, unpaid: float) -> None:
    found = case(units, applicants, 1_000, unpaid)
    assert 0 <= found.certainty <= 1
    assert found.placed == sorted(found.placed)
    assert all(sold <= min(units, applicants) + 1e-6 for sold in found.placed)
    assert 0 <= found.promoted <= max(0, applicants - units) + 1e-6
    assert found.fund_yen <= found.gross_yen <= units * 1_000
