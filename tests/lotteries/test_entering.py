from __future__ import annotations

import re
from datetime import timedelta
from hashlib import sha256

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.journal import models as journal
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get, transaction
from marketplace.lotteries.closing import close, of_listing, start
from marketplace.lotteries.entering import Received, enter, withdraw
from marketplace.lotteries.models import Entry, EntryState, Lottery, LotteryState
from marketplace.lotteries.refusals import AlreadyEntered, CannotWithdraw, EntriesClosed
from marketplace.notices.models import Notice
from marketplace.outbox import keeping
from tests import given
from tests.crashing import PowerCut
from tests.lotteries.applied import a_lottery, after_the_close, with_entries
from tests.racing import at_once


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def numbers(lottery: Lottery, state: EntryState = EntryState.APPLIED) -> list[int]:
    found = sa.select(Entry.seq).where(Entry.lottery_id == lottery.id, Entry.state == state).order_by(Entry.seq)
    return list(db.session.scalars(found))


def test_a_lottery_starts_once_when_its_listing_opens() -> None:
    lottery = a_lottery()
    assert (lottery.state, lottery.chain, lottery.round) == (LotteryState.OPEN, "dice", 0)
    assert start(lottery.listing_id) is None
    assert of_listing(given.a_listing("fixed")) is None


def test_an_entry_gets_a_receipt_whose_secret_is_kept_as_a_hash_only() -> None:
    lottery = a_lottery()
    received = enter(lottery.id, given.an_account())
    entry = get(Entry, received.entry_id)
    assert received.no == entry.no == f"{lottery.code.removeprefix('LST-')}-000001"
    assert re.fullmatch(r"([2-9A-HJ-NP-Z]{4}-){3}[2-9A-HJ-NP-Z]{4}", received.secret)
    assert entry.ch == sha256(received.secret.encode()).hexdigest()
    row = db.session.execute(sa.select(sa.text("*")).select_from(Entry.__table__)).one()
    assert received.secret not in str(row)


def test_the_receipt_is_mailed_once_and_without_the_secret() -> None:
    lottery = a_lottery()
    account = given.an_account()
    received = enter(lottery.id, account)
    keeping.drain()
    keeping.drain()
    (letter,) = db.session.scalars(sa.select(Notice).where(Notice.template == "entry_received"))
    assert letter.to_email == get(Account, account).email
    assert received.no in letter.body
    assert received.secret not in letter.body


def test_one_entry_a_person() -> None:
    lottery, _received, (account,) = with_entries(1)
    with pytest.raises(AlreadyEntered):
        enter(lottery.id, account)
    assert numbers(lottery) == [1]


def test_twenty_clicks_at_once_are_one_entry(app: Flask) -> None:
    lottery = a_lottery()
    lottery_id, account = lottery.id, given.an_account()
    outcomes = at_once(app, 20, lambda _n: enter(lottery_id, account))
    assert sum(isinstance(outcome, Received) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, AlreadyEntered) for outcome in outcomes) == 19
    assert numbers(lottery) == [1]
    assert get(Lottery, lottery_id).received == 1


def test_sixty_people_at_once_have_sixty_numbers_in_a_row(app: Flask) -> None:
    lottery = a_lottery()
    lottery_id, accounts = lottery.id, [given.an_account() for _ in range(60)]
    outcomes = at_once(app, 60, lambda n: enter(lottery_id, accounts[n]))
    assert all(isinstance(outcome, Received) for outcome in outcomes), outcomes
    assert numbers(lottery) == list(range(1, 61))


def test_the_hours_are_kept() -> None:
    lottery = a_lottery()
    account = given.an_account()
    for moment in (lottery.opens_at - timedelta(hours=1), lottery.closes_at, lottery.closes_at + timedelta(hours=1)):
        with pretending(moment), pytest.raises(EntriesClosed):
            enter(lottery.id, account)
    with pretending(lottery.closes_at - timedelta(seconds=30)):
        enter(lottery.id, account)
    assert numbers(lottery) == [1]


def test_a_number_given_to_an_entry_that_died_is_given_again() -> None:
    lottery = a_lottery()
    account = given.an_account()
    try:
        with transaction():
            enter(lottery.id, account)
            raise PowerCut
    except PowerCut:
        pass
    assert enter(lottery.id, account).no.endswith("-000001")


def test_withdrawn_one_may_enter_again_with_a_new_number() -> None:
    lottery, (first,), (account,) = with_entries(1)
    withdraw(first.entry_id, account)
    withdraw(first.entry_id, account)  # a second click
    assert enter(lottery.id, account).no.endswith("-000002")
    assert (numbers(lottery), numbers(lottery, EntryState.WITHDRAWN)) == ([2], [1])
    moves = (
        sa.select(journal.Entry.event).where(journal.Entry.subject == f"entry:{first.no}").order_by(journal.Entry.id)
    )
    assert list(db.session.scalars(moves)) == ["enter", "withdraw"]


def test_nobody_withdraws_for_somebody_else() -> None:
    _lottery, (first,), _accounts = with_entries(1)
    with pytest.raises(LookupError):
        withdraw(first.entry_id, given.an_account())


def test_from_the_close_on_nothing_is_withdrawn() -> None:
    lottery, (first,), (account,) = with_entries(1)
    with pretending(lottery.closes_at), pytest.raises(CannotWithdraw):
        withdraw(first.entry_id, account)
    with after_the_close(lottery), pytest.raises(CannotWithdraw):
        withdraw(first.entry_id, account)
    assert numbers(lottery) == [1]


def test_entries_and_the_close_at_once_agree_on_the_list(app: Flask) -> None:
    """Whoever got a receipt is under the root; whoever did not, is not."""
    from marketplace.lotteries.bundles import fixed_of  # noqa: PLC0415 - used here alone

    lottery = a_lottery()
    lottery_id, listing_id = lottery.id, lottery.listing_id
    accounts = [given.an_account() for _ in range(30)]
    outcomes = at_once(app, 31, lambda n: close(listing_id) if n == 15 else enter(lottery_id, accounts[n - (n > 15)]))
    received = sum(isinstance(outcome, Received) for outcome in outcomes)
    assert received + sum(isinstance(outcome, EntriesClosed) for outcome in outcomes) == 30
    fixed = fixed_of(get(Lottery, lottery_id))
    assert fixed is not None
    assert fixed.n == received == len(numbers(lottery))
