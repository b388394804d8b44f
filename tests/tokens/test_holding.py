"""Who holds a token is what the logs add up to: twice, in any order, and when the chain takes back what it said."""

from __future__ import annotations

from itertools import count

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck
from hypothesis import given as each
from hypothesis import settings as examples
from hypothesis import strategies as st

from marketplace.accounts.models import Account
from marketplace.chain.register import custody_address
from marketplace.journal.models import Entry
from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Listing
from marketplace.outbox import keeping, promising
from marketplace.outbox.models import Message
from marketplace.outbox.promising import say
from marketplace.tokens import holding
from marketplace.tokens.custody import custody_of
from marketplace.tokens.issuing import promise_token
from marketplace.tokens.models import NOBODY, Token, TokenState, Transfer
from tests import given
from tests.chainlogs import GENESIS, Chain, deploy, digest, somebody
from tests.lived import Told
from tests.racing import at_once

HEARD: list[tuple[str, dict[str, object]]] = []


@pytest.fixture(autouse=True)
def ears(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, object]]]:
    """An office that listens to what this one says."""
    HEARD.clear()
    for topic in ("token.issued", "token.misissued", "token.changed_hands"):
        name = f"ears.{topic}"
        monkeypatch.setitem(promising.LISTENERS, topic, [name])
        monkeypatch.setitem(promising.HANDLERS, name, lambda topic=topic, **body: HEARD.append((topic, body)))
    return HEARD


def past() -> int:
    """The contracts are there, and a listing of many. Its id."""
    deploy()
    return given.a_listing(quantity=900)


@pytest.fixture
def listing_id(app: Flask, told: Told[int]) -> int:
    return told.what


@pytest.fixture
def buyer(app: Flask) -> int:
    return given.an_account("buyer@example.jp")


_orders = count(1)


def promised(listing_id: int, buyer: int, serial: int = 1) -> int:
    listing = get(Listing, listing_id)
    with transaction():
        return promise_token(listing.right_id, serial, listing.code, f"ORD-{next(_orders)}", buyer, listing.quantity)


def custody(account_id: int) -> str:
    return custody_address(get(Account, account_id).custody_id)


def token(token_id: int) -> Token:
    db.session.rollback()
    return db.session.scalars(sa.select(Token).where(Token.token_id == token_id)).one()


def picture(token_id: int) -> tuple[object, ...]:
    """All that the register says of a token."""
    row = token(token_id)
    moves = db.session.scalars(
        sa.select(Transfer).where(Transfer.token_id == token_id).order_by(Transfer.block_number, Transfer.log_index)
    )
    steps = tuple((move.from_address, move.to_address, move.block_number, move.log_index) for move in moves)
    return row.state, row.holder_address, row.holder_id, row.mint_tx, row.minted_at, steps


def test_a_minted_token_is_held_by_the_account_it_was_promised_to(listing_id: int, buyer: int) -> None:
    token_id, chain = promised(listing_id, buyer), Chain()
    chain.mint(token_id, custody(buyer), block=3, tx="batch")
    chain.tell()
    holding.recompute([token_id])
    minted = (digest("tx", "batch"), GENESIS.replace(minute=3))
    steps = ((NOBODY, custody(buyer), 3, 0),)
    assert picture(token_id) == (TokenState.HELD, custody(buyer), buyer, *minted, steps)


def test_news_of_an_issue_is_said_once_however_often_it_is_computed(listing_id: int, buyer: int) -> None:
    token_id, chain = promised(listing_id, buyer), Chain()
    chain.mint(token_id, custody(buyer), block=3)
    chain.tell()
    for _ in range(3):
        holding.recompute([token_id])
        keeping.drain()
    assert [("token.issued", {"token_id": token_id, "order_code": token(token_id).order_code})] == HEARD


def test_a_token_that_the_chain_issued_for_another_order_is_not_said_to_be_that_orders(
    listing_id: int, buyer: int
) -> None:
    token_id, chain = promised(listing_id, buyer), Chain()
    chain.mint(token_id, custody(buyer), block=3, tx="theft", ref=digest("another"))
    chain.tell()
    for _ in range(2):
        holding.recompute([token_id])
        keeping.drain()
    assert [("token.misissued", {"token_id": token_id, "ref": digest("another")})] == HEARD


def test_a_token_in_a_wallet_of_ones_own_has_an_address_and_no_account(listing_id: int, buyer: int) -> None:
    token_id, chain = promised(listing_id, buyer), Chain()
    chain.mint(token_id, custody(buyer), block=3)
    chain.transfer(token_id, custody(buyer), somebody("hana"), block=4, tx="gift")
    chain.tell()
    holding.recompute([token_id])
    keeping.drain()
    row = token(token_id)
    assert (row.state, row.holder_address, row.holder_id) == (TokenState.HELD, somebody("hana"), None)
    change = {"from_address": custody(buyer), "to_address": somebody("hana"), "tx_hash": digest("tx", "gift")}
    assert HEARD[1:] == [("token.changed_hands", {"token_id": token_id, **change})]


def test_a_token_sent_to_the_custody_of_another_account_is_theirs(listing_id: int, buyer: int) -> None:
    token_id, chain, friend = promised(listing_id, buyer), Chain(), given.an_account("friend@example.jp")
    custody_of(friend)
    chain.mint(token_id, custody(buyer), block=3)
    chain.transfer(token_id, custody(buyer), custody(friend), block=4)
    chain.tell()
    holding.recompute([token_id])
    assert token(token_id).holder_id == friend


def test_an_account_that_asks_for_its_address_late_finds_what_was_sent_there(listing_id: int, buyer: int) -> None:
    token_id, chain, friend = promised(listing_id, buyer), Chain(), given.an_account("friend@example.jp")
    chain.mint(token_id, custody(friend), block=3)
    chain.tell()
    holding.recompute([token_id])
    before = token(token_id).holder_id
    custody_of(friend)
    assert (before, token(token_id).holder_id) == (None, friend)


def test_a_revoked_token_is_held_by_nobody(listing_id: int, buyer: int) -> None:
    token_id, chain = promised(listing_id, buyer), Chain()
    chain.mint(token_id, custody(buyer), block=3)
    chain.transfer(token_id, custody(buyer), NOBODY, block=5)
    chain.tell()
    holding.recompute([token_id])
    assert picture(token_id)[:3] == (TokenState.REVOKED, None, None)


def test_a_chain_that_takes_back_the_issue_leaves_the_token_on_its_way(listing_id: int, buyer: int) -> None:
    token_id, chain = promised(listing_id, buyer), Chain()
    chain.mint(token_id, custody(buyer), block=3)
    chain.tell()
    holding.recompute([token_id])
    chain.take_back(3)
    holding.recompute([token_id])
    assert picture(token_id) == (TokenState.ISSUING, None, None, None, None, ())


def test_what_is_mined_again_on_another_block_is_the_same_news(listing_id: int, buyer: int) -> None:
    token_id, chain = promised(listing_id, buyer), Chain()
    for block in (3, 7):
        chain.mint(token_id, custody(buyer), block=block, tx="batch")
        chain.transfer(token_id, custody(buyer), somebody("hana"), block=block + 1, index=block, tx="gift")
        chain.tell()
        holding.recompute([token_id])
        if block == 3:
            chain.take_back(3)
            holding.recompute([token_id])
    keeping.drain()
    assert [topic for topic, _ in HEARD] == ["token.issued", "token.changed_hands"]
    assert picture(token_id)[-1] == (
        (NOBODY, custody(buyer), 7, 0),
        (custody(buyer), somebody("hana"), 8, 7),
    )


def test_a_rolled_back_transfer_returns_the_token_to_its_former_holder(listing_id: int, buyer: int) -> None:
    token_id, chain = promised(listing_id, buyer), Chain()
    chain.mint(token_id, custody(buyer), block=3)
    chain.tell()
    holding.recompute([token_id])
    before = picture(token_id)
    chain.transfer(token_id, custody(buyer), NOBODY, block=4)
    chain.tell()
    holding.recompute([token_id])
    chain.take_back(4)
    holding.recompute([token_id])
    assert picture(token_id) == before


@examples(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@each(order=st.permutations(range(6)), looks=st.lists(st.booleans(), min_size=6, max_size=6))
def test_logs_in_any_order_and_looks_between_them_end_in_the_same_register(
    listing_id: int, buyer: int, order: list[int], looks: list[bool]
) -> None:
    serial = 1 + (db.session.scalar(sa.select(sa.func.max(Token.serial))) or 0)
    token_id, chain = promised(listing_id, buyer, serial), Chain(fork=f"token {serial}")
    own, hana, taro = custody(buyer), somebody("hana"), somebody("taro")
    chain.mint(token_id, own, block=1)
    chain.transfer(token_id, own, hana, block=2, index=0)
    chain.transfer(token_id, hana, taro, block=2, index=1)
    chain.transfer(token_id, taro, own, block=9)
    chain.transfer(token_id, own, hana, block=10)
    for place, look in zip(order, looks, strict=True):
        chain.tell(place)
        if look:
            holding.recompute([token_id])
    holding.recompute([token_id])
    steps = ((NOBODY, own, 1, 0), (own, hana, 2, 0), (hana, taro, 2, 1), (taro, own, 9, 0), (own, hana, 10, 0))
    mint = (digest("tx", ("Transfer", 1, 0)), GENESIS.replace(minute=1))
    assert picture(token_id) == (TokenState.HELD, hana, None, *mint, steps)


def test_two_workers_at_once_write_each_transfer_once(app: Flask, listing_id: int, buyer: int) -> None:
    chain = Chain()
    token_ids = [promised(listing_id, buyer, serial) for serial in range(1, 6)]
    for token_id in token_ids:
        chain.mint(token_id, custody(buyer), block=1, index=token_id % 10)
        chain.transfer(token_id, custody(buyer), somebody("hana"), block=2, index=token_id % 10)
    chain.tell()
    outcomes = at_once(app, 4, lambda number: holding.recompute(token_ids[:: -1 if number % 2 else 1]))
    moves = db.session.scalar(sa.select(sa.func.count()).select_from(Transfer))
    said = db.session.scalar(sa.select(sa.func.count()).select_from(Message).where(Message.handler.like("ears.%")))
    assert (outcomes, moves, said) == ([None] * 4, 10, 10)


def test_each_move_is_in_the_journal_once(listing_id: int, buyer: int) -> None:
    token_id, chain = promised(listing_id, buyer), Chain()
    chain.mint(token_id, custody(buyer), block=3)
    chain.tell()
    holding.recompute([token_id, token_id])
    holding.recompute([token_id])
    events = sa.select(Entry.event).where(Entry.subject == f"token:{token_id}").order_by(Entry.id)
    assert list(db.session.scalars(events)) == ["promise", "issue", "hold"]


def test_a_token_that_we_never_promised_is_passed_over(listing_id: int) -> None:
    chain = Chain()
    chain.mint(77_000_001, somebody("hana"), block=3)
    chain.tell()
    holding.recompute([77_000_001])
    assert list(db.session.scalars(sa.select(Transfer))) == []


def test_logs_of_another_contract_say_nothing_of_our_tokens(listing_id: int, buyer: int) -> None:
    token_id, chain = promised(listing_id, buyer), Chain()
    chain.mint(token_id, custody(buyer), block=3)
    chain.said[0]["address"] = somebody("a forger")
    chain.tell()
    holding.recompute([token_id])
    assert picture(token_id)[0] == TokenState.ISSUING


def test_the_register_hears_of_the_chain_through_the_outbox(listing_id: int, buyer: int) -> None:
    token_id, chain = promised(listing_id, buyer), Chain()
    chain.mint(token_id, custody(buyer), block=3)
    chain.tell()
    with transaction():
        say("chain.touched", key="1", token_ids=[token_id])
    keeping.drain()
    assert picture(token_id)[0] == TokenState.HELD
