"""PINs of partners and cards: kept so that the database alone does not give them away."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from marketplace.kit.letters import dashed
from marketplace.kit.refusals import Invalid
from marketplace.settings import settings


class NotAPin(Invalid):
    code = "not_a_pin"
    message = "暗証番号は6けたの数字です。"


def read_pin(typed: str) -> str:
    """'１２３４５６' → '123456'; spaces and hyphens are fine. NotAPin for anything else."""
    plain = re.sub(r"[\s-]", "", dashed(typed))
    if not plain.isascii() or not plain.isdigit() or len(plain) != 6:
        raise NotAPin(field="pin")
    return plain


def sealed(pin: str) -> tuple[str, str]:
    """(hash, salt), both hex, of a new PIN."""
    salt = secrets.token_hex(16)
    return _hash(pin, salt), salt


def opens(pin: str, kept_hash: str, salt: str) -> bool:
    return hmac.compare_digest(_hash(pin, salt), kept_hash)


def _hash(pin: str, salt: str) -> str:
    """Slow, and under a key of the settings: six digits alone would be tried in no time."""
    key = settings().secret_key.get_secret_value().encode()
    slow = hashlib.pbkdf2_hmac("sha256", pin.encode(), bytes.fromhex(salt), 50_000)
    return hmac.digest(key, b"perks-pin" + slow, "sha256").hex()
