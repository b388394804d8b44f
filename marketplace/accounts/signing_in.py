"""Sign in with a mailed six-digit code or link: nothing to remember, nothing to leak."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

import sqlalchemy as sa

from marketplace.accounts.models import GONE, Account, SignInCode
from marketplace.accounts.rules import NotAnAddress, normalised
from marketplace.kit.clock import now
from marketplace.kit.codes import digits, secret, typed_digits
from marketplace.kit.db import db, insert_once, transaction
from marketplace.kit.languages import language
from marketplace.kit.refusals import Invalid, Refused
from marketplace.notices.mail import PAPER
from marketplace.notices.sending import Haste, send
from marketplace.settings import settings

VALID_FOR = timedelta(minutes=15)
TRIES = 5
ASKS = 5
"""Codes that one address may ask for within VALID_FOR; the limit by visitor's address is the web's."""


class WrongCode(Invalid):
    code = "wrong_code"
    message = "番号が違います。メールの6けたの数字をもう一度お確かめください。"


class CodeExpired(Invalid):
    code = "code_expired"
    message = "この番号は使えなくなりました。下の「新しい番号をメールで受け取る」を押してください。"


class TooManyCodes(Refused):
    code = "too_many_codes"
    status = 429
    message = "短い時間に何度もお送りしました。15分ほど待ってから、もう一度お試しください。"


def ask_code(email: str, next_path: str = "/mypage") -> str:
    """Mail a code and a link to `email`; returns the address as it is kept. The answer is the same for a stranger."""
    address = reachable(email)
    code, link = digits(6), secret()
    with transaction() as session:
        recent = session.scalar(
            sa.select(sa.func.count())
            .select_from(SignInCode)
            .where(SignInCode.email == address, SignInCode.created_at > now() - VALID_FOR)
        )
        if (recent or 0) >= ASKS:
            raise TooManyCodes(field="email")
        row = SignInCode(
            email=address,
            code_hash=_hash(code, address),
            link_hash=_hash(link),
            next_path=next_path,
            created_at=now(),
            expires_at=now() + VALID_FOR,
        )
        session.add(row)
        session.flush()
        send(
            "sign_in",
            address,
            key=f"sign-in:{row.id}",
            haste=Haste.AWAITED,
            language=language(),  # whoever asks sits before this page, and may have no account yet
            code=code,
            link=f"{settings().base_url}/signin/link/{link}",
            minutes=int(VALID_FOR.total_seconds() // 60),
        )
    return address


def reachable(email: str) -> str:
    """The address as it is kept, of a mailbox that there can be. NotAnAddress."""
    address = normalised(email)
    if address.endswith((f"@{PAPER}", f"@{GONE}")):
        raise NotAnAddress(field="email")
    return address


def prove(email: str, code: str) -> int:
    """The account of `email`, made if need be, where `code` is its latest one. WrongCode, CodeExpired."""
    address = normalised(email)
    typed = typed_digits(code)
    wrong: Refused | None = None
    account_id = 0
    with transaction() as session:
        row = session.scalar(
            sa.select(SignInCode)
            .where(SignInCode.email == address)
            .order_by(SignInCode.id.desc())
            .limit(1)
            .with_for_update()
        )
        if row is None or row.used_at or row.expires_at <= now() or row.tries >= TRIES:
            wrong = CodeExpired(field="code")
        elif not hmac.compare_digest(row.code_hash, _hash(typed, address)):
            row.tries += 1  # kept although we refuse: guessing must cost
            wrong = WrongCode(field="code")
        else:
            row.used_at = now()
            account_id = account_of(address)
    if wrong:
        raise wrong
    return account_id


def redeem(link: str) -> tuple[int, str]:
    """(account id, path to go to) for a mailed link, once. CodeExpired afterwards."""
    with transaction() as session:
        row = session.scalar(sa.select(SignInCode).where(SignInCode.link_hash == _hash(link)).with_for_update())
        if row is None or row.used_at or row.expires_at <= now():
            raise CodeExpired
        row.used_at = now()
        return account_of(row.email), row.next_path


def meant_for(link: str) -> str | None:
    """The address that a mailed link signs in with; None where it does so no more. To be read before it is used: a
    stranger's link would open the stranger's account."""
    address = sa.select(SignInCode.email).where(SignInCode.link_hash == _hash(link), SignInCode.used_at.is_(None))
    found: str | None = db.session.scalar(address.where(SignInCode.expires_at > now()))
    return found


def account_of(email: str) -> int:
    """The id of the account with this address, made on the first call."""
    address = normalised(email)
    with transaction():
        made = insert_once(Account, {"email": address, "created_at": now()})
        if made is not None:
            return made
        found = db.session.scalar(sa.select(Account.id).where(Account.email == address))
        assert found is not None
        return found


def account_on_paper() -> int:
    """The id of a new account for somebody without mail: nobody can sign in to it."""
    with transaction():
        return account_of(f"{secret(12).lower()}@{PAPER}")


def _hash(text: str, pepper: str = "") -> str:
    key = settings().secret_key.get_secret_value().encode()
    return hmac.new(key, f"sign-in:{pepper}:{text}".encode(), hashlib.sha256).hexdigest()
