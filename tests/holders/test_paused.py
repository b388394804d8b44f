"""While the contracts are paused, who hands something over reads that it waits, is not lost and goes on by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.collections import swapping
from marketplace.collections.models import Swap
from marketplace.holders import giving, withdrawing
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import get
from marketplace.resale import offering
from tests import given
from tests.chainlogs import Chain
from tests.holders.stage import gift, proved, withdrawal
from tests.pages import read, submit
from tests.resale.stage import calls, held_token, paused, token
from tests.resale.test_views import press
from tests.wallets import OwnWallet

PAUSED = "町は、帳面（ブロックチェーン）への記録を、いま一時止めています。"
BY_ITSELF = "再開すると、この手続きはひとりでに進みます。"
STILL_POSSIBLE = "お手続きは、いまもできます。再開すると、ひとりでに進みます。"
A_MINUTE = "ふつう1分ほどで"


def told(client: FlaskClient, path: str) -> tuple[str, ...]:
    """Which of these the page says."""
    words = read(client.get(path)).words
    return tuple(each for each in (PAUSED, BY_ITSELF, STILL_POSSIBLE, A_MINUTE) if each in words)


def before_meanwhile_and_afterwards(client: FlaskClient, *paths: str) -> list[list[tuple[str, ...]]]:
    before = [told(client, path) for path in paths]
    with paused():
        meanwhile = [told(client, path) for path in paths]
    return [before, meanwhile, [told(client, path) for path in paths]]


WAITING = [(A_MINUTE,), (PAUSED, BY_ITSELF), (A_MINUTE,)]
"""What a page of something that is on its way says before a pause, meanwhile and afterwards."""
TO_BEGIN = [(), (PAUSED, STILL_POSSIBLE), ()]
"""What a page with a button says that puts something on its way."""


def test_a_gift_that_was_accepted_waits(chain: Chain, app: Flask, hana: int, ken: int) -> None:
    token_id = held_token(chain, hana)
    found = gift(giving.give(token_id, hana, "ken@example.jp"))
    giving.accept(found.id, ken)
    hers, his = (given.signed_in(app.test_client(), who) for who in (hana, ken))
    pages = (f"{token(token_id).path}/give", f"/gifts/{found.code}")
    assert before_meanwhile_and_afterwards(hers, *pages) == [[each] * 2 for each in WAITING]
    assert before_meanwhile_and_afterwards(his, pages[1]) == [[each] for each in WAITING]
    with paused():
        assert "記録の再開を待っています" in read(hers.get("/mypage")).words


def test_a_gift_can_be_made_and_accepted_meanwhile(chain: Chain, app: Flask, hana: int, ken: int) -> None:
    hers, his = (given.signed_in(app.test_client(), who) for who in (hana, ken))
    token_id = held_token(chain, hana)
    path = f"{token(token_id).path}/give"
    with paused():
        asked = read(submit(hers, path, {"email": "ken@example.jp"})).words
        giving.give(token_id, hana, "ken@example.jp")
        accept = f"/gifts/{gift(1).code}"
        page = told(his, accept)
        submit(his, accept, action=f"{accept}/accept")
        assert (PAUSED in asked, STILL_POSSIBLE in asked, page) == (True, True, TO_BEGIN[1])
        assert told(his, accept) == WAITING[1]
    assert [key for key, *_ in calls("gift:")] == [gift(1).call_key]


def test_a_withdrawal_waits(chain: Chain, app: Flask, hana: int) -> None:
    token_id = held_token(chain, hana)
    wallet = proved(hana, OwnWallet("hana"))
    hers, path = given.signed_in(app.test_client(), hana), f"{token(token_id).path}/withdraw"
    with paused():
        sure = read(submit(hers, path, {"wallet": str(wallet)})).words
        assert (PAUSED in sure, STILL_POSSIBLE in sure) == (True, True)
    found = withdrawal(withdrawing.ask(token_id, hana, wallet))
    with pretending(now() + withdrawing.cooling() + timedelta(seconds=1)):
        withdrawing.release(found.id)
    assert before_meanwhile_and_afterwards(hers, path) == [[each] for each in WAITING]
    with paused():
        assert "記録の再開を待っています" in read(hers.get("/mypage")).words


def test_an_offer_waits(chain: Chain, app: Flask, hana: int) -> None:
    token_id = held_token(chain, hana)
    hers, path = given.signed_in(app.test_client(), hana), f"{token(token_id).path}/offer"
    with paused():
        _, sure = press(hers, path, path, price_yen="5000")
        assert (PAUSED in sure, STILL_POSSIBLE in sure) == (True, True)
    offering.offer(token_id, hana, 5_000)
    assert before_meanwhile_and_afterwards(hers, path) == [[each] for each in WAITING]


def test_an_offer_that_waits_is_taken_back_before_it_goes_out(chain: Chain, app: Flask, hana: int) -> None:
    """The contract lets offers be taken back meanwhile: of this one it knows nothing yet."""
    token_id = held_token(chain, hana)
    hers, path = given.signed_in(app.test_client(), hana), f"{token(token_id).path}/offer"
    first = offering.offer(token_id, hana, 5_000)
    with paused():
        submit(hers, path, action=f"{path}/withdraw")
        assert (told(hers, path), 'name="price_yen"' in hers.get(path).text) == ((), True)
    assert [key for key, *_ in calls("offer:")] == [f"offer:{first}:approve"]
    second = offering.offer(token_id, hana, 6_000)
    offering.withdraw_offer(token_id, hana)
    acts = [key.rpartition(":")[2] for key, *_ in calls(f"offer:{second}:")]
    assert acts == ["approve", "list", "cancel"]


def test_who_gives_a_right_up_reads_it_before_the_button(chain: Chain, app: Flask, hana: int) -> None:
    held_token(chain, hana)
    hers = given.signed_in(app.test_client(), hana)
    assert before_meanwhile_and_afterwards(hers, "/account/delete") == [[each] for each in TO_BEGIN]


def test_an_exchange_waits(chain: Chain, app: Flask, hana: int, ken: int) -> None:
    hers, his = (held_token(chain, who, kind="card", title_ja=name) for who, name in ((hana, "わらび"), (ken, "うど")))
    swap_id = swapping.offer(hers, hana, token(his).right_id, None, None, 14)
    path = f"/swaps/{get(Swap, swap_id).code}"
    giver, taker = (given.signed_in(app.test_client(), who) for who in (hana, ken))
    assert before_meanwhile_and_afterwards(taker, path, "/swaps/new") == [[each] * 2 for each in TO_BEGIN]
    swapping.accept(swap_id, ken, his)
    for client in (giver, taker):
        assert before_meanwhile_and_afterwards(client, path) == [[each] for each in WAITING]


@pytest.mark.parametrize(
    ("language", "sentence", "by_itself"),
    [
        (
            "easy",
            "いま、町は、帳面（ちょうめん：ブロックチェーン）に書くことを、少しのあいだ止めています。",
            "また始まると、この手続き（てつづき）は、ひとりでに進みます。",
        ),
        (
            "en",
            "The town has paused entries in the ledger (blockchain) for now.",
            "When entries resume, this goes ahead by itself.",
        ),
    ],
)
def test_it_is_said_in_the_reader_s_language(
    chain: Chain, app: Flask, hana: int, ken: int, language: str, sentence: str, by_itself: str
) -> None:
    found = gift(giving.give(held_token(chain, hana), hana, "ken@example.jp"))
    giving.accept(found.id, ken)
    with paused():
        words = read(given.signed_in(app.test_client(), ken).get(f"/gifts/{found.code}?lang={language}")).words
    assert (sentence in words, by_itself in words) == (True, True)
