"""A member of staff has lost every passkey: two colleagues vouch for them, then a link is mailed that works once."""

from __future__ import annotations

import hashlib
from collections.abc import Set
from datetime import timedelta

import sqlalchemy as sa

from marketplace.accounts.holding import hold
from marketplace.accounts.models import Account, Recovery, RecoveryState, Role, StaffRole
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.codes import secret
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.refusals import Invalid, NotAllowed, Refused
from marketplace.notices.sending import send
from marketplace.settings import settings

VALID_FOR = timedelta(hours=24)
"""To find the second colleague, and again for the mail."""
OPEN = (RecoveryState.ASKED, RecoveryState.SENT)
VOUCH = frozenset({Role.DRAFTER, Role.APPROVER, Role.TREASURY, Role.ADMIN})
"""Who may vouch: not the shared account of a counter, and not auditors, who change nothing."""


class AnotherPerson(Refused):
    code = "another_person"
    message = "本人と、はじめに申し出た人は、2人目になれません。ほかの職員にお願いしてください。"


class LinkUsed(Refused):
    code = "recovery_link_used"
    message = "このリンクは使えなくなりました。リンクは24時間のあいだ、1回だけ使えます。"


class UnderWay(Invalid):
    code = "recovery_under_way"
    message = "この人の登録し直しは、もう始まっています。"


def ask(account_id: int, actor_id: int) -> int:
    """The first colleague: 'I have spoken with them, the device is lost.' The recovery's id. UnderWay, NotAllowed."""
    with transaction() as session:
        account, by = hold(account_id, actor_id), voucher(actor_id)
        if not session.scalar(sa.select(sa.exists().where(StaffRole.account_id == account_id))):
            raise NotAllowed
        if actor_id == account_id:
            raise AnotherPerson
        before = open_for(account_id)
        if before is not None:
            if before.expires_at > now():
                raise UnderWay
            move(before, "expire_recovery")
            session.flush()
        row = Recovery(
            account_id=account_id,
            state=RecoveryState.ASKED,
            asked_by=actor_id,
            asked_at=now(),
            expires_at=now() + VALID_FOR,
        )
        session.add(row)
        session.flush()
        note(row.subject, "ask_recovery", by=by, account=account.code)
        send("recovery_asked", account.email, key=f"recovery-asked:{row.id}")
        return row.id


def confirm(recovery_id: int, actor_id: int) -> None:
    """The second colleague: a link goes to the person's address. AnotherPerson, NotAllowed, WrongState."""
    link = secret()
    with transaction():
        account = hold(get(Recovery, recovery_id).account_id, actor_id)
        row, by = lock(Recovery, recovery_id), voucher(actor_id)
        if actor_id in (row.account_id, row.asked_by):
            raise AnotherPerson
        if row.expires_at <= now():
            raise LinkUsed("申し出から24時間が過ぎました。はじめからお願いします。")
        row.confirmed_by, row.link_hash, row.expires_at = actor_id, _hash(link), now() + VALID_FOR
        move(row, "confirm_recovery", by=by)
        address = f"{settings().base_url}/signin/recovery/{link}"
        send("recovery_link", account.email, key=f"recovery-link:{row.id}", link=address)


def withdraw(recovery_id: int, actor_id: int) -> None:
    """Either colleague, or the person who never lost anything, stops it. NotAllowed, WrongState."""
    with transaction():
        account = hold(get(Recovery, recovery_id).account_id, actor_id)
        row = lock(Recovery, recovery_id)
        by = f"staff:{account.code}" if actor_id == account.id else voucher(actor_id)
        move(row, "withdraw_recovery", by=by)
        send("recovery_stopped", account.email, key=f"recovery-stopped:{row.id}")


def drop(account_id: int, *, by: str) -> None:
    """Inside a transaction that holds the account, of somebody who works here no more: what is on its way ends."""
    on_its_way = open_for(account_id)
    if on_its_way is not None and (row := lock(Recovery, on_its_way.id)).state in OPEN:
        move(row, "withdraw_recovery", by=by)


def redeem(link: str) -> int:
    """The account that may register a new passkey now; once. LinkUsed."""
    with transaction() as session:
        row = session.scalar(sa.select(Recovery).where(Recovery.link_hash == _hash(link)).with_for_update())
        if row is None or row.state != RecoveryState.SENT or row.expires_at <= now():
            raise LinkUsed
        account = get(Account, row.account_id)
        move(row, "use_recovery", by=f"staff:{account.code}")
        return account.id


def open_for(account_id: int) -> Recovery | None:
    return db.session.scalar(sa.select(Recovery).where(Recovery.account_id == account_id, Recovery.state.in_(OPEN)))


def waiting() -> list[Recovery]:
    """Those that a second colleague may confirm, the oldest first."""
    asked = sa.select(Recovery).where(Recovery.state == RecoveryState.ASKED, Recovery.expires_at > now())
    return list(db.session.scalars(asked.order_by(Recovery.id)))


def voucher(actor_id: int, may: Set[Role] = VOUCH) -> str:
    """How the journal calls whoever may say that a person is who they say. NotAllowed."""
    roles = set(db.session.scalars(sa.select(StaffRole.role).where(StaffRole.account_id == actor_id)))
    if not roles & may:
        raise NotAllowed
    return f"staff:{get(Account, actor_id).code}"


def _hash(link: str) -> str:
    return hashlib.sha256(f"recovery:{link}".encode()).hexdigest()
