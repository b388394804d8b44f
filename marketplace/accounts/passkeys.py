"""Passkeys: sign in with the finger, the face or the code of one's own device. https://www.w3.org/TR/webauthn-3/

A key is registered for this site's own name, found by the device without an address being typed, and used only where
the device has made sure of its person (user verification).
"""

from __future__ import annotations

import binascii
import json
import unicodedata
from datetime import timedelta
from ipaddress import ip_address
from types import MappingProxyType
from urllib.parse import urlsplit

import sqlalchemy as sa
import webauthn
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from marketplace.accounts.models import Account, Passkey, PasskeyChallenge, SignIn, StaffRole, Way
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, insert_once, lock, transaction
from marketplace.kit.refusals import Invalid, Refused
from marketplace.notices.sending import send
from marketplace.settings import settings

ANSWER_WITHIN = timedelta(minutes=5)
MOST = 10
"""Passkeys of one account."""
_UNREADABLE = (WebAuthnException, ValueError, KeyError, TypeError, binascii.Error, RecursionError)
"""What the library raises for an answer that is none, however it is broken."""


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
        ip_address(_name())
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
    account, challenge = get(Account, account_id), webauthn.helpers.generate_challenge()
    options = webauthn.generate_registration_options(
        rp_id=_name(),
        rp_name=f"{settings().town_name} まちの権利ひろば",
        user_id=account.code.encode(),  # says nothing of the person (§14.6.1)
        user_name=account.email,
        user_display_name=account.called,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(key.credential_id)) for key in passkeys_of(account_id)
        ],
    )
    _ask(challenge, account_id)
    return webauthn.options_to_json(options)


def register(account_id: int, answer: str, name: str, sign_in_id: int) -> int:
    """Keep the new passkey that the device answered with; its id. The sign-in counts as one by passkey from now on.

    Where two colleagues opened this way, the lost keys go, and every other sign-in with them.
    NotProved, TooManyPasskeys.
    """
    name = unicodedata.normalize("NFC", name).strip()[:40] or "パスキー"
    challenge = _challenge_in(answer)
    with transaction() as session:
        account, here = lock(Account, account_id), session.get(SignIn, sign_in_id)
        if not _take(challenge, account_id) or here is None or here.account_id != account_id:
            raise NotProved
        try:
            made = webauthn.verify_registration_response(
                credential=answer,
                expected_challenge=base64url_to_bytes(challenge),
                expected_rp_id=_name(),
                expected_origin=_origin(),
                require_user_verification=True,
            )
        except _UNREADABLE:
            raise NotProved from None
        if here.way == Way.RECOVERY:
            session.execute(sa.delete(Passkey).where(Passkey.account_id == account_id))
            session.execute(sa.delete(SignIn).where(SignIn.account_id == account_id, SignIn.id != sign_in_id))
        elif len(passkeys_of(account_id)) >= MOST:
            raise TooManyPasskeys
        key = {
            "account_id": account_id,
            "credential_id": bytes_to_base64url(made.credential_id),
            "public_key": made.credential_public_key,
            "sign_count": made.sign_count,
            "name": name,
            "registered_at": now(),
        }
        passkey_id = insert_once(Passkey, key)
        if passkey_id is None:
            raise NotProved
        here.way = Way.PASSKEY
        _written(account, "add_passkey", bytes_to_base64url(made.credential_id))
        return passkey_id


def sign_in_options() -> str:
    """JSON for navigator.credentials.get(): any passkey of this site that the device has."""
    challenge = webauthn.helpers.generate_challenge()
    options = webauthn.generate_authentication_options(
        rp_id=_name(), challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
    )
    _ask(challenge, None)
    return webauthn.options_to_json(options)


def prove(answer: str) -> int:
    """The account whose passkey signed the challenge. NotProved; CopiedKey, which is written down."""
    challenge, copied = _challenge_in(answer), False
    with transaction() as session:
        if not _take(challenge, None):
            raise NotProved
        wanted = sa.select(Passkey).where(Passkey.credential_id == str(json.loads(answer).get("id"))).with_for_update()
        key = session.scalar(wanted)
        if key is None:
            raise NotProved
        found = _verified(answer, challenge, key)
        account = get(Account, key.account_id)
        copied = bool(found.new_sign_count or key.sign_count) and found.new_sign_count <= key.sign_count
        if copied:
            note(f"account:{account.code}", "suspect_passkey", by=f"buyer:{account.code}", passkey=key.id)
        else:
            key.sign_count, key.used_at = found.new_sign_count, now()
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


def _verified(answer: str, challenge: str, key: Passkey) -> VerifiedAuthentication:
    try:
        return webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=_name(),
            expected_origin=_origin(),
            credential_public_key=key.public_key,
            # Compared by prove(), which knows by then that the signature is good.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _UNREADABLE:
        raise NotProved from None


def _own(account_id: int, passkey_id: int) -> Passkey:
    key = lock(Passkey, passkey_id)
    if key.account_id != account_id:
        raise LookupError(f"passkey {passkey_id}")
    return key


def _written(account: Account, event: str, credential_id: str) -> None:
    """In the journal, and to the owner: whoever did not do this must hear of it."""
    note(f"account:{account.code}", event, by=f"buyer:{account.code}")
    send("passkey_changed", account.email, key=f"{event}:{credential_id[:40]}", added=event == "add_passkey")


def _ask(challenge: bytes, account_id: int | None) -> None:
    row = {"challenge": bytes_to_base64url(challenge), "account_id": account_id, "expires_at": now() + ANSWER_WITHIN}
    with transaction():
        insert_once(PasskeyChallenge, row)


def _take(challenge: str, account_id: int | None) -> bool:
    """Use a challenge up: one answer of two at the same moment finds it."""
    mine = (PasskeyChallenge.challenge == challenge, PasskeyChallenge.account_id.is_not_distinct_from(account_id))
    gone = sa.delete(PasskeyChallenge).where(*mine, PasskeyChallenge.expires_at > now())
    return db.session.scalar(gone.returning(PasskeyChallenge.challenge)) is not None


def _challenge_in(answer: str) -> str:
    """What the device says that it signed; whether it did is verified with it. NotProved for what can't be read."""
    try:
        client_data = json.loads(base64url_to_bytes(json.loads(answer)["response"]["clientDataJSON"]))
        return str(client_data["challenge"])[:90]
    except _UNREADABLE:
        raise NotProved from None


def _name() -> str:
    return urlsplit(settings().base_url).hostname or ""


def _origin() -> str:
    parts = urlsplit(settings().base_url)
    return f"{parts.scheme}://{parts.netloc}"
