"""受付票: the town's signed word that it received an application. See docs/receipt-v1.md.

Ed25519 (RFC 8032) gives the same signature for the same words each time, so that nothing is kept and any receipt can be
printed again.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from typing import Any

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from marketplace.kit import published
from marketplace.kit.published import Malformed, Record
from marketplace.lotteries.models import Entry
from marketplace.settings import settings

VERSION = "receipt-v1"
LONGEST = 4_000
"""Characters of a pasted receipt; a true one has some 400. Nothing longer is read, and so nothing is nested deep."""
FIELDS = {"version", "listing", "no", "ch", "lots", "revision", "received_at"}


def words(entry: Entry, listing: str, *, lots: int | None = None, revision: int | None = None) -> Record:
    """What is signed. `lots` and `revision`: of an older receipt for the same entry."""
    return {
        "version": VERSION,
        "listing": listing,
        "no": entry.no,
        "ch": entry.ch,
        "lots": entry.lots if lots is None else lots,
        "revision": entry.revision if revision is None else revision,
        "received_at": entry.entered_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def signed(entry: Entry, listing: str) -> Record:
    """The receipt as it is handed out: the words with `key` and `signature`, both hex."""
    said = words(entry, listing)
    key = _key()
    signature = key.sign(published.canon(said)).signature
    return {**said, "key": bytes(key.verify_key).hex(), "signature": signature.hex()}


def public_key() -> str:
    """Hex, 32 bytes. Whoever has it can check every receipt of this town without asking the town."""
    return bytes(_key().verify_key).hex()


def check(receipt: object, key: str) -> Record:
    """The words of a receipt that the holder of `key` (hex) signed; Malformed, with a line that says what is wrong."""
    receipt = published.record(receipt, "the receipt")
    said = {name: value for name, value in receipt.items() if name not in ("key", "signature")}
    if said.keys() != FIELDS or said["version"] != VERSION:
        raise Malformed("the receipt is not of the seven fields of receipt-v1")
    signature = published.hexadecimal(receipt, "signature", 64)
    if published.text(receipt, "key") != key:
        raise Malformed("the receipt names another key")
    if not genuine(said, signature, key):
        raise Malformed("the signature is not the town's")
    return said


def genuine(said: Record, signature: bytes, key: str) -> bool:
    try:
        VerifyKey(bytes.fromhex(key)).verify(published.canon(said), signature)
    except (BadSignatureError, ValueError):
        return False
    return True


def read(text: str) -> Any:
    """The JSON of a receipt as a person pasted it; Malformed, also where it is too long to be one."""
    if len(text) > LONGEST:
        raise Malformed("the receipt is not JSON")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Malformed("the receipt is not JSON") from None


def address(receipt: Record) -> str:
    """Where a QR code on the paper leads: a page that says whether this receipt is the town's."""
    short = base64.urlsafe_b64encode(bytes.fromhex(receipt["signature"])).decode().rstrip("=")
    asked = f"lots={receipt['lots']}&revision={receipt['revision']}&signature={short}"
    return f"{settings().base_url}/receipts/{receipt['no']}?{asked}"


def signature_of(short: str) -> bytes:
    """The bytes of a signature in an address(); empty where it is none."""
    try:
        return base64.urlsafe_b64decode(short + "=" * (-len(short) % 4))
    except (binascii.Error, ValueError):
        return b""


def _key() -> SigningKey:
    secret = settings().secret_key.get_secret_value().encode()
    return SigningKey(hmac.digest(secret, b"receipt-v1", "sha256"))
