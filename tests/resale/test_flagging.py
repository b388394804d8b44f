"""What is recorded of a sale beside its price: why it may not count, and how long it was on offer."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from flask import Flask

from marketplace.chain.models import Contract
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.resale import statements
from marketplace.resale.models import Flag, Trade
from tests import given
from tests.chainlogs import GENESIS, Chain, somebody
from tests.resale.stage import custody, heard, held_token

HANA, KEN, UNCLE = somebody("hana"), somebody("ken"), somebody("uncle")


def flags() -> list[Flag | None]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Trade.flag).order_by(Trade.block_number, Trade.log_index)))


def test_a_token_that_comes_back_makes_the_older_sale_look_different(chain: Chain) -> None:
    seller = given.an_account()
    token_id = held_token(chain, seller)
    chain.sold(token_id, custody(seller), HANA, 5_000, block=3, number=1)
    heard(chain, token_id)
    before = flags()
    chain.sold(token_id, HANA, custody(seller), 9_000, block=4, number=2)
    heard(chain, token_id)
    assert (before, flags()) == ([None], [Flag.ROUND_TRIP, Flag.ROUND_TRIP])


def test_and_counts_again_where_the_chain_takes_the_way_back_away(chain: Chain) -> None:
    seller = given.an_account()
    token_id = held_token(chain, seller)
    chain.sold(token_id, custody(seller), HANA, 5_000, block=3, number=1)
    chain.sold(token_id, HANA, custody(seller), 9_000, block=4, number=2)
    heard(chain, token_id)
    chain.take_back(4)
    heard(chain, token_id)
    assert flags() == [None]


def test_money_of_the_sellers_in_the_buyers_hand_is_seen(chain: Chain) -> None:
    seller = given.an_account()
    plain, tied, friends = (held_token(chain, seller) for _ in range(3))
    chain.paid(custody(seller), KEN, 5_000, block=2)
    chain.paid(UNCLE, HANA, 5_000, block=3)
    chain.sold(plain, custody(seller), somebody("stranger"), 5_000, block=4, number=1)
    chain.sold(tied, custody(seller), KEN, 5_000, block=5, number=2)
    chain.sold(friends, custody(seller), HANA, 5_000, block=6, number=3)
    heard(chain, plain, tied, friends)
    assert flags() == [None, Flag.FUNDED, None]
    heard(chain, plain, tied, friends)
    assert flags() == [None, Flag.FUNDED, None]


def test_what_is_left_out_moves_no_figure_but_the_royalties(chain: Chain) -> None:
    seller = given.an_account()
    good, bad = held_token(chain, seller), held_token(chain, seller)
    chain.sold(good, custody(seller), HANA, 1_000, block=3, number=1)
    chain.sold(bad, custody(seller), custody(seller), 90_000, block=4, number=2)
    heard(chain, good, bad)
    found = statements.figures()
    assert (found.count, found.volume, found.median, found.royalties, found.expected, found.excluded) == (
        1,
        1_000,
        1_000,
        4_550,
        4_550,
        {Flag.SELF: 1},
    )


def test_how_long_it_was_on_offer_is_kept(chain: Chain) -> None:
    seller = given.an_account()
    token_id = held_token(chain, seller)
    later = now() + timedelta(days=9)
    chain.listed(token_id, custody(seller), 5_000, block=3, number=7, expires=later)
    chain.listed(token_id, custody(seller), 4_000, block=5, number=8, expires=later)
    chain.sold(token_id, custody(seller), HANA, 4_000, block=9, number=8)
    heard(chain, token_id)
    assert db.session.scalars(sa.select(Trade.listed_at)).one() == GENESIS + timedelta(minutes=5)


def test_a_token_sent_to_a_contract_has_no_holder(chain: Chain, app: Flask) -> None:
    kept, lost = held_token(chain, given.an_account()), held_token(chain, given.an_account())
    market = db.session.scalar(sa.select(Contract.address).where(Contract.name == "ResaleMarket"))
    assert market is not None
    chain.transfer(lost, custody(2), market, block=3)
    heard(chain, kept, lost)
    assert (statements.figures().issued, statements.figures().holders) == (2, 1)
