"""Apply, once a person; change and withdraw until the close."""

from __future__ import annotations

import secrets
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import sqlalchemy as sa

from marketplace.accounts.addresses import DisposableAddress, disposable
from marketplace.accounts.models import Account
from marketplace.accounts.signing_in import account_of, account_on_paper
from marketplace.journal.writing import move, note
from marketplace.kit.clock import database_now, jst, now
from marketplace.kit.codes import ALPHABET
from marketplace.kit.db import db, get, insert_once, lock, transaction
from marketplace.kit.refusals import Invalid
from marketplace.listings.models import Listing, ListingState
from marketplace.lotteries.applicants import Applicant, Channel, VoidReason
from marketplace.lotteries.duplicates import First, Keys, first_of, keys_besides, keys_of, make_void
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.refusals import (
    AlreadyEntered,
    CannotChange,
    CannotWithdraw,
    EntriesClosed,
    NoFamily,
    PhoneNotConfirmed,
)
from marketplace.lotteries.rules import Application, Terms, faults, kept
from marketplace.lotteries.states import EntryState, LotteryState
from marketplace.outbox.promising import say

PLAIN = Application()


class Received(NamedTuple):
    """The receipt. `secret` is shown this once; only its hash is kept."""

    entry_id: int
    no: str
    secret: str
    counts: bool
    """False where an earlier entry of the same person counts, and this one is void."""


class _Asked(NamedTuple):
    """What must be known of the person and the lottery before a number is given."""

    email: str
    phone: str
    own: str | None
    terms: Terms


def enter(lottery_id: int, account_id: int, application: Application = PLAIN, by: str = "") -> Received:
    """One entry for the person, with the next receipt number ⇢ lottery.entered. `by` names staff who wrote it down.

    AlreadyEntered, EntriesClosed, Invalid with the field. The hours are tested by the database's clock, in the
    statement that gives the number; that statement is also what the close waits for, so no entry falls between the
    list and its root. It comes as late as may be: whoever holds it keeps everybody else waiting.
    """
    secret = secret_code()
    with transaction():
        asked = _asked(lottery_id, account_id)
        check(asked, application)
        place = next_place(lottery_id)
        keys = keys_of(place.code, application, asked.phone)
        first = first_of(lottery_id, keys)
        if first is not None and first.account_id == account_id:
            raise AlreadyEntered(no=first.no)
        no = f"{place.code.removeprefix('LST-')}-{place.received:06}"
        entry_id = insert_once(
            Entry,
            {
                "lottery_id": lottery_id,
                "account_id": account_id,
                "channel": application.channel,
                "seq": place.received,
                "no": no,
                "ch": sha256(secret.encode()).hexdigest(),
                "lots": application.lots,
                "group": application.group,
                "revision": 1,
                "pledge": application.pledge,
                "entered_at": place.at,
                **_counted(keys, first),
            },
        )
        if entry_id is None:
            raise AlreadyEntered  # the other window was first; the number is given back with this transaction
        if application.tells_who:
            _write_down(entry_id, application)
        void = {"void": str(first.reason), "first": first.no} if first is not None else {}
        note(f"entry:{no}", "enter", by=by or f"applicant:{no}", **void)
        say("lottery.entered", key=no, entry_id=entry_id)
    return Received(entry_id, no, secret, first is None)


def take_down(lottery_id: int, actor_id: int, application: Application, email: str = "") -> Received:
    """Staff write down what somebody says on the phone or at the counter, under their mail address if they have one.

    As enter(); nothing is left of an account that was made for an application that is refused.
    """
    with transaction():
        account_id = account_of(email) if email else account_on_paper()
        return enter(lottery_id, account_id, application, by=f"staff:{get(Account, actor_id).code}")


def check(asked: _Asked, application: Application) -> None:
    """The first of the reasons for which this person can't apply so."""
    if asked.own is not None and application.channel is not Channel.FAMILY:
        raise AlreadyEntered(no=asked.own)
    if application.channel is Channel.FAMILY and not asked.terms.asks_address:
        raise NoFamily
    for fault in faults(application, asked.terms, jst(now()).date()):
        raise fault
    if disposable(asked.email):
        raise DisposableAddress
    if asked.terms.asks_sms and application.channel is Channel.SELF and not asked.phone:
        raise PhoneNotConfirmed


OWN = sa.and_(
    Entry.account_id == Account.id,
    Entry.lottery_id == Lottery.id,
    Entry.state != EntryState.WITHDRAWN,
    Entry.channel != Channel.FAMILY,
)
ASKED = (
    sa.select(Account.email, Account.phone, Entry.no, *(getattr(Lottery, field) for field in Terms._fields))
    .select_from(sa.join(Account, Lottery, Lottery.id == sa.bindparam("lottery")).outerjoin(Entry, OWN))
    .where(Account.id == sa.bindparam("account"))
)


def _asked(lottery_id: int, account_id: int) -> _Asked:
    """One question, since thousands ask at once. LookupError where either is not there."""
    row = db.session.execute(ASKED, {"lottery": lottery_id, "account": account_id}).first()
    if row is None:
        raise LookupError(f"Account {account_id}, Lottery {lottery_id}")
    return _Asked(row[0], row[1], row[2], Terms(*row[3:]))


def _counted(keys: Keys, first: First | None) -> dict[str, Any]:
    """Whether the entry counts, and by what a later one will be found."""
    return {
        "person_key": keys.person,
        "phone_key": keys.phone,
        "state": EntryState.APPLIED if first is None else EntryState.VOID,
        "void_reason": first and first.reason,
        "first_no": first and first.no,
    }


def _write_down(entry_id: int, application: Application) -> None:
    insert_once(Applicant, {"entry_id": entry_id, **kept(application)})


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
            ~sa.exists().where(Listing.id == Lottery.listing_id, Listing.state == ListingState.SUSPENDED),
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
    return in_groups("".join(secrets.choice(ALPHABET) for _ in range(16)))


def in_groups(typed: str) -> str:
    """A secret code as it was shown, however its groups were parted."""
    signs = typed.replace("-", "")
    return "-".join(signs[at : at + 4] for at in range(0, len(signs), 4))


def own_entries(lottery_id: int, account_id: int) -> list[Entry]:
    """What was not withdrawn: the person's own entry first, then those for the family."""
    mine = sa.select(Entry).where(
        Entry.lottery_id == lottery_id, Entry.account_id == account_id, Entry.state != EntryState.WITHDRAWN
    )
    return list(db.session.scalars(mine.order_by(Entry.channel == Channel.FAMILY, Entry.seq)))


def live_entry(lottery_id: int, account_id: int) -> Entry | None:
    """The person's own entry that was not withdrawn."""
    return next((entry for entry in own_entries(lottery_id, account_id) if entry.channel != Channel.FAMILY), None)


def by_number(no: str) -> Entry | None:
    return db.session.scalar(sa.select(Entry).where(Entry.no == no))


def change(entry_id: int, account_id: int, application: Application) -> None:
    """Other lots, another address: until the close, under the same number, with a new receipt ⇢ lottery.entered.

    What now looks like somebody else's entry is void; what was void for that and no longer does, counts.
    CannotChange once the list is closed; LookupError for somebody else's; Invalid with the field.
    """
    with transaction():
        lottery, entry, by = _own(entry_id, account_id)
        if entry.state not in (EntryState.APPLIED, EntryState.VOID) or not _still_open(lottery):
            raise CannotChange
        asked = _asked(lottery.id, account_id)
        check(asked._replace(own=None), application)
        keys = keys_besides(entry, keys_of(lottery.code, application, asked.phone))
        first = first_of(lottery.id, keys, besides=entry.id)
        if first is not None and entry.state == EntryState.APPLIED:
            make_void(entry, first, by)
        elif first is None and entry.void_reason in (VoidReason.SAME_PERSON, VoidReason.SAME_PHONE):
            entry.void_reason = entry.first_no = None
            move(entry, "restore", by=by, why="changed")
        entry.person_key, entry.phone_key = keys
        entry.lots, entry.group, entry.pledge = application.lots, application.group, application.pledge
        entry.revision += 1
        if db.session.get(Applicant, entry.id) is not None:
            db.session.execute(sa.update(Applicant).where(Applicant.entry_id == entry.id).values(**kept(application)))
        elif application.tells_who:
            _write_down(entry.id, application)
        note(entry.subject, "change", by=by, lots=entry.lots, revision=entry.revision)
        say("lottery.entered", key=f"{entry.no}:{entry.revision}", entry_id=entry.id)


def withdraw(entry_id: int, account_id: int) -> None:
    """Take the own entry back. CannotWithdraw once the list is closed; LookupError for somebody else's."""
    with transaction():
        lottery, entry, by = _own(entry_id, account_id)
        if entry.state == EntryState.WITHDRAWN:
            return
        if not _still_open(lottery):
            raise CannotWithdraw
        entry.void_reason = None
        move(entry, "withdraw", by=by)


def withdraw_for(entry_id: int, actor_id: int, why: str) -> None:
    """Staff withdraw an entry for somebody who asked for it on the phone or at the counter."""
    if not why.strip():
        raise Invalid("理由を入力してください。", field="why")
    by = f"staff:{get(Account, actor_id).code}"
    with transaction():
        lottery = lock(Lottery, get(Entry, entry_id).lottery_id)
        entry = lock(Entry, entry_id)
        if not _still_open(lottery):
            raise CannotWithdraw
        entry.void_reason = None
        move(entry, "withdraw", by=by, why=why.strip())


def _own(entry_id: int, account_id: int) -> tuple[Lottery, Entry, str]:
    """Lottery and entry, locked in this order, and how the journal calls their owner: by the number alone, so that
    nothing leads from it to a person once the entry is erased."""
    entry = get(Entry, entry_id)
    if entry.account_id != account_id:
        raise LookupError(f"Entry {entry_id}")
    lottery = lock(Lottery, entry.lottery_id)
    return lottery, lock(Entry, entry_id), f"applicant:{entry.no}"


def _still_open(lottery: Lottery) -> bool:
    at: datetime = db.session.execute(sa.select(database_now())).scalar_one()
    return lottery.state == LotteryState.OPEN and at < lottery.closes_at
