"""What was bought and is the buyer's no more: their pages say since when and how, and not whose it is now."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from marketplace.orders.models import Order
from marketplace.orders.whereabouts import left
from marketplace.outbox import keeping
from marketplace.resale import recording
from marketplace.tokens.custody import custody_of
from marketplace.tokens.models import NOBODY
from tests import given
from tests.chainlogs import GENESIS, Chain, somebody
from tests.holders.stage import proved
from tests.local_stripe import LocalStripe
from tests.orders.bought import bought, issued, passed_on, token_of
from tests.orders.test_own_page import ARRIVED, shown_of
from tests.pages import read
from tests.resale.stage import heard
from tests.wallets import OwnWallet

KEN, DELIVERED = "ken@example.jp", "お届けずみ"
SOLD, GIVEN, REVOKED = (
    "この権利は、2026年4月20日(月)に、ほかの方に売れました。",
    "この権利は、2026年4月20日(月)に、ほかの方へお渡しになりました。",
    "この権利は、2026年4月20日(月)に取り消され、終わりました。",
)


@pytest.fixture
def order(stripe: LocalStripe, chain: Chain) -> Order:
    return issued(chain, bought(stripe))


def sold_on(chain: Chain, order: Order, buyer: str) -> None:
    token = token_of(order)
    chain.sold(token.token_id, custody_of(order.buyer_id), buyer, 5_000, block=10 + len(chain.said), number=1)
    heard(chain, token.token_id)
    keeping.drain()


def sold(chain: Chain, order: Order) -> None:
    sold_on(chain, order, somebody("ken"))


def given_away(chain: Chain, order: Order) -> None:
    passed_on(chain, order, given.an_account(KEN))


def revoked(chain: Chain, order: Order) -> None:
    moved(chain, order, custody_of(order.buyer_id), NOBODY)


def moved(chain: Chain, order: Order, sender: str, to: str) -> None:
    token_id = token_of(order).token_id
    chain.transfer(token_id, sender, to, block=10 + len(chain.said))
    heard(chain, token_id)
    keeping.drain()


def badge(app: Flask, order: Order) -> str:
    """What the buyer's list of orders says of it."""
    page = given.signed_in(app.test_client(), order.buyer_id).get("/mypage").text
    (found,) = re.findall(r'<span class="badge badge--plain">([^<]*)</span></li></ul></section>\s*</div>', page)
    return str(found)


@pytest.mark.parametrize(
    ("act", "sentence", "word"),
    [
        (sold, SOLD, "2026年4月20日(月)に売れました"),
        (given_away, GIVEN, "2026年4月20日(月)にお渡しになりました"),
        (revoked, REVOKED, "2026年4月20日(月)に取り消されました"),
    ],
)
def test_the_order_s_page_and_the_list_say_how_and_when_it_left(
    app: Flask, chain: Chain, order: Order, act: Callable[[Chain, Order], None], sentence: str, word: str
) -> None:
    before = [each in shown_of(app, order).words for each in (ARRIVED, sentence)], badge(app, order)
    act(chain, order)
    page = shown_of(app, order)
    after = [each in page.words for each in (ARRIVED, sentence)], badge(app, order)
    assert [before, after] == [([True, False], DELIVERED), ([False, True], word)]
    assert (token_of(order).path in page.links, "/mypage" in page.links) == (True, True)
    assert [each for each in (KEN, somebody("ken")) if each in page.words] == []


def test_what_came_back_is_theirs_again_and_what_went_to_their_own_wallet_never_left(
    app: Flask, chain: Chain, order: Order
) -> None:
    ken, wallet = given.an_account(KEN), OwnWallet("own")
    passed_on(chain, order, ken)
    moved(chain, order, custody_of(ken), custody_of(order.buyer_id))
    back = left(order.buyer_id, [order])
    proved(order.buyer_id, wallet)
    moved(chain, order, custody_of(order.buyer_id), wallet.address)
    outside = left(order.buyer_id, [order])
    moved(chain, order, wallet.address, somebody("mio"))
    gone = left(order.buyer_id, [order])
    assert [back, outside, {code: each.kind for code, each in gone.items()}] == [{}, {}, {order.code: "transfer"}]
    assert ARRIVED not in shown_of(app, order).words


def test_it_left_when_it_left_these_hands_and_not_when_the_next_ones_let_go(
    app: Flask, chain: Chain, order: Order
) -> None:
    sold(chain, order)
    at = left(order.buyer_id, [order])[order.code].at
    moved(chain, order, somebody("ken"), NOBODY)
    (found,) = left(order.buyer_id, [order]).values()
    assert (found.kind, found.at, at > GENESIS + timedelta(minutes=10)) == ("sale", at, True)


def test_a_sale_that_the_chain_takes_back_was_none(app: Flask, chain: Chain, order: Order) -> None:
    sold(chain, order)
    chain.take_back(12)
    recording.recompute([token_of(order).token_id])
    heard(chain, token_of(order).token_id)
    assert (left(order.buyer_id, [order]), badge(app, order)) == ({}, DELIVERED)


def test_staff_read_it_on_their_page_of_the_order(app: Flask, chain: Chain, order: Order) -> None:
    sold(chain, order)
    treasury = given.staff("treasury")
    page = read(given.signed_in(app.test_client(), treasury).get(f"/staff/orders/{order.code}"))
    assert "その後2026年4月20日(月)に売れました（権利のページ）" in page.words.replace("\n", "")


def test_english_says_it_too(app: Flask, chain: Chain, order: Order) -> None:
    sold(chain, order)
    assert "It was sold to somebody else on Mon 20 Apr 2026." in shown_of(app, order, "?lang=en").words
