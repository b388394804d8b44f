"""Find an order while whoever placed it is on the telephone: by what every page asks them to have at hand."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.accounts.address_models import left
from marketplace.accounts.models import Account
from marketplace.kit.folding import folded
from marketplace.kit.names import called, plain
from marketplace.orders.models import Order

LONGEST = 254
"""Letters that are looked for: as many as a mail address may have."""
PREFIX = "ord"


def asked_for(typed: str) -> sa.ColumnElement[bool]:
    """Orders of this receipt number or its beginning, with ORD- or without; of this mail address, now or once; of a
    name with it.

    Width, case, spaces and the shape of a kanji don't count: what is looked for is read out, written down and typed on
    a Japanese keyboard.
    """
    wanted = plain(typed[:LONGEST])
    number, mail = folded(wanted).removeprefix(PREFIX).upper(), wanted.lower()
    theirs = sa.select(Account.id).where(
        (Account.email == mail) | Account.id.in_(left(mail)) | called(Account.name, wanted)
    )
    found = Order.buyer_id.in_(theirs)
    return found | Order.code.startswith(f"ORD-{number}", autoescape=True) if number else found
