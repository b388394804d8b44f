"""One person, one entry: the first counts, later ones are void. Staff see why, and may decide otherwise; what they
decided then holds."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.accounts.second_person import check_other
from marketplace.journal.writing import move
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.refusals import Invalid
from marketplace.kit.telephones import japanese
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
    number = japanese(confirmed_phone)
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


def keys_besides(entry: Entry, keys: Keys) -> Keys:
    """Without those that it shares with the entry that staff told it apart from: one of two alone can have them."""
    if entry.state != EntryState.APPLIED or entry.first_no is None:
        return keys
    apart = sa.select(Entry.person_key, Entry.phone_key).where(Entry.no == entry.first_no)
    theirs = db.session.execute(apart).one()
    return Keys(*(None if mine == other else mine for mine, other in zip(keys, theirs, strict=True)))


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
        others = [other for other in db.session.scalars(alike.order_by(Entry.seq)) if not _apart(entry, other)]
        if not others:
            return
        first = min(entry, others[0], key=lambda each: each.seq)
        for later in others if first is entry else [entry]:
            make_void(lock(Entry, later.id), First(first.no, first.account_id, VoidReason.SAME_CARD))


def _apart(one: Entry, other: Entry) -> bool:
    """Did staff find that these two, which both count, are of two persons?"""
    return one.first_no == other.no or other.first_no in (one.no, one.first_no or one.no)


def make_void(entry: Entry, first: First, by: str = "system") -> None:
    """Inside a transaction: the entry does not count, `first` does ⇢ lottery.entered."""
    entry.void_reason, entry.first_no = first.reason, first.no
    move(entry, "void", by=by, why=str(first.reason), first=first.no)
    decided(entry)


def decided(entry: Entry) -> None:
    """Inside a transaction: whether the entry counts is another matter than before ⇢ lottery.entered."""
    say("lottery.entered", key=f"{entry.no}:{now().isoformat()}", entry_id=entry.id)


def void(entry_id: int, actor_id: int, why: str) -> None:
    """Staff take an entry out, with a reason, while the lottery is open. Invalid, EntriesClosed, WrongState."""
    with transaction():
        entry, by = _for_staff(entry_id, actor_id, why)
        entry.void_reason = VoidReason.BY_STAFF
        move(entry, "void", by=by, why=why.strip())
        decided(entry)


def restore(entry_id: int, actor_id: int, why: str) -> None:
    """Staff found out that it is another person after all (or the first was withdrawn): the entry counts, beside the
    one whose number it keeps."""
    with transaction():
        entry, by = _for_staff(entry_id, actor_id, why)
        entry.void_reason = entry.person_key = entry.phone_key = entry.card_key = None
        move(entry, "restore", by=by, why=why.strip())
        decided(entry)


def _for_staff(entry_id: int, actor_id: int, why: str) -> tuple[Entry, str]:
    """The entry of an open lottery, and how the journal calls this member of staff. OwnCase."""
    if not why.strip():
        raise Invalid("理由を入力してください。", field="why")
    lottery, entry = _open(entry_id)
    check_other(actor_id, entry.account_id)
    if lottery.state != LotteryState.OPEN:
        raise EntriesClosed
    return entry, f"staff:{get(Account, actor_id).code}"


def _open(entry_id: int) -> tuple[Lottery, Entry]:
    """Both locked, the lottery first, as everywhere."""
    lottery = lock(Lottery, get(Entry, entry_id).lottery_id)
    return lottery, lock(Entry, entry_id)
