"""Apply, once a person; withdraw while that is still possible."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import NamedTuple

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.journal.writing import move, note
from marketplace.kit.clock import database_now
from marketplace.kit.codes import ALPHABET
from marketplace.kit.db import db, get, insert_once, lock, transaction
from marketplace.lotteries.models import Entry, EntryState, Lottery, LotteryState
from marketplace.lotteries.refusals import AlreadyEntered, CannotWithdraw, EntriesClosed
from marketplace.outbox.promising import say


class Received(NamedTuple):
    """The receipt. `secret` is shown this once; only its hash is kept."""

    entry_id: int
    no: str
    secret: str


def enter(lottery_id: int, account_id: int) -> Received:
    """One entry for the person, with the next receipt number ⇢ lottery.entered.

    AlreadyEntered, EntriesClosed. The hours are tested by the database's clock, in the statement that gives the number;
    that statement is also what the close waits for, so no entry falls between the list and its root.
    """
    secret = secret_code()
    with transaction():
        person_code, earlier = _person(lottery_id, account_id)
        if earlier is not None:
            raise AlreadyEntered
        place = next_place(lottery_id)
        no = f"{place.code.removeprefix('LST-')}-{place.received:06}"
        entry_id = insert_once(
            Entry,
            {
                "lottery_id": lottery_id,
                "account_id": account_id,
                "seq": place.received,
                "no": no,
                "ch": sha256(secret.encode()).hexdigest(),
                "state": EntryState.APPLIED,
                "entered_at": place.at,
            },
        )
        if entry_id is None:
            raise AlreadyEntered  # the other window was first; the number is given back with this transaction
        note(f"entry:{no}", "enter", by=f"buyer:{person_code}")
        say("lottery.entered", key=no, entry_id=entry_id)
    return Received(entry_id, no, secret)


def _person(lottery_id: int, account_id: int) -> tuple[str, str | None]:
    """(code, no): the account, and the number of its live entry or None. One question, since thousands ask at once."""
    live = sa.and_(Entry.account_id == Account.id, Entry.lottery_id == lottery_id, Entry.state != EntryState.WITHDRAWN)
    query = sa.select(Account.code, Entry.no).select_from(Account).outerjoin(Entry, live)
    code, no = db.session.execute(query.where(Account.id == account_id)).one()
    return code, no


def next_place(lottery_id: int) -> sa.Row[tuple[str, int, object]]:
    """(code, received, at) with the next number taken, if the lottery is open now; else EntriesClosed."""
    moment = database_now()
    row = db.session.execute(
        sa.update(Lottery)
        .where(
            Lottery.id == lottery_id,
            Lottery.state == LotteryState.OPEN,
            Lottery.opens_at <= moment,
            Lottery.closes_at > moment,
        )
        .values(received=Lottery.received + 1)
        .returning(Lottery.code, Lottery.received, moment.label("at"))
        .execution_options(synchronize_session=False)
    ).first()
    if row is None:
        raise EntriesClosed
    return row


def secret_code() -> str:
    """Four groups of four, e.g. '7K3M-9QXA-…': 80 random bits that can be read over the telephone."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


def live_entry(lottery_id: int, account_id: int) -> Entry | None:
    """The person's entry that was not withdrawn."""
    return db.session.scalar(
        sa.select(Entry).where(
            Entry.lottery_id == lottery_id, Entry.account_id == account_id, Entry.state != EntryState.WITHDRAWN
        )
    )


def withdraw(entry_id: int, account_id: int) -> None:
    """Take the own entry back. CannotWithdraw once the list is closed; LookupError for somebody else's."""
    with transaction():
        entry = get(Entry, entry_id)
        if entry.account_id != account_id:
            raise LookupError(f"Entry {entry_id}")
        lottery = lock(Lottery, entry.lottery_id)
        entry = lock(Entry, entry_id)
        if entry.state == EntryState.WITHDRAWN:
            return
        at = db.session.execute(sa.select(database_now())).scalar_one()
        if lottery.state != LotteryState.OPEN or at >= lottery.closes_at:
            raise CannotWithdraw
        move(entry, "withdraw", by=f"buyer:{get(Account, account_id).code}")
