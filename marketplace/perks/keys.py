"""The town's key of passes, and what is derived beside it. All follow from SECRET_KEY, so nothing is kept."""

from __future__ import annotations

import hmac

from nacl.signing import SigningKey

from marketplace.perks.passes import key_id
from marketplace.settings import settings


def town_key() -> SigningKey:
    return SigningKey(_derived(b"pass-v1 town"))


def public_keys() -> dict[bytes, bytes]:
    """{key id: public key}: what a counter needs to check every pass of this town."""
    public = bytes(town_key().verify_key)
    return {key_id(public): public}


def digits_key(cid: str) -> bytes:
    """What a device makes the six digits of its certificate with."""
    return _derived(b"pass-v1 digits " + cid.encode())


def screen_key(token_id: int, holder: bytes, expires: int) -> SigningKey:
    """Stands in for a device where a browser has no keys of its own: the page is drawn by the town."""
    return SigningKey(_derived(b"pass-v1 screen %d %d " % (token_id, expires) + holder))


def _derived(purpose: bytes) -> bytes:
    return hmac.digest(settings().secret_key.get_secret_value().encode(), purpose, "sha256")
