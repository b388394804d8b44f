"""What a mail address is, and how it is compared."""

from __future__ import annotations

import re
import unicodedata

from marketplace.kit.refusals import Invalid

# One @, a dot in the domain, no spaces: the mailed code is the real proof.
_ADDRESS = re.compile(r"[^@\s<>\"'(),:;]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")


class NotAnAddress(Invalid):
    code = "not_an_address"
    message = "メールアドレスの形をお確かめください（例 hanako@example.jp）。"


def normalised(address: str) -> str:
    """'　Hanako＠Example.JP ' → 'hanako@example.jp'. NotAnAddress where it is none."""
    plain = unicodedata.normalize("NFKC", address).strip().lower()
    if len(plain) > 254 or not _ADDRESS.fullmatch(plain):
        raise NotAnAddress(field="email")
    return plain
