"""Ninety people want fifty units at the same moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.fund.statements import balanced, summary
from marketplace.kit.db import db
from marketplace.listings.models import Listing, ListingState
from marketplace.listings.rules import AllHeld, SoldOut
from marketplace.orders.models import Order, OrderState
from marketplace.orders.paying import checkout
from marketplace.orders.placing import place
from marketplace.payments import asking
from marketplace.payments.syncing import sync
from marketplace.tokens.models import Token, TokenState
from tests import given
from tests.local_stripe import LocalStripe
from tests.racing import at_once

PRICE = 1_000
PEOPLE, UNITS = 90, 50

pytestmark = pytest.mark.node


def test_fifty_are_paid_and_issued_and_nobody_else_is_charged(
    app: Flask, settle: Callable[[], None], stripe: LocalStripe
) -> None:
    listing_id = given.a_listing(quantity=UNITS, price_yen=PRICE)
    people = [given.an_account() for _ in range(PEOPLE)]

    def buy(number: int) -> int:
        order_id = place(people[number], listing_id)
        stripe.pay(checkout(order_id))
        payment = asking.open_payment(db.session.get_one(Order, order_id).subject)
        assert payment is not None
        sync(payment.id)
        return order_id

    outcomes = at_once(app, PEOPLE, buy)
    refused = Counter(type(outcome) for outcome in outcomes if not isinstance(outcome, int))
    assert refused.total() == PEOPLE - UNITS
    assert set(refused) <= {AllHeld, SoldOut}
    settle()

    assert states() == {OrderState.ISSUED: UNITS}
    tokens = list(db.session.scalars(sa.select(Token)))
    assert sorted(token.serial for token in tokens) == list(range(1, UNITS + 1))
    assert {token.state for token in tokens} == {TokenState.HELD}
    assert {(token.order_code, token.holder_id) for token in tokens} == {
        (order.code, order.buyer_id) for order in db.session.scalars(sa.select(Order))
    }
    charged = list(stripe.client().charges.list({"limit": 100}).auto_paging_iter())
    assert [charge.amount for charge in charged] == [PRICE] * UNITS
    assert (balanced(), summary()["collected_yen"]) == (True, PRICE * UNITS)
    assert db.session.get_one(Listing, listing_id).state == ListingState.COMPLETED


def states() -> dict[OrderState, int]:
    rows = db.session.execute(sa.select(Order.state, sa.func.count()).group_by(Order.state))
    return {state: count for state, count in rows}  # noqa: C416 -- a Row is no pair to mypy
