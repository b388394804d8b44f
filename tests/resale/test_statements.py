"""The figures of the market page: right, and with a fixed number of queries."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.kit.clock import now
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing
from marketplace.resale import statements
from marketplace.resale.statements import Figures
from tests import given
from tests.chainlogs import Chain, somebody
from tests.resale.stage import heard, held_token, token


def market(chain: Chain, prices: list[int], listing_id: int, start: int = 1) -> list[int]:
    """Tokens of one listing, each sold once by its first holder to 'hana'."""
    token_ids = []
    for serial, price in enumerate(prices, start=1):
        token_id = held_token(chain, given.an_account(), listing_id, serial)
        seller = str(token(token_id).holder_address)
        chain.sold(token_id, seller, somebody("hana"), price, block=10 * start + serial, number=100 * start + serial)
        token_ids.append(token_id)
    heard(chain, *token_ids)
    return token_ids


def test_a_town_without_tokens_has_nothing_to_count(app: Flask) -> None:
    assert statements.figures() == Figures(0, 0, 0, None, None, 0, 0, 0)
    assert statements.figures_by_right() == []


@pytest.mark.parametrize(
    ("prices", "median"), [([700], 700), ([900, 100], 500), ([300, 100, 1_000], 300), ([1, 4, 2, 100], 3)]
)
def test_the_median_is_the_middle_of_all_sales(chain: Chain, prices: list[int], median: int) -> None:
    market(chain, prices, given.a_listing())
    assert statements.figures().median == median


def test_the_figures_of_the_town_and_of_each_right(chain: Chain) -> None:
    cards, residents = given.a_listing(kind="card"), given.a_listing(kind="resident")
    market(chain, [1_000, 3_000], cards, start=1)
    token_id, other = market(chain, [500, 700], residents, start=2)
    unsold = held_token(chain, given.an_account(), residents, 3)
    later = now() + timedelta(days=9)
    chain.listed(token_id, somebody("hana"), 900, block=50, number=1, expires=later)
    chain.listed(other, somebody("hana"), 800, block=51, number=2, expires=now() - timedelta(days=1))
    chain.cancelled(unsold, block=53, number=9)
    heard(chain, token_id, other, unsold)
    assert statements.figures() == Figures(
        count=4, volume=5_200, royalties=260, median=850, floor=900, offered=1, issued=5, holders=2, expected=260
    )
    by_right = {right.id: figures for right, figures in statements.figures_by_right()}
    assert by_right == {
        get(Listing, cards).right_id: Figures(2, 4_000, 200, 2_000, None, 0, 2, 1, 200),
        get(Listing, residents).right_id: Figures(2, 1_200, 60, 600, 900, 1, 3, 2, 60),
    }


def test_the_number_of_queries_does_not_grow_with_the_rows(chain: Chain) -> None:
    asked: list[str] = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda _c, _cur, text, *_more: asked.append(text))

    def queries() -> int:
        db.session.rollback()
        asked.clear()
        statements.figures()
        statements.figures_by_right()
        statements.live_offers()
        return len(asked)

    market(chain, [100], given.a_listing(), start=1)
    few = queries()
    market(chain, [100, 200, 300], given.a_listing(), start=2)
    assert queries() == few
