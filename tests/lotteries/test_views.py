from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.session import open_sign_in
from marketplace.kit import shown
from marketplace.kit.clock import jst, now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.listings import scheduling
from marketplace.listings.models import Listing
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.rules import PLEDGE
from marketplace.lotteries.states import EntryState
from marketplace.lotteries.views import panel
from marketplace.notices.models import Notice
from marketplace.orders.models import Order
from marketplace.outbox import keeping
from tests import given
from tests.lotteries.applied import a_lottery, drawn, with_entries
from tests.pages import read


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.fixture
def lottery() -> Lottery:
    return a_lottery()


@pytest.fixture
def visitor(client: FlaskClient) -> FlaskClient:
    return given.signed_in(client, given.an_account())


AGREED = {"agreed": "y", "pledge": PLEDGE}


def words(html: str) -> str:
    """The text of a page, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def entry() -> Entry:
    return db.session.scalars(sa.select(Entry)).one()


def test_a_visitor_is_asked_to_sign_in_and_comes_back(client: FlaskClient, lottery: Lottery) -> None:
    response = client.get(f"/listings/{lottery.code}/enter")
    assert (response.status_code, response.location) == (303, f"/signin?next=/listings/{lottery.code}/enter")


def test_a_lottery_that_closes_at_midnight_closes_everywhere_with_the_day_before(visitor: FlaskClient) -> None:
    """On cards, pages and in the letter; '12日 午前0時 まで' brought people on the 12th."""
    midnight = jst(now()).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=9)
    lottery = a_lottery(closes_at=midnight, draw_at=midnight + timedelta(days=1, hours=10))
    end, sale = shown.until(midnight), f"/listings/{lottery.code}"
    assert end.endswith("24時00分")
    pages = ["/listings?kind=resident", sale, f"{sale}/enter", f"{sale}/law"]
    answers = [visitor.get(page).text for page in pages]
    visitor.post(f"{sale}/enter", data=AGREED)
    keeping.drain()
    answers.append(visitor.get(f"{sale}/entry").text)
    answers.append(db.session.scalars(sa.select(Notice.body).order_by(Notice.id.desc())).first() or "")
    assert [end in answer for answer in answers] == [True] * 6
    assert [shown.when(midnight) in answer for answer in answers] == [False] * 6


def test_entering_shows_the_secret_once_and_the_receipt_for_ever(visitor: FlaskClient, lottery: Lottery) -> None:
    assert "お支払いの期限" in visitor.get(f"/listings/{lottery.code}/enter").text
    response = visitor.post(f"/listings/{lottery.code}/enter", data=AGREED)
    assert (response.status_code, response.location) == (303, f"/listings/{lottery.code}/entry")
    first, second = (visitor.get(response.location).text for _ in range(2))
    assert ("ひみつの番号" in first, "ひみつの番号" in second) == (True, False)
    assert entry().no in first
    assert entry().no in second


def test_a_receipt_is_found_by_its_number_by_its_owner_only(app: Flask, visitor: FlaskClient, lottery: Lottery) -> None:
    visitor.post(f"/listings/{lottery.code}/enter", data=AGREED)
    found = visitor.get(f"/entries/{entry().no}")
    assert (found.status_code, found.location) == (303, f"/listings/{lottery.code}/entry?no={entry().no}")
    other = given.signed_in(app.test_client(), given.an_account())
    assert other.get(f"/entries/{entry().no}").status_code == 404


def test_without_the_tick_nothing_is_entered(visitor: FlaskClient, lottery: Lottery) -> None:
    response = visitor.post(f"/listings/{lottery.code}/enter")
    assert response.status_code == 422
    assert "誓約の内容をお読みのうえ、チェックを入れてください。" in response.text
    assert db.session.scalar(sa.select(Entry)) is None


def test_a_second_click_leads_to_the_same_receipt(visitor: FlaskClient, lottery: Lottery) -> None:
    locations = {visitor.post(f"/listings/{lottery.code}/enter", data=AGREED).location for _ in range(2)}
    assert locations == {f"/listings/{lottery.code}/entry"}
    assert entry().state == EntryState.APPLIED
    again = visitor.get(f"/listings/{lottery.code}/enter")
    assert (again.status_code, again.location) == (303, f"/listings/{lottery.code}/entry")


def test_after_the_close_nobody_enters(visitor: FlaskClient, lottery: Lottery) -> None:
    with pretending(lottery.closes_at):
        page = visitor.get(f"/listings/{lottery.code}/enter")
        response = visitor.post(f"/listings/{lottery.code}/enter", data=AGREED)
    assert 'name="agreed"' not in page.text
    assert response.status_code == 409
    assert "いまは申し込みを受け付けていません。" in response.text


def test_withdrawing(visitor: FlaskClient, lottery: Lottery) -> None:
    visitor.post(f"/listings/{lottery.code}/enter", data=AGREED)
    assert "取り下げる" in visitor.get(f"/listings/{lottery.code}/entry").text
    response = visitor.post(f"/listings/{lottery.code}/withdraw")
    assert (response.status_code, response.location) == (303, f"/listings/{lottery.code}")
    assert entry().state == EntryState.WITHDRAWN
    assert visitor.get(f"/listings/{lottery.code}/entry").location == f"/listings/{lottery.code}/enter"


def test_the_receipt_becomes_the_result(app: Flask) -> None:
    lottery, _received, _accounts = drawn(4)
    found = list(db.session.scalars(sa.select(Entry).order_by(Entry.rank)))
    told = []
    for own in found:
        assert own.account_id is not None
        page = given.signed_in(app.test_client(), own.account_id).get(f"/listings/{lottery.code}/entry").text
        assert own.ticket is not None
        assert own.ticket in page
        told.append(
            re.findall(r"当選しました。|補欠 [0-9,]+番です。|前に(?:[0-9,]+人|待っている方はいません)", words(page))
        )
        order = db.session.scalar(sa.select(Order.code).where(Order.id == own.order_id))
        assert (f"/orders/{order}/confirm" in page) == (order is not None)
    assert told == [["当選しました。"]] * 2 + [
        ["補欠 1番です。", "前に待っている方はいません"],
        ["補欠 2番です。", "前に1人"],
    ]


def test_the_panel_leads_where_there_is_something_to_do(app: Flask) -> None:
    lottery, _received, (account,) = with_entries(1)
    listing = get(Listing, lottery.listing_id)

    def shown(account_id: int | None) -> str:
        from flask import session  # noqa: PLC0415 - the request's own

        with app.test_request_context():
            if account_id:
                session.update(open_sign_in(account_id))
            return str(panel(listing))

    assert f'href="/listings/{lottery.code}/enter"' in shown(None)
    assert "いまの応募 1 件" in words(shown(None))
    assert f'href="/listings/{lottery.code}/entry"' in shown(account)
    with pretending(lottery.closes_at):
        assert "受付は終わりました。" in shown(None)


def test_the_winner_reads_how_much_is_to_be_paid_and_by_when(app: Flask) -> None:
    lottery, _received, _accounts = drawn(1)
    won = entry()
    order = get(Order, won.order_id)
    account_id, asked = order.buyer_id, f"{order.yen:,}円を、{shown.when(order.pay_by)} までにお支払いください。"
    page = given.signed_in(app.test_client(), account_id).get(f"/listings/{lottery.code}/entry")
    assert asked in read(page).words


def test_who_is_not_on_the_waiting_list_reads_no_place_on_it(app: Flask) -> None:
    lottery, _received, _accounts = drawn(4, auction_rules={"waiting": 1})
    last = db.session.scalars(sa.select(Entry).order_by(Entry.rank.desc())).first()
    assert last is not None
    page = given.signed_in(app.test_client(), last.account_id or 0).get(f"/listings/{lottery.code}/entry").text
    assert "落選でした。" in words(page)


@pytest.mark.parametrize("is_drawn", [False, True])
def test_the_receipt_of_a_cancelled_lottery_promises_nothing_more(app: Flask, is_drawn: bool) -> None:
    lottery, _received, accounts = (drawn if is_drawn else with_entries)(3)
    with transaction():
        scheduling.cancel(lottery.listing_id, "staff:ACC-1", "大雪のため")
    keeping.drain()
    for account in accounts:
        page = words(given.signed_in(app.test_client(), account).get(f"/listings/{lottery.code}/entry").text)
        assert "この抽選は中止になりました。" in page
        for promise in ("抽選は", "結果はメールで", "おめでとう", "お支払いに進む", "繰り上が", "補欠"):
            assert promise not in page.replace("この抽選は中止", ""), promise
