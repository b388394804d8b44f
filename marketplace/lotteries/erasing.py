"""After the retention date the town forgets who did not buy. What was published never said who anybody was: it stays,
and still verifies."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from marketplace.accounts.address_models import addresses_of
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, lock, transaction
from marketplace.kit.erasures import PORTION, erases
from marketplace.lotteries.applicants import Applicant
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.states import EntryState, LotteryState
from marketplace.notices.models import Notice
from marketplace.payments import saving
from marketplace.payments.models import CardState, SavedCard


def over(at: datetime) -> list[int]:
    """Lotteries that are over, and at `at` past the date that their notice named."""
    ended = sa.select(Lottery).where(
        Lottery.state.in_((LotteryState.SETTLED, LotteryState.CANCELLED)), Lottery.erased_at.is_(None)
    )
    return [each.id for each in db.session.scalars(ended) if each.erase_at <= at]


def due(at: datetime) -> int:
    """Entries that would be erased."""
    left = sa.select(sa.func.count()).where(
        Entry.lottery_id.in_(over(at)), Entry.erased_at.is_(None), Entry.state != EntryState.PAID
    )
    return db.session.scalar(left) or 0


def erase() -> int:
    """A portion of the first lottery that has any left."""
    return next((count for lottery_id in over(now()) if (count := erase_portion(lottery_id))), 0)


def erase_portion(lottery_id: int) -> int:
    """Erase the data of some whose entry did not become a purchase; how many, 0 where all is done.

    Their entries stay as number, hash, lots and place in the draw, with nothing that leads to a person: no account, no
    name, no key by which they were compared, no letter.
    """
    with transaction():
        lottery = lock(Lottery, lottery_id)
        left = sa.select(Entry.id, Entry.no, Entry.account_id).where(
            Entry.lottery_id == lottery_id, Entry.erased_at.is_(None), Entry.state != EntryState.PAID
        )
        count = _forget(left.order_by(Entry.id).limit(PORTION))
        if not count and lottery.erased_at is None:
            lottery.erased_at = now()
            note(lottery.subject, "erase")
        return count


def forget(account_id: int) -> int:
    """Inside a transaction: a person's entries, wherever they stand, as after the retention date; how many.

    One that became a purchase stays the account's, without what was asked at the application.
    """
    theirs = sa.select(Entry.id, Entry.no, Entry.account_id).where(Entry.account_id == account_id)
    paid = theirs.where(Entry.state == EntryState.PAID)
    kept = [row.id for row in db.session.execute(paid)]
    db.session.execute(sa.delete(Applicant).where(Applicant.entry_id.in_(kept)))
    nothing = dict.fromkeys(("person_key", "phone_key", "card_key"))
    db.session.execute(sa.update(Entry).where(Entry.id.in_(kept)).values(**nothing))
    return _forget(theirs.where(Entry.state != EntryState.PAID))


def _forget(wanted: sa.Select[int, str, int | None]) -> int:
    rows = db.session.execute(wanted).all()
    ids = [row.id for row in rows]
    if not ids:
        return 0
    _burn_letters({row.no for row in rows}, {row.account_id for row in rows})
    _blank_cards([f"entry:{row.no}" for row in rows])
    db.session.execute(sa.delete(Applicant).where(Applicant.entry_id.in_(ids)))
    saving.erase({f"entry:{row.no}" for row in rows})
    nothing = dict.fromkeys(("account_id", "person_key", "phone_key", "card_key"))
    db.session.execute(sa.update(Entry).where(Entry.id.in_(ids)).values(**nothing, erased_at=now()))
    return len(ids)


def _burn_letters(nos: set[str], accounts: set[int | None]) -> None:
    """Letters about these entries; their keys are 'template:number…'."""
    theirs = addresses_of([each for each in accounts if each is not None])
    letters = db.session.execute(sa.select(Notice.id, Notice.key).where(Notice.to_email.in_(theirs)))
    burnt = [row.id for row in letters if row.key.partition(":")[2].partition(":")[0] in nos]
    db.session.execute(sa.delete(Notice).where(Notice.id.in_(burnt)))


def _blank_cards(subjects: list[str]) -> None:
    """Cards saved for these entries. Stripe has forgotten them since the lottery was over (lotteries.let_cards_go); for
    one that it still keeps, what is needed to let it go stays."""
    theirs = sa.update(SavedCard).where(SavedCard.subject.in_(subjects))
    db.session.execute(theirs.values(email=""))
    gone = theirs.where(SavedCard.state.in_((CardState.ASKED, CardState.DETACHED, CardState.FAILED)))
    db.session.execute(gone.values(dict.fromkeys(("url", "fingerprint", "brand", "last4"))))


erases("lotteries.entries", "抽選の応募（購入した方をのぞく）", "公告で示した日（抽選から数えて）", due, erase)
