"""繰上当選: waves of promotions with one deadline each, until the day that the notice names; nobody chooses."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.journal import models as journal
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, transaction
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.listings.models import UnitState
from marketplace.lotteries.drawing import draw_with_dice
from marketplace.lotteries.groups import quota
from marketplace.lotteries.models import Entry, Lottery, Wave
from marketplace.lotteries.promoting import promote
from marketplace.lotteries.states import EntryState, LotteryState
from marketplace.notices.models import Notice
from marketplace.orders.models import Order, OrderState
from marketplace.outbox import keeping
from tests import given
from tests.ended import open_orders, paid, unpaid
from tests.lotteries.applied import DICE, WITNESSES, after_the_close, drawn, with_entries
from tests.racing import at_once

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def entries(lottery: Lottery) -> list[Entry]:
    db.session.rollback()
    db.session.expire_all()
    query = sa.select(Entry).where(Entry.lottery_id == lottery.id)
    return list(db.session.scalars(query.order_by(Entry.group.desc(), Entry.rank)))


def states(lottery: Lottery) -> list[str]:
    return [str(entry.state) for entry in entries(lottery)]


def waves(lottery: Lottery) -> list[tuple[int, int]]:
    rows = sa.select(Wave.number, Wave.persons).where(Wave.lottery_id == lottery.id).order_by(Wave.number)
    return [(number, persons) for number, persons in db.session.execute(rows)]


def letters(template: str) -> int:
    return db.session.scalar(sa.select(sa.func.count()).where(Notice.template == template)) or 0


def deadlines_pass(lottery: Lottery) -> None:
    """The time of every open order is over; the worker's clock turns, and everybody has heard."""
    db.session.rollback()
    last = max(order.pay_by for order in open_orders(lottery.listing_id))
    with pretending(last + timedelta(seconds=10)):
        turn()


def turn() -> None:
    run_one(SHEETS["orders.expire_unpaid"])
    keeping.drain()
    run_one(SHEETS["lotteries.promote_due"])
    keeping.drain()


def test_the_winners_have_one_deadline_and_so_has_each_wave() -> None:
    lottery, _received, _accounts = drawn(9, quantity=3)
    first = {order.pay_by for order in open_orders(lottery.listing_id)}
    assert len(first) == 1
    deadlines_pass(lottery)
    assert states(lottery) == ["forfeited"] * 3 + ["pay_due"] * 3 + ["waiting"] * 3
    second = {order.pay_by for order in open_orders(lottery.listing_id)}
    assert (len(second), second > first) == (1, False)
    assert min(second) > max(first)
    assert waves(lottery) == [(0, 3), (1, 3)]
    assert [entry.wave for entry in entries(lottery)] == [0, 0, 0, 1, 1, 1, None, None, None]


def test_a_wave_waits_until_every_deadline_of_its_hour_has_ended() -> None:
    """One of three has ended, two are overdue and not ended yet: their places come together."""
    lottery, _received, _accounts = drawn(9, quantity=3)
    orders = open_orders(lottery.listing_id)
    with pretending(orders[0].pay_by + timedelta(seconds=10)):
        unpaid(orders[0].id)
        assert states(lottery).count("pay_due") == 2
        turn()
    assert waves(lottery) == [(0, 3), (1, 3)]


def test_a_place_that_is_given_up_early_goes_on_at_once() -> None:
    lottery, _received, _accounts = drawn(4)
    unpaid(open_orders(lottery.listing_id)[0].id)
    assert states(lottery).count("pay_due") == 2
    assert waves(lottery) == [(0, 2), (1, 1)]


def test_waves_follow_each_other_until_the_end_date_and_then_those_who_waited_are_told() -> None:
    lottery, _received, _accounts = drawn(9, pay_hours=48, auction_rules={"promote_days": 3})
    assert lottery.promote_until == lottery.draw_at + 3 * DAY
    assert letters("entry_waiting") == 7
    deadlines_pass(lottery)  # 2 days after the draw: wave 1
    deadlines_pass(lottery)  # 4 days: nobody is promoted any more
    assert waves(lottery) == [(0, 2), (1, 2)]
    assert states(lottery) == ["forfeited"] * 4 + ["lost"] * 5
    db.session.refresh(lottery)
    assert lottery.state == LotteryState.SETTLED
    assert letters("entry_ended") == 5


def test_whoever_still_has_time_on_the_end_date_keeps_it() -> None:
    lottery, _received, _accounts = drawn(5, pay_hours=48, auction_rules={"promote_days": 1})
    with pretending(lottery.promote_until + HOUR):
        turn()
    assert states(lottery) == ["pay_due"] * 2 + ["waiting"] * 3
    for order in open_orders(lottery.listing_id):
        paid(order.id)
    assert states(lottery) == ["paid"] * 2 + ["lost"] * 3


def test_it_is_automatic_and_in_the_journal() -> None:
    lottery, _received, _accounts = drawn(4)
    deadlines_pass(lottery)
    found = entries(lottery)
    rows = db.session.scalars(sa.select(journal.Entry).where(journal.Entry.event.in_(("wave", "promote")))).all()
    told = [(row.subject, row.by, row.details.get("persons"), row.details.get("rank")) for row in rows]
    assert told == [
        (lottery.subject, "system", 2, None),
        (found[2].subject, "system", None, 3),
        (found[3].subject, "system", None, 4),
    ]


def test_two_workers_promote_one_wave(app: Flask) -> None:
    lottery, _received, _accounts = drawn(9, quantity=3)
    lottery_id = lottery.id
    orders = open_orders(lottery.listing_id)
    with transaction():  # ended, and nobody has heard yet
        for order in orders:
            order.state, order.unit.state = OrderState.EXPIRED, UnitState.FREE
        db.session.execute(
            sa.update(Entry).where(Entry.lottery_id == lottery_id, Entry.rank <= 3).values(state=EntryState.FORFEITED)
        )
    outcomes = at_once(app, 4, lambda n: promote(lottery_id))
    assert sorted(outcomes) == [0, 0, 0, 3]
    assert waves(lottery) == [(0, 3), (1, 3)]


def test_an_award_that_comes_late_has_its_own_deadline() -> None:
    """The worker slept for a night after the draw: no winner loses time by it."""
    lottery, _received, _accounts = with_entries(3, pay_hours=24)
    with after_the_close(lottery):
        draw_with_dice(lottery.id, DICE, WITNESSES, given.staff("approver"))
    with pretending(lottery.draw_at + 9 * HOUR):
        keeping.drain()
        deadlines = {order.pay_by - now() for order in open_orders(lottery.listing_id)}
    assert all(timedelta(hours=23) < left <= timedelta(hours=24) for left in deadlines)


class TestWaitingList:
    def test_a_notice_may_limit_it_and_the_rest_have_lost_at_once(self) -> None:
        lottery, _received, _accounts = drawn(9, auction_rules={"waiting": 3})
        assert states(lottery) == ["pay_due"] * 2 + ["waiting"] * 3 + ["lost"] * 4
        assert [letters(name) for name in ("pay_link", "entry_waiting", "entry_lost")] == [2, 3, 4]

    def test_nobody_beyond_it_is_promoted_and_only_those_who_waited_get_a_second_letter(self) -> None:
        lottery, _received, _accounts = drawn(6, auction_rules={"waiting": 1})
        deadlines_pass(lottery)
        deadlines_pass(lottery)
        assert states(lottery) == ["forfeited"] * 3 + ["lost"] * 3
        assert letters("entry_ended") == 0
        other, _received, _accounts = drawn(6, auction_rules={"waiting": 1})
        for order in open_orders(other.listing_id):
            paid(order.id)
        assert letters("entry_ended") == 1


def test_winners_waiting_and_losers_are_told_in_the_same_minute() -> None:
    """All letters are promised by the worker's first turn after the draw."""
    lottery, _received, _accounts = drawn(40, quantity=12, auction_rules={"waiting": 10})
    rows = sa.select(Notice.template, Notice.promised_at).where(Notice.template != "entry_received")
    told = [(template, at) for template, at in db.session.execute(rows)]
    assert len(told) == 40
    assert {at - lottery.draw_at < timedelta(minutes=1) for _template, at in told} == {True}


class TestGroups:
    """6 of 10 units are for townspeople."""

    RULES = {"groups": quota(6, 10)}  # noqa: RUF012 - read only

    def of(self, lottery: Lottery, group: str) -> list[str]:
        return [str(entry.state) for entry in entries(lottery) if entry.group == group]

    def test_each_group_is_drawn_for_its_own_units(self) -> None:
        lottery, _received, _accounts = drawn(20, quantity=10, auction_rules=self.RULES, groups=["town", "others"])
        assert self.of(lottery, "town") == ["pay_due"] * 6 + ["waiting"] * 4
        assert self.of(lottery, "others") == ["pay_due"] * 4 + ["waiting"] * 6
        assert len(open_orders(lottery.listing_id)) == 10

    def test_a_place_goes_to_its_own_group_first_and_to_the_others_when_nobody_of_it_waits(self) -> None:
        lottery, _received, _accounts = drawn(
            12, quantity=10, auction_rules=self.RULES, groups=["town"] * 7 + ["others"] * 5
        )
        assert self.of(lottery, "town") == ["pay_due"] * 6 + ["waiting"]
        assert self.of(lottery, "others") == ["pay_due"] * 4 + ["waiting"]
        town = [order.id for order in open_orders(lottery.listing_id) if self.group_of(order) == "town"]
        unpaid(town[0])
        assert self.of(lottery, "town") == ["forfeited"] + ["pay_due"] * 6
        unpaid(town[1])
        assert self.of(lottery, "others") == ["pay_due"] * 5

    def group_of(self, order: Order) -> str:
        return db.session.scalars(sa.select(Entry.group).where(Entry.order_id == order.id)).one()

    def test_a_group_without_applicants_leaves_its_units_to_the_others(self) -> None:
        lottery, _received, _accounts = drawn(12, quantity=10, auction_rules=self.RULES, groups=["others"])
        assert self.of(lottery, "others") == ["pay_due"] * 10 + ["waiting"] * 2


def test_nothing_happens_after_it_was_cancelled() -> None:
    lottery, _received, _accounts = drawn(4)
    with transaction():
        db.session.execute(sa.update(Lottery).values(state=LotteryState.CANCELLED))
    assert promote(lottery.id) == 0
