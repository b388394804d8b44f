"""Creators: taken in, licensed with a share of the royalties, certified with what nobody can transfer."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask

from marketplace.collections import crediting
from marketplace.collections.crediting import Agreed
from marketplace.collections.models import Creator, Licence
from marketplace.kit.db import get
from marketplace.kit.refusals import Refused
from marketplace.outbox import keeping
from marketplace.tokens.models import TokenState
from tests import given
from tests.chainlogs import GENESIS, Chain, somebody
from tests.collections.stage import Cards
from tests.holders.stage import refusal
from tests.racing import at_once
from tests.resale.stage import calls, custody, heard, token

BY = "staff:ACC-TEST"


@pytest.fixture
def artist(hana: int) -> int:
    return crediting.take_in("山菜えかき", "", BY)


def agreed(right_id: int, share_bps: int = 2_000, begins: date = date(2026, 4, 1), ends: date | None = None) -> Agreed:
    return Agreed(right_id, "「わらび」の原画", "町のトレカでの利用", share_bps, begins, ends)


def sold(chain: Chain, cards: Cards, hana: int, price: int, day: int, number: int) -> None:
    block, seller, buyer = day * 1_440, somebody("seller"), somebody("buyer")
    chain.transfer(cards.hers, custody(hana) if number == 1 else buyer, seller, block, 5)
    chain.sold(cards.hers, seller, buyer, price, block + 1, number=number)
    heard(chain, cards.hers)


def test_a_share_of_the_royalties_that_came_in_on_the_days_of_the_licence(
    chain: Chain, cards: Cards, hana: int, artist: int
) -> None:
    sold(chain, cards, hana, 3_999, 1, 1)
    sold(chain, cards, hana, 10_000, 40, 2)
    crediting.license_work(artist, agreed(cards.first, 3_333), BY)
    first = GENESIS.date()
    (line,) = crediting.statement(artist, first, first + timedelta(days=60))
    assert (line.sales, line.royalties_yen, line.share_yen) == (2, 199 + 500, 699 * 3_333 // 10_000)
    crediting.license_work(artist, agreed(cards.first, 3_333, ends=first + timedelta(days=20)), BY)
    (line,) = crediting.statement(artist, first, first + timedelta(days=60))
    assert (line.sales, line.royalties_yen, line.share_yen) == (1, 199, 66)
    assert crediting.statement(artist, first + timedelta(days=50), first + timedelta(days=60)) == []


def test_a_licence_that_is_agreed_anew_leaves_what_was_owed_until_then_as_it_was(
    chain: Chain, cards: Cards, hana: int, artist: int
) -> None:
    sold(chain, cards, hana, 3_999, 1, 1)
    sold(chain, cards, hana, 10_000, 40, 2)
    first, renewed = GENESIS.date(), GENESIS.date() + timedelta(days=30)
    old = crediting.license_work(artist, agreed(cards.first, 2_000), BY)
    before = crediting.statement(artist, first, renewed - timedelta(days=1))
    new = crediting.license_work(artist, agreed(cards.first, 5_000, begins=renewed), BY)
    assert [(each.licence.id, each.share_yen) for each in before] == [(old, 199 * 2_000 // 10_000)]
    assert crediting.statement(artist, first, renewed - timedelta(days=1)) == before
    both = crediting.statement(artist, first, first + timedelta(days=60))
    assert [(line.licence.id, line.sales, line.share_yen) for line in both] == [(old, 1, 39), (new, 1, 250)]
    assert get(Licence, old).ends_on == renewed - timedelta(days=1)


def test_a_licence_that_was_written_down_wrong_is_put_right_and_meets_no_other(cards: Cards, artist: int) -> None:
    wrong = crediting.license_work(artist, agreed(cards.first, 2_000, begins=date(2027, 4, 1)), BY)
    crediting.license_work(artist, agreed(cards.first, 3_000, begins=date(2026, 4, 1)), BY, wrong)
    assert (get(Licence, wrong).begins_on, get(Licence, wrong).share_bps) == (date(2026, 4, 1), 3_000)
    crediting.license_work(artist, agreed(cards.first, 4_000, begins=date(2028, 4, 1)), BY)
    assert refusal(lambda: crediting.license_work(artist, agreed(cards.first, 3_000), BY, wrong)) == "invalid"
    assert (
        refusal(lambda: crediting.license_work(artist, agreed(cards.first, begins=date(2025, 4, 1)), BY)) == "invalid"
    )
    another = crediting.take_in("花の絵師", "", BY)
    with pytest.raises(LookupError):
        crediting.license_work(another, agreed(cards.first), BY, wrong)


def test_a_share_that_is_over_is_somebody_elses_to_have(cards: Cards, artist: int) -> None:
    crediting.license_work(artist, agreed(cards.first, 8_000, ends=date(2028, 3, 31)), BY)
    another = crediting.take_in("花の絵師", "", BY)
    assert refusal(lambda: crediting.license_work(another, agreed(cards.first, 8_000), BY)) == "shares_too_high"
    crediting.license_work(another, agreed(cards.first, 8_000, begins=date(2028, 4, 1)), BY)


def test_the_shares_of_one_right_are_never_more_than_all_of_it(app: Flask, cards: Cards, artist: int) -> None:
    others = [crediting.take_in(f"えかき{n}", "", BY) for n in range(3)]
    crediting.license_work(artist, agreed(cards.first, 4_000), BY)
    outcomes = at_once(app, 3, lambda n: crediting.license_work(others[n], agreed(cards.first, 3_000), BY))
    assert sorted(getattr(each, "code", "done") for each in outcomes) == ["done", "done", "shares_too_high"]
    crediting.license_work(artist, agreed(cards.first, 1_000), BY)
    assert sum(each.share_bps for each in crediting.creators_of(cards.first)) == 7_000


def test_a_certificate_is_given_once_to_the_creators_own_account(chain: Chain, hana: int, artist: int) -> None:
    assert refusal(lambda: crediting.certify(artist, BY)) == "creator_has_no_account"
    hers = crediting.take_in("花の絵師", "Hana@example.jp", BY)
    assert refusal(lambda: crediting.certify(hers, BY)) == "no_certificate_to_give"
    given.a_listing(kind="certificate", mode="grant", price_yen=None)
    before = [key for key, *_ in calls("issue:")]
    token_id = crediting.certify(hers, BY)
    assert refusal(lambda: crediting.certify(hers, BY)) == "creator_has_a_certificate"
    assert [key for key, *_ in calls("issue:")] == [*before, f"issue:{token_id}"]
    chain.mint(token_id, custody(hana), block=1)
    heard(chain, token_id)
    keeping.drain()
    found = token(token_id)
    assert (found.state, found.holder_id, found.right.transferable) == (TokenState.HELD, hana, False)
    assert get(Creator, hers).certificate_token_id == token_id


@pytest.mark.parametrize(
    ("name", "email", "field"),
    [(" ", "", "name"), ("山菜えかき", "", "name"), ("別の方", "nobody@example.jp", "email"), ("別の方", "x", "email")],
)
def test_who_cannot_be_taken_in(artist: int, name: str, email: str, field: str) -> None:
    with pytest.raises(Refused) as caught:
        crediting.take_in(name, email, BY)
    assert caught.value.field == field
