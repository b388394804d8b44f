"""The demo town's outside wallet buys and sends on; a real site has none."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.clock import now
from marketplace.kit.db import db, transaction
from marketplace.outbox import keeping
from marketplace.outbox.promising import say
from marketplace.resale.models import Offer
from marketplace.settings import Settings
from tests import given
from tests.chainlogs import Chain, somebody
from tests.pages import read
from tests.resale.stage import calls, custody, heard, held_token, open_lane, token
from tests.resale.test_views import press

HANA = somebody("hana")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"demo": True})


def test_the_demo_wallet_buys_step_by_step_as_each_one_is_mined(chain: Chain, client: FlaskClient, app: Flask) -> None:
    seller = given.an_account()
    token_id = held_token(chain, seller)
    chain.listed(token_id, custody(seller), 5_000, block=2, number=4, expires=now() + timedelta(days=9))
    heard(chain, token_id)
    offer_id = db.session.scalars(sa.select(Offer.id)).one()
    for _ in range(2):
        assert press(client, "/dev/wallet", f"/dev/wallet/buy/{offer_id}")[0] == 303
    wallet = open_lane()
    for step in ("approve", "mint", "pay"):
        with transaction():
            say("chain.mined", key=step, call_key=f"wallet:buy:{token_id}:4:5000:{step}")
        keeping.drain()
    assert [(role, function, args[:1]) for _, role, function, args in calls("wallet:")] == [
        ("wallet:demo", "approve", [market()]),
        ("town", "mint", [wallet]),
        ("wallet:demo", "buy", [token_id]),
    ]
    assert calls("wallet:")[2][3] == [token_id, 4, 5_000, wallet]


def test_the_demo_wallet_sends_on_what_it_holds_once(chain: Chain, client: FlaskClient) -> None:
    wallet, seller = open_lane(), given.an_account()
    token_id = held_token(chain, seller)
    other = held_token(chain, seller)
    chain.sold(token_id, custody(seller), wallet, 5_000, block=3, number=1)
    heard(chain, token_id)
    send = f"/dev/wallet/send/{token_id}"
    answers = [press(client, "/dev/wallet", send, to=to)[0] for to in ("0x12", market(), HANA, HANA)]
    not_its_own = press(client, "/dev/wallet", f"/dev/wallet/send/{other}", to=HANA)[0]
    assert (answers, not_its_own) == ([422, 422, 303, 303], 403)
    assert calls("wallet:") == [(f"wallet:send:{token_id}:2", "wallet:demo", "transferFrom", [wallet, HANA, token_id])]


def test_in_the_demo_who_has_no_wallet_is_led_to_one(chain: Chain, client: FlaskClient) -> None:
    seller = given.an_account()
    token_id = held_token(chain, seller)
    before = read(client.get(str(token(token_id).path))).links
    chain.listed(token_id, custody(seller), 5_000, block=2, number=4, expires=now() + timedelta(days=9))
    heard(chain, token_id)
    after = read(client.get(str(token(token_id).path))).links
    assert ("/dev/wallet" in before, "/dev/wallet" in after) == (False, True)


def test_a_sold_offer_is_not_bought_again(chain: Chain, client: FlaskClient) -> None:
    seller = given.an_account()
    token_id, other = held_token(chain, seller), held_token(chain, seller)
    later = now() + timedelta(days=9)
    chain.listed(token_id, custody(seller), 5_000, block=2, number=4, expires=later)
    chain.listed(other, custody(seller), 5_000, block=2, number=5, expires=later, index=1)
    chain.sold(token_id, custody(seller), HANA, 5_000, block=3, number=4)
    heard(chain, token_id, other)
    sold = db.session.scalars(sa.select(Offer.id).where(Offer.token_id == token_id)).one()
    assert (press(client, "/dev/wallet", f"/dev/wallet/buy/{sold}")[0], calls("wallet:")) == (409, [])


class TestOnARealSite:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"demo": False})

    def test_there_is_no_demo_wallet(self, client: FlaskClient) -> None:
        assert client.get("/dev/wallet").status_code == 404


def market() -> str:
    return str(db.session.scalar(sa.text("SELECT address FROM chain_contracts WHERE name = 'ResaleMarket'")))
