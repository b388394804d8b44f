from __future__ import annotations

import json
import re
from typing import ClassVar

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing
from marketplace.lotteries import bundles, draw
from marketplace.lotteries.models import Entry, EntryState, Lottery, LotteryState
from marketplace.lotteries.rules import PLEDGE
from marketplace.lotteries.views import panel
from marketplace.orders.models import Order
from tests import given
from tests.lotteries.applied import a_lottery, after_the_close, drawn, with_entries


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
        told.append(re.findall(r"当選しました。|補欠 [0-9,]+番です。|前に[0-9,]+人", words(page)))
        order = db.session.scalar(sa.select(Order.code).where(Order.id == own.order_id))
        assert (f"/orders/{order}/confirm" in page) == (order is not None)
    assert told == [["当選しました。"]] * 2 + [["補欠 1番です。", "前に0人"], ["補欠 2番です。", "前に1人"]]


def test_the_bundle_is_published_from_the_close_on_and_recomputes_after_the_draw(client: FlaskClient) -> None:
    lottery, received, _accounts = with_entries(3)
    url = f"/listings/{lottery.code}/draw.json"
    assert client.get(url).status_code == 404
    with after_the_close(lottery):
        before = json.loads(client.get(url).text)
    assert (before["randomness"], len(before["entries"])) == (None, 3)
    proof = json.loads(client.get(f"/listings/{lottery.code}/proof/{received[0].no}.json").text)
    assert proof["root"] == before["commit"]["root"]
    assert client.get(f"/listings/{lottery.code}/proof/NONE.json").status_code == 404


def test_the_record_of_the_draw_answers_for_any_number(client: FlaskClient) -> None:
    lottery, _received, _accounts = drawn(4)
    nos = list(db.session.scalars(sa.select(Entry.no).order_by(Entry.rank)))
    fixed = bundles.fixed_of(lottery)
    assert fixed is not None
    page = client.get(f"/listings/{lottery.code}/draw").text
    for value in (fixed.root, fixed.seed, fixed.cutoff, fixed.digits, fixed.rules):
        assert str(value) in page
    answers = {no: f"{no}: {word}" for no, word in zip(nos, ["当選", "当選", "補欠 1番", "補欠 2番"], strict=True)}
    for no, answer in answers.items():
        assert answer in words(client.get(f"/listings/{lottery.code}/draw", query_string={"no": no.lower()}).text)
    assert "という受付番号は" in client.get(f"/listings/{lottery.code}/draw?no=X").text
    bundle = json.loads(client.get(f"/listings/{lottery.code}/draw.json").text)
    assert draw.result(bundle) == bundles.result_of(fixed)


def test_the_panel_leads_where_there_is_something_to_do(app: Flask) -> None:
    lottery, _received, (account,) = with_entries(1)
    listing = get(Listing, lottery.listing_id)

    def shown(account_id: int | None) -> str:
        from flask import session  # noqa: PLC0415 - the request's own

        with app.test_request_context():
            if account_id:
                session["account_id"] = account_id
            return str(panel(listing))

    assert f'href="/listings/{lottery.code}/enter"' in shown(None)
    assert "いまの応募 1 件" in words(shown(None))
    assert f'href="/listings/{lottery.code}/entry"' in shown(account)
    with pretending(lottery.closes_at):
        assert "受付は終わりました。" in shown(None)


class TestDesk:
    FORM: ClassVar = {"digits": "04719 28364 01928 37465", "witnesses": "月山 一郎", "second": "最上 花子"}

    @pytest.fixture
    def staff(self, client: FlaskClient) -> FlaskClient:
        return given.signed_in(client, given.staff("approver"))

    def test_staff_draw_by_dice_once(self, staff: FlaskClient) -> None:
        lottery, _received, _accounts = with_entries(3)
        url = f"/staff/lotteries/{lottery.code}"
        assert 'name="digits"' not in staff.get(url).text
        with after_the_close(lottery):
            given.signed_in(staff, given.staff("approver"))  # a session of that day
            assert 'name="digits"' in staff.get(url).text
            wrong = staff.post(f"{url}/dice", data=self.FORM | {"digits": "12"})
            response = staff.post(f"{url}/dice", data=self.FORM)
            again = staff.post(f"{url}/dice", data=self.FORM)
            page = staff.get(url)
        assert (wrong.status_code, response.status_code, again.status_code) == (422, 303, 409)
        assert "さいころの目は、数字20けたで入力してください。" in wrong.text
        assert "12" in wrong.text
        assert "補欠 1名" in words(page.text)
        db.session.refresh(lottery)
        assert lottery.state == LotteryState.DRAWN

    def test_staff_draw_by_the_beacon_where_the_notice_says_so(self, staff: FlaskClient) -> None:
        lottery, _received, _accounts = with_entries(3, auction_rules={"draw": "drand"})
        url = f"/staff/lotteries/{lottery.code}"
        with after_the_close(lottery):
            given.signed_in(staff, given.staff("approver"))
            page = staff.get(url).text
            response = staff.post(f"{url}/beacon", data={"signature": "00" * 48})
        assert ('name="signature"' in page, 'name="digits"' in page) == (True, False)
        assert response.status_code == 422
        assert "この署名は、公告で決めた回の公開乱数のものではありません。" in response.text

    def test_others_may_not(self, client: FlaskClient, lottery: Lottery) -> None:
        given.signed_in(client, given.an_account())
        assert client.get(f"/staff/lotteries/{lottery.code}").status_code == 403
        assert client.post(f"/staff/lotteries/{lottery.code}/dice").status_code == 403


@pytest.mark.browser
def test_the_browser_computes_the_ticket_by_itself(page: Page) -> None:
    lottery, _received, _accounts = drawn(4)
    found = list(db.session.scalars(sa.select(Entry).order_by(Entry.rank)))
    db.session.rollback()
    said = []
    for own in found:
        page.goto(f"/listings/{lottery.code}/draw?no={own.no}")
        page.get_by_role("button", name="このブラウザで計算し直す").click()
        expect(page.locator("[data-draw] [role=status]")).to_contain_text(str(own.ticket))
        said.append(page.locator("[data-draw] [role=status]").inner_text().rpartition("、")[2])
    assert said == ["当選です。", "当選です。", "補欠です。", "補欠です。"]
