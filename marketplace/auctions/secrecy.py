"""What a bidder is willing to pay stays sealed until the close, from everybody who reads the database.

A secret is XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) over a random salt and the sum, under a key that is in the
environment and never in the database; the code of the auction and the number of the bid are bound to it, so that it
opens nowhere else. The salt goes into the leaf of the bid log: it keeps the sum from being guessed from the leaf, and
is published with it after the close. docs/auction-v1.md says who can see what.
"""

from __future__ import annotations

import secrets
from base64 import b64decode, b64encode
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

from marketplace.settings import settings

SALT, NONCE = 16, 24


class Sealed(NamedTuple):
    """`text` for the database, `salt` (hex) for the leaf."""

    text: str
    salt: str


class Opened(NamedTuple):
    yen: int
    salt: str


class CannotOpen(RuntimeError):
    """BID_KEY is not the one with which the bid was sealed, or the row was changed."""


def seal(yen: int, code: str, seq: int) -> Sealed:
    """The sum of bid `seq` of auction `code`, sealed."""
    random = secrets.token_bytes(NONCE + SALT)
    nonce, salt = random[:NONCE], random[NONCE:]
    message = salt + yen.to_bytes(8, "big")
    box = crypto_aead_xchacha20poly1305_ietf_encrypt(message, f"{code}:{seq}".encode(), nonce, _key())
    return Sealed(b64encode(nonce + box).decode(), salt.hex())


def opened(text: str, code: str, seq: int) -> Opened:
    """What seal() sealed for this bid. Raises CannotOpen."""
    sealed = b64decode(text)
    try:
        message = crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed[NONCE:], f"{code}:{seq}".encode(), sealed[:NONCE], _key()
        )
    except CryptoError:
        raise CannotOpen(f"bid {seq} of {code} does not open: is BID_KEY the one it was sealed with?") from None
    return Opened(int.from_bytes(message[SALT:], "big"), message[:SALT].hex())


def _key() -> bytes:
    known = settings()
    return _stretched(known.bid_key.get_secret_value() or known.secret_key.get_secret_value())


@lru_cache
def _stretched(secret: str) -> bytes:
    if not secret:
        raise RuntimeError("bids can't be sealed: neither BID_KEY nor SECRET_KEY is set")
    return blake2b(secret.encode(), digest_size=32, person=b"hiroba bids").digest()
