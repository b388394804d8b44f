"""Two rights, two tokens and two sellers side by side: what is asked of one is not answered with the other."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db
from marketplace.notices.models import Notice
from marketplace.outbox import keeping
from marketplace.resale import offering, proceeds, recording, statements
from marketplace.resale.models import RequestState
from marketplace.resale.offering import LIFE
from tests import given
from tests.chainlogs import Chain, somebody
from tests.resale.stage import custody, heard, held_token, park, request, token

FORMER = somebody("a market that was before ours")


@pytest.fixture
def sellers(app: Flask) -> tuple[int, int]:
    return given.an_account("hana@example.jp"), given.an_account("ken@example.jp")


@pytest.fixture
def tokens(chain: Chain, sellers: tuple[int, int]) -> tuple[int, int]:
    """Hana's and Ken's, of two rights."""
    hana, ken = sellers
    return held_token(chain, hana), held_token(chain, ken)


def put_up(chain: Chain, token_id: int, seller: int, price: int, block: int) -> int:
    """Asked for, and listed by the chain; its request."""
    asked = request(offering.offer(token_id, seller, price))
    chain.listed(token_id, custody(seller), price, block=block, number=block, expires=asked.expires_at)
    heard(chain, token_id)
    return asked.id


def test_each_token_has_its_own_request_offer_and_last_moment(
    chain: Chain, tokens: tuple[int, int], sellers: tuple[int, int]
) -> None:
    (first, second), (hana, ken) = tokens, sellers
    of_first, of_second = put_up(chain, first, hana, 5_000, 2), put_up(chain, second, ken, 7_000, 3)
    assert request(of_second).expires_at <= now() + LIFE  # no other token's is in its way
    assert [getattr(offering.open_request(each), "id", None) for each in tokens] == [of_first, of_second]
    assert [getattr(offering.live_offer(each), "price_yen", None) for each in tokens] == [5_000, 7_000]
    assert {each: offer.price_yen for each, offer in statements.live_offers_of([first]).items()} == {first: 5_000}
    assert [(offer.price_yen, of.token_id) for offer, of in statements.live_offers()] == [
        (5_000, first),
        (7_000, second),
    ]
    later = request(of_second).expires_at  # before the clock has looked at what is over
    with pretending(later):
        assert (statements.live_offers(), statements.live_offers_of(tokens)) == ([], {})
        assert (offering.live_offer(second), [each.offered for _, each in statements.figures_by_right()]) == (
            None,
            [0, 0],
        )


def test_what_the_chain_would_not_have_is_told_of_that_offer_alone(
    chain: Chain, tokens: tuple[int, int], sellers: tuple[int, int]
) -> None:
    (first, second), (hana, ken) = tokens, sellers
    of_first, of_second = offering.offer(first, hana, 5_000), offering.offer(second, ken, 7_000)
    park(f"offer:{of_first}:list")
    park(f"offer:{of_second}:approve")
    recording.fail_parked()
    assert [request(each).state for each in (of_first, of_second)] == [RequestState.FAILED, RequestState.ASKED]


def test_each_seller_has_the_money_of_the_own_sales_and_one_letter(
    chain: Chain, tokens: tuple[int, int], sellers: tuple[int, int]
) -> None:
    (first, second), (hana, ken) = tokens, sellers
    chain.sold(first, custody(hana), somebody("buyer"), 5_000, block=3, number=1)
    chain.sold(second, custody(ken), somebody("buyer"), 7_000, block=4, number=2)
    heard(chain, first, second)
    heard(chain, second)
    keeping.drain()
    chain.drawn(custody(hana), somebody("hana's wallet"), 4_750, block=5)
    chain.tell()
    assert [proceeds.owed(each) for each in sellers] == [0, 6_650]
    assert [[trade.price_yen for trade, _token in proceeds.sales(each)] for each in sellers] == [[5_000], [7_000]]
    assert [[each.yen for each in proceeds.drawn(seller)] for seller in sellers] == [[4_750], []]
    letters = db.session.scalars(sa.select(Notice).where(Notice.template == "resold").order_by(Notice.id))
    assert [(letter.to_email, "5,000円" in letter.body, "7,000円" in letter.body) for letter in letters] == [
        ("hana@example.jp", True, False),
        ("ken@example.jp", False, True),
    ]


def test_each_right_has_its_own_figures_and_each_token_its_own_steps(
    chain: Chain, tokens: tuple[int, int], sellers: tuple[int, int]
) -> None:
    (first, second), (hana, _ken) = tokens, sellers
    chain.sold(first, custody(hana), somebody("buyer"), 5_000, block=3, number=1)
    heard(chain, first)
    assert {each: [step.kind for step in steps] for each, steps in statements.histories([first]).items()} == {
        first: ["issue", "sale"]
    }
    assert [step.kind for step in statements.history(second)] == ["issue"]
    rights = [token(each).right_id for each in tokens]
    assert [(right.id, each.count, each.volume) for right, each in statements.figures_by_right()] == [
        (rights[0], 1, 5_000),
        (rights[1], 0, 0),
    ]


def test_what_a_contract_that_is_not_ours_any_more_says_of_a_token_changes_nothing(
    chain: Chain, tokens: tuple[int, int], sellers: tuple[int, int]
) -> None:
    (first, _second), (hana, _ken) = tokens, sellers
    put_up(chain, first, hana, 5_000, 2)
    own = custody(hana)
    chain.cancelled(first, block=3, number=2)
    chain.redeemed(first, own, used=1, left=11, block=4)
    chain.transfer(first, own, somebody("x"), block=5)
    chain.drawn(own, somebody("x"), 4_750, block=6)
    chain.paid(own, somebody("buyer"), 5_000, block=6, index=1)
    for log in chain.said[-5:]:
        log["address"] = FORMER
    heard(chain, first)
    assert getattr(offering.live_offer(first), "price_yen", None) == 5_000
    chain.sold(first, own, somebody("buyer"), 5_000, block=7, number=2)
    heard(chain, first)
    assert (proceeds.owed(hana), statements.figures().excluded) == (4_750, {})
