"""Ten times as many people as units, fifty at the same moment."""

from __future__ import annotations

import pytest
from flask import Flask

from marketplace.settings import Settings
from tests import given
from tests.chaos.selling_out import PRICE, naively, sell_out
from tests.local_stripe import LocalStripe

UNITS, PEOPLE, THREADS = 10, 100, 50


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings)


def a_crowd(count: int) -> list[int]:
    return [given.an_account(f"crowd-{n}@example.jp") for n in range(count)]


def test_every_unit_is_sold_and_paid_once_and_nobody_meets_a_lock(app: Flask, stripe: LocalStripe) -> None:
    listing_id = given.a_listing(quantity=UNITS, price_yen=PRICE)
    sold = sell_out(app, stripe, listing_id, a_crowd(PEOPLE), THREADS, seed=1)
    assert sold.is_right(UNITS), sold


def test_twenty_who_buy_at_the_same_moment_all_have_what_they_bought(app: Flask, stripe: LocalStripe) -> None:
    listing_id = given.a_listing(quantity=20, price_yen=PRICE)
    sold = sell_out(app, stripe, listing_id, a_crowd(20), 20, seed=2, earnest=True)
    assert (sold.is_right(20), sold.refused.total()) == (True, 0), sold


def test_a_shop_that_looks_first_and_writes_then_sells_too_much(app: Flask) -> None:
    """Or the others would prove nothing. A machine that is busy may serve one after the other: not five crowds."""
    crowds = (naively(app, given.a_listing(quantity=UNITS, price_yen=PRICE), PEOPLE, THREADS) for _ in range(5))
    assert any(sold > UNITS for sold in crowds)
