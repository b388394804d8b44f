"""Sales that say nothing about what a right is worth, found by rules that everybody can apply."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given as each
from hypothesis import strategies as st

from marketplace.resale.models import Flag
from marketplace.resale.washing import MANY, WINDOW, Deal, Hand, Payment, flags, funded

AT = datetime(2026, 4, 20, tzinfo=UTC)
DAY = timedelta(days=1)


def story(*steps: tuple[float, str, str, bool]) -> tuple[list[Deal], list[Hand]]:
    """(day, from, to, sold?): each sale with the movement right after it, as the market's contract logs them."""
    deals, hands = [], []
    for block, (day, seller, buyer, sold) in enumerate(steps, start=1):
        at = AT + DAY * day
        hands.append(Hand((block, 1), buyer, at))
        if sold:
            deals.append(Deal((block, 0), seller, buyer, at))
    return deals, hands


def found(*steps: tuple[float, str, str, bool]) -> dict[int, Flag]:
    """{number of the step: flag}."""
    deals, hands = story(*steps)
    return {block: flag for (block, _), flag in flags(deals, hands, ()).items()}


def test_plain_sales_count() -> None:
    assert found((0, "a", "b", True), (1, "b", "c", True), (2, "c", "d", False)) == {}


def test_a_sale_to_oneself_does_not() -> None:
    assert found((0, "a", "a", True), (90, "a", "b", True)) == {1: Flag.SELF}


def test_a_sale_there_and_back_leaves_out_both() -> None:
    assert found((0, "a", "b", True), (29, "b", "a", True), (80, "a", "c", True)) == {
        1: Flag.ROUND_TRIP,
        2: Flag.ROUND_TRIP,
    }


def test_a_longer_way_back_leaves_out_all_of_it() -> None:
    steps = ((0, "a", "b", True), (1, "b", "c", True), (2, "c", "a", True), (3, "a", "d", True))
    assert found(*steps) == dict.fromkeys((1, 2, 3), Flag.ROUND_TRIP)


def test_given_back_without_a_price_is_a_way_back_too() -> None:
    assert found((0, "a", "b", True), (5, "b", "a", False)) == {1: Flag.ROUND_TRIP}


@pytest.mark.parametrize(("days", "left_out"), [(30, True), (30.001, False)])
def test_after_a_month_it_is_a_sale_like_any_other(days: float, left_out: bool) -> None:
    assert bool(found((0, "a", "b", True), (days, "b", "a", True))) is left_out


def test_what_was_paid_with_the_sellers_money_is_left_out() -> None:
    deals, hands = story((0, "a", "b", True), (90, "b", "c", True))
    assert flags(deals, hands, {(1, 0)}) == {(1, 0): Flag.FUNDED}


def test_the_strongest_reason_is_named() -> None:
    deals, hands = story((0, "a", "a", True), (1, "a", "b", True), (2, "b", "a", True))
    assert flags(deals, hands, {(1, 0), (2, 0)}) == {
        (1, 0): Flag.SELF,
        (2, 0): Flag.ROUND_TRIP,
        (3, 0): Flag.ROUND_TRIP,
    }


DEAL = Deal((1, 0), "seller", "buyer", AT)


def paid(*who: tuple[str, str, float]) -> list[Payment]:
    """(sender, receiver, days before the sale)."""
    return [Payment(sender, to, AT - DAY * days) for sender, to, days in who]


@pytest.mark.parametrize(
    ("payments", "tied"),
    [
        (paid(), False),
        (paid(("seller", "buyer", 3)), True),
        (paid(("buyer", "seller", 3)), False),
        (paid(("seller", "buyer", 30)), True),
        (paid(("seller", "buyer", 0)), True),
        (paid(("seller", "buyer", 31)), False),
        (paid(("seller", "buyer", -1)), False),
        (paid(("uncle", "buyer", 3)), False),
        (paid(("uncle", "buyer", 3), ("uncle", "seller", 20)), True),
        (paid(("uncle", "buyer", 3), ("uncle", "seller", 31)), False),
        (paid(("mint", "buyer", 3), ("mint", "seller", 3)), False),
    ],
    ids=[
        "nobody paid",
        "the seller did",
        "the buyer paid the seller",
        "a month ago",
        "at the same moment",
        "long ago",
        "afterwards",
        "another paid one",
        "another paid both",
        "one of them long ago",
        "newly minted",
    ],
)
def test_who_is_tied_by_money(payments: list[Payment], tied: bool) -> None:
    assert funded(DEAL, payments, {"mint"}) is tied


def test_whoever_pays_out_to_many_ties_nobody() -> None:
    both = paid(("exchange", "buyer", 3), ("exchange", "seller", 3))
    others = [paid(("exchange", f"customer {i}", 3))[0] for i in range(MANY - 2)]
    assert (funded(DEAL, [*both, *others[:-1]], ()), funded(DEAL, [*both, *others], ())) == (True, False)


@each(st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abc"), st.booleans()), max_size=12))
def test_a_sale_is_left_out_exactly_where_the_rule_says(steps: list[tuple[int, str, bool]]) -> None:
    """Against the rule in its plainest words, tried on every pair."""
    day, holder, told = 0.0, "a", []
    for wait, to, sold in steps:
        day += wait
        told.append((day, holder, to, sold))
        holder = to
    deals, hands = story(*told)
    by_hand = {}
    for i, (when, seller, buyer, sold) in enumerate(told):
        ways_back = [j for j in range(i, len(told)) if told[j][2] == seller and (j > i or buyer == seller)]
        if sold and ways_back and AT + DAY * told[ways_back[0]][0] - (AT + DAY * when) <= WINDOW:
            for j in range(i, ways_back[0] + 1):
                if told[j][3]:
                    by_hand[j + 1, 0] = Flag.ROUND_TRIP
    by_hand |= {deal.place: Flag.SELF for deal in deals if deal.seller == deal.buyer}
    assert flags(deals, hands, ()) == by_hand
