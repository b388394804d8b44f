"""Giving, receiving and withdrawing on the pages, without JavaScript."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page

from marketplace.holders import giving, withdrawing
from marketplace.holders.models import Gift, GiftState, Withdrawal
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db
from marketplace.tokens.custody import custody_of
from tests import axe, given
from tests.chainlogs import Chain
from tests.holders.stage import gift, mailed_link, paid_and, proved
from tests.pages import read, send, submit
from tests.resale.stage import heard, held_token, token
from tests.wallets import OwnWallet

TARO = "taro@example.jp"
HANA = OwnWallet("hana")


@pytest.fixture
def client(client: FlaskClient, hana: int) -> FlaskClient:
    """Hana's browser."""
    return given.signed_in(client, hana)


def states() -> list[GiftState]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Gift.state).order_by(Gift.id)))


def test_the_address_is_asked_shown_and_only_then_mailed(chain: Chain, client: FlaskClient, hana: int) -> None:
    path = f"{token(held_token(chain, hana)).path}/give"
    shown = submit(client, path, {"email": "Taro＠example.jp"})
    assert (shown.status_code, TARO in read(shown).words, states()) == (200, True, [])
    form = next(form for form in read(shown).forms if "sure" in form.values)
    sent = send(client, form)
    assert (sent.status_code, sent.headers["Location"], states()) == (303, path, [GiftState.OFFERED])
    page = read(client.get(path))
    assert (TARO in page.words, "取り消せます" in page.words) == (True, True)
    undone = send(client, page.form(f"{path}/undo"))
    assert (undone.status_code, states()) == (303, [GiftState.WITHDRAWN])


def test_an_address_that_looks_mistyped_is_asked_about_before_it_is_shown(
    chain: Chain, client: FlaskClient, hana: int
) -> None:
    path = f"{token(held_token(chain, hana)).path}/give"
    answer = submit(client, path, {"email": "taro@gmial.com"})
    form = next(form for form in read(answer).forms if "email" in form.values)
    words = "gmail.com ではありませんか。このままでよいときは、もう一度ボタンを押してください。"
    assert (answer.status_code, form.errors, form.value("email")) == (422, {"email": words}, "taro@gmial.com")
    again = send(client, form)
    form = next(form for form in read(again).forms if "sure" in form.values and form.value("sure"))
    assert (send(client, form).location, states()) == (path, [GiftState.OFFERED])


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "メールアドレスを入力してください。"),
        ("taro", "メールアドレスの形をお確かめください（例 hanako@example.jp）。"),
        ("hana@example.jp", "ご自分のメールアドレスです。贈る相手のメールアドレスを入力してください。"),
    ],
)
def test_a_wrong_address_is_told_beside_its_field_and_stays(
    chain: Chain, client: FlaskClient, hana: int, typed: str, words: str
) -> None:
    path = f"{token(held_token(chain, hana)).path}/give"
    answer = submit(client, path, {"email": typed})
    form = next(form for form in read(answer).forms if "email" in form.values)
    assert (answer.status_code, form.errors, form.value("email")) == (422, {"email": words}, typed)


def test_a_newcomer_reads_the_mail_and_has_the_right_and_an_account(
    chain: Chain, app: Flask, client: FlaskClient, hana: int
) -> None:
    giving.give(held_token(chain, hana), hana, TARO)
    link, taro = mailed_link(TARO), app.test_client()
    page = read(taro.get(link))
    assert ("hana@example.jp" in page.words, "アカウント" in page.words, states()) == (True, True, [GiftState.OFFERED])
    assert (TARO in page.words, "あなたのアドレスでないときは" in page.words) == (True, True)
    answer = send(taro, page.form(f"{link}/accept"))
    code = gift(1).code
    assert (answer.headers["Location"], states()) == (f"/gifts/{code}", [GiftState.ACCEPTED])
    assert "受け取りの手続きをしています。" in read(taro.get(f"/gifts/{code}")).words
    assert taro.get("/mypage").status_code == 200


def test_who_has_an_account_signs_in_first(chain: Chain, app: Flask, client: FlaskClient, hana: int, ken: int) -> None:
    giving.give(held_token(chain, hana), hana, "ken@example.jp")
    link, stranger = mailed_link("ken@example.jp"), app.test_client()
    answer = submit(stranger, link, action=f"{link}/accept")
    code = gift(1).code
    assert (answer.headers["Location"], states()) == (f"/signin?next=/gifts/{code}", [GiftState.OFFERED])
    signed = given.signed_in(app.test_client(), ken)
    assert code in "".join(read(signed.get("/mypage")).links)
    submit(signed, f"/gifts/{code}", action=f"/gifts/{code}/accept")
    assert states() == [GiftState.ACCEPTED]


def test_a_link_declines_without_signing_in(chain: Chain, app: Flask, client: FlaskClient, hana: int) -> None:
    giving.give(held_token(chain, hana), hana, TARO)
    link, taro = mailed_link(TARO), app.test_client()
    submit(taro, link, action=f"{link}/decline")
    assert states() == [GiftState.DECLINED]
    assert "もう受け取れません" in read(taro.get(link)).words


def test_a_gift_is_nobody_elses_affair(chain: Chain, app: Flask, client: FlaskClient, hana: int, ken: int) -> None:
    giving.give(held_token(chain, hana), hana, TARO)
    other = given.signed_in(app.test_client(), ken)
    code = gift(1).code
    assert [other.get(path).status_code for path in (f"/gifts/{code}", "/gifts/GFT-NONE")] == [403, 404]
    assert app.test_client().get("/gifts/link/guessed").status_code == 409
    opened = read(other.get(mailed_link(TARO)))
    assert ("別のメールアドレスの方あてです" in opened.words, [form.action for form in opened.forms]) == (True, [])


def test_a_gift_after_its_time_says_so(chain: Chain, app: Flask, client: FlaskClient, hana: int) -> None:
    giving.give(held_token(chain, hana), hana, TARO)
    with pretending(now() + giving.LIFE + timedelta(seconds=1)):
        page = read(app.test_client().get(mailed_link(TARO)))
    assert ("期限が過ぎました" in page.words, page.forms) == (True, [])


def test_a_wallet_is_proved_by_pasting_a_signature(chain: Chain, client: FlaskClient, hana: int) -> None:
    asked = submit(client, "/mypage/wallets?next=/mypage", {"address": HANA.address})
    form = read(asked).form("/mypage/wallets/proof")
    text = form.value("message")
    wrong = send(client, form, {"signature": "0x12"})
    kept = read(wrong).form("/mypage/wallets/proof")
    assert (wrong.status_code, kept.value("message"), kept.value("signature")) == (422, text, "0x12")
    right = send(client, kept, {"signature": HANA.sign(text)})
    assert (right.status_code, right.headers["Location"]) == (303, "/mypage")
    page = read(client.get("/mypage/wallets"))
    assert (HANA.address in page.words, custody_of(hana) in page.words) == (True, True)


def test_a_withdrawal_is_warned_of_confirmed_and_can_be_cancelled(chain: Chain, client: FlaskClient, hana: int) -> None:
    proved(hana, HANA)
    path = f"{token(held_token(chain, hana)).path}/withdraw"
    shown = read(submit(client, path, {"wallet": "1"}))
    form = next(form for form in shown.forms if "sure" in form.values)
    assert "町は取り戻せません" in shown.words
    unread = send(client, form)
    assert (unread.status_code, db.session.scalar(sa.select(sa.func.count()).select_from(Withdrawal))) == (422, 0)
    asked = send(client, form, {"read": "y"})
    page = read(client.get(path))
    assert (asked.status_code, "それまでは、取り消せます" in page.words) == (303, True)
    send(client, page.form(f"{path}/cancel"))
    assert list(db.session.scalars(sa.select(Withdrawal.state))) == ["cancelled"]


def test_without_a_wallet_the_way_to_one_is_shown(chain: Chain, client: FlaskClient, hana: int) -> None:
    path = f"{token(held_token(chain, hana)).path}/withdraw"
    assert f"/mypage/wallets?next={path}" in read(client.get(path)).links


def test_why_nothing_can_leave_is_said_before_anything_is_typed(chain: Chain, client: FlaskClient, hana: int) -> None:
    locked, disputed = held_token(chain, hana, tradable_from=given.in_days(30)), held_token(chain, hana)
    paid_and(disputed, dispute="under_review")
    pages = {
        (token_id, act): read(client.get(f"{token(token_id).path}/{act}")).words
        for token_id in (locked, disputed)
        for act in ("give", "withdraw")
    }
    words = {locked: "この権利を移せるのは、", disputed: "カード会社で確認が続いている"}
    assert [words[token_id] in text for (token_id, _), text in pages.items()] == [True] * 4


def test_another_persons_right_is_refused_and_an_unknown_one_not_found(
    chain: Chain, client: FlaskClient, hana: int, ken: int
) -> None:
    path = token(held_token(chain, ken)).path
    paths = [f"{path}/give", f"{path}/withdraw", f"/tokens/{HANA.address}/7000001/give"]
    assert [client.get(each).status_code for each in paths] == [403, 403, 404]


@pytest.mark.browser
def test_every_page_fits_a_small_telephone_with_large_letters_and_has_no_fault_that_axe_can_find(
    chain: Chain, app: Flask, client: FlaskClient, page: Page, live_server: str, hana: int
) -> None:
    proved(hana, HANA)
    given_away, leaving, kept = (held_token(chain, hana) for _ in range(3))
    outside, offered = (held_token(chain, given.an_account()) for _ in range(2))
    chain.transfer(outside, str(token(outside).holder_address), OwnWallet("ken").address, block=3)
    sold_by = str(token(offered).holder_address)
    chain.listed(offered, sold_by, 900, block=4, number=1, expires=now() + timedelta(days=9))
    heard(chain, outside, offered)
    giving.give(given_away, hana, TARO)
    withdrawing.ask(leaving, hana, 1)
    client.get("/mypage")
    cookie = client.get_cookie("hiroba")
    assert cookie is not None
    cookies = {"hiroba": cookie.value, "size": "xl"}
    page.context.add_cookies([{"name": name, "value": value, "url": live_server} for name, value in cookies.items()])
    page.add_init_script("window.ethereum = { request: async () => [] }")
    page.set_viewport_size({"width": 320, "height": 800})
    forms = [f"{token(kept).path}/{act}" for act in ("give", "withdraw")]
    waiting = [f"{token(given_away).path}/give", f"{token(leaving).path}/withdraw", mailed_link(TARO)]
    shown = [str(token(id_).path) for id_ in (kept, leaving, outside, offered)]
    found = {}
    for path in ("/mypage", "/mypage/wallets", *forms, *waiting, *shown):
        page.goto(path)
        found[path] = seen(page)
    page.goto("/mypage/wallets")
    page.fill("[name=address]", HANA.address)
    page.get_by_role("button", name="次へ（署名する文を見る）").click()
    page.wait_for_selector("[name=signature]")
    found["proof"] = seen(page)
    assert found == dict.fromkeys(found, (320, []))


def seen(page: Page) -> tuple[int, list[str]]:
    """How wide the page is, and what axe finds."""
    return page.evaluate("document.documentElement.scrollWidth"), axe.faults(page)
