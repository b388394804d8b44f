from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.journal import models as journal
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.refusals import Invalid
from marketplace.listings import scheduling
from marketplace.listings.models import Listing, ListingState
from marketplace.lotteries import awarding, bundles, closing, draw
from marketplace.lotteries.beacon import QUICKNET
from marketplace.lotteries.drawing import draw_with_beacon, draw_with_dice
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.refusals import NotClosed, TooEarly, WrongSource
from marketplace.lotteries.states import EntryState, LotteryState
from marketplace.notices.models import Notice
from marketplace.orders.models import Order, Origin
from marketplace.outbox import keeping
from tests import given
from tests.ended import open_orders, paid, unpaid
from tests.lotteries.applied import DICE, WITNESSES, after_the_close, drawn, state, with_entries
from tests.racing import at_once


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def entries(lottery: Lottery) -> list[Entry]:
    """In the order of the draw."""
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Entry).where(Entry.lottery_id == lottery.id).order_by(Entry.rank)))


def states(lottery: Lottery) -> list[EntryState]:
    return [entry.state for entry in entries(lottery)]


def letters(template: str) -> list[str]:
    return sorted(db.session.scalars(sa.select(Notice.to_email).where(Notice.template == template)))


def emails(found: list[Entry]) -> list[str]:
    return sorted(get(Account, entry.account_id).email for entry in found)


class TestDraw:
    def test_the_register_is_what_the_published_bundle_gives(self) -> None:
        lottery, _received, _accounts = drawn(20, quantity=3)
        published = bundles.draw_of(lottery.code)
        assert published is not None
        assert draw.result(published) == published["result"]
        assert [entry.no for entry in entries(lottery)] == [
            *published["result"]["winners"],
            *published["result"]["waiting"],
        ]
        assert [entry.rank for entry in entries(lottery)] == list(range(1, 21))

    def test_winners_get_orders_and_the_others_their_place(self) -> None:
        lottery, _received, _accounts = drawn(5)
        found = entries(lottery)
        assert states(lottery) == [EntryState.PAY_DUE] * 2 + [EntryState.WAITING] * 3
        orders = open_orders(lottery.listing_id)
        assert {order.buyer_id for order in orders} == {entry.account_id for entry in found[:2]}
        assert {(order.yen, order.origin) for order in orders} == {(3000, Origin.LOTTERY)}
        assert letters("pay_link") == emails(found[:2])
        assert letters("entry_waiting") == emails(found[2:])
        won = sa.select(Notice.subject, Notice.body).where(Notice.template == "pay_link")
        title = get(Listing, lottery.listing_id).right.title
        for subject, letter in db.session.execute(won):  # a bill from nowhere, to who waits for a result
            assert subject == f"当選しました。お支払いのご案内（{title}）"
            assert letter.startswith(f"おめでとうございます。「{title}」に当選しました。\n\n")
        body = db.session.scalar(sa.select(Notice.body).where(Notice.key == f"entry_waiting:{found[2].no}"))
        assert body is not None
        assert "補欠 1番" in body

    def test_fewer_entries_than_units_all_win(self) -> None:
        lottery, _received, _accounts = drawn(1)
        assert states(lottery) == [EntryState.PAY_DUE]

    def test_nobody_entered_and_it_is_over(self) -> None:
        lottery, _received, _accounts = drawn(0)
        assert state(lottery) == (LotteryState.SETTLED, ListingState.COMPLETED)

    def test_more_winners_than_one_portion_are_all_awarded_once(self) -> None:
        lottery, _received, _accounts = drawn(125, quantity=120)
        awarding.award_winners(lottery.id)  # heard again
        assert states(lottery).count(EntryState.PAY_DUE) == 120
        assert len(open_orders(lottery.listing_id)) == 120
        assert len(letters("pay_link")) == 120

    def test_six_clicks_at_once_draw_once(self, app: Flask) -> None:
        lottery, _received, _accounts = with_entries(5)
        lottery_id, actor = lottery.id, given.staff("approver")
        with after_the_close(lottery):
            outcomes = at_once(app, 6, lambda n: draw_with_dice(lottery_id, str(n) * 20, WITNESSES, actor))
        assert sorted(map(str, map(type, outcomes))) == sorted([str(int)] + [str(NotClosed)] * 5)
        published = bundles.draw_of(lottery.code)
        assert published is not None
        assert draw.result(published) == published["result"]

    def test_not_before_the_close_and_not_before_its_time(self) -> None:
        lottery, _received, _accounts = with_entries(1)
        actor = given.staff("approver")
        with pytest.raises(NotClosed):
            draw_with_dice(lottery.id, DICE, WITNESSES, actor)
        closing.close(lottery.listing_id)
        with pytest.raises(TooEarly):
            draw_with_dice(lottery.id, DICE, WITNESSES, actor)

    @pytest.mark.parametrize(
        ("digits", "witnesses", "field"),
        [("123", WITNESSES, "digits"), (DICE, WITNESSES[:1], "witnesses"), (DICE, ["甲乙", "甲　乙"], "witnesses")],
    )
    def test_only_twenty_digits_before_two_witnesses(self, digits: str, witnesses: list[str], field: str) -> None:
        lottery, _received, _accounts = with_entries(1)
        with after_the_close(lottery), pytest.raises(Invalid) as refused:
            draw_with_dice(lottery.id, digits, witnesses, given.staff("approver"))
        assert refused.value.field == field

    def test_witnesses_are_kept_but_not_published(self) -> None:
        lottery, _received, _accounts = drawn(2)
        fixed = bundles.fixed_of(lottery)
        assert fixed is not None
        assert fixed.witnesses == WITNESSES
        assert "月山" not in str(bundles.draw_of(lottery.code))
        told = db.session.scalars(sa.select(journal.Entry.details)).all()
        assert "月山" not in str(told)


class TestBeacon:
    """The notice names drand quicknet: round 657413, whose signature is known."""

    SIGNATURE = "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b"

    @pytest.fixture
    def lottery(self) -> Lottery:
        lottery, _received, _accounts = with_entries(4, auction_rules={"draw": "drand"})
        assert (lottery.chain, lottery.round) == (QUICKNET.hash, QUICKNET.round_at(lottery.draw_at))
        with transaction():
            lock(Lottery, lottery.id).round = 657_413  # a round that is in the past whenever this runs
        return lottery

    def test_the_signature_of_the_round_draws(self, lottery: Lottery) -> None:
        actor = given.staff("approver")
        with after_the_close(lottery):
            assert draw_with_beacon(lottery.id, f" {self.SIGNATURE}\n", actor) == 2
        published = bundles.draw_of(lottery.code)
        assert published is not None
        assert published["beacon"] == {"round": 657_413, "signature": self.SIGNATURE}
        assert draw.result(published) == published["result"]

    @pytest.mark.parametrize("signature", ["", "xyz", "00" * 48, SIGNATURE[:-2] + "00"])
    def test_no_other_signature_does(self, lottery: Lottery, signature: str) -> None:
        with after_the_close(lottery), pytest.raises(Invalid):
            draw_with_beacon(lottery.id, signature, given.staff("approver"))
        assert state(lottery)[0] == LotteryState.CLOSED

    def test_dice_replace_it_only_after_a_day_of_silence(self, lottery: Lottery) -> None:
        actor = given.staff("approver")
        with after_the_close(lottery), pytest.raises(WrongSource):
            draw_with_dice(lottery.id, DICE, WITNESSES, actor)
        with pretending(lottery.draw_at + timedelta(hours=24)):
            draw_with_dice(lottery.id, DICE, WITNESSES, actor)
        published = bundles.draw_of(lottery.code)
        assert published is not None
        assert (published["commit"]["chain"], published["commit"]["round"]) == ("dice", 0)
        assert draw.result(published) == published["result"]

    def test_the_beacon_does_not_draw_where_the_notice_names_dice(self) -> None:
        lottery, _received, _accounts = with_entries(2)
        with after_the_close(lottery), pytest.raises(Invalid):
            draw_with_beacon(lottery.id, self.SIGNATURE, given.staff("approver"))


class TestPromotion:
    def test_who_does_not_pay_loses_it_to_the_first_who_waits(self) -> None:
        lottery, _received, _accounts = drawn(4)
        first = entries(lottery)[0].order_id
        assert first is not None
        unpaid(first)
        assert states(lottery) == [EntryState.FORFEITED, EntryState.PAY_DUE, EntryState.PAY_DUE, EntryState.WAITING]
        assert {order.buyer_id for order in open_orders(lottery.listing_id)} == {
            entry.account_id for entry in entries(lottery)[1:3]
        }
        assert letters("pay_link") == emails(entries(lottery)[:3])

    def test_heard_twice_one_is_promoted(self) -> None:
        lottery, _received, _accounts = drawn(5)
        first = entries(lottery)[0].order_id
        assert first is not None
        unpaid(first)
        awarding.forfeited(first)
        assert states(lottery).count(EntryState.PAY_DUE) == 2

    def test_it_goes_on_until_all_have_paid_or_nobody_waits(self) -> None:
        lottery, _received, _accounts = drawn(3)
        while orders := open_orders(lottery.listing_id):
            if state(lottery)[0] == LotteryState.DRAWN and len(orders) == 2:
                unpaid(orders[0].id)
            else:
                paid(orders[0].id)
        assert state(lottery) == (LotteryState.SETTLED, ListingState.COMPLETED)
        assert states(lottery) == [EntryState.FORFEITED, EntryState.FORFEITED, EntryState.PAID]

    def test_all_paid_it_is_over(self) -> None:
        lottery, _received, _accounts = drawn(5)
        for order in open_orders(lottery.listing_id):
            assert state(lottery) == (LotteryState.DRAWN, ListingState.CLOSED)
            paid(order.id)
        assert state(lottery) == (LotteryState.SETTLED, ListingState.COMPLETED)
        assert states(lottery) == [EntryState.PAID] * 2 + [EntryState.LOST] * 3

    def test_money_that_came_before_the_news_of_its_end_keeps_the_place(self) -> None:
        lottery, _received, _accounts = drawn(3)
        first = entries(lottery)[0].order_id
        assert first is not None
        paid(first)
        awarding.forfeited(first)  # the older news, heard late
        assert states(lottery) == [EntryState.PAID, EntryState.PAY_DUE, EntryState.WAITING]

    def test_late_money_keeps_the_place_while_a_unit_is_left(self) -> None:
        lottery, _received, _accounts = drawn(1)
        order_id = entries(lottery)[0].order_id
        assert order_id is not None
        unpaid(order_id)
        assert states(lottery) == [EntryState.FORFEITED]
        assert get(Order, order_id).state == "expired"
        paid(order_id)
        assert states(lottery) == [EntryState.PAID]


@pytest.mark.parametrize("after", ["open", "closed", "drawn"])
def test_a_cancelled_sale_is_not_drawn_and_everyone_is_told(after: str) -> None:
    lottery, _received, _accounts = with_entries(3)
    if after != "open":
        closing.close(lottery.listing_id)
    if after == "drawn":
        with pretending(lottery.draw_at):
            draw_with_dice(lottery.id, DICE, WITNESSES, given.staff("approver"))
    scheduling.cancel(lottery.listing_id, "staff:ACC-TEST", "会場が使えなくなったため")
    keeping.drain()
    assert state(lottery) == (LotteryState.CANCELLED, ListingState.CANCELLED)
    assert letters("lottery_cancelled") == emails(entries(lottery))


def test_letters_to_more_than_one_portion_reach_everybody_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marketplace.lotteries.handlers.PORTION", 3)
    lottery, _received, _accounts = drawn(10)
    assert letters("entry_waiting") == emails(entries(lottery)[2:])


def test_before_the_close_only_the_count_is_public() -> None:
    lottery, _received, _accounts = with_entries(3)
    published = bundles.draw_of(lottery.code)
    assert published is not None
    assert (published["n"], published["entries"], published["commit"], published["result"]) == (3, [], None, None)
    assert bundles.draw_of("LST-NONE") is None
