"""A town that was away gives its winners back what they lost of their time to pay, once for each time away."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace import worker
from marketplace.kit import clock, sheets
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get, transaction
from marketplace.listings import scheduling
from marketplace.lotteries.models import Wave
from marketplace.lotteries.promoting import promote
from marketplace.notices.models import Notice
from marketplace.operating.coming_back import AWAY, come_back
from marketplace.operating.watching import write
from marketplace.orders import expiring
from marketplace.orders.models import Order, OrderState, Origin
from marketplace.orders.placing import award, place
from marketplace.outbox import keeping
from tests import given
from tests.ended import open_orders
from tests.lotteries.applied import drawn, with_entries
from tests.racing import at_once

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def began(app: Flask) -> datetime:
    """The moment of the last round before the town was away."""
    write([])
    return clock.now()


def winner(pay_by: datetime, mode: str = "lottery", origin: Origin = Origin.LOTTERY) -> int:
    listing_id, account_id = given.a_listing(mode), given.an_account()
    with transaction():
        return award(account_id, listing_id, 3_000, pay_by, origin)


def order(order_id: int) -> Order:
    db.session.rollback()
    return get(Order, order_id)


def told() -> list[str]:
    found = list(db.session.scalars(sa.select(Notice.body).where(Notice.key.startswith("more-time-"))))
    db.session.rollback()
    return found


def back_at(moment: datetime) -> int:
    """The worker begins at `moment`: how many deadlines it moved, before its clock looks for what is over."""
    with pretending(moment):
        moved = come_back()
        expiring.expire_unpaid()
    return moved


@pytest.mark.parametrize(("mode", "origin"), [("lottery", Origin.LOTTERY), ("ascending", Origin.AUCTION)])
def test_who_won_does_not_lose_by_the_towns_machine_what_nobody_could_pay(
    began: datetime, mode: str, origin: Origin
) -> None:
    order_id = winner(began + 3 * DAY, mode, origin)
    assert back_at(began + 4 * DAY) == 1
    assert order(order_id).state == OrderState.AWAITING_PAYMENT
    left = order(order_id).pay_by - (began + 4 * DAY)
    assert 3 * DAY - MINUTE < left <= 3 * DAY
    assert len(told()) == 1
    assert "止まっていました" in told()[0]
    with pretending(order(order_id).pay_by + MINUTE):
        expiring.expire_unpaid()
    assert order(order_id).state == OrderState.EXPIRED


def test_whose_time_is_long_has_it_moved_and_no_letter(began: datetime) -> None:
    order_id = winner(began + 10 * DAY)
    assert back_at(began + 5 * HOUR) == 1
    assert order(order_id).pay_by > began + 10 * DAY + 4 * HOUR
    assert told() == []


def test_a_time_away_is_given_back_once_however_often_and_by_however_many_it_is_tried(
    app: Flask, began: datetime
) -> None:
    order_id = winner(began + 3 * DAY)
    with pretending(began + 4 * DAY):
        assert sorted(at_once(app, 4, lambda _: come_back())) == [0, 0, 0, 1]
        moved_to = order(order_id).pay_by
        assert come_back() == 0  # killed before its first round, and begun again
        write([])
    assert back_at(began + 4 * DAY + HOUR) == 1  # another time away is another one
    assert HOUR - MINUTE < order(order_id).pay_by - moved_to <= HOUR + MINUTE
    assert len(told()) == 1


def test_an_upgrade_moves_nothing_and_neither_does_a_first_beginning(app: Flask) -> None:
    order_id = winner(clock.now() + 3 * DAY)
    pay_by = order(order_id).pay_by
    assert come_back() == 0
    write([])
    assert back_at(clock.now() + AWAY - MINUTE) == 0
    assert order(order_id).pay_by == pay_by


def test_what_was_over_before_stays_over_and_a_hold_of_a_fixed_sale_ends(began: datetime) -> None:
    late = winner(began - MINUTE)
    held = place(given.an_account(), given.a_listing())
    assert back_at(began + DAY) == 0
    assert {order(late).state, order(held).state} == {OrderState.EXPIRED}
    assert told() == []


def test_nobody_is_asked_to_pay_for_a_sale_that_was_cancelled_before_its_orders_heard_of_it(began: datetime) -> None:
    order_id = winner(began + 3 * DAY)
    scheduling.cancel(order(order_id).listing_id, "system", "雪のため")
    assert back_at(began + 2 * DAY) == 0
    assert told() == []


def test_who_waits_is_promoted_for_as_long_as_the_notice_said_though_nobody_could_be(app: Flask) -> None:
    lottery, _received, _accounts = drawn(5, pay_hours=48, auction_rules={"promote_days": 3})
    drawn_at, until = lottery.draw_at, lottery.promote_until
    with pretending(drawn_at + HOUR):
        write([])
    assert back_at(drawn_at + 10 * DAY) == 2
    db.session.refresh(lottery)
    assert abs(lottery.promote_until - (until + 10 * DAY - HOUR)) < MINUTE
    with pretending(max(order.pay_by for order in open_orders(lottery.listing_id)) + MINUTE):
        expiring.expire_unpaid()
        keeping.drain()
        promote(lottery.id)
    promoted = sa.select(Wave.number, Wave.persons).where(Wave.lottery_id == lottery.id)
    assert sorted(tuple(row) for row in db.session.execute(promoted)) == [(0, 2), (1, 2)]


def test_the_promoting_of_a_lottery_that_was_not_drawn_yet_is_not_longer_than_the_notice_said(began: datetime) -> None:
    lottery, _received, _accounts = with_entries(1)
    until = lottery.promote_until
    assert back_at(lottery.draw_at - HOUR) == 0
    db.session.refresh(lottery)
    assert lottery.promote_until == until


def test_a_worker_that_is_killed_before_its_first_round_gives_the_rest_back_when_it_begins_again(
    began: datetime,
) -> None:
    order_id = winner(began + 3 * DAY)
    assert back_at(began + 2 * DAY) == 1
    assert back_at(began + 9 * DAY) == 1
    assert order(order_id).state == OrderState.AWAITING_PAYMENT
    assert 3 * DAY - MINUTE < order(order_id).pay_by - (began + 9 * DAY) <= 3 * DAY


def test_a_round_after_a_time_away_gives_it_back_where_no_worker_was_begun_anew(began: datetime) -> None:
    order_id = winner(began + 3 * DAY)
    with pretending(began + 4 * DAY):
        write([])
        assert come_back() == 0
        expiring.expire_unpaid()
    assert order(order_id).pay_by > began + 6 * DAY


class Slept(threading.Event):
    """The second turn of a worker's clock is on another day than the first one, and there is no third."""

    def __init__(self, wakes_at: datetime, until: ExitStack) -> None:
        super().__init__()
        self.wakes_at, self.until, self.turns = wakes_at, until, 0

    def wait(self, timeout: float | None = None) -> bool:
        self.turns += 1
        if self.turns == 2:
            self.until.enter_context(pretending(self.wakes_at))
        return self.turns > 2


@pytest.mark.parametrize("clock", [worker.tick, *(partial(worker.ask, whom) for whom in sheets.OUTSIDE)])
def test_a_worker_whose_machine_slept_gives_it_back_before_its_clock_goes_on(
    app: Flask, began: datetime, clock: Callable[[Flask, threading.Event], None]
) -> None:
    order_id = winner(began + 3 * DAY)
    with ExitStack() as until:
        clock(app, Slept(began + 4 * DAY, until))
    assert order(order_id).pay_by > began + 6 * DAY


def test_a_clock_that_was_ahead_and_was_put_back_takes_no_later_time_away_from_anybody(began: datetime) -> None:
    order_id = winner(began + 3 * DAY)
    assert back_at(began + 30 * DAY) == 1
    moved_to = order(order_id).pay_by
    write([])
    assert back_at(began + DAY) == 1
    assert DAY - MINUTE < order(order_id).pay_by - moved_to <= DAY + MINUTE


class ClockBegins(Exception):
    """Where the worker goes on to its queue and its clock."""


def test_the_worker_gives_it_back_before_its_queue_and_its_clock_begin(
    app: Flask, began: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = winner(began + 3 * DAY)

    def begin(_: Flask) -> None:
        raise ClockBegins

    monkeypatch.setattr(worker, "create_app", lambda _: app)
    monkeypatch.setattr(worker, "hang_bell", begin)
    with pretending(began + 4 * DAY), pytest.raises(ClockBegins):
        worker.run()
    assert order(order_id).pay_by > began + 6 * DAY
