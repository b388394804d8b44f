"""An account gets another mail address: its rights, orders and bids stay where they are, only letters go elsewhere.

Whoever reads both mailboxes changes it alone, by a code from each: a screen that was left open gives nobody an account.
Whoever lost the old one turns to the office (vouching_address.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from marketplace.accounts import signing_out
from marketplace.accounts.address_models import AddressChange, AddressChangeState, open_change
from marketplace.accounts.models import Account, SignInCode, StaffRole
from marketplace.accounts.phoning import six_digits
from marketplace.accounts.signing_in import CodeExpired, TooManyCodes, WrongCode, reachable
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.codes import typed_digits
from marketplace.kit.db import db, lock, transaction, writing
from marketplace.kit.refusals import Invalid, Refused
from marketplace.notices.sending import Haste, send
from marketplace.outbox.promising import say

VALID_FOR = timedelta(minutes=15)
TRIES = 5
A_DAY = 5
"""Changes that one person may ask for in a day: each is a letter to somebody who may be a stranger."""


class SameAddress(Invalid):
    code = "same_address"
    message = "いまと同じアドレスです。新しいメールアドレスを入力してください。"


class AddressTaken(Refused):
    """Said only to who reads that mailbox, or works here: nobody else learns who is registered."""

    code = "address_taken"
    message = (
        "新しいアドレスには、もう別の登録があります。1つにまとめるには、新しいアドレスでログインして"
        "「登録を削除する」をお使いになるか、いまの登録から権利を贈ってください。"
    )


class NotForStaff(Refused):
    code = "staff_keep_their_address"
    message = "職員の登録のアドレスは変えられません。管理の職員が新しいアドレスを職員に加え、前のものを外します。"


class NoMailbox(Refused):
    code = "no_mailbox"
    message = "この登録には、メールアドレスがありません。"


class NothingAsked(Refused):
    code = "no_address_change"
    message = "待っているアドレスの変更はありません。もう一度、新しいアドレスを入力してください。"


def ask(account_id: int, typed: str) -> str:
    """Mail a code to the new address and another one to the old; the new one as it is kept. What was asked before ends.

    NotAnAddress, SameAddress, TooManyCodes, NotForStaff.
    """
    address = reachable(typed)
    with transaction() as session:
        account = lock(Account, account_id)
        check(account, address)
        recent = (AddressChange.asked_by == account_id, AddressChange.asked_at > now() - timedelta(days=1))
        if (session.scalar(sa.select(sa.func.count()).select_from(AddressChange).where(*recent)) or 0) >= A_DAY:
            raise TooManyCodes("1日に申し込める回数をこえました。明日、もう一度お試しください。", field="email")
        put_aside(account_id, by=f"buyer:{account.code}")
        row = AddressChange(
            account_id=account_id,
            state=AddressChangeState.ASKED,
            old_email=account.email,
            new_email=address,
            asked_by=account_id,
            asked_at=now(),
            expires_at=now() + VALID_FOR,
        )
        session.add(row)
        session.flush()
        note(row.subject, "ask_address", by=f"buyer:{account.code}", account=account.code)
        minutes = int(VALID_FOR.total_seconds() // 60)
        for template, to in (("address_code_old", account.email), ("address_code_new", address)):
            key = f"{template.replace('_', '-')}:{row.id}"
            send(
                *(template, to, key),
                language=account.language,
                haste=Haste.AWAITED,
                code=code_of(row, to),
                minutes=minutes,
            )
    return address


def prove(account_id: int, old_code: str, new_code: str, *, keep: int) -> None:
    """Both mailboxes are this person's: the address changes ⇢ account.readdressed. Other sign-ins than `keep` end.

    WrongCode and CodeExpired with the field, AddressTaken, NothingAsked.
    """
    wrong: Refused | None = None
    with transaction():
        account = lock(Account, account_id)
        row = open_change(account_id)
        if row is None or row.by_office:
            raise NothingAsked
        typed = {"old_code": (old_code, row.old_email), "new_code": (new_code, row.new_email)}
        bad = [field for field, (code, to) in typed.items() if typed_digits(code) != code_of(row, to)]
        if row.expires_at <= now() or row.tries >= TRIES:
            wrong = CodeExpired("番号が使えなくなりました。お手数ですが、はじめからお願いします。", field="old_code")
        elif bad:
            row.tries += 1  # kept although we refuse: guessing must cost
            wrong = WrongCode(field=bad[0])
        else:
            settle(account, row, by=f"buyer:{account.code}")
            signing_out.end_others(account_id, keep, by=f"buyer:{account.code}")
    if wrong:
        raise wrong


def withdraw(account_id: int) -> None:
    """The person does not want it, whoever asked for it. Said again, it changes nothing."""
    with transaction():
        account = lock(Account, account_id)
        put_aside(account_id, by=f"buyer:{account.code}")


def check(account: Account, address: str) -> None:
    """Inside a transaction that holds the account."""
    if account.on_paper or account.closed_at is not None:
        raise NoMailbox
    if db.session.scalar(sa.select(sa.exists().where(StaffRole.account_id == account.id))):
        raise NotForStaff
    if address == account.email:
        raise SameAddress(field="email")


def put_aside(account_id: int, *, by: str) -> None:
    """What waits is no more; a link of the office that was on its way is told of at the desk."""
    row = open_change(account_id)
    if row is not None:
        move(row, "expire_address" if row.expires_at <= now() else "withdraw_address", by=by)
        db.session.flush()


def settle(account: Account, row: AddressChange, *, by: str) -> None:
    """The account, held, has the new address from now on. AddressTaken, NothingAsked."""
    assert writing(), "settle() belongs inside transaction()"
    check(account, row.new_email)
    if account.email != row.old_email:
        raise NothingAsked
    if taken(row.new_email):
        raise AddressTaken
    for to in (row.old_email, row.new_email):
        key = f"address-changed:{row.id}:{'new' if to == row.new_email else 'old'}"
        send("address_changed", to, key=key, language=account.language, account=account, new=to == row.new_email)
    row.done_at = now()  # after the letters: what was written until then is this person's (address_models.theirs)
    move(row, "change_address", by=by, account=account.code)
    db.session.execute(sa.delete(SignInCode).where(SignInCode.email == row.old_email))
    account.email = row.new_email
    try:
        db.session.flush()
    except sa.exc.IntegrityError:  # somebody signed in there for the first time, this moment
        raise AddressTaken from None
    note(f"account:{account.code}", "change_address", by=by)
    say("account.readdressed", key=str(row.id), change_id=row.id)


def bring_along(
    change_id: int, to_email: InstrumentedAttribute[str | None], at: InstrumentedAttribute[datetime]
) -> None:
    """What was offered to the old mailbox until then (`to_email`, `at`) is still for the same person. Said again, or
    after a later change was heard of, it changes nothing more."""
    with transaction() as session:
        change = session.get(AddressChange, change_id)
        if change is None or change.done_at is None:  # the account was deleted meanwhile
            return
        here = change.account.email  # where a later change has brought them: offices may hear of that one first
        waits = sa.update(to_email.class_).where(to_email == change.old_email, at <= change.done_at)
        session.execute(waits.values({to_email: here}))


def taken(address: str) -> bool:
    return bool(db.session.scalar(sa.select(sa.exists().where(Account.email == address))))


def code_of(row: AddressChange, address: str) -> str:
    return six_digits(f"address:{row.id}:{address}")
