"""愛称の案: the first buyer proposes up to three names, appeals, proposes again. Nobody else can."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.journal.models import Entry
from marketplace.journal.writing import move
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.languages import _
from marketplace.kit.refusals import Invalid, TooLong
from marketplace.naming import rules
from marketplace.naming.models import Appeal, Naming, NamingState, ProposedName

LONGEST_APPEAL = 1_000


def propose(naming_id: int, account_id: int, names: Sequence[rules.Wish]) -> None:
    """Send one to three names to the screening. Those of an earlier round stand as they were decided.

    Raises:
        NotTheFirstBuyer, TooLate, WrongState where no names are waited for, Invalid for too many or none.
    """
    if not 1 <= len(names) <= rules.MOST_NAMES:
        raise Invalid(_("愛称は1つから%(most_names)sつまでです。", most_names=rules.MOST_NAMES), field="name_1")
    with transaction() as session:
        row = _held(naming_id, account_id)
        again = bool(proposed(row))
        move(row, "name.propose", by=_buyer(account_id), names=len(names))
        if now() > row.answer_by:
            raise rules.TooLate
        row.round += again
        for rank, wish in enumerate(names, 1):
            session.add(ProposedName(naming_id=row.id, round=row.round, rank=rank, proposed_at=now(), **vars(wish)))


def appeal(naming_id: int, account_id: int, text: str) -> None:
    """Ask the committee to look at the refused names once more. Once for each round, within the time to propose."""
    said = text.replace("\r\n", "\n").strip()
    if not said:
        raise Invalid("不服の理由を書いてください。審査会が読みます。", field="text")
    if len(said) > LONGEST_APPEAL:
        raise TooLong(LONGEST_APPEAL, field="text")
    with transaction() as session:
        row = _held(naming_id, account_id)
        if row.state == NamingState.NONE_FIT and appealed(row):
            raise rules.AppealedAlready
        move(row, "name.appeal", by=_buyer(account_id))
        if now() > row.answer_by:
            raise rules.TooLate
        session.add(Appeal(naming_id=row.id, round=row.round, text=said, made_at=now()))


def take_back(naming_id: int, account_id: int) -> None:
    """The names, or the appeal, shall not be looked at: until the committee has decided, and while there is time to
    send others. The names stay written down as those of a round without a verdict, and the appeal as the one that there
    is for its round. The time to propose ends when it did.

    Raises:
        NotTheFirstBuyer, TooLate, WrongState where nothing waits for the committee.
    """
    with transaction():
        row = _held(naming_id, account_id)
        move(row, "name.take_back", by=_buyer(account_id), round=row.round)
        if now() > row.answer_by:
            raise rules.TooLate


def proposed(row: Naming) -> list[ProposedName]:
    """The names of the present round, in the order of the first buyer's wishes; they may have taken them back."""
    same = (ProposedName.naming_id == row.id, ProposedName.round == row.round)
    return list(db.session.scalars(sa.select(ProposedName).where(*same).order_by(ProposedName.rank)))


def appealed(row: Naming) -> Appeal | None:
    """The appeal of the present round."""
    return db.session.scalar(sa.select(Appeal).where(Appeal.naming_id == row.id, Appeal.round == row.round))


def took_appeal_back(row: Naming) -> bool:
    """Whether the first buyer took the appeal of the present round back."""
    told = (Entry.subject == row.subject, Entry.event == "name.take_back", Entry.from_state == NamingState.APPEALED)
    return any(details["round"] == row.round for details in db.session.scalars(sa.select(Entry.details).where(*told)))


def naming_of(code: str) -> Naming:
    """LookupError for none."""
    row = db.session.scalar(sa.select(Naming).where(Naming.code == code))
    if row is None:
        raise LookupError(f"naming {code}")
    return row


def _held(naming_id: int, account_id: int) -> Naming:
    row = lock(Naming, naming_id)
    if row.account_id != account_id:
        raise rules.NotTheFirstBuyer
    return row


def _buyer(account_id: int) -> str:
    return f"buyer:{get(Account, account_id).code}"
