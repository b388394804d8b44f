"""Lines of the book: they sum to zero, and nothing is netted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.fund.models import TITLES, Account
from marketplace.fund.rules import STEPS, NotEnough, NotPositive, step_lines, stripe_lines, sums_to_zero

YEN = st.integers(-99_999_999, 99_999_999)


@given(kind=st.sampled_from(["charge", "refund", "payout", "adjustment", "stripe_fee", "anything"]), gross=YEN, fee=YEN)
def test_every_line_of_stripe_sums_to_zero_and_moves_its_balance_by_the_net(kind: str, gross: int, fee: int) -> None:
    lines = stripe_lines(kind, gross, fee)
    assert lines == [] or sums_to_zero(lines)
    assert sum(yen for account, yen in lines if account == Account.STRIPE) == gross - fee
    assert all(lines[n][1] != 0 for n in range(len(lines)))


@given(step=st.sampled_from(sorted(STEPS)), yen=st.integers(1, 10**9), more=st.integers(0, 10**9))
def test_every_step_sums_to_zero(step: str, yen: int, more: int) -> None:
    assert sums_to_zero(step_lines(step, yen, yen + more))


def test_gross_and_fee_stand_apart() -> None:
    assert stripe_lines("charge", 1000, 36) == [
        (Account.STRIPE, 1000),
        (Account.COLLECTED, -1000),
        (Account.FEES, 36),
        (Account.STRIPE, -36),
    ]


def test_a_refund_is_no_negative_sale() -> None:
    assert stripe_lines("refund", -1000, 0) == [(Account.STRIPE, -1000), (Account.REFUNDS, 1000)]


def test_a_dispute_takes_its_fee_too() -> None:
    assert stripe_lines("adjustment", -1000, 1500) == [
        (Account.STRIPE, -1000),
        (Account.DISPUTES, 1000),
        (Account.FEES, 1500),
        (Account.STRIPE, -1500),
    ]


@pytest.mark.parametrize("kind", ["stripe_fee", "tax_fee"])
def test_what_the_card_company_takes_for_itself_is_a_fee(kind: str) -> None:
    assert stripe_lines(kind, -110, 0) == [(Account.STRIPE, -110), (Account.FEES, 110)]


def test_an_unknown_kind_is_booked_where_somebody_will_look() -> None:
    assert stripe_lines("climate_order_purchase", -5, 0) == [(Account.STRIPE, -5), (Account.OTHER, 5)]


@pytest.mark.parametrize("yen", [0, -1])
def test_nothing_can_not_be_moved(yen: int) -> None:
    with pytest.raises(NotPositive):
        step_lines("recognise", yen, 100)


def test_more_than_is_there_can_not_be_moved() -> None:
    with pytest.raises(NotEnough):
        step_lines("recognise", 101, 100)


def test_no_lines_are_no_posting() -> None:
    assert not sums_to_zero([])


def test_every_account_has_a_japanese_name() -> None:
    assert set(TITLES) == set(Account)
