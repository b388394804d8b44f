"""Trouble outside: told calmly, tried again, nothing lost and nothing twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.chain import following, sending
from marketplace.kit.db import db, get
from marketplace.kit.refusals import Unavailable
from marketplace.orders.models import Order, OrderState
from marketplace.orders.paying import checkout
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.payments import asking
from marketplace.payments.syncing import sync
from marketplace.tokens.models import Token, TokenState
from tests import given
from tests.local_stripe import LocalStripe
from tests.pages import read

pytestmark = pytest.mark.node


class Door:
    """A node that can be out of reach: the real one behind a door that a test closes."""

    def __init__(self, app: Flask) -> None:
        self.ports = app.extensions["hiroba.ports"]
        self.node = self.ports.node

    def close(self) -> None:
        self.ports.node = type(self.node)("http://127.0.0.1:9")  # the discard port: nobody answers

    def open(self) -> None:
        self.ports.node = self.node


def test_a_chain_that_is_away_delays_the_token_and_loses_nothing(
    app: Flask, client: FlaskClient, settle: Callable[[], None], stripe: LocalStripe
) -> None:
    door = Door(app)
    door.close()
    buyer_id = given.an_account()
    order_id = place(buyer_id, given.a_listing())
    stripe.pay(checkout(order_id))
    payment = asking.open_payment(get(Order, order_id).subject)
    assert payment is not None
    sync(payment.id)
    keeping.drain()
    with pytest.raises(Unavailable):
        sending.work()
    with pytest.raises(Unavailable):
        following.follow_once()
    db.session.rollback()
    order = get(Order, order_id)
    given.signed_in(client, buyer_id)
    page = read(client.get(f"/orders/{order.code}"))
    assert (order.state, "いま、あなたの権利を発行しています" in page.words) == (OrderState.PAID, True)

    door.open()
    settle()
    assert get(Order, order_id).state == OrderState.ISSUED
    tokens = list(db.session.scalars(sa.select(Token)))
    assert [(token.state, token.holder_id) for token in tokens] == [(TokenState.HELD, buyer_id)]
