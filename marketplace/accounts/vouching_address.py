"""The office helps whoever lost the mailbox: one makes sure of the person, another one too, then time passes, and the
new mailbox has to answer. Meanwhile the old one was told, and whoever reads it can stop it.

Also for an heir: what the dead had is theirs (民法896条), and the account goes over to their address.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

import sqlalchemy as sa

from marketplace.accounts import readdressing
from marketplace.accounts.address_models import OPEN, AddressChange, AddressChangeState, open_change
from marketplace.accounts.holding import hold
from marketplace.accounts.locking_out import lock_out
from marketplace.accounts.models import Account, Role
from marketplace.accounts.readdressing import AddressTaken, NothingAsked
from marketplace.accounts.recovering import AnotherPerson, voucher
from marketplace.accounts.second_person import reason
from marketplace.accounts.signing_in import reachable
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.codes import secret
from marketplace.kit.db import db, get, let_go, lock, transaction
from marketplace.kit.languages import _
from marketplace.kit.refusals import Invalid, Refused
from marketplace.kit.sheets import sheet
from marketplace.kit.shown import when
from marketplace.notices.sending import send
from marketplace.settings import settings

TO_DECIDE = timedelta(days=7)
"""For the second colleague, and again for the answer from the new mailbox."""


MAY = frozenset({Role.TREASURY, Role.APPROVER})
"""Who knows the orders, by which a person is made sure of."""


class UnderWay(Invalid):
    code = "address_change_under_way"
    message = "この方のアドレスの変更は、もう申し出が出ています。"


class AddressLinkOver(Refused):
    code = "address_link_over"
    message = "このリンクは使えません。すでに使われたか、取りやめになったか、期限が過ぎています。"


class NotOpenYet(Refused):
    code = "address_link_not_yet"


def ask(account_id: int, email: str, actor_id: int, why: str) -> int:
    """The first colleague: 'I have made sure of them, the mailbox is lost.' The change's id.

    NotAnAddress, NoReason, AddressTaken, UnderWay, AnotherPerson, NotAllowed, and readdressing.check().
    """
    words, address = reason(why), reachable(email)
    with transaction() as session:
        account, by = hold(account_id, actor_id), voucher(actor_id, MAY)
        readdressing.check(account, address)
        if readdressing.taken(address):
            raise AddressTaken(field="email")
        before = open_change(account_id)
        if before is not None and before.by_office and before.expires_at > now():
            raise UnderWay
        readdressing.put_aside(account_id, by=by)
        row = AddressChange(
            account_id=account_id,
            state=AddressChangeState.ASKED,
            old_email=account.email,
            new_email=address,
            asked_by=actor_id,
            asked_at=now(),
            why=words,
            expires_at=now() + TO_DECIDE,
        )
        session.add(row)
        session.flush()
        note(row.subject, "ask_address", by=by, account=account.code)
        link = f"{settings().base_url}/account/address"
        send("address_asked", account.email, key=f"address-asked:{row.id}", account=account, link=link)
        return row.id


def confirm(change_id: int, actor_id: int) -> None:
    """The second colleague: a link goes to the new mailbox, which works when the time to object is over.

    AnotherPerson, NotAllowed, NothingAsked, WrongState.
    """
    link = secret()
    with transaction():
        account = hold(get(AddressChange, change_id).account_id, actor_id)
        row, by = lock(AddressChange, change_id), voucher(actor_id, MAY)
        if actor_id == row.asked_by:
            raise AnotherPerson
        if not row.by_office or row.expires_at <= now():
            raise NothingAsked
        row.opens_at = now() + timedelta(hours=settings().withdrawal_cooling_hours)
        row.confirmed_by, row.link_hash, row.expires_at = actor_id, _hash(link), row.opens_at + TO_DECIDE
        move(row, "confirm_address", by=by, account=account.code)
        send(
            "address_link",
            row.new_email,
            key=f"address-link:{row.id}",
            language=account.language,
            link=f"{settings().base_url}/signin/address/{link}",
            opens_at=row.opens_at,
            expires_at=row.expires_at,
        )


def withdraw(change_id: int, actor_id: int) -> None:
    """Any colleague stops it: the person called, or there is a doubt. NotAllowed, WrongState."""
    with transaction():
        account = hold(get(AddressChange, change_id).account_id, actor_id)
        row = lock(AddressChange, change_id)
        move(row, "withdraw_address", by=voucher(actor_id, MAY), account=account.code)


def redeem(link: str) -> int:
    """The new mailbox has answered: the address changes, every other way in ends. The account's id, once.

    AddressLinkOver, NotOpenYet, AddressTaken, NotForStaff.
    """
    with transaction():
        row = by_link(link)
        account = lock(Account, row.account_id)
        row = lock(AddressChange, row.id)
        if (refusal := closed(row)) is not None:
            raise refusal
        readdressing.settle(account, row, by=f"buyer:{account.code}")
        lock_out(account, by=f"buyer:{account.code}")  # whoever read the old mailbox since may have left a way in
        return account.id


def by_link(link: str) -> AddressChange:
    """AddressLinkOver for a link that there is not."""
    row = db.session.scalar(sa.select(AddressChange).where(AddressChange.link_hash == _hash(link)))
    if row is None:
        raise AddressLinkOver
    return row


def closed(row: AddressChange) -> AddressLinkOver | NotOpenYet | None:
    """Why the link changes nothing now."""
    if row.state != AddressChangeState.SENT or row.expires_at <= now():
        return AddressLinkOver()
    if row.opens_at is None or row.opens_at <= now():
        return None
    opens_at = when(row.opens_at)
    return NotOpenYet(_("このリンクは %(opens_at)s から使えます。それまでお待ちください。", opens_at=opens_at))


def waiting() -> list[AddressChange]:
    """Those of the office that have no end yet, the oldest first."""
    open_ = sa.select(AddressChange).where(AddressChange.state.in_(OPEN), AddressChange.expires_at > now())
    rows = open_.where(AddressChange.asked_by != AddressChange.account_id).order_by(AddressChange.id)
    return list(db.session.scalars(rows))


@sheet(every=3600, name="accounts.expire_address_changes")
def expire_due() -> None:
    over = sa.select(AddressChange.id, AddressChange.account_id).where(
        AddressChange.state.in_(OPEN), AddressChange.expires_at <= now()
    )
    rows = db.session.execute(over.order_by(AddressChange.id)).all()
    let_go()
    for row in rows:
        with transaction():
            lock(Account, row.account_id)
            change = lock(AddressChange, row.id)
            if change.state in OPEN and change.expires_at <= now():
                move(change, "expire_address")


def _hash(link: str) -> str:
    return hashlib.sha256(f"address:{link}".encode()).hexdigest()
