"""Confirm a mobile number by a code in a short message. Needed only where a lottery asks for it."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

import sqlalchemy as sa

from marketplace.accounts.models import Account, PhoneCode
from marketplace.accounts.signing_in import CodeExpired, TooManyCodes, WrongCode
from marketplace.journal.writing import note
from marketplace.kit import telephones
from marketplace.kit.clock import now
from marketplace.kit.codes import typed_digits
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.languages import _, speaking
from marketplace.kit.refusals import Invalid, Refused
from marketplace.notices.sms import sms
from marketplace.outbox.promising import handles, say
from marketplace.settings import settings

VALID_FOR = timedelta(minutes=15)
TRIES = 5
ASKS = 3
"""Messages cost money: so many within VALID_FOR, for an account and for a number."""


class NoSms(Refused):
    code = "no_sms"
    message = "いまは、携帯電話番号の確認を受け付けていません。"


def mobile(number: str) -> str:
    """'０９０-1234-5678' → '09012345678'. Invalid for what is no Japanese mobile number."""
    digits = telephones.mobile(number)
    if not digits:
        raise Invalid("060、070、080、090で始まる11けたの番号を入力してください。", field="number")
    return digits


def closed() -> NoSms | None:
    """Why nobody can be asked for a number; None where the town has a gateway."""
    return NoSms() if sms() is None else None


def ask(account_id: int, number: str) -> str:
    """Have a code sent to `number` ⇢ phone.asked; the number as it is kept. NoSms, Invalid, TooManyCodes."""
    if (refusal := closed()) is not None:
        raise refusal
    digits = mobile(number)
    with transaction() as session:
        lock(Account, account_id)
        recent = sa.select(sa.func.count()).where(
            sa.or_(PhoneCode.account_id == account_id, PhoneCode.number == digits),
            PhoneCode.created_at > now() - VALID_FOR,
        )
        if (session.scalar(recent) or 0) >= ASKS:
            raise TooManyCodes(field="number")
        row = PhoneCode(account_id=account_id, number=digits, created_at=now(), expires_at=now() + VALID_FOR)
        session.add(row)
        session.flush()
        say("phone.asked", key=str(row.id), code_id=row.id)
    return digits


@handles("phone.asked")
def send_code(code_id: int) -> None:
    row, port = db.session.get(PhoneCode, code_id), sms()
    if row is None or port is None:  # the account was deleted meanwhile
        return
    if row.used_at is None and row.expires_at > now():
        minutes = int(VALID_FOR.total_seconds() // 60)
        with speaking(get(Account, row.account_id).language):
            text = _(
                "%(town_name)s 確認番号 %(row)s（%(minutes)s分間有効）。ほかの人に教えないでください。",
                town_name=settings().called,
                row=code_of(row),
                minutes=minutes,
            )
        port.send(f"phone-{row.id}", row.number, text)


def prove(account_id: int, typed: str) -> None:
    """The number is the account's own from now on. WrongCode, CodeExpired."""
    digits = typed_digits(typed)
    wrong: Refused | None = None
    with transaction():
        account = lock(Account, account_id)
        newest = sa.select(PhoneCode).where(PhoneCode.account_id == account_id).order_by(PhoneCode.id.desc()).limit(1)
        row = db.session.scalar(newest.with_for_update())
        if row is None or row.used_at or row.expires_at <= now() or row.tries >= TRIES:
            wrong = CodeExpired("この番号は使えなくなりました。お手数ですが、もう一度お送りください。", field="code")
        elif not hmac.compare_digest(code_of(row), digits):
            row.tries += 1  # kept although we refuse: guessing must cost
            wrong = WrongCode("番号が違います。届いた6けたの数字をもう一度お確かめください。", field="code")
        else:
            row.used_at, account.phone = now(), row.number
            note(f"account:{account.code}", "introduce", by=f"buyer:{account.code}")
    if wrong:
        raise wrong


def code_of(row: PhoneCode) -> str:
    return six_digits(f"phone:{row.id}:{row.number}")


def six_digits(words: str) -> str:
    """What follows from these words and the site's secret: nothing to be stolen is kept."""
    mark = hmac.digest(settings().secret_key.get_secret_value().encode(), words.encode(), hashlib.sha256)
    return f"{int.from_bytes(mark[:8], 'big') % 1_000_000:06}"
