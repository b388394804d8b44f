"""While the contracts are paused nobody can buy from a wallet, and what the demo wallet asks waits for them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from marketplace.kit.clock import now
from marketplace.settings import Settings
from tests import given
from tests.chainlogs import Chain, somebody
from tests.pages import read, submit
from tests.resale.stage import custody, heard, held_token, open_lane, paused, token


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"demo": True})


def offered(chain: Chain, seller: str, token_id: int) -> str:
    """The page of a token that is for sale."""
    chain.listed(token_id, seller, 5_000, block=2, number=4, expires=now() + timedelta(days=9))
    heard(chain, token_id)
    return str(token(token_id).path)


def test_an_offer_stays_and_nobody_is_led_to_buy_it(chain: Chain, client: FlaskClient) -> None:
    seller = given.an_account()
    path = offered(chain, custody(seller), held_token(chain, seller))

    def told() -> tuple[bool, bool, bool]:
        page = client.get(path)
        stays = "そのあいだは、買うことができません。売り出しは、そのまま残ります。" in read(page).words
        return "売りに出ています" in read(page).words, stays, "data-wallet-buy" in page.text

    before = told()
    with paused():
        meanwhile = told()
    assert [before, meanwhile, told()] == [(True, False, True), (True, True, False), (True, False, True)]


def test_who_holds_a_right_in_a_wallet_of_their_own_is_not_led_to_sell_it(chain: Chain, client: FlaskClient) -> None:
    token_id, outside = held_token(chain, given.an_account()), somebody("outside")
    chain.transfer(token_id, str(token(token_id).holder_address), outside, block=2)
    heard(chain, token_id)
    path = str(token(token_id).path)

    def told() -> tuple[bool, bool]:
        page = client.get(path)
        return "そのあいだは、売りに出すことができません。" in read(page).words, "data-wallet-sell" in page.text

    before = told()
    with paused():
        meanwhile = told()
    assert [before, meanwhile, told()] == [(False, True), (True, False), (False, True)]


def test_what_the_demo_wallet_began_waits_for_the_contracts(chain: Chain, client: FlaskClient) -> None:
    wallet, seller = open_lane(), given.an_account()
    token_id = held_token(chain, seller)
    chain.sold(token_id, custody(seller), wallet, 5_000, block=3, number=1)
    heard(chain, token_id)
    submit(client, "/dev/wallet", {"to": somebody("hana")}, action=f"/dev/wallet/send/{token_id}")
    words = ("権利の送付: 進めています", "権利の送付: 記録の再開を待っています", "お手続きは、いまもできます。")
    with paused():
        meanwhile = read(client.get("/dev/wallet")).words
    afterwards = read(client.get("/dev/wallet")).words
    assert [[each in page for each in words] for page in (meanwhile, afterwards)] == [
        [False, True, True],
        [True, False, False],
    ]
