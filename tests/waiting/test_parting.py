"""Nobody waits for a letter that never comes: whoever stands in the line when the sale is over hears so, once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Account
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.listings import scheduling
from marketplace.listings.suspending import suspend
from marketplace.notices.models import Notice
from marketplace.orders.models import Order
from marketplace.orders.paying import checkout
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.payments import asking
from marketplace.payments.syncing import sync
from marketplace.settings import Settings
from marketplace.waiting import parting
from marketplace.waiting.joining import leave
from marketplace.waiting.models import Room
from tests import given
from tests.local_stripe import LocalStripe
from tests.payments.till import pay_through
from tests.waiting.stage import a_room, in_order, open_it, turn
from tests.waiting.test_calling import SOON


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings)


def letters() -> dict[str, str]:
    """{to whom: the first line}."""
    found = db.session.execute(sa.select(Notice.to_email, Notice.body).where(Notice.template == "waiting_over"))
    return {to: body.partition("\n")[0] for to, body in found}


def apologies() -> set[str]:
    bodies = db.session.scalars(sa.select(Notice.body).where(Notice.template == "waiting_over"))
    return {line for body in bodies for line in body.splitlines() if line.endswith("申し訳ありません。")}


def emails(*accounts: int) -> set[str]:
    return {get(Account, account_id).email for account_id in accounts}


def title(room: Room) -> str:
    return f"「{room.listing.right.title}」"


def test_who_is_still_in_the_line_when_all_is_sold_hears_so(
    app: Flask, client: FlaskClient, stripe: LocalStripe
) -> None:
    room, _ = a_room(5, quantity=1)
    open_it(room)
    with pretending(now() + SOON):
        turn()
        first, left, *others = in_order(room)
        leave(room.id, left)
        order = place(first, room.listing_id)
        assert pay_through(stripe, checkout(order), "pm_card_visa") == 303
        payment = asking.open_payment(get(Order, order).subject)
        assert payment is not None
        sync(payment.id)
        keeping.drain()
        page = given.signed_in(client, others[0]).get(f"/listings/{room.code}/waiting").text
    assert letters() == dict.fromkeys(emails(*others), f"{title(room)}は、売り切れました。")
    assert ("売り切れました。" in page, "受付は終わりました。" in page) == (True, False)
    assert get(Order, order).buyer_id == first


@pytest.mark.parametrize("state", ["published", "open"])
def test_who_waits_for_a_sale_that_is_cancelled_hears_why(app: Flask, client: FlaskClient, state: str) -> None:
    room, accounts = a_room(3, quantity=1, state=state)
    scheduling.cancel(room.listing_id, "staff:ACC-TEST", "雪で温泉が閉まりました。")
    keeping.drain()
    assert letters() == dict.fromkeys(emails(*accounts), f"{title(room)}の販売は、次の理由で中止になりました。")
    page = given.signed_in(client, accounts[0]).get(f"/listings/{room.code}/waiting").text
    assert ("この販売は中止になりました" in page, "雪で温泉が閉まりました。" in page) == (True, True)


def test_whose_turn_was_cut_off_by_the_last_hour_hears_so_and_whose_turn_had_passed_does_not(app: Flask) -> None:
    room, _ = a_room(2, quantity=1)
    open_it(room)
    with pretending(now() + SOON):
        turn()
        _, called = in_order(room)
    with pretending(now() + SOON * 40):
        turn()
        scheduling.close_sale(room.listing_id)
        keeping.drain()
    assert letters() == dict.fromkeys(emails(called), f"{title(room)}の受付は終わりました。")
    assert apologies() == {"あなたの順番でしたが、お申し込みの前に終わりました。申し訳ありません。"}


def test_whose_turn_it_was_when_the_sale_was_stopped_hears_that_it_is_cancelled(app: Flask) -> None:
    """The page said that their turn is kept."""
    room, _ = a_room(2, quantity=1)
    open_it(room)
    with pretending(now() + SOON):
        turn()
        suspend(room.listing_id, given.staff("approver"), "決済の点検のため")
    with pretending(now() + SOON * 40):
        scheduling.cancel(room.listing_id, "staff:ACC-TEST", "雪で温泉が閉まりました。")
        keeping.drain()
    assert letters() == dict.fromkeys(emails(*in_order(room)), f"{title(room)}の販売は、次の理由で中止になりました。")


def test_whose_turn_never_came_is_told_so(app: Flask) -> None:
    room, _ = a_room(2, quantity=1)
    scheduling.cancel(room.listing_id, "staff:ACC-TEST", "雪で温泉が閉まりました。")
    keeping.drain()
    sorry = "待合室でお待ちいただきましたが、あなたの順番までご案内できませんでした。申し訳ありません。"
    assert apologies() == {sorry}


def test_the_letters_are_written_in_portions_and_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parting, "PORTION", 2)
    room, accounts = a_room(5, quantity=1)
    scheduling.cancel(room.listing_id, "staff:ACC-TEST", "雪で温泉が閉まりました。")
    keeping.drain()
    parting.tell(room.id, parting.End.CANCELLED)
    keeping.drain()
    assert set(letters()) == emails(*accounts)
    assert len(letters()) == db.session.scalar(sa.select(sa.func.count()).where(Notice.template == "waiting_over"))
