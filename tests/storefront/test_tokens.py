"""The page of a token says all that one can do with it, and all that happened to it."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.chain.contract import MARKET, YEN, call
from marketplace.chain.register import contracts
from marketplace.holders import giving
from marketplace.kit.clock import now, pretending
from marketplace.resale import offering
from tests import given
from tests.chainlogs import Chain, somebody
from tests.holders.stage import proved
from tests.pages import read
from tests.resale.stage import custody, heard, held_token, token
from tests.wallets import OwnWallet

HANA = OwnWallet("hana")


@pytest.fixture
def holder(app: Flask) -> int:
    return given.an_account("hana@example.jp")


def words(client: FlaskClient, token_id: int) -> str:
    return re.sub(r"\s+", " ", read(client.get(str(token(token_id).path))).words)


def test_the_way_of_a_token_begins_with_its_approval(chain: Chain, client: FlaskClient, holder: int) -> None:
    token_id = held_token(chain, holder)
    chain.sold(token_id, custody(holder), somebody("ken"), 3_800, block=5, number=1)
    heard(chain, token_id)
    page = client.get(str(token(token_id).path)).text
    way = page.partition('class="timeline"')[2].partition("</ol>")[0]
    told = re.findall(r'class="done"><span>([^<]+)<', way)
    assert sorted(told) == sorted(
        [
            "発行",
            "売買（3,800円）",
            "町が内容を承認",
            "販売を公告（定額）",
            "内容の控えを保管",
            "お渡しする方が決まり、発行を約束",
        ]
    )


def test_a_lock_counts_down_to_its_date_and_offers_nothing(
    chain: Chain, app: Flask, client: FlaskClient, holder: int
) -> None:
    token_id = held_token(chain, holder, tradable_from=given.in_days(3))
    path, mine = str(token(token_id).path), given.signed_in(app.test_client(), holder)
    before = read(mine.get(path))
    assert ("ゆずれるようになるまで" in before.words, f"{path}/give" in before.links) == (True, False)
    with pretending(now() + timedelta(days=4)):
        after = read(given.signed_in(app.test_client(), holder).get(path))
    assert ("ゆずれるようになるまで" in after.words, f"{path}/give" in after.links) == (False, True)


def test_a_certificate_says_that_it_stays(chain: Chain, app: Flask, holder: int) -> None:
    token_id = held_token(chain, holder, kind="certificate", resale_rule_ja="ほかの方にゆずることはできません。")
    page = words(given.signed_in(app.test_client(), holder), token_id)
    assert "ほかの方にゆずることはできません。" in page
    assert "売ることも贈ることもできません" in page


def test_a_gift_under_way_takes_the_place_of_the_other_acts(chain: Chain, app: Flask, holder: int) -> None:
    token_id = held_token(chain, holder)
    giving.give(token_id, holder, "taro@example.jp")
    path = str(token(token_id).path)
    page = read(given.signed_in(app.test_client(), holder).get(path))
    assert [f"{path}/{act}" in page.links for act in ("give", "offer", "withdraw")] == [True, False, False]


def test_an_offer_that_is_not_on_chain_yet_takes_the_place_of_the_other_acts(
    chain: Chain, app: Flask, client: FlaskClient, holder: int
) -> None:
    token_id, mine = held_token(chain, holder), given.signed_in(app.test_client(), holder)
    path, under_way = str(token(token_id).path), "売りに出す手続きをしています"
    before = words(mine, token_id)
    offering.offer(token_id, holder, 5_000)
    page = read(mine.get(path))
    assert (under_way in before, under_way in page.words, under_way in words(client, token_id)) == (False, True, False)
    assert (f"{path}/offer" in page.links, f"{path}/give" in page.links) == (True, False)


def test_an_offer_carries_the_calls_that_buy_it(chain: Chain, client: FlaskClient, holder: int) -> None:
    token_id = held_token(chain, holder)
    chain.listed(token_id, custody(holder), 900, block=3, number=7, expires=now() + timedelta(days=9))
    heard(chain, token_id)
    page = client.get(str(token(token_id).path)).text
    data = dict(re.findall(r'data-(buy|approve|balance|allowance)="([^"]*)"', page))
    buyer = somebody("buyer")

    def filled(name: str) -> str:
        return str(data[name]).replace("{me}", buyer[2:].lower())

    market = contracts()[MARKET]
    assert [filled(name) for name in ("balance", "allowance", "approve", "buy")] == [
        "0x" + call(YEN, "balanceOf", [buyer]).hex(),
        "0x" + call(YEN, "allowance", [buyer, market]).hex(),
        "0x" + call(YEN, "approve", [market, 900]).hex(),
        "0x" + call(MARKET, "buy", [token_id, 7, 900, buyer]).hex(),
    ]
    shown = words(client, token_id)
    assert ("うち基金へ45円" in shown, "ここではカードを使えません。" in shown) == (True, True)
    assert "/dev/wallet" not in page


def test_a_token_in_somebodys_wallet_carries_the_calls_that_sell_it(
    chain: Chain, client: FlaskClient, holder: int
) -> None:
    token_id = held_token(chain, holder)
    chain.transfer(token_id, custody(holder), HANA.address, block=3)
    heard(chain, token_id)
    page = client.get(str(token(token_id).path)).text
    found = re.search(r'data-list="([^"]*)"', page)
    assert found is not None
    written = found.group(1).replace("{price}", f"{3_000:064x}")
    until = int(written[-64:], 16)
    assert written == "0x" + call(MARKET, "list", [token_id, 3_000, until]).hex()
    assert timedelta(days=364) < timedelta(seconds=until - now().timestamp()) < timedelta(days=367)


def test_the_contracts_can_be_called_by_hand_and_their_interfaces_read(
    chain: Chain, client: FlaskClient, holder: int
) -> None:
    token_id = held_token(chain, holder)
    chain.listed(token_id, custody(holder), 900, block=3, number=7, expires=now() + timedelta(days=9))
    heard(chain, token_id)
    page = read(client.get(str(token(token_id).path)))
    assert f"buy({token_id}, 7, 900, 受け取る住所)" in page.words
    links = [link for link in page.links if link.startswith("/abi/")]
    names = [{part.get("name") for part in json.loads(client.get(link).data)} for link in links]
    assert [bool(found & {"buy", "approve", "issueBatch"}) for found in names] == [True, True, True]
    assert client.get("/abi/Nothing.json").status_code == 404


def test_one_own_wallet_is_known_and_the_way_back_is_shown(
    chain: Chain, app: Flask, client: FlaskClient, holder: int
) -> None:
    proved(holder, HANA)
    token_id = held_token(chain, holder)
    chain.transfer(token_id, custody(holder), HANA.address, block=3)
    heard(chain, token_id)
    mine = given.signed_in(app.test_client(), holder)
    assert "あなたのウォレットです。" in words(mine, token_id)
    assert "あなたのウォレットです。" not in words(client, token_id)
    assert "ご自分のウォレットにある権利" in read(mine.get("/mypage")).words


def test_a_token_that_was_sent_to_a_contract_is_said_to_be_lost(chain: Chain, client: FlaskClient, holder: int) -> None:
    token_id = held_token(chain, holder)
    chain.transfer(token_id, custody(holder), contracts()[MARKET], block=3)
    heard(chain, token_id)
    assert "だれにも動かせません" in words(client, token_id)
