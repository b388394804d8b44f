"""Which custody address belongs to which account. Nobody has a key to one; the custodian moves tokens by account."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.chain.contract import RIGHTS
from marketplace.chain.register import address_of, custody_address
from marketplace.kit.db import db, get, insert_once, transaction
from marketplace.tokens.models import Custody, Token


def custody_of(account_id: int) -> str:
    """The address of the account's custody, written down at the first question, so that holders can be told by it."""
    with transaction() as session:
        address = custody_address(get(Account, account_id).custody_id)
        row = {"account_id": account_id, "contract": address_of(RIGHTS), "address": address}
        if insert_once(Custody, row) is not None:
            session.execute(sa.update(Token).where(Token.holder_address == address).values(holder_id=account_id))
        return address


def accounts_at(addresses: Iterable[str]) -> dict[str, int]:
    """{address: account} for those that are custody addresses."""
    rows = db.session.execute(sa.select(Custody.address, Custody.account_id).where(Custody.address.in_(set(addresses))))
    return dict(rows.all())
