"""Offers and trades are what the market's logs add up to: twice, in any order, and when the chain takes them back."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck
from hypothesis import given as each
from hypothesis import settings as examples
from hypothesis import strategies as st

from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.notices.models import Notice
from marketplace.outbox import keeping
from marketplace.resale import proceeds, recording, statements
from marketplace.resale.models import Offer, OfferState, Trade
from tests import given
from tests.chainlogs import GENESIS, Chain, deploy, digest, somebody
from tests.racing import at_once
from tests.resale.stage import custody, heard, held_token

_serials = count(1)


@pytest.fixture
def seller(app: Flask) -> int:
    return given.an_account("seller@example.jp")


def states(token_id: int) -> list[tuple[int, int, OfferState]]:
    db.session.rollback()
    rows = db.session.execute(
        sa.select(Offer.market_listing, Offer.price_yen, Offer.state)
        .where(Offer.token_id == token_id)
        .order_by(Offer.block_number, Offer.log_index)
    )
    return [(number, price, state) for number, price, state in rows]


def sales(token_id: int) -> list[tuple[str, str, int, int, int]]:
    rows = db.session.scalars(sa.select(Trade).where(Trade.token_id == token_id).order_by(Trade.block_number))
    return [(row.seller, row.buyer, row.price_yen, row.royalty_yen, row.block_number) for row in rows]


def test_an_offer_that_was_listed_is_live(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    chain.listed(token_id, custody(seller), 5_000, block=2, number=1, expires=now() + timedelta(days=9))
    heard(chain, token_id)
    assert states(token_id) == [(1, 5_000, OfferState.LIVE)]


def test_a_sale_is_a_trade_with_its_royalty(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    chain.listed(token_id, custody(seller), 5_000, block=2, number=1, expires=now() + timedelta(days=9))
    chain.sold(token_id, custody(seller), somebody("hana"), 5_000, block=3, number=1)
    heard(chain, token_id)
    assert states(token_id) == [(1, 5_000, OfferState.SOLD)]
    assert sales(token_id) == [(custody(seller), somebody("hana"), 5_000, 250, 3)]


def test_an_offer_dies_when_the_token_changes_hands_without_it_even_if_it_comes_back(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    chain.listed(token_id, custody(seller), 5_000, block=2, number=1, expires=now() + timedelta(days=9))
    chain.transfer(token_id, custody(seller), somebody("hana"), block=3)
    chain.transfer(token_id, somebody("hana"), custody(seller), block=4)
    heard(chain, token_id)
    assert states(token_id) == [(1, 5_000, OfferState.STALE)]


def test_an_offer_dies_when_the_right_is_used_even_if_the_use_is_undone(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    chain.listed(token_id, custody(seller), 5_000, block=2, number=1, expires=now() + timedelta(days=9))
    chain.redeemed(token_id, custody(seller), used=1, left=11, block=3)
    heard(chain, token_id)
    assert states(token_id) == [(1, 5_000, OfferState.STALE)]
    chain.listed(token_id, custody(seller), 4_000, block=4, number=2, expires=now() + timedelta(days=9))
    chain.undone(token_id, digest("use", token_id, 3, 0), used=0, left=12, block=5)
    heard(chain, token_id)
    assert states(token_id) == [(1, 5_000, OfferState.STALE), (2, 4_000, OfferState.STALE)]


def test_a_new_price_replaces_the_former_one(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    later = now() + timedelta(days=9)
    chain.listed(token_id, custody(seller), 5_000, block=2, number=1, expires=later)
    chain.cancelled(token_id, block=3, number=1, index=0)
    chain.listed(token_id, custody(seller), 4_000, block=3, number=2, expires=later, index=1)
    heard(chain, token_id)
    assert states(token_id) == [(1, 5_000, OfferState.CANCELLED), (2, 4_000, OfferState.LIVE)]


def test_an_offer_past_its_last_moment_is_no_longer_live(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    chain.listed(token_id, custody(seller), 5_000, block=2, number=1, expires=now() - timedelta(seconds=1))
    heard(chain, token_id)
    assert states(token_id) == [(1, 5_000, OfferState.EXPIRED)]


def test_an_offer_for_more_money_than_there_is_is_passed_over(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    chain.listed(token_id, custody(seller), 2**127, block=2, number=1, expires=now() + timedelta(days=9))
    heard(chain, token_id)
    assert states(token_id) == []


def test_a_rolled_back_sale_was_never_a_trade_and_the_offer_is_live_again(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    chain.listed(token_id, custody(seller), 5_000, block=2, number=1, expires=now() + timedelta(days=9))
    heard(chain, token_id)
    chain.sold(token_id, custody(seller), somebody("hana"), 5_000, block=3, number=1)
    heard(chain, token_id)
    chain.take_back(3)
    heard(chain, token_id)
    assert (states(token_id), sales(token_id)) == ([(1, 5_000, OfferState.LIVE)], [])


def test_a_seller_with_custody_is_told_once_and_finds_the_money_waiting(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    chain.sold(token_id, custody(seller), somebody("hana"), 5_000, block=3, number=1)
    for _ in range(2):
        heard(chain, token_id)
        keeping.drain()
    mails = list(db.session.scalars(sa.select(Notice).where(Notice.template == "resold")))
    assert [(mail.to_email, "4,750円" in mail.body) for mail in mails] == [("seller@example.jp", True)]
    assert proceeds.owed(seller) == 4_750


@examples(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@each(order=st.permutations(range(8)), looks=st.lists(st.booleans(), min_size=8, max_size=8))
def test_logs_in_any_order_and_looks_between_them_end_in_the_same_record(
    app: Flask, order: list[int], looks: list[bool]
) -> None:
    if db.session.scalar(sa.text("SELECT count(*) FROM chain_contracts")) == 0:
        deploy()
    seller, turn = given.an_account("seller@example.jp"), next(_serials)
    first = Chain(fork=f"mint {turn}")
    token_id = held_token(first, seller)
    chain, own, hana, taro = Chain(fork=f"story {turn}"), custody(seller), somebody("hana"), somebody("taro")
    later = now() + timedelta(days=9)
    chain.listed(token_id, own, 5_000, block=2, number=10 * turn, expires=later)
    chain.sold(token_id, own, hana, 5_000, block=3, number=10 * turn)
    chain.listed(token_id, hana, 6_000, block=4, number=10 * turn + 1, expires=later)
    chain.transfer(token_id, hana, taro, block=5)
    chain.listed(token_id, taro, 7_000, block=6, number=10 * turn + 2, expires=later)
    chain.cancelled(token_id, block=7, number=10 * turn + 2)
    chain.listed(token_id, taro, 8_000, block=8, number=10 * turn + 3, expires=later)
    for place, look in zip(order, looks, strict=True):
        chain.tell(place)
        if look:
            recording.recompute([token_id])
    recording.recompute([token_id])
    ends = (OfferState.SOLD, OfferState.STALE, OfferState.CANCELLED, OfferState.LIVE)
    prices = (5_000, 6_000, 7_000, 8_000)
    assert states(token_id) == [
        (10 * turn + i, price, end) for i, (price, end) in enumerate(zip(prices, ends, strict=True))
    ]
    assert sales(token_id) == [(own, hana, 5_000, 250, 3)]


def test_two_workers_at_once_record_each_sale_once(app: Flask, chain: Chain, seller: int) -> None:
    listing_id = given.a_listing()
    token_ids = [held_token(chain, seller, listing_id, serial) for serial in range(1, 5)]
    for number, token_id in enumerate(token_ids, start=1):
        chain.listed(token_id, custody(seller), 5_000, block=2 * number, number=number, expires=now())
        chain.sold(token_id, custody(seller), somebody("hana"), 5_000, block=2 * number + 1, number=number)
    chain.tell()
    outcomes = at_once(app, 4, lambda number: recording.recompute(token_ids[:: -1 if number % 2 else 1]))
    trades, offers = (db.session.scalar(sa.select(sa.func.count()).select_from(kind)) for kind in (Trade, Offer))
    assert (outcomes, trades, offers) == ([None] * 4, 4, 4)


def test_the_history_tells_issue_sale_and_gift_apart(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    own, hana, taro = custody(seller), somebody("hana"), somebody("taro")
    chain.sold(token_id, own, hana, 5_000, block=3, number=1)
    chain.transfer(token_id, hana, taro, block=4, tx="gift")
    heard(chain, token_id)
    steps = statements.history(token_id)
    assert [(step.kind, step.to_address, step.price_yen, step.royalty_yen) for step in steps] == [
        ("issue", own, None, None),
        ("sale", hana, 5_000, 250),
        ("transfer", taro, None, None),
    ]
    assert (steps[2].tx_hash, steps[2].at) == (digest("tx", "gift"), GENESIS + timedelta(minutes=4))
