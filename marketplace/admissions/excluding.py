"""除外名簿: those whom the town does not let take part (暴力団排除条例; 地方自治法施行令 167条の4)."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.accounts.rules import normalised
from marketplace.accounts.second_person import check_other
from marketplace.admissions.models import Exclusion, Ground, Participation
from marketplace.admissions.rules import compared, corporate_number
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.letters import spellings
from marketplace.kit.refusals import Invalid, WrongState
from marketplace.listings.drafting import staff_name
from marketplace.listings.models import Listing
from marketplace.outbox.promising import say

LONGEST = timedelta(days=3 * 365)


def exclude(
    actor_id: int, ground: str, why: str, *, email: str = "", corporate_no: str = "", name: str = "",
    until: datetime | None = None,
) -> int:  # fmt: skip
    """Enter somebody by mail address, corporate number or name ⇢ exclusion.added; the id. Invalid.

    An account and a corporate number keep out by themselves. A name only warns the staff: others may share it.
    """
    if not why.strip():
        raise Invalid("理由を書いてください。", field="why")
    if not (email.strip() or corporate_no.strip() or name.strip()):
        raise Invalid("メールアドレス、法人番号、名前のどれかを入力してください。", field="email")
    if until is not None and until <= now():
        raise Invalid("期限は、これからの日時にしてください。", field="until")
    account_id, called = _account(email) if email.strip() else None, compared(name)
    if account_id is None and not corporate_no.strip() and not called:
        raise Invalid("名前を、会社の種類（株式会社など）のほかも入力してください。", field="name")
    with transaction() as session:
        row = Exclusion(
            ground=Ground(ground),
            account_id=account_id,
            corporate_no=corporate_number(corporate_no) if corporate_no.strip() else "",
            name=called,
            why=why.strip(),
            until=until,
            added_by=actor_id,
            added_at=now(),
        )
        session.add(row)
        session.flush()
        note(row.subject, "exclude", by=staff_name(actor_id), ground=str(row.ground))
        say("exclusion.added", key=row.code, exclusion_id=row.id)
        return row.id


def exclude_defaulter(participation_id: int, actor_id: int) -> int:
    """Enter who won and did not pay, for three years: the longest that 地方自治法施行令 167条の4第2項 allows.

    WrongState for anybody else, and for who is on the list already.
    """
    row = get(Participation, participation_id)
    if row.forfeited_at is None or in_force(row.account_id, row.corporate_no):
        raise WrongState
    listing = get(Listing, row.listing_id)
    return exclude(
        actor_id,
        Ground.DEFAULTED,
        f"{listing.code} {listing.right.title_ja}",
        email=get(Account, row.account_id).email,
        corporate_no=row.corporate_no,
        until=now() + LONGEST,
    )


def lift(exclusion_id: int, actor_id: int) -> None:
    """WrongState, OwnCase."""
    with transaction():
        row = lock(Exclusion, exclusion_id)
        check_other(actor_id, row.account_id)
        if row.lifted_at is not None:
            raise WrongState
        row.lifted_at, row.lifted_by = now(), actor_id
        note(row.subject, "lift", by=staff_name(actor_id))


def in_force(account_id: int, corporate_no: str = "") -> bool:
    """Is this account or this company on the list today?"""
    meant = [Exclusion.account_id == account_id]
    if corporate_no:
        meant.append(Exclusion.corporate_no == corporate_no)
    return db.session.scalar(sa.select(Exclusion.id).where(sa.or_(*meant), *_today()).limit(1)) is not None


def namesakes(row: Participation) -> list[Exclusion]:
    """Entries that have the name of the participant, the company or its representative, whichever shape their kanji
    have: for staff to compare."""
    given = (compared(name) for name in (row.name, row.company, row.representative) if name)
    names = {way for name in given for way in spellings(name)}
    found = sa.select(Exclusion).where(Exclusion.name.in_(names), *_today()).order_by(Exclusion.id)
    return list(db.session.scalars(found))


def _today() -> tuple[sa.ColumnElement[bool], ...]:
    return Exclusion.lifted_at.is_(None), sa.or_(Exclusion.until.is_(None), Exclusion.until > now())


def _account(email: str) -> int:
    found = db.session.scalar(sa.select(Account.id).where(Account.email == normalised(email)))
    if found is None:
        raise Invalid("このメールアドレスの方は、まだ登録されていません。名前で登録してください。", field="email")
    return found
