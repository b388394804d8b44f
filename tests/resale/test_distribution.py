"""How many hold how many, without pointing at anybody."""

from __future__ import annotations

import pytest
from flask import Flask
from hypothesis import given as each
from hypothesis import strategies as st

from marketplace.kit.db import get, transaction
from marketplace.listings.models import Listing
from marketplace.resale import statements
from marketplace.resale.distribution import FEW, STEPS, bars, distribution, said
from marketplace.tokens.issuing import promise_token
from marketplace.tokens.models import NOBODY
from tests import given
from tests.chainlogs import Chain, deploy, somebody
from tests.resale.stage import heard, held_token


@pytest.mark.parametrize(("holders", "published"), [(0, 0), (1, None), (4, None), (5, 5), (781, 781)])
def test_fewer_than_five_are_not_counted_in_public(holders: int, published: int | None) -> None:
    assert said(holders) == published


def shown(found: dict[int, int]) -> list[int | None]:
    return [bar.holders for bar in bars(found)]


def test_each_holder_is_in_the_bar_of_their_number() -> None:
    assert shown({1: 719, 2: 41, 3: 10, 5: 5, 6: 2, 10: 3, 11: 4, 300: 1}) == [719, 41, 15, 5, 5]


def test_where_one_number_would_be_left_out_the_next_smallest_is_too() -> None:
    assert shown({1: 719, 2: 41, 3: 15, 6: 5, 11: 1}) == [719, 41, 15, None, None]


def test_two_that_are_left_out_hide_each_other_and_where_both_are_tiny_a_third_hides_them() -> None:
    assert shown({1: 719, 2: 41, 6: 3, 11: 2}) == [719, 41, 0, None, None]
    assert shown({1: 719, 2: 41, 6: 2, 11: 1}) == [719, None, 0, None, None]


def test_a_single_small_number_alone_stays_hidden() -> None:
    assert shown({1: 3}) == [None, 0, 0, 0, 0]


@each(st.dictionaries(st.integers(1, 20), st.integers(1, 50)))
def test_no_small_number_is_ever_shown_nor_told_by_the_sum(found: dict[int, int]) -> None:
    counts = shown(found)
    hidden = [i for i, count in enumerate(counts) if count is None]
    assert all(count == 0 or count >= FEW for count in counts if count is not None)
    assert len(hidden) != 1 or sum(count or 0 for count in counts) == 0
    assert len(counts) == len(STEPS)


def test_the_holders_of_a_right_are_counted_by_address(app: Flask) -> None:
    addresses = deploy()
    chain, listing_id = Chain(), given.a_listing(quantity=30)
    for serial in range(1, 13):
        owner = given.an_account(f"holder-{min(serial, 6)}@example.jp")
        held_token(chain, owner, listing_id, serial)
    lost = held_token(chain, given.an_account(), listing_id, 13)
    chain.transfer(lost, somebody("x"), addresses["ResaleMarket"], block=3)
    heard(chain, lost)
    right = get(Listing, listing_id).right
    assert [bar.holders for bar in distribution(right.id)] == [None, 0, 0, None, 0]
    assert distribution() == distribution(right.id)


def test_what_nobody_holds_makes_no_holder(app: Flask) -> None:
    addresses = deploy()
    chain, listing_id = Chain(), given.a_listing(quantity=30)
    for serial in range(1, 6):
        held_token(chain, given.an_account(), listing_id, serial)
    lost, ended = (held_token(chain, given.an_account(), listing_id, serial) for serial in (6, 7))
    chain.transfer(lost, somebody("x"), addresses["ResaleMarket"], block=3)
    chain.transfer(ended, somebody("y"), NOBODY, block=4)
    heard(chain, lost, ended)
    listing = get(Listing, listing_id)
    with transaction():
        promise_token(listing.right_id, 8, listing.code, "ORD-NEW", given.an_account(), listing.quantity)
    assert [bar.holders for bar in distribution(listing.right_id)] == [5, 0, 0, 0, 0]
    figures = statements.figures()
    assert (figures.issued, figures.holders) == (7, 5)


def test_the_holders_of_each_right_are_its_own(app: Flask) -> None:
    deploy()
    chain, sales = Chain(), [given.a_listing(quantity=30) for _ in range(2)]
    for listing_id, holders in zip(sales, (5, 6), strict=True):
        for serial in range(1, holders + 1):
            held_token(chain, given.an_account(), listing_id, serial)
    found = [distribution(right_id)[0].holders for right_id in (*(get(Listing, each).right_id for each in sales), None)]
    assert found == [5, 6, 11]
