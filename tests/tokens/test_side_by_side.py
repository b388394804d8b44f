"""Two tokens of two rights side by side: what is asked of one is not answered with the other."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.chain.contract import RIGHTS
from marketplace.chain.models import Call
from marketplace.chain.register import contracts
from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Listing
from marketplace.rights.models import Right
from marketplace.tokens import delays, issuing, pointing, using
from marketplace.tokens.delays import Delay
from marketplace.tokens.finding import token_at
from marketplace.tokens.models import Token
from marketplace.tokens.snapshots import holders_at
from tests import given
from tests.chainlogs import Chain, digest, somebody
from tests.resale.stage import custody, heard, held_token, park, token

FORMER = somebody("contracts that were before ours")


@pytest.fixture
def two(chain: Chain, hana: int, ken: int) -> tuple[int, int]:
    """Hana's and Ken's, of twelve uses each."""
    return held_token(chain, hana, uses_per_token=12), held_token(chain, ken, uses_per_token=12)


def test_each_has_its_own_uses(chain: Chain, two: tuple[int, int], hana: int, ken: int) -> None:
    first, second = two
    chain.redeemed(first, custody(hana), used=1, left=11, block=2)
    chain.redeemed(second, custody(ken), used=3, left=9, block=3)
    chain.redeemed(second, custody(ken), used=12, left=0, block=4)
    chain.said[-1]["address"] = FORMER
    heard(chain, *two)
    assert [using.uses_left(each) for each in two] == [11, 9]
    assert [[log.args["left"] for log in using.uses_of(each)] for each in two] == [[11], [9]]
    with transaction():
        using.write_down(second, digest("entry"))
    asked = db.session.scalars(sa.select(Call.args).where(Call.function == "redeem")).one()
    assert asked == [second, digest("entry"), custody(ken)]


def test_each_is_found_by_its_own_place_and_waits_for_itself(chain: Chain, two: tuple[int, int]) -> None:
    rights = contracts()[RIGHTS]
    assert [token_at(rights.lower(), each).token_id for each in two] == list(two)
    for contract, token_id in ((FORMER, two[0]), (rights, two[0] + 1)):
        with pytest.raises(LookupError):
            token_at(contract, token_id)
    keys = [f"issue:{each}" for each in two]
    assert delays.delays(keys) == {}
    park(keys[0])
    assert delays.delays(keys) == {keys[0]: Delay.PARKED}
    assert (delays.delays(keys[1:]), delays.delays([])) == ({}, {})


def test_who_holds_each_at_a_block_is_by_its_last_movement_until_then(
    chain: Chain, two: tuple[int, int], hana: int, ken: int
) -> None:
    first, second = two
    taro = somebody("taro")
    chain.transfer(first, custody(hana), taro, block=5)
    chain.transfer(second, custody(ken), somebody("a thief of nothing"), block=6)
    chain.said[-1]["address"] = FORMER
    heard(chain, *two)
    assert holders_at(4) == {first: custody(hana), second: custody(ken)}
    assert holders_at(9) == {first: taro, second: custody(ken)}
    assert holders_at(9, [token(second).right_id]) == {second: custody(ken)}


def test_each_is_promised_for_its_own_order_and_its_right_for_itself(chain: Chain, hana: int) -> None:
    listings = [get(Listing, given.a_listing()) for _ in range(2)]

    def promise(listing: Listing, serial: int, order: str) -> int:
        with transaction():
            return issuing.promise_token(listing.right_id, serial, listing.code, order, hana, 10)

    first = promise(listings[0], 1, "ORD-1")
    assert [pointing.is_promised(get(Right, each.right_id)) for each in listings] == [True, False]
    second = promise(listings[0], 2, "ORD-2")
    assert (promise(listings[0], 1, "ORD-1"), promise(listings[0], 2, "ORD-2")) == (first, second)


def test_the_promise_to_one_order_is_taken_back_and_not_the_others(app: Flask, hana: int) -> None:
    listing = get(Listing, given.a_listing())
    with transaction():  # there is no contract yet, so that both wait
        for serial in (1, 2):
            issuing.promise_token(listing.right_id, serial, listing.code, f"ORD-{serial}", hana, 10)
    with transaction():
        issuing.take_back("ORD-2")
    assert db.session.scalars(sa.select(Token.order_code)).all() == ["ORD-1"]
