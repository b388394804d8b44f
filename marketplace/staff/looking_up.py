"""Find an order while whoever placed it is on the telephone: by what every page asks them to have at hand."""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.kit.folding import folded
from marketplace.orders.models import Order

LONGEST = 254
"""Letters that are looked for: as many as a mail address may have."""
PREFIX = "ord"


def asked_for(typed: str) -> sa.ColumnElement[bool]:
    """Orders of this receipt number or its beginning, with ORD- or without; of this mail address; of a name with it.

    Width, case and spaces don't count: a number is read out, written down and typed on a Japanese keyboard.
    """
    plain = "".join(unicodedata.normalize("NFKC", typed[:LONGEST]).split())
    number = folded(plain).removeprefix(PREFIX).upper()
    name = sa.func.replace(sa.func.replace(Account.name, " ", ""), "\u3000", "")
    theirs = sa.select(Account.id).where((Account.email == plain.lower()) | name.contains(plain, autoescape=True))
    found = Order.buyer_id.in_(theirs)
    return found | Order.code.startswith(f"ORD-{number}", autoescape=True) if number else found
