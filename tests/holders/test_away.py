"""While the chain does not answer, who waits for it reads that it is late, is not lost and goes on by itself."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.chain import alarms
from marketplace.chain.models import Trouble
from marketplace.holders import giving
from tests import given
from tests.chainlogs import Chain
from tests.holders.stage import gift
from tests.pages import read
from tests.resale.stage import held_token, token

LATE = "帳面（ブロックチェーン）への記録が、いま遅れています。"
NOTHING_LOST = "権利はなくなっていません。いまの持ち主のところに、そのままあります。"
BY_ITSELF = "再開すると、この手続きはひとりでに進みます。"
A_MINUTE = "ふつう1分ほどで終わります。"


def told(client: FlaskClient, path: str) -> list[str]:
    """Which of these the page says."""
    words = read(client.get(path)).words
    return [each for each in (LATE, NOTHING_LOST, BY_ITSELF, A_MINUTE) if each in words]


@pytest.mark.parametrize("trouble", [Trouble.IDENTITY, Trouble.READING, Trouble.SENDING])
def test_a_gift_that_was_accepted_is_late(chain: Chain, app: Flask, hana: int, ken: int, trouble: Trouble) -> None:
    token_id = held_token(chain, hana)
    found = gift(giving.give(token_id, hana, "ken@example.jp"))
    giving.accept(found.id, ken)
    hers, his = (given.signed_in(app.test_client(), who) for who in (hana, ken))
    pages = [(hers, f"{token(token_id).path}/give"), (hers, f"/gifts/{found.code}"), (his, f"/gifts/{found.code}")]
    before = [told(*page) for page in pages]
    alarms.sound(trouble, "chain: eth_chainId: ConnectionError")
    waiting = [told(*page) for page in pages]
    assert "記録の再開を待っています" in read(hers.get("/mypage")).words
    alarms.over(trouble)
    after = [told(*page) for page in pages]
    assert (before, waiting, after) == ([[A_MINUTE]] * 3, [[LATE, NOTHING_LOST, BY_ITSELF]] * 3, before)


def test_books_that_differ_from_the_chain_keep_nobody_waiting(chain: Chain, app: Flask, hana: int, ken: int) -> None:
    found = gift(giving.give(held_token(chain, hana), hana, "ken@example.jp"))
    giving.accept(found.id, ken)
    alarms.sound(Trouble.COUNT, "the chain has one more")
    assert told(given.signed_in(app.test_client(), ken), f"/gifts/{found.code}") == [A_MINUTE]
