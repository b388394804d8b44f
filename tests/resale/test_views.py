"""Offering from one's own page, and drawing what was earned."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page

from marketplace.accounts.models import Account
from marketplace.chain import alarms
from marketplace.chain.models import Trouble
from marketplace.journal.models import Entry
from marketplace.kit.clock import now
from marketplace.kit.db import db, get
from marketplace.resale.models import OfferRequest
from marketplace.settings import Settings
from marketplace.staff import works_tasks
from tests import given
from tests.chainlogs import Chain, somebody
from tests.pages import read, submit
from tests.resale.stage import calls, custody, heard, held_token, open_lane, park, token
from tests.visiting import signed_in

HANA = somebody("hana")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"demo": True})


@pytest.fixture
def seller(app: Flask, client: FlaskClient) -> int:
    account_id = given.an_account("seller@example.jp")
    given.signed_in(client, account_id)
    return account_id


def press(client: FlaskClient, page: str, action: str, **fields: str) -> tuple[int, str]:
    """Fill in and send the form that `page` shows: status, and the text or where it leads."""
    shown = client.get(page).text
    found = re.search(r'name="csrf_token" value="([^"]+)"', shown)
    assert found is not None, f"no form on {page}"
    answer = client.post(action, data={"csrf_token": found.group(1), **fields})
    return answer.status_code, answer.headers.get("Location", answer.text)


def requests() -> list[int]:
    return list(db.session.scalars(sa.select(OfferRequest.price_yen)))


def test_the_price_is_asked_shown_and_only_then_offered(chain: Chain, client: FlaskClient, seller: int) -> None:
    token_id = held_token(chain, seller)
    path = f"{token(token_id).path}/offer"
    status, page = press(client, path, path, price_yen="５，０００円")
    assert (status, requests()) == (200, [])
    assert re.findall(r"<dd[^>]*>(.*?)</dd>", page) == [
        '<span class="nowrap">5,000円</span>（五千円）',
        '<span class="nowrap">250円</span>',
        '<span class="nowrap">4,750円</span>',
    ]
    status, where = press(client, path, path, price_yen="5000", sure="yes")
    assert (status, where, requests()) == (303, token(token_id).path, [5_000])


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "価格を入力してください。"),
        ("高く", "金額は数字で入力してください（例 1,300）。"),
        ("49", "価格は50円以上にしてください。"),
        ("100000000", "価格は99,999,999円以下にしてください。"),
        ("1,000,000,000,000", "99,999,999円以下の金額を入力してください。"),
    ],
)
def test_a_price_that_cannot_be_is_refused_beside_its_field(
    chain: Chain, client: FlaskClient, seller: int, typed: str, words: str
) -> None:
    path = f"{token(held_token(chain, seller)).path}/offer"
    status, page = press(client, path, path, price_yen=typed)
    error = re.search(r'id="price_yen-error"><span[^>]*>[^<]*</span>([^<]+)<', page)
    assert (status, error and error.group(1), requests()) == (422, words, [])


def test_another_persons_token_is_refused_and_an_unknown_one_not_found(
    chain: Chain, client: FlaskClient, seller: int
) -> None:
    path = token(held_token(chain, given.an_account())).path
    missing = f"/tokens/{HANA}/7000001/offer"
    assert (client.get(f"{path}/offer").status_code, client.get(missing).status_code) == (403, 404)


def test_why_nothing_can_be_offered_is_said_before_a_price_is_asked(
    chain: Chain, client: FlaskClient, seller: int
) -> None:
    token_id = held_token(chain, seller, tradable_from=given.in_days(30))
    page = client.get(f"{token(token_id).path}/offer").text
    assert ("この権利を売りに出せるのは、" in page, 'name="price_yen"' in page) == (True, False)


def test_an_offer_can_be_taken_back_from_its_page(chain: Chain, client: FlaskClient, seller: int) -> None:
    token_id = held_token(chain, seller)
    path = token(token_id).path
    press(client, f"{path}/offer", f"{path}/offer", price_yen="5000", sure="yes")
    status, where = press(client, f"{path}/offer", f"{path}/offer/withdraw")
    assert (status, where, [call[2] for call in calls("offer:")]) == (
        303,
        path,
        ["custodyApprove", "listFor", "cancelFor"],
    )


def test_what_was_earned_is_drawn_to_the_wallet_that_the_seller_names(
    chain: Chain, client: FlaskClient, seller: int
) -> None:
    token_id = held_token(chain, seller)
    chain.sold(token_id, custody(seller), HANA, 5_000, block=3, number=1)
    heard(chain, token_id)
    wrong = press(client, "/mypage/proceeds", "/mypage/proceeds", to="0x12")[0]
    mistyped = press(client, "/mypage/proceeds", "/mypage/proceeds", to=HANA[:-1] + ("0" if HANA[-1] != "0" else "1"))[
        0
    ]
    status, looked_at = press(client, "/mypage/proceeds", "/mypage/proceeds", to=HANA)
    assert (status, calls("draw:"), "取り戻せません" in looked_at) == (200, [], True)
    assert f'<p class="code">{HANA}</p>' in looked_at
    right = press(client, "/mypage/proceeds", "/mypage/proceeds", to=HANA, sure="yes")[0]
    again = press(client, "/mypage/wallets", "/mypage/proceeds", to=HANA, sure="yes")[0]
    account = get(Account, seller)
    draw = (f"draw:{account.code}:0", "custodian", "withdrawFor", ["0x" + account.custody_id, HANA])
    assert (wrong, mistyped, right, again, calls("draw:")) == (422, 422, 303, 303, [draw])


def test_who_names_another_wallet_in_another_tab_reads_that_the_first_one_gets_it(
    chain: Chain, client: FlaskClient, seller: int
) -> None:
    token_id = held_token(chain, seller)
    chain.sold(token_id, custody(seller), HANA, 5_000, block=3, number=1)
    heard(chain, token_id)
    press(client, "/mypage/proceeds", "/mypage/proceeds", to=HANA, sure="yes")
    status, told = press(client, "/mypage/wallets", "/mypage/proceeds", to=somebody("another"), sure="yes")
    assert (status, "送り先は、もう変えられません。" in told) == (409, True)
    press(client, "/mypage/wallets", "/mypage/proceeds", to=HANA, sure="yes")
    account = get(Account, seller)
    asked = sa.select(Entry.id).where(Entry.subject == f"account:{account.code}", Entry.event == "draw_proceeds")
    assert ([args for *_, args in calls("draw:")], len(db.session.scalars(asked).all())) == (
        [["0x" + account.custody_id, HANA]],
        1,
    )


def test_a_seller_reads_what_each_sale_brought_and_where_it_went(
    chain: Chain, client: FlaskClient, seller: int
) -> None:
    token_id, other = held_token(chain, seller), held_token(chain, seller)
    chain.sold(token_id, custody(seller), HANA, 5_000, block=3, number=1)
    chain.sold(other, custody(seller), HANA, 2_000, block=5, number=2)
    heard(chain, token_id, other)
    before = told_of_proceeds(client)
    press(client, "/mypage/proceeds", "/mypage/proceeds", to=HANA, sure="yes")
    on_the_way = told_of_proceeds(client)
    chain.drawn(custody(seller), HANA, 6_650, block=7)
    chain.tell()
    sums = ["6,650円", "2,000円", "100円", "1,900円", "5,000円", "250円", "4,750円"]
    assert (before, on_the_way) == (("form", sums), ("on its way", sums))
    assert told_of_proceeds(client) == ("nothing", ["0円", *sums[1:], "6,650円"])
    assert f'<span class="code">{HANA}</span>' in client.get("/mypage/proceeds").text


def test_a_draw_that_the_chain_would_not_have_waits_for_the_town_and_goes_on_when_staff_send_it_again(
    chain: Chain, app: Flask, client: FlaskClient, seller: int
) -> None:
    token_id = held_token(chain, seller)
    chain.sold(token_id, custody(seller), HANA, 5_000, block=3, number=1)
    heard(chain, token_id)
    press(client, "/mypage/proceeds", "/mypage/proceeds", to=HANA, sure="yes")
    park(f"draw:{get(Account, seller).code}:0")
    assert "1分ほど" not in read(client.get("/mypage/proceeds")).words
    sums = ["4,750円", "5,000円", "250円", "4,750円"]
    told = told_of_proceeds(client)
    (task,) = works_tasks.parked_calls()
    submit(given.signed_in(app.test_client(), given.staff("approver")), "/staff", action=task.href)
    assert [told, told_of_proceeds(client)] == [("waits for the town", sums), ("on its way", sums)]
    what = "ブロックチェーンへの記録が止まっています（売れた代金を、売った方のウォレットへ送る）"
    about = f"/staff/subjects/account:{get(Account, seller).code}"
    assert (task.what, task.more, task.about) == (what, "Paused()", about)
    assert (len(calls("draw:")), works_tasks.parked_calls()) == (1, [])


def test_a_draw_is_late_while_the_chain_does_not_answer(chain: Chain, client: FlaskClient, seller: int) -> None:
    token_id = held_token(chain, seller)
    chain.sold(token_id, custody(seller), HANA, 5_000, block=3, number=1)
    heard(chain, token_id)
    press(client, "/mypage/proceeds", "/mypage/proceeds", to=HANA, sure="yes")
    before = late(client)
    alarms.sound(Trouble.SENDING, "chain: eth_chainId: ConnectionError")
    meanwhile = late(client)
    alarms.over(Trouble.SENDING)
    assert [before, meanwhile, late(client)] == [[A_MINUTE], [LATE, NOT_LOST], [A_MINUTE]]


A_MINUTE, NOT_LOST = "ふつう1分ほどで終わります。", "代金はなくなっていません。"
LATE = "帳面（ブロックチェーン）への記録が、いま遅れています。"


def late(client: FlaskClient) -> list[str]:
    """Which of these the page of the proceeds says."""
    words = read(client.get("/mypage/proceeds")).words
    return [each for each in (A_MINUTE, LATE, NOT_LOST) if each in words]


def told_of_proceeds(client: FlaskClient) -> tuple[str, list[str]]:
    """What can be done with the proceeds, and every sum on their page: what waits, each sale, what was drawn."""
    page = client.get("/mypage/proceeds").text
    signs = {
        "form": 'name="to"',
        "on its way": "お受け取りの手続きをしています",
        "waits for the town": "代金はなくなっていません。",
        "nothing": "受け取りを待っている代金はありません",
    }
    (standing,) = [word for word, sign in signs.items() if sign in page]
    return standing, re.findall(r">([0-9,]+円)<", page)


def test_who_sells_reads_before_the_price_that_the_money_needs_a_wallet(
    chain: Chain, client: FlaskClient, seller: int
) -> None:
    page = read(client.get(f"{token(held_token(chain, seller)).path}/offer")).words
    assert "受け取るには、ご自分のウォレットが要ります。" in page


@pytest.mark.browser
def test_the_pages_behave_in_a_browser_of_a_small_telephone(chain: Chain, seller: int, page: Page) -> None:
    signed_in(page, seller)
    page.set_viewport_size({"width": 320, "height": 800})
    token_id, other = held_token(chain, seller), held_token(chain, seller)
    open_lane()
    chain.sold(other, custody(seller), somebody("demo wallet"), 5_000, block=3, number=1)
    chain.listed(token_id, custody(seller), 5_000, block=4, number=2, expires=now() + timedelta(days=9))
    heard(chain, token_id, other)
    wide = {}
    for path in ("/dev/wallet", f"{token(token_id).path}/offer", "/mypage/proceeds"):
        page.goto(path)
        wide[path] = page.evaluate("document.documentElement.scrollWidth")
    assert set(wide.values()) == {320}
