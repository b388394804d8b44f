"""Passkeys: sign in with the finger, the face or the code of one's own device. https://www.w3.org/TR/webauthn-3/

A key is registered for this site's own name, found by the device without an address being typed, and used only where
the device has made sure of its person (user verification).
"""

from __future__ import annotations

import json
import unicodedata
from base64 import urlsafe_b64decode
from datetime import timedelta
from ipaddress import ip_address
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import sqlalchemy as sa

from marketplace.accounts.models import Account, Passkey, PasskeyChallenge, SignIn, StaffRole, Way
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, insert_once, lock, transaction
from marketplace.kit.refusals import Invalid, Refused
from marketplace.notices.sending import send
from marketplace.settings import settings

if TYPE_CHECKING:
    from marketplace.accounts.relying_party import Asked

# The library of WebAuthn is slow to import, and most processes never see a passkey.
# ruff: noqa: PLC0415 -- the reason above holds for every import below

ANSWER_WITHIN = timedelta(minutes=5)
MOST = 10
"""Passkeys of one account."""


class NotProved(Invalid):
    code = "passkey_not_proved"
    message = "このパスキーでは確認できませんでした。もう一度お試しください。"


class CopiedKey(Refused):
    """The counter of the device went back: somebody has a copy (WebAuthn §6.1.1)."""

    code = "passkey_copied"
    message = "このパスキーは、写しが使われたおそれがあるため、使えません。役場へお知らせください。"


class TooManyPasskeys(Refused):
    code = "too_many_passkeys"
    message = "登録できるパスキーは%(most)s個までです。使わないものを消してください。"
    facts = MappingProxyType({"most": MOST})


class LastPasskey(Refused):
    code = "last_passkey"
    message = "職員の最後のパスキーは消せません。先に、新しいパスキーを登録してください。"


def available() -> bool:
    """Only a site with a name has passkeys: browsers refuse an address of digits (WebAuthn §5.1.3, RP ID)."""
    try:
        ip_address(urlsplit(settings().base_url).hostname or "")
    except ValueError:
        return True
    return False


def offered_to(account_id: int) -> bool:
    """Whether this person may register one."""
    return available() and (settings().buyer_passkeys or is_staff(account_id))


def is_staff(account_id: int) -> bool:
    return bool(db.session.scalar(sa.select(sa.exists().where(StaffRole.account_id == account_id))))


def passkeys_of(account_id: int) -> list[Passkey]:
    return list(db.session.scalars(sa.select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.id)))


def registration_options(account_id: int) -> str:
    """JSON for navigator.credentials.create(), with a challenge that is good for one answer of this account."""
    from marketplace.accounts import relying_party

    known = [key.credential_id for key in passkeys_of(account_id)]
    return _ask(relying_party.ask_for_a_key(get(Account, account_id), known), account_id)


def register(account_id: int, answer: str, name: str, sign_in_id: int) -> int:
    """Keep the new passkey that the device answered with; its id. The sign-in counts as one by passkey from now on.

    Where two colleagues opened this way, the lost keys go, and every other sign-in with them.
    NotProved, TooManyPasskeys.
    """
    from marketplace.accounts import relying_party

    name = unicodedata.normalize("NFC", name).strip()[:40] or "パスキー"
    challenge = _challenge_in(answer)
    with transaction() as session:
        account, here = lock(Account, account_id), session.get(SignIn, sign_in_id)
        if not _take(challenge, account_id) or here is None or here.account_id != account_id:
            raise NotProved
        try:
            made = relying_party.new_key(answer, challenge)
        except ValueError:
            raise NotProved from None
        if here.way == Way.RECOVERY:
            session.execute(sa.delete(Passkey).where(Passkey.account_id == account_id))
            session.execute(sa.delete(SignIn).where(SignIn.account_id == account_id, SignIn.id != sign_in_id))
        elif len(passkeys_of(account_id)) >= MOST:
            raise TooManyPasskeys
        key = {
            "account_id": account_id,
            "credential_id": made.credential_id,
            "public_key": made.public_key,
            "sign_count": made.sign_count,
            "name": name,
            "registered_at": now(),
        }
        passkey_id = insert_once(Passkey, key)
        if passkey_id is None:
            raise NotProved
        here.way = Way.PASSKEY
        _written(account, "add_passkey", made.credential_id)
        return passkey_id


def sign_in_options() -> str:
    """JSON for navigator.credentials.get(): any passkey of this site that the device has."""
    from marketplace.accounts import relying_party

    return _ask(relying_party.ask_for_a_signature(), None)


def prove(answer: str) -> int:
    """The account whose passkey signed the challenge. NotProved; CopiedKey, which is written down."""
    from marketplace.accounts import relying_party

    challenge, copied = _challenge_in(answer), False
    with transaction() as session:
        if not _take(challenge, None):
            raise NotProved
        wanted = sa.select(Passkey).where(Passkey.credential_id == str(json.loads(answer).get("id"))).with_for_update()
        key = session.scalar(wanted)
        if key is None:
            raise NotProved
        try:
            count = relying_party.signed(answer, challenge, key.public_key)
        except ValueError:
            raise NotProved from None
        account = get(Account, key.account_id)
        copied = bool(count or key.sign_count) and count <= key.sign_count
        if copied:
            note(f"account:{account.code}", "suspect_passkey", by=f"buyer:{account.code}", passkey=key.id)
        else:
            key.sign_count, key.used_at = count, now()
    if copied:
        raise CopiedKey
    return account.id


def rename(account_id: int, passkey_id: int, name: str) -> None:
    """LookupError where it is not the account's; Invalid without a name."""
    name = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(name) <= 40:
        raise Invalid("40文字までの名前をつけてください。", field="name")
    with transaction():
        _own(account_id, passkey_id).name = name


def remove(account_id: int, passkey_id: int) -> None:
    """LookupError where it is not the account's; LastPasskey of somebody who works here."""
    with transaction() as session:
        account = lock(Account, account_id)
        key = _own(account_id, passkey_id)
        if is_staff(account_id) and len(passkeys_of(account_id)) == 1:
            raise LastPasskey
        session.delete(key)
        _written(account, "remove_passkey", key.credential_id)


def _own(account_id: int, passkey_id: int) -> Passkey:
    key = lock(Passkey, passkey_id)
    if key.account_id != account_id:
        raise LookupError(f"passkey {passkey_id}")
    return key


def _written(account: Account, event: str, credential_id: str) -> None:
    """In the journal, and to the owner: whoever did not do this must hear of it."""
    note(f"account:{account.code}", event, by=f"buyer:{account.code}")
    send("passkey_changed", account.email, key=f"{event}:{credential_id[:40]}", added=event == "add_passkey")


def _ask(asked: Asked, account_id: int | None) -> str:
    """The question for the device; its answer is awaited."""
    row = {"challenge": asked.challenge, "account_id": account_id, "expires_at": now() + ANSWER_WITHIN}
    with transaction():
        insert_once(PasskeyChallenge, row)
    return asked.options


def _take(challenge: str, account_id: int | None) -> bool:
    """Use a challenge up: one answer of two at the same moment finds it."""
    mine = (PasskeyChallenge.challenge == challenge, PasskeyChallenge.account_id.is_not_distinct_from(account_id))
    gone = sa.delete(PasskeyChallenge).where(*mine, PasskeyChallenge.expires_at > now())
    return db.session.scalar(gone.returning(PasskeyChallenge.challenge)) is not None


def _challenge_in(answer: str) -> str:
    """What the device says that it signed; whether it did is verified with it. NotProved for what can't be read."""
    try:
        client_data = json.loads(urlsafe_b64decode(json.loads(answer)["response"]["clientDataJSON"] + "==="))
        return str(client_data["challenge"])[:90]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotProved from None
