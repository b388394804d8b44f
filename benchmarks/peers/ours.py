"""Ours as far as a shop goes whose checkout asks nothing to be paid: until the order stands and is shown."""

from contextlib import ExitStack

import sqlalchemy as sa

from benchmarks.browser import Browser
from benchmarks.ordering import WARMING, hearing, selling, together
from benchmarks.places import let_go
from benchmarks.serving import served
from marketplace.kit.db import db
from marketplace.orders.models import Order, OrderState
from tests import given

MORE = 5
"""Times as many orders as theirs: a round of ours would be over in a moment."""


def costs_placed(rounds: int, theirs: int) -> list[float]:
    """CPU-milliseconds of the town's web and worker for one order of somebody who is signed in, for each round."""
    orders = theirs * MORE
    count, costs = (WARMING + rounds) * orders, []
    with selling("postgresql", count) as (here, code, _stripe), ExitStack() as stack:
        cookies = [given.a_cookie(here.app, given.an_account()) for _ in range(count)]
        let_go()
        town = [stack.enter_context(served("wsgi:app", here.env, "healthz")), stack.enter_context(hearing(here))]
        port = town[0].port
        for number in range(WARMING + rounds):
            before = sum(each.processor_seconds() for each in town)
            together(lambda cookie: place(port, code, cookie), cookies[number * orders : (number + 1) * orders])
            costs.append(1000 * (sum(each.processor_seconds() for each in town) - before) / orders)
        states = list(db.session.scalars(sa.select(Order.state)))
        assert states == [OrderState.AWAITING_PAYMENT] * count, states
        let_go()
    return costs[WARMING:]


def place(port: int, code: str, cookie: str) -> None:
    """From the page of the right to that of the order, which has its unit and its sum and waits to be paid."""
    browser = Browser(port, hiroba=cookie)
    page = browser.get(f"/listings/{code}")
    shown = browser.follow(browser.post(f"/listings/{code}/order", csrf_token=page.field("csrf_token")))
    assert shown.status == 200, shown
    browser.close()
