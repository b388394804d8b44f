"""One person, one entry: the first counts, later ones are void. Staff see why, and may decide otherwise."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.accounts.rules import phone_form
from marketplace.journal.writing import move
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.refusals import Invalid
from marketplace.lotteries.applicants import Channel, VoidReason
from marketplace.lotteries.identity import address_form, kana_form, keyed
from marketplace.lotteries.models import IN_THE_DRAW, Entry, Lottery
from marketplace.lotteries.refusals import EntriesClosed
from marketplace.lotteries.rules import Application
from marketplace.lotteries.states import EntryState, LotteryState
from marketplace.outbox.promising import say
from marketplace.settings import settings


class Keys(NamedTuple):
    """By which entries of one lottery are compared; None where there is nothing to compare."""

    person: str | None
    phone: str | None


class First(NamedTuple):
    """The entry that counts instead."""

    no: str
    account_id: int | None
    reason: VoidReason


def keys_of(lottery_code: str, application: Application, confirmed_phone: str) -> Keys:
    """`confirmed_phone`: the number that the account was called at, or ""."""
    who = (kana_form(application.kana), address_form(application.address))
    number = phone_form(confirmed_phone)
    return Keys(
        key_of(lottery_code, "person", *who) if all(who) else None,
        key_of(lottery_code, "phone", number) if number and application.channel is not Channel.FAMILY else None,
    )


def key_of(lottery_code: str, kind: str, *forms: str) -> str:
    return keyed(settings().secret_key.get_secret_value().encode(), lottery_code, kind, forms)


def first_of(lottery_id: int, keys: Keys, besides: int = 0) -> First | None:
    """The entry that already counts for this person, where `besides` is the entry in hand. Inside the transaction that
    holds the lottery's row: nobody else enters meanwhile."""
    same = [
        *([Entry.person_key == keys.person] if keys.person else []),
        *([sa.and_(Entry.phone_key == keys.phone, Entry.channel != Channel.FAMILY)] if keys.phone else []),
    ]
    if not same:
        return None
    query = sa.select(Entry.no, Entry.account_id, Entry.person_key).where(
        Entry.lottery_id == lottery_id, Entry.id != besides, IN_THE_DRAW, sa.or_(*same)
    )
    row = db.session.execute(query.order_by(Entry.seq).limit(1)).first()
    if row is None:
        return None
    reason = VoidReason.SAME_PERSON if keys.person and row.person_key == keys.person else VoidReason.SAME_PHONE
    return First(row.no, row.account_id, reason)


def card_saved(entry_id: int, fingerprint: str) -> None:
    """A card was kept for this entry (Stripe's `card.fingerprint`): of two accounts' entries with one card the first
    counts. Hearing it twice changes nothing; after the close nothing is void any more."""
    with transaction():
        lottery, entry = _open(entry_id)
        if lottery.state != LotteryState.OPEN or entry.state in (EntryState.WITHDRAWN, EntryState.VOID):
            return
        entry.card_key = key_of(lottery.code, "card", fingerprint)
        alike = sa.select(Entry).where(
            Entry.lottery_id == lottery.id,
            Entry.card_key == entry.card_key,
            Entry.account_id != entry.account_id,
            IN_THE_DRAW,
        )
        other = db.session.scalar(alike.order_by(Entry.seq).limit(1))
        if other is not None:
            first, later = sorted((entry, lock(Entry, other.id)), key=lambda each: each.seq)
            make_void(later, First(first.no, first.account_id, VoidReason.SAME_CARD))


def make_void(entry: Entry, first: First, by: str = "system") -> None:
    """Inside a transaction: the entry does not count, `first` does ⇢ lottery.entered."""
    entry.void_reason, entry.first_no = first.reason, first.no
    move(entry, "void", by=by, why=str(first.reason), first=first.no)
    say("lottery.entered", key=f"{entry.no}:void", entry_id=entry.id)


def void(entry_id: int, actor_id: int, why: str) -> None:
    """Staff take an entry out, with a reason, while the lottery is open. Invalid, EntriesClosed, WrongState."""
    with transaction():
        entry, by = _for_staff(entry_id, actor_id, why)
        entry.void_reason = VoidReason.BY_STAFF
        move(entry, "void", by=by, why=why.strip())
        say("lottery.entered", key=f"{entry.no}:void", entry_id=entry.id)


def restore(entry_id: int, actor_id: int, why: str) -> None:
    """Staff found out that it is another person after all (or the first was withdrawn): the entry counts."""
    with transaction():
        entry, by = _for_staff(entry_id, actor_id, why)
        entry.void_reason = entry.first_no = entry.person_key = entry.phone_key = entry.card_key = None
        move(entry, "restore", by=by, why=why.strip())
        say("lottery.entered", key=f"{entry.no}:restored", entry_id=entry.id)


def _for_staff(entry_id: int, actor_id: int, why: str) -> tuple[Entry, str]:
    """The entry of an open lottery, and how the journal calls this member of staff."""
    if not why.strip():
        raise Invalid("理由を入力してください。", field="why")
    lottery, entry = _open(entry_id)
    if lottery.state != LotteryState.OPEN:
        raise EntriesClosed
    return entry, f"staff:{get(Account, actor_id).code}"


def _open(entry_id: int) -> tuple[Lottery, Entry]:
    """Both locked, the lottery first, as everywhere."""
    lottery = lock(Lottery, get(Entry, entry_id).lottery_id)
    return lottery, lock(Entry, entry_id)
