"""What a mail address is, for forms and settings: one @, a dot in the domain, nothing that ends a heading."""

from __future__ import annotations

import re
from email.utils import parseaddr

ADDRESS = re.compile(r"[^@\s<>\"(),:;\[\]\\]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")


def mailbox(written: str) -> str:
    """'hiroba@town.jp' of 'ひろば <hiroba@town.jp>' and of itself; '' where it is no address, or more than one."""
    address = parseaddr(written)[1]
    whole = written == address or written.endswith(f" <{address}>")
    one = whole and written.splitlines() == [written]
    return address if one and address.isascii() and ADDRESS.fullmatch(address) else ""
