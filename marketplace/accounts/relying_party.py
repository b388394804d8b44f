"""What this site says to authenticators, and how it checks what they answer: the relying party of WebAuthn.

https://www.w3.org/TR/webauthn-3/ §7. Knows no database: passkeys.py keeps the keys and the challenges.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from marketplace.accounts.models import Account
from marketplace.settings import settings

_UNREADABLE = (WebAuthnException, ValueError, KeyError, TypeError, binascii.Error, RecursionError)
"""What the library raises for an answer that is none, however it is broken."""


@dataclass(frozen=True)
class Asked:
    """`options` is JSON for navigator.credentials; `challenge`, in base64url, is what the device has to sign."""

    challenge: str
    options: str


@dataclass(frozen=True)
class Key:
    """What an authenticator has made for us: its name in base64url, a COSE public key, its counter of uses."""

    credential_id: str
    public_key: bytes
    sign_count: int


def site() -> str:
    """RP ID (§5.1.2): the host that the browser shows."""
    return urlsplit(settings().base_url).hostname or ""


def ask_for_a_key(account: Account, known: Iterable[str]) -> Asked:
    """For navigator.credentials.create(): a key that none of the `known` ones (credential ids) is."""
    challenge = webauthn.helpers.generate_challenge()
    options = webauthn.generate_registration_options(
        rp_id=site(),
        rp_name=f"{settings().town_name} まちの権利ひろば",
        user_id=account.code.encode(),  # says nothing of the person (§14.6.1)
        user_name=account.email,
        user_display_name=account.called,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(each)) for each in known],
    )
    return Asked(bytes_to_base64url(challenge), webauthn.options_to_json(options))


def new_key(answer: str, challenge: str) -> Key:
    """The key that the device made for this challenge (§7.1). ValueError where the answer does not prove it."""
    try:
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site(),
            expected_origin=_origin(),
            require_user_verification=True,
        )
    except _UNREADABLE as trouble:
        raise ValueError("no registration of a passkey") from trouble
    return Key(bytes_to_base64url(made.credential_id), made.credential_public_key, made.sign_count)


def ask_for_a_signature() -> Asked:
    """For navigator.credentials.get(): by any passkey of this site that the device has."""
    challenge = webauthn.helpers.generate_challenge()
    options = webauthn.generate_authentication_options(
        rp_id=site(), challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
    )
    return Asked(bytes_to_base64url(challenge), webauthn.options_to_json(options))


def signed(answer: str, challenge: str, public_key: bytes) -> int:
    """What the device's counter says after it signed this challenge (§7.2). ValueError where this key did not sign."""
    try:
        return webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site(),
            expected_origin=_origin(),
            credential_public_key=public_key,
            # Compared by who asks, and who knows by then that the signature is good.
            credential_current_sign_count=0,
            require_user_verification=True,
        ).new_sign_count
    except _UNREADABLE as trouble:
        raise ValueError("no signature by this passkey") from trouble


def _origin() -> str:
    parts = urlsplit(settings().base_url)
    return f"{parts.scheme}://{parts.netloc}"
