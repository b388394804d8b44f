"""Signatures as the Standard Webhooks specification writes them, version 1 (HMAC-SHA256).

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
The secret of an endpoint is kept nowhere: it follows from SECRET_KEY, the endpoint's code and its edition's number.
So a dump of the database signs nothing, and another SECRET_KEY is other secrets.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from datetime import datetime, timedelta

from marketplace.settings import settings

PREFIX = "whsec_"
BOTH = timedelta(hours=24)
"""For how long after a renewal the secret before signs too, so that the partner can change it at any hour."""


def secret(code: str, edition: int) -> str:
    """'whsec_' and 32 bytes in base64, as partners' libraries take it."""
    key = settings().secret_key.get_secret_value()
    if not key or edition < 1:
        raise RuntimeError("there is no secret to sign with: SECRET_KEY is not set, or none was issued")
    told = hmac.digest(key.encode(), f"hiroba webhook {code} {edition}".encode(), "sha256")
    return PREFIX + b64encode(told).decode()


def secrets_of(code: str, edition: int, renewed_at: datetime | None, at: datetime) -> list[str]:
    """Those that sign at this moment, the newest first."""
    editions = [edition]
    if edition > 1 and renewed_at is not None and at - renewed_at < BOTH:
        editions.append(edition - 1)
    return [secret(code, each) for each in editions]


def signature(message_id: str, timestamp: int, body: str, keys: list[str]) -> str:
    """Pure: the `webhook-signature` header: 'v1,…' for each key, a space between. `timestamp` in seconds since 1970."""
    content = f"{message_id}.{timestamp}.{body}".encode()
    signed = (hmac.digest(b64decode(key.removeprefix(PREFIX)), content, "sha256") for key in keys)
    return " ".join(f"v1,{b64encode(each).decode()}" for each in signed)


def headers(message_id: str, timestamp: int, body: str, keys: list[str]) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": "Hiroba-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(message_id, timestamp, body, keys),
    }
