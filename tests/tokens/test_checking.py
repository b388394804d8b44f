"""What the follower never heard of is found by asking the chain itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.chain import alarms, following, sending
from marketplace.chain.models import Cursor, Log, Trouble
from marketplace.journal.models import Entry
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.listings.models import Listing
from marketplace.outbox import keeping
from marketplace.settings import Settings
from marketplace.tokens import checking
from marketplace.tokens.holding import recompute
from marketplace.tokens.issuing import promise_token
from marketplace.tokens.models import Token
from tests import given
from tests.chainlogs import somebody
from tests.deployment import pointed
from tests.local_chain import LocalChain
from tests.turns import settle

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("deployed")]

NIGHT = datetime(2026, 4, 20, 18, 30, tzinfo=UTC)  # half past three in Japan


@pytest.fixture
def chain(local_chain: LocalChain) -> LocalChain:
    return local_chain


@pytest.fixture
def settings(settings: Settings, chain: LocalChain) -> Settings:
    return pointed(settings, chain)


@pytest.fixture
def holder(app: Flask) -> int:
    return given.an_account()


@pytest.fixture
def rights(holder: int) -> list[int]:
    """Three rights that were issued and followed."""
    listing = get(Listing, given.a_listing(quantity=3))
    with transaction():
        found = [
            promise_token(listing.right_id, serial, listing.code, f"ORD-{serial}", holder, 3) for serial in (1, 2, 3)
        ]
    settle()
    return found


def lose(name: str, token_id: int) -> None:
    """An event of the token never reached us."""
    with transaction() as session:
        session.execute(sa.delete(Log).where(Log.name == name, Log.token_id == token_id))


def alarm() -> list[str]:
    db.session.rollback()
    return [each.what for each in alarms.standing() if each.trouble == Trouble.COUNT]


def test_books_that_agree_with_the_chain_are_quiet(rights: list[int]) -> None:
    assert (checking.check(), alarm()) == ([], [])
    entry = db.session.scalars(sa.select(Entry).where(Entry.subject == "chain:count")).one()
    assert (entry.event, entry.details["differences"]) == ("check", 0)


def test_an_issue_that_was_never_heard_of_is_missed_in_the_count_until_the_chain_is_read_anew(
    rights: list[int],
) -> None:
    lose("RightIssued", rights[1])
    series = rights[0] // 1_000_000
    wrong = [f"series {series}: the chain issued 3, our logs have 2"]
    assert (checking.check(), alarm()) == (wrong, wrong)
    following.read_anew()
    assert (checking.check(), alarm()) == ([], [])


def test_while_the_chain_is_read_anew_nothing_is_compared_and_no_alarm_ends(
    rights: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process reads it, which takes longer than this one has patience."""
    lose("RightIssued", rights[1])
    wrong = checking.check()
    checks = sa.select(sa.func.count()).select_from(Entry).where(Entry.subject == "chain:count")
    before = db.session.scalar(checks)
    with transaction() as session:
        session.execute(sa.update(Cursor).values(replaying=True))
    monkeypatch.setattr(following, "DISTURBANCES", 0)
    with pytest.raises(Unavailable):
        checking.check()
    assert (alarm(), db.session.scalar(checks)) == (wrong, before)


def test_a_movement_that_was_never_heard_of_shows_in_the_sample(rights: list[int], holder: int) -> None:
    friend = somebody("friend")
    with transaction():
        args = ["0x" + get(Account, holder).custody_id, friend, rights[0]]
        sending.promise("out", "custodian", "RightsToken", "custodyTransfer", args)
    custody = held(rights[0])
    settle()
    with transaction() as session:
        moved = sa.select(sa.func.max(Log.id)).where(Log.name == "Transfer", Log.token_id == rights[0])
        session.execute(sa.delete(Log).where(Log.id.in_(list(session.scalars(moved)))))
    wrong = [f"token {rights[0]}: on chain {friend}, in our books {custody}"]
    assert (checking.check(), alarm()) == (wrong, wrong)
    following.read_anew()
    keeping.drain()
    assert (checking.check(), held(rights[0])) == ([], friend)


def held(token_id: int) -> str | None:
    db.session.rollback()
    return db.session.scalar(sa.select(Token.holder_address).where(Token.token_id == token_id))


def test_a_right_that_was_issued_for_another_order_is_found(holder: int) -> None:
    """Somebody used the issuer's key: the number is the same, the reference is not."""
    listing = get(Listing, given.a_listing(quantity=3))
    with transaction():
        token_id = promise_token(listing.right_id, 1, listing.code, "ORD-1", holder, 3)
    settle()
    stranger = {"to": somebody("thief"), "serial": 2, "ref": "0x" + "66" * 32}
    with transaction():
        args = [listing.right_id]
        sending.promise("theft", "issuer", "RightsToken", "issueBatch", args, group="theft", item=stranger)
    settle()
    assert checking.check() == [f"token {token_id + 1}: issued for 0x66666666…, in our books for nobody…"]


def test_an_order_whose_token_was_issued_for_another_hears_nothing_and_staff_hear_at_once(holder: int) -> None:
    """Somebody with the issuer's key was quicker: the contract then refuses ours, and ours must not look fulfilled."""
    listing = get(Listing, given.a_listing(quantity=3))
    with transaction():
        token_id = promise_token(listing.right_id, 1, listing.code, "ORD-1", holder, 3)
    settle()
    books = sa.update(Token).where(Token.token_id == token_id)
    with transaction() as session:  # as if the order had another reference than the chain was told
        session.execute(books.values(ref="0x" + "77" * 32, mint_tx=None, minted_at=None))
    recompute([token_id])
    settle()
    assert alarm() == [f"token {token_id}: issued for {first_of(token_id)}…, in our books for 0x77777777…"]


def first_of(token_id: int) -> str:
    """The beginning of the reference for which the chain issued it."""
    query = sa.select(Log.args).where(Log.name == "RightIssued", Log.token_id == token_id)
    return str(db.session.scalars(query).one()["ref"])[:10]


def test_it_is_done_once_in_a_night(rights: list[int]) -> None:
    with pretending(NIGHT):
        checking.check_nightly()
        checking.check_nightly()
        assert checking.checked_on() == "2026-04-21"
    with pretending(NIGHT.replace(hour=17)):
        checking.check_nightly()
    count = sa.select(sa.func.count()).select_from(Entry).where(Entry.subject == "chain:count")
    assert db.session.scalar(count) == 1


def test_while_the_chain_is_away_the_night_is_not_over(rights: list[int], chain: LocalChain) -> None:
    chain.process.kill()
    chain.process.wait()
    with pretending(NIGHT):
        with pytest.raises(Unavailable):
            checking.check_nightly()
        assert checking.checked_on() is None
