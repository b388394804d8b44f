"""A gift or a withdrawal that the chain would not have waits for the town, and goes on when staff send it again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.holders import giving, withdrawing
from marketplace.kit.clock import now, pretending
from marketplace.staff import works_tasks
from tests import given
from tests.chainlogs import Chain
from tests.holders.stage import gift, proved, withdrawal
from tests.pages import read, submit
from tests.resale.stage import held_token, park, token
from tests.wallets import OwnWallet

WAITS = "この手続きは、役場の確認を待っています。"
NOTHING_LOST = "権利はなくなっていません。いまの持ち主のところに、そのままあります。"
A_MINUTE = "ふつう1分ほどで終わります。"


def told(client: FlaskClient, path: str) -> list[bool]:
    """Whether the page says that it waits, that nothing is lost, and that it takes a minute."""
    words = read(client.get(path)).words
    return [word in words for word in (WAITS, NOTHING_LOST, A_MINUTE)]


def sent_again(app: Flask, what: str, about: str) -> None:
    """Staff find it on their sheet, with the thing that it is about, and press the button."""
    (task,) = works_tasks.parked_calls()
    assert (task.what, task.about) == (
        f"ブロックチェーンへの記録が止まっています（{what}）",
        f"/staff/subjects/{about}",
    )
    staff = given.signed_in(app.test_client(), given.staff("approver"))
    sheet = read(staff.get("/staff"))
    assert (task.about in sheet.links, staff.get(task.about).status_code) == (True, 200)
    assert about.partition(":")[2] in read(staff.get("/staff/outbox")).words
    submit(staff, "/staff", action=task.href)
    assert works_tasks.parked_calls() == []


def test_a_gift_waits_for_the_town_on_the_pages_of_both(chain: Chain, app: Flask, hana: int, ken: int) -> None:
    token_id = held_token(chain, hana)
    found = gift(giving.give(token_id, hana, "ken@example.jp"))
    giving.accept(found.id, ken)
    hers, his = (given.signed_in(app.test_client(), who) for who in (hana, ken))
    pages = [(hers, f"{token(token_id).path}/give"), (hers, f"/gifts/{found.code}"), (his, f"/gifts/{found.code}")]
    before = [told(*page) for page in pages]
    park(found.call_key)
    assert "役場の確認を待っています" in read(hers.get("/mypage")).words
    waiting = [told(*page) for page in pages]
    sent_again(app, "贈られた権利を、受け取った方の名義にする", f"gift:{found.code}")
    after = [told(*page) for page in pages]
    assert (before, waiting, after) == ([[False, False, True]] * 3, [[True, True, False]] * 3, before)
    assert "贈る手続き中" in read(hers.get("/mypage")).words


def test_a_withdrawal_waits_for_the_town(chain: Chain, app: Flask, hana: int) -> None:
    token_id = held_token(chain, hana)
    found = withdrawal(withdrawing.ask(token_id, hana, proved(hana, OwnWallet("hana"))))
    with pretending(now() + withdrawing.cooling() + timedelta(seconds=1)):
        withdrawing.release(found.id)
    hers, path = given.signed_in(app.test_client(), hana), f"{token(token_id).path}/withdraw"
    before = told(hers, path)
    park(found.call_key)
    assert "役場の確認を待っています" in read(hers.get("/mypage")).words
    waiting = told(hers, path)
    sent_again(app, "権利を、持ち主のウォレットへ移す", f"withdrawal:{found.code}")
    assert (before, waiting, told(hers, path)) == ([False, False, True], [True, True, False], before)


@pytest.mark.parametrize("language", ["easy", "en"])
def test_it_is_said_in_the_reader_s_language(chain: Chain, app: Flask, hana: int, ken: int, language: str) -> None:
    found = gift(giving.give(held_token(chain, hana), hana, "ken@example.jp"))
    giving.accept(found.id, ken)
    park(found.call_key)
    words = read(given.signed_in(app.test_client(), ken).get(f"/gifts/{found.code}?lang={language}")).words
    sentence = {
        "easy": "この手続き（てつづき）は、役場（やくば：まちの事務所）が見るのを待っています。",
        "en": "This is waiting for the town office to look at it.",
    }[language]
    assert sentence in words
